-- Which applications got an ID token in a session: they are told when it ends (OpenID Connect Back-Channel Logout).
CREATE TABLE session_clients (
    tenant_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_id, client_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, session_id) ON DELETE CASCADE
);

-- Work that is done after the answer: once it is due, by one node at a time, until it succeeds or is given up. run_at is
-- when it may be taken; whoever takes it moves run_at to when a node that died at it is replaced. The payload is sealed.
CREATE TABLE jobs (
    tenant_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    claim TEXT,
    failed_at BIGINT,
    failure TEXT,
    PRIMARY KEY (tenant_id, job_id)
);
CREATE INDEX jobs_run_at ON jobs (kind, run_at) WHERE failed_at IS NULL;
CREATE INDEX jobs_failed_at ON jobs (failed_at) WHERE failed_at IS NOT NULL;

-- What is revoked with a session.
CREATE INDEX refresh_tokens_session ON refresh_tokens (tenant_id, session_id) WHERE session_id IS NOT NULL;
