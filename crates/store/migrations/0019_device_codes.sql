-- Codes of the device flow (RFC 8628). code_digest and user_code_digest: keyed digests. The second is NULL from the moment
-- on which nobody can enter the code any more. state: 'pending', 'approved', 'denied'. ended_at: when the device was told
-- of the end, or got its tokens; a code has one end.
CREATE TABLE device_codes (
    tenant_id TEXT NOT NULL,
    code_digest BYTEA NOT NULL,
    user_code_digest BYTEA,
    client_id TEXT NOT NULL,
    request TEXT NOT NULL,
    ip TEXT,
    poll_interval BIGINT NOT NULL,
    state TEXT NOT NULL,
    user_id TEXT,
    session_id TEXT,
    binding TEXT,
    denial TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, code_digest)
);
CREATE UNIQUE INDEX device_codes_user_code_key ON device_codes (tenant_id, user_code_digest)
    WHERE user_code_digest IS NOT NULL;
CREATE INDEX device_codes_expires_at ON device_codes (expires_at);
