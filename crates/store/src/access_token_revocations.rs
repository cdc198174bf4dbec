//! Access tokens that a replayed code has ended, by application, user and second. Codes that were redeemed by the version
//! before remember no more of their token; all others end it exactly (`revoked_access_tokens`).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO access_token_revocations (tenant_id, client_id, user_id, issued_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    EXISTS = "SELECT issued_at FROM access_token_revocations \
              WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND issued_at = $4";
}

/// Revokes the access tokens that this application got for this user at `issued_at` (`iat`, seconds). `expires_at` is when
/// the last of them expires. Again is no error.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    user_id: &str,
    issued_at: i64,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(INSERT, params![tenant, client_id, user_id, issued_at, expires_at])?;
    Ok(())
}

/// Whether an access token with these claims (`issued_at`: `iat`, seconds) was revoked.
pub fn exists(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    user_id: &str,
    issued_at: i64,
) -> Result<bool, StoreError> {
    Ok(tx.query_opt(EXISTS, params![tenant, client_id, user_id, issued_at])?.is_some())
}
