-- Configuration that is read by its name and has no rows of its own elsewhere: branding, texts, mail templates, settings of
-- factors. `secrets` is the part of it that nobody reads back, sealed.
CREATE TABLE tenant_documents (
    tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id) ON DELETE RESTRICT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    secrets BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, name)
);
