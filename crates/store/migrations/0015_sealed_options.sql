-- Options of connections and add-ons of applications hold credentials of other services: they lie sealed beside the document.
ALTER TABLE connections ADD COLUMN options BYTEA;
ALTER TABLE clients ADD COLUMN addons BYTEA;

-- Roles that a member has in one organization, and client grants that are good in it.
CREATE TABLE organization_member_roles (
    tenant_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, organization_id, user_id, role_id),
    FOREIGN KEY (tenant_id, organization_id, user_id)
        REFERENCES organization_members (tenant_id, organization_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, role_id) ON DELETE CASCADE
);
CREATE INDEX organization_member_roles_role ON organization_member_roles (tenant_id, role_id);

CREATE TABLE organization_client_grants (
    tenant_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, organization_id, grant_id),
    FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, organization_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, grant_id) REFERENCES client_grants (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX organization_client_grants_grant ON organization_client_grants (tenant_id, grant_id);

-- A connection of an organization can be switched off there and keep its settings.
ALTER TABLE organization_connections ADD COLUMN enabled BOOLEAN NOT NULL DEFAULT TRUE;

CREATE INDEX organizations_created_at ON organizations (tenant_id, created_at, organization_id);
