-- The keys from which everything sealed and digested derives; they belong to the instance, not to a tenant. Generation 0 is
-- the lookup key, for digests. data_key is sealed with the master key whose fingerprint is sealed_with; NULL once the
-- generation is retired. A generation seals from used_from on; what is in columns is sealed with it alone since resealed_at.
-- emergency: what generations before it sealed is not waited for.
CREATE TABLE data_keys (
    generation BIGINT NOT NULL,
    data_key BYTEA,
    sealed_with TEXT NOT NULL,
    emergency BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    used_from BIGINT NOT NULL,
    resealed_at BIGINT,
    retired_at BIGINT,
    PRIMARY KEY (generation)
);
