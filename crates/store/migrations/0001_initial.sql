-- The whole schema as of the first release. One file for both engines: TEXT, BIGINT, BOOLEAN, BYTEA and nothing that
-- only one of them understands. Times are milliseconds since 1970 in UTC unless the column says seconds; JSON is text.
--
-- Rules for a table: the tenant is the first column of the primary key; a UNIQUE constraint is a *named* unique index,
-- because its name is what callers see in a conflict; every foreign key says what happens on DELETE.

CREATE TABLE tenants (
    tenant_id TEXT NOT NULL,
    domain TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
CREATE UNIQUE INDEX tenants_domain_key ON tenants (domain);

-- The row with the empty tenant holds the newest version of all; it is the lock that puts configuration writes in order.
CREATE TABLE config_versions (
    tenant_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
CREATE INDEX config_versions_version ON config_versions (version);
INSERT INTO config_versions (tenant_id, version) VALUES ('', 0);

CREATE TABLE signing_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    kid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'current', 'previous', 'revoked')),
    private_key BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kid)
);
-- A tenant signs with one key at a time.
CREATE UNIQUE INDEX signing_keys_current_key ON signing_keys (tenant_id) WHERE state = 'current';

CREATE TABLE clients (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    secret BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
);

CREATE TABLE resource_servers (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    document TEXT NOT NULL,
    signing_secret BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX resource_servers_identifier_key ON resource_servers (tenant_id, identifier);

CREATE TABLE client_grants (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX client_grants_client_audience_key ON client_grants (tenant_id, client_id, audience);

CREATE TABLE connections (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    strategy TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX connections_name_key ON connections (tenant_id, name);

CREATE TABLE users (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    email TEXT,
    email_verified BOOLEAN NOT NULL,
    username TEXT,
    password_hash TEXT,
    blocked BOOLEAN NOT NULL,
    profile TEXT NOT NULL,
    user_metadata TEXT NOT NULL,
    app_metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login_at BIGINT,
    last_ip TEXT,
    logins_count BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE UNIQUE INDEX users_email_key ON users (tenant_id, connection, email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_username_key ON users (tenant_id, connection, username) WHERE username IS NOT NULL;

-- audience is '' for a grant without an API. scope is a space-separated list. consented: the user was asked and agreed;
-- otherwise the application did not need to ask, and the row is there for its refresh tokens.
CREATE TABLE grants (
    tenant_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    consented BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, grant_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX grants_user_client_audience_key ON grants (tenant_id, user_id, client_id, audience);

CREATE TABLE sessions (
    tenant_id TEXT NOT NULL,
    handle_digest BYTEA NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_active_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    persistent BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, handle_digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sessions_session_id_key ON sessions (tenant_id, session_id);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_idle_expires_at ON sessions (idle_expires_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE transactions (
    tenant_id TEXT NOT NULL,
    handle_digest BYTEA NOT NULL,
    browser_digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    progress TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (tenant_id, handle_digest)
);
CREATE INDEX transactions_expires_at ON transactions (expires_at);

-- access_token_issued_at is in seconds, as the `iat` of the token is.
CREATE TABLE authorization_codes (
    tenant_id TEXT NOT NULL,
    code_digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    binding TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    family_id TEXT,
    access_token_issued_at BIGINT,
    PRIMARY KEY (tenant_id, code_digest)
);
CREATE INDEX authorization_codes_expires_at ON authorization_codes (expires_at);

-- One row is one family: a refresh token and all that rotated out of it. Only the token of `generation` is good, and
-- within the leeway after rotated_at the one before it.
CREATE TABLE refresh_tokens (
    tenant_id TEXT NOT NULL,
    family_id TEXT NOT NULL,
    generation BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    rotating BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT,
    last_exchanged_at BIGINT,
    idle_expires_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    payload TEXT NOT NULL,
    PRIMARY KEY (tenant_id, family_id)
);
CREATE INDEX refresh_tokens_user_client ON refresh_tokens (tenant_id, user_id, client_id, created_at);
CREATE INDEX refresh_tokens_idle_expires_at ON refresh_tokens (idle_expires_at) WHERE idle_expires_at IS NOT NULL;
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX refresh_tokens_revoked_at ON refresh_tokens (revoked_at) WHERE revoked_at IS NOT NULL;

-- issued_at is in seconds, as the `iat` of the token is.
CREATE TABLE access_token_revocations (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, user_id, issued_at)
);
CREATE INDEX access_token_revocations_expires_at ON access_token_revocations (expires_at);

-- Work that one node at a time does. Belongs to the instance, not to a tenant.
CREATE TABLE leases (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (name)
);
