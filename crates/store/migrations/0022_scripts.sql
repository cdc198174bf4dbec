-- What `/userinfo` gives besides the claims of the scopes, for access tokens that Rules or Actions had a say in. scope: what
-- was granted before they changed it. claims: JSON object. issued_at: `iat` of the token, seconds.
CREATE TABLE userinfo_claims (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id, issued_at),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX userinfo_claims_expires_at ON userinfo_claims (expires_at);

-- When the password of an account was changed last, after it was made with one.
CREATE TABLE password_changes (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id) ON DELETE CASCADE
);
