-- Users in the order of creation, and by address whatever their connection.
CREATE INDEX users_created_at ON users (tenant_id, created_at, user_id);
CREATE INDEX users_email ON users (tenant_id, email) WHERE email IS NOT NULL;
