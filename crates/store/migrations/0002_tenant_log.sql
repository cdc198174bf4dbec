-- The tenant log: what happened to whom, for administrators (management-api.md, "Logs"). log_id sorts by time.
CREATE TABLE logs (
    tenant_id TEXT NOT NULL,
    log_id TEXT NOT NULL,
    type TEXT NOT NULL,
    logged_at BIGINT NOT NULL,
    description TEXT,
    client_id TEXT,
    client_name TEXT,
    user_id TEXT,
    user_name TEXT,
    connection TEXT,
    connection_id TEXT,
    strategy TEXT,
    ip TEXT,
    user_agent TEXT,
    hostname TEXT NOT NULL,
    audience TEXT,
    scope TEXT,
    details TEXT,
    PRIMARY KEY (tenant_id, log_id)
);
CREATE INDEX logs_user ON logs (tenant_id, user_id, log_id) WHERE user_id IS NOT NULL;

-- A seal over a run of entries, chained to the one before it. entry_digests: 32 bytes per entry, in the order of log_id.
CREATE TABLE log_seals (
    tenant_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    first_log_id TEXT NOT NULL,
    last_log_id TEXT NOT NULL,
    entry_digests BYTEA NOT NULL,
    signature TEXT NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);
