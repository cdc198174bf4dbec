//! Access tokens that were revoked before their end (RFC 7009; CO-03). They are self-contained, so only the few that were
//! revoked are remembered, until they would have expired anyway.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO revoked_access_tokens (tenant_id, token_digest, expires_at) VALUES ($1, $2, $3) \
              ON CONFLICT DO NOTHING";
    EXISTS = "SELECT expires_at FROM revoked_access_tokens WHERE tenant_id = $1 AND token_digest = $2";
}

/// Revokes one token, by its keyed digest. `expires_at` is when it expires. `false` when it was revoked before.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    token_digest: &[u8],
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(INSERT, params![tenant, token_digest, expires_at])? == 1)
}

/// Whether this token was revoked.
pub fn exists(tx: &mut Tx<'_>, tenant: &TenantId, token_digest: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.query_opt(EXISTS, params![tenant, token_digest])?.is_some())
}
