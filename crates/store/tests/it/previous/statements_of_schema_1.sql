INSERT INTO access_token_revocations (tenant_id, client_id, user_id, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
SELECT issued_at FROM access_token_revocations WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND issued_at = $4
INSERT INTO authorization_codes (tenant_id, code_digest, client_id, user_id, session_id, binding, created_at, expires_at, consumed_at, family_id, access_token_issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
SELECT code_digest, client_id, user_id, session_id, binding, created_at, expires_at, consumed_at, family_id, access_token_issued_at FROM authorization_codes WHERE tenant_id = $1 AND code_digest = $2
UPDATE authorization_codes SET consumed_at = $3 WHERE tenant_id = $1 AND code_digest = $2 AND consumed_at IS NULL AND expires_at > $3 RETURNING code_digest, client_id, user_id, session_id, binding, created_at, expires_at, consumed_at, family_id, access_token_issued_at
UPDATE authorization_codes SET family_id = $3, access_token_issued_at = $4 WHERE tenant_id = $1 AND code_digest = $2 AND consumed_at IS NOT NULL
DELETE FROM transactions WHERE (tenant_id, handle_digest) IN ( SELECT tenant_id, handle_digest FROM transactions WHERE expires_at <= $1 LIMIT $2)
DELETE FROM authorization_codes WHERE (tenant_id, code_digest) IN ( SELECT tenant_id, code_digest FROM authorization_codes WHERE expires_at <= $1 AND consumed_at IS NULL LIMIT $2)
DELETE FROM authorization_codes WHERE (tenant_id, code_digest) IN ( SELECT tenant_id, code_digest FROM authorization_codes WHERE expires_at <= $1 LIMIT $2)
DELETE FROM sessions WHERE (tenant_id, handle_digest) IN ( SELECT tenant_id, handle_digest FROM sessions WHERE idle_expires_at <= $1 LIMIT $2)
DELETE FROM sessions WHERE (tenant_id, handle_digest) IN ( SELECT tenant_id, handle_digest FROM sessions WHERE expires_at <= $1 LIMIT $2)
DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( SELECT tenant_id, family_id FROM refresh_tokens WHERE idle_expires_at <= $1 LIMIT $2)
DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( SELECT tenant_id, family_id FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2)
DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( SELECT tenant_id, family_id FROM refresh_tokens WHERE revoked_at <= $1 LIMIT $2)
DELETE FROM access_token_revocations WHERE (tenant_id, client_id, user_id, issued_at) IN ( SELECT tenant_id, client_id, user_id, issued_at FROM access_token_revocations WHERE expires_at <= $1 LIMIT $2)
INSERT INTO client_grants (tenant_id, id, client_id, audience, document, created_at) VALUES ($1, $2, $3, $4, $5, $6)
SELECT id, client_id, audience, document, created_at FROM client_grants WHERE tenant_id = $1 AND client_id = $2 AND audience = $3
SELECT id, client_id, audience, document, created_at FROM client_grants WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at, id
UPDATE client_grants SET document = $3 WHERE tenant_id = $1 AND id = $2
INSERT INTO clients (tenant_id, client_id, name, document, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
SELECT client_id, name, document, secret, created_at, updated_at FROM clients WHERE tenant_id = $1 AND client_id = $2
SELECT client_id, name, document, secret, created_at, updated_at FROM clients WHERE tenant_id = $1 ORDER BY created_at, client_id
UPDATE clients SET name = $3, document = $4, secret = $5, updated_at = $6 WHERE tenant_id = $1 AND client_id = $2
DELETE FROM clients WHERE tenant_id = $1 AND client_id = $2
UPDATE config_versions SET version = version + 1 WHERE tenant_id = '' RETURNING version
INSERT INTO config_versions (tenant_id, version) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version
SELECT version FROM config_versions WHERE tenant_id = ''
SELECT tenant_id FROM config_versions WHERE version > $1 AND tenant_id <> '' ORDER BY version
INSERT INTO connections (tenant_id, id, name, strategy, document, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
SELECT id, name, strategy, document, created_at, updated_at FROM connections WHERE tenant_id = $1 AND name = $2
SELECT id, name, strategy, document, created_at, updated_at FROM connections WHERE tenant_id = $1 ORDER BY created_at, id
UPDATE connections SET document = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2
INSERT INTO grants (tenant_id, grant_id, user_id, client_id, audience, scope, consented, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8) ON CONFLICT (tenant_id, user_id, client_id, audience) DO UPDATE SET updated_at = excluded.updated_at RETURNING grant_id, user_id, client_id, audience, scope, consented, created_at, updated_at
UPDATE grants SET scope = $3, consented = TRUE WHERE tenant_id = $1 AND grant_id = $2
INSERT INTO grants (tenant_id, grant_id, user_id, client_id, audience, scope, consented, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $8) ON CONFLICT (tenant_id, user_id, client_id, audience) DO NOTHING
SELECT grant_id, user_id, client_id, audience, scope, consented, created_at, updated_at FROM grants WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND audience = $4
DELETE FROM grants WHERE tenant_id = $1 AND grant_id = $2
INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at WHERE leases.holder = excluded.holder OR leases.expires_at <= $3
DELETE FROM leases WHERE name = $1 AND holder = $2
INSERT INTO refresh_tokens (tenant_id, family_id, generation, client_id, user_id, session_id, audience, scope, rotating, created_at, rotated_at, last_exchanged_at, idle_expires_at, expires_at, revoked_at, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
SELECT family_id, generation, client_id, user_id, session_id, audience, scope, rotating, created_at, rotated_at, last_exchanged_at, idle_expires_at, expires_at, revoked_at, payload FROM refresh_tokens WHERE tenant_id = $1 AND family_id = $2
UPDATE refresh_tokens SET generation = CASE WHEN $4 AND generation = $3 THEN generation + 1 ELSE generation END, rotated_at = CASE WHEN $4 AND generation = $3 THEN $6 ELSE rotated_at END, rotating = $4, last_exchanged_at = $6, idle_expires_at = $7, expires_at = COALESCE(expires_at, $8) WHERE tenant_id = $1 AND family_id = $2 AND (generation = $3 OR (generation - 1 = $3 AND rotated_at >= $5)) AND revoked_at IS NULL AND (idle_expires_at IS NULL OR idle_expires_at > $6) AND (expires_at IS NULL OR expires_at > $6) RETURNING family_id, generation, client_id, user_id, session_id, audience, scope, rotating, created_at, rotated_at, last_exchanged_at, idle_expires_at, expires_at, revoked_at, payload
UPDATE refresh_tokens SET revoked_at = $3 WHERE tenant_id = $1 AND family_id = $2 AND revoked_at IS NULL
UPDATE refresh_tokens SET revoked_at = $6 WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND audience = $4 AND family_id <> $5 AND revoked_at IS NULL
UPDATE refresh_tokens SET revoked_at = $5 WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND audience = $4 AND revoked_at IS NULL
DELETE FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND family_id IN ( SELECT family_id FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND revoked_at IS NULL AND (idle_expires_at IS NULL OR idle_expires_at > $4) AND (expires_at IS NULL OR expires_at > $4) ORDER BY created_at DESC, family_id DESC LIMIT 1000 OFFSET $5)
INSERT INTO resource_servers (tenant_id, id, identifier, document, signing_secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers WHERE tenant_id = $1 AND identifier = $2
SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers WHERE tenant_id = $1 ORDER BY created_at, id
UPDATE resource_servers SET document = $3, signing_secret = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2
INSERT INTO sessions (tenant_id, handle_digest, session_id, user_id, connection, created_at, authenticated_at, last_active_at, idle_expires_at, expires_at, persistent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
SELECT handle_digest, session_id, user_id, connection, created_at, authenticated_at, last_active_at, idle_expires_at, expires_at, persistent FROM sessions WHERE tenant_id = $1 AND handle_digest = $2 AND idle_expires_at > $3 AND expires_at > $3
SELECT handle_digest, session_id, user_id, connection, created_at, authenticated_at, last_active_at, idle_expires_at, expires_at, persistent FROM sessions WHERE tenant_id = $1 AND session_id = $2 AND idle_expires_at > $3 AND expires_at > $3
UPDATE sessions SET last_active_at = $3, idle_expires_at = $4 WHERE tenant_id = $1 AND handle_digest = $2 AND idle_expires_at > $3 AND expires_at > $3
DELETE FROM sessions WHERE tenant_id = $1 AND handle_digest = $2
DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2
INSERT INTO signing_keys (tenant_id, kid, state, private_key, certificate, created_at) VALUES ($1, $2, $3, $4, $5, $6)
SELECT kid, state, private_key, certificate, created_at FROM signing_keys WHERE tenant_id = $1 ORDER BY created_at, kid
UPDATE signing_keys SET state = $3 WHERE tenant_id = $1 AND kid = $2
INSERT INTO tenants (tenant_id, domain, settings, created_at) VALUES ($1, $2, $3, $4)
SELECT tenant_id, domain, settings, created_at FROM tenants WHERE tenant_id = $1
SELECT tenant_id, domain, settings, created_at FROM tenants WHERE domain = $1
SELECT tenant_id, domain, settings, created_at FROM tenants ORDER BY created_at, tenant_id
UPDATE tenants SET settings = $2 WHERE tenant_id = $1
INSERT INTO transactions (tenant_id, handle_digest, browser_digest, client_id, request, progress, version, created_at, expires_at, completed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
SELECT handle_digest, browser_digest, client_id, request, progress, version, created_at, expires_at, completed_at FROM transactions WHERE tenant_id = $1 AND handle_digest = $2 AND expires_at > $3
UPDATE transactions SET progress = $4, version = version + 1 WHERE tenant_id = $1 AND handle_digest = $2 AND version = $3 AND completed_at IS NULL AND expires_at > $5
UPDATE transactions SET completed_at = $3 WHERE tenant_id = $1 AND handle_digest = $2 AND completed_at IS NULL AND expires_at > $3 RETURNING handle_digest, browser_digest, client_id, request, progress, version, created_at, expires_at, completed_at
INSERT INTO users (tenant_id, user_id, connection, email, email_verified, username, password_hash, blocked, profile, user_metadata, app_metadata, created_at, updated_at, last_login_at, last_ip, logins_count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
SELECT user_id, connection, email, email_verified, username, password_hash, blocked, profile, user_metadata, app_metadata, created_at, updated_at, last_login_at, last_ip, logins_count FROM users WHERE tenant_id = $1 AND user_id = $2
SELECT user_id, connection, email, email_verified, username, password_hash, blocked, profile, user_metadata, app_metadata, created_at, updated_at, last_login_at, last_ip, logins_count FROM users WHERE tenant_id = $1 AND connection = $2 AND email = $3
SELECT user_id, connection, email, email_verified, username, password_hash, blocked, profile, user_metadata, app_metadata, created_at, updated_at, last_login_at, last_ip, logins_count FROM users WHERE tenant_id = $1 AND connection = $2 AND username = $3
UPDATE users SET last_login_at = $3, updated_at = $3, last_ip = $4, logins_count = logins_count + 1 WHERE tenant_id = $1 AND user_id = $2
UPDATE users SET blocked = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2
UPDATE users SET password_hash = $4, updated_at = $5 WHERE tenant_id = $1 AND user_id = $2 AND password_hash IS NOT DISTINCT FROM $3
UPDATE refresh_tokens SET revoked_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL
DELETE FROM users WHERE tenant_id = $1 AND user_id = $2
