-- Token buckets. `bucket` is the keyed digest of what is limited; `tokens` counts in parts of a token whose size the
-- program knows; at `expires_at` the bucket is full again, which is the same as not being there.
CREATE TABLE rate_limits (
    tenant_id TEXT NOT NULL,
    bucket BYTEA NOT NULL,
    tokens BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, bucket)
);
CREATE INDEX rate_limits_expires_at ON rate_limits (expires_at);
