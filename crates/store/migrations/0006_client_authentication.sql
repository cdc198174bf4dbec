-- Applications that prove who they are: public keys, a second secret while one is replaced; identifiers that count once;
-- pushed authorization requests; access tokens that were revoked one by one.

-- A public key of an application (Management API: credential). public_key is its JSON Web Key.
CREATE TABLE client_credentials (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    alg TEXT NOT NULL,
    name TEXT,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, client_id, credential_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX client_credentials_kid_key ON client_credentials (tenant_id, client_id, kid);

-- What is known of an application's secrets. The current one is sealed in clients.secret and has its use here; the one
-- before it is sealed here, until expires_at.
CREATE TABLE client_secrets (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secret_digest BYTEA NOT NULL,
    secret BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, client_id, secret_digest),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX client_secrets_expires_at ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- Identifiers (jti) of client assertions and DPoP proofs that were accepted, until nothing with them would be accepted.
CREATE TABLE used_jwt_ids (
    tenant_id TEXT NOT NULL,
    id_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id_digest)
);
CREATE INDEX used_jwt_ids_expires_at ON used_jwt_ids (expires_at);

CREATE TABLE pushed_requests (
    tenant_id TEXT NOT NULL,
    request_digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    parameters TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, request_digest)
);
CREATE INDEX pushed_requests_expires_at ON pushed_requests (expires_at);

CREATE TABLE revoked_access_tokens (
    tenant_id TEXT NOT NULL,
    token_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, token_digest)
);
CREATE INDEX revoked_access_tokens_expires_at ON revoked_access_tokens (expires_at);

-- Identifier (jti) of the access token that a code gave, so that a replay ends that one. Codes of the version before have
-- only access_token_issued_at.
ALTER TABLE authorization_codes ADD COLUMN access_token_id TEXT;
