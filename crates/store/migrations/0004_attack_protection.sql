-- Failed logins in a row. account: keyed digest of the user, or of the connection and the name that nobody has. origin: the
-- network or the known device that they came from; '' for all together. They are a block when they are as many as the tenant
-- allows; it ends, and the count begins anew, at expires_at.
CREATE TABLE login_failures (
    tenant_id TEXT NOT NULL,
    account BYTEA NOT NULL,
    origin TEXT NOT NULL,
    failures BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account, origin)
);
CREATE INDEX login_failures_expires_at ON login_failures (expires_at);

-- Attempts of one network at one stage, as a bucket: full_at is when all attempts have come back.
CREATE TABLE network_attempts (
    tenant_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    network TEXT NOT NULL,
    full_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, stage, network)
);
CREATE INDEX network_attempts_full_at ON network_attempts (full_at);

-- Browsers in which a user has logged in: a block of somebody else does not hold for them. device: keyed digest.
CREATE TABLE known_devices (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    device BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, device),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX known_devices_expires_at ON known_devices (expires_at);

-- Secrets that were mailed to a user. A used one stays until it expires, so that it is never good again.
CREATE TABLE tickets (
    tenant_id TEXT NOT NULL,
    ticket_digest BYTEA NOT NULL,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, ticket_digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX tickets_user ON tickets (tenant_id, user_id, kind);
CREATE INDEX tickets_expires_at ON tickets (expires_at);
