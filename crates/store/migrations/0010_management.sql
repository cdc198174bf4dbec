-- Lists of the Management API: every one is read in the order of creation, from the entry before it.
CREATE INDEX clients_created_at ON clients (tenant_id, created_at, client_id);
CREATE INDEX clients_name ON clients (tenant_id, name);
CREATE INDEX resource_servers_created_at ON resource_servers (tenant_id, created_at, id);
CREATE INDEX client_grants_created_at ON client_grants (tenant_id, created_at, id);
CREATE INDEX client_grants_audience ON client_grants (tenant_id, audience);
CREATE INDEX connections_created_at ON connections (tenant_id, created_at, id);
CREATE INDEX roles_created_at ON roles (tenant_id, created_at, role_id);

-- What goes with an application that is deleted.
CREATE INDEX grants_client ON grants (tenant_id, client_id);
CREATE INDEX refresh_tokens_client ON refresh_tokens (tenant_id, client_id);

-- 'client' for what an application may do for itself, 'user' for what it may do on behalf of users. Versions before wrote
-- only the first kind, one for an application and an API.
ALTER TABLE client_grants ADD COLUMN subject_type TEXT NOT NULL DEFAULT 'client';
CREATE UNIQUE INDEX client_grants_subject_key ON client_grants (tenant_id, client_id, audience, subject_type);
DROP INDEX client_grants_client_audience_key;
