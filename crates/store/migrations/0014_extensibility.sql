-- Code of tenants that runs in logins: rules with their settings, actions with their versions, and which action runs where.
-- `value` and `secrets` are sealed.
CREATE TABLE rules (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    rule_id TEXT NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    stage TEXT NOT NULL,
    script TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, rule_id)
);
CREATE UNIQUE INDEX rules_name_key ON rules (tenant_id, name);
CREATE UNIQUE INDEX rules_position_key ON rules (tenant_id, position);

CREATE TABLE rule_configs (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    name TEXT NOT NULL,
    value BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- What is being edited. `deployed_version` is what runs.
CREATE TABLE actions (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    action_id TEXT NOT NULL,
    name TEXT NOT NULL,
    trigger_id TEXT NOT NULL,
    deployed_version TEXT,
    document TEXT NOT NULL,
    secrets BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, action_id)
);
CREATE UNIQUE INDEX actions_name_key ON actions (tenant_id, trigger_id, name);
CREATE INDEX actions_created_at ON actions (tenant_id, created_at, action_id);

-- What was deployed once. Never changes.
CREATE TABLE action_versions (
    tenant_id TEXT NOT NULL,
    action_id TEXT NOT NULL,
    version_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    document TEXT NOT NULL,
    secrets BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, version_id),
    FOREIGN KEY (tenant_id, action_id) REFERENCES actions (tenant_id, action_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX action_versions_number_key ON action_versions (tenant_id, action_id, number);

-- Which actions run where, in their order. An action that is bound is not deleted.
CREATE TABLE action_bindings (
    tenant_id TEXT NOT NULL,
    trigger_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    binding_id TEXT NOT NULL,
    action_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    document TEXT NOT NULL,
    secrets BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, binding_id),
    FOREIGN KEY (tenant_id, action_id) REFERENCES actions (tenant_id, action_id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX action_bindings_position_key ON action_bindings (tenant_id, trigger_id, position);
CREATE UNIQUE INDEX action_bindings_action_key ON action_bindings (tenant_id, trigger_id, action_id);
