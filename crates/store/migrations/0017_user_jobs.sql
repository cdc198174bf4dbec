-- Jobs that callers of the Management API start and ask about: imports and exports of users, mails that are sent once more. `slot`
-- is one of the places that a tenant has for jobs of this kind at the same time; a job has it until it ends. What is read and
-- written is in parts of their own, sealed: they hold password hashes and people's data.
CREATE TABLE user_jobs (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    slot BIGINT,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    inserted BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    reached TEXT NOT NULL,
    details TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, job_id)
);
CREATE UNIQUE INDEX user_jobs_slot_key ON user_jobs (tenant_id, slot) WHERE slot IS NOT NULL;
CREATE INDEX user_jobs_created_at ON user_jobs (created_at);

CREATE TABLE user_job_parts (
    tenant_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    part TEXT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, job_id, part),
    FOREIGN KEY (tenant_id, job_id) REFERENCES user_jobs (tenant_id, job_id) ON DELETE CASCADE
);
