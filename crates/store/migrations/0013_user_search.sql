-- What users are searched by (management-api.md §5.4), linked identities (§5.5), and what administrators see of sessions and
-- refresh tokens (§6.2, §6.3).
--
-- COLLATE "binary" compares by code points on both engines, whatever the locale of the database: SQLite has it, and for
-- PostgreSQL `postgres.rs` makes it. Only so are prefixes and ranges the same everywhere, and found with an index.

-- Keys: lower case, the first 512 bytes. indexed_at is updated_at of the row that keys and values were made from; a version
-- that does not know them leaves another time there.
ALTER TABLE users ADD COLUMN name_key TEXT COLLATE "binary";
ALTER TABLE users ADD COLUMN nickname_key TEXT COLLATE "binary";
ALTER TABLE users ADD COLUMN given_name_key TEXT COLLATE "binary";
ALTER TABLE users ADD COLUMN family_name_key TEXT COLLATE "binary";
ALTER TABLE users ADD COLUMN email_domain TEXT COLLATE "binary";
ALTER TABLE users ADD COLUMN indexed_at BIGINT NOT NULL DEFAULT 0;
-- A linked identity: an account that belongs to this user, and is no user of its own. It keeps its address, its name and its
-- password, which nobody else in the connection can have.
ALTER TABLE users ADD COLUMN linked_to TEXT;
ALTER TABLE users ADD COLUMN linked_at BIGINT;

CREATE INDEX users_email_search ON users (tenant_id, email COLLATE "binary") WHERE email IS NOT NULL;
CREATE INDEX users_username_search ON users (tenant_id, username COLLATE "binary") WHERE username IS NOT NULL;
CREATE INDEX users_name_key ON users (tenant_id, name_key) WHERE name_key IS NOT NULL;
CREATE INDEX users_nickname_key ON users (tenant_id, nickname_key) WHERE nickname_key IS NOT NULL;
CREATE INDEX users_given_name_key ON users (tenant_id, given_name_key) WHERE given_name_key IS NOT NULL;
CREATE INDEX users_family_name_key ON users (tenant_id, family_name_key) WHERE family_name_key IS NOT NULL;
CREATE INDEX users_email_domain ON users (tenant_id, email_domain) WHERE email_domain IS NOT NULL;
CREATE INDEX users_last_login_at ON users (tenant_id, last_login_at) WHERE last_login_at IS NOT NULL;
CREATE INDEX users_logins_count ON users (tenant_id, logins_count, user_id);
CREATE INDEX users_connection ON users (tenant_id, connection);
CREATE INDEX users_email_verified ON users (tenant_id, email_verified);
CREATE INDEX users_blocked ON users (tenant_id) WHERE blocked = TRUE;
CREATE INDEX users_linked_to ON users (tenant_id, linked_to) WHERE linked_to IS NOT NULL;
CREATE INDEX users_unindexed ON users (tenant_id) WHERE indexed_at <> updated_at;
-- users_email_search takes its place.
DROP INDEX users_email;

-- The values of metadata and of other attributes, one row each. path: names with dots between them. number: the value of a
-- number, as text that sorts like it.
CREATE TABLE user_values (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    path TEXT COLLATE "binary" NOT NULL,
    value TEXT COLLATE "binary" NOT NULL,
    number TEXT COLLATE "binary",
    PRIMARY KEY (tenant_id, user_id, path, value),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX user_values_value ON user_values (tenant_id, path, value, user_id);
CREATE INDEX user_values_number ON user_values (tenant_id, path, number, user_id) WHERE number IS NOT NULL;

-- device: addresses and user agents, JSON. metadata: what administrators keep with it, JSON.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sessions ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE refresh_tokens ADD COLUMN device TEXT NOT NULL DEFAULT '{}';
ALTER TABLE refresh_tokens ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';

-- Entries of one kind by time: for statistics and for searches.
CREATE INDEX logs_type ON logs (tenant_id, type, log_id);

-- Lists of the Management API.
CREATE INDEX grants_created_at ON grants (tenant_id, created_at, grant_id);
CREATE INDEX sessions_user_created_at ON sessions (tenant_id, user_id, created_at, session_id);

-- Public keys of devices (legacy): kept and shown.
CREATE TABLE device_credentials (
    tenant_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_name TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, credential_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX device_credentials_device_key ON device_credentials (tenant_id, user_id, client_id, device_id);
CREATE INDEX device_credentials_created_at ON device_credentials (tenant_id, created_at, credential_id);
