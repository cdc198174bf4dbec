-- Roles and permissions (RBAC), and what the rotation of signing keys remembers.

-- description is '' for none.
CREATE TABLE roles (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    role_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, role_id)
);
CREATE UNIQUE INDEX roles_name_key ON roles (tenant_id, name);

-- A permission is a scope of an API. audience is the API's identifier, which never changes.
CREATE TABLE role_permissions (
    tenant_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant_id, role_id, audience, permission),
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, role_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, audience) REFERENCES resource_servers (tenant_id, identifier) ON DELETE CASCADE
);
CREATE INDEX role_permissions_audience ON role_permissions (tenant_id, audience, permission);

CREATE TABLE user_roles (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, role_id) ON DELETE CASCADE
);
CREATE INDEX user_roles_role ON user_roles (tenant_id, role_id, user_id);

CREATE TABLE user_permissions (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, audience, permission),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, audience) REFERENCES resource_servers (tenant_id, identifier) ON DELETE CASCADE
);
CREATE INDEX user_permissions_audience ON user_permissions (tenant_id, audience, permission);

-- The P-256 key that rotates together with the RSA key of the row. In a row of the version before it is absent; a row of
-- its own would be one that that version cannot load.
ALTER TABLE signing_keys ADD COLUMN ec_kid TEXT;
ALTER TABLE signing_keys ADD COLUMN ec_private_key BYTEA;
ALTER TABLE signing_keys ADD COLUMN current_since BIGINT;
ALTER TABLE signing_keys ADD COLUMN current_until BIGINT;
ALTER TABLE signing_keys ADD COLUMN revoked_at BIGINT;
-- One successor at a time, whoever makes it. SQLite names the columns of a conflict and not its index; `state` tells this
-- one from signing_keys_current_key.
CREATE UNIQUE INDEX signing_keys_next_key ON signing_keys (tenant_id, state) WHERE state = 'next';
