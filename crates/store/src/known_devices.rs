//! Browsers in which a user has logged in before (LG-08).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    REMEMBER = "INSERT INTO known_devices (tenant_id, user_id, device, expires_at) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (tenant_id, user_id, device) DO UPDATE SET expires_at = excluded.expires_at";
    IS_KNOWN = "SELECT user_id FROM known_devices WHERE tenant_id = $1 AND user_id = $2 AND device = $3 AND expires_at > $4";
    FORGET = "DELETE FROM known_devices WHERE tenant_id = $1 AND user_id = $2";
}

/// Notes that the user logged in with this device, to be remembered until `expires_at`. Conflict on `foreign_key` when there
/// is no such user.
pub fn remember(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    device: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(REMEMBER, params![tenant, user_id, device, expires_at]).map(drop)
}

/// Whether the user logged in with this device before.
pub fn is_known(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    device: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.query_opt(IS_KNOWN, params![tenant, user_id, device, now])?.is_some())
}

/// Forgets all devices of the user.
pub fn forget(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<(), StoreError> {
    tx.execute(FORGET, params![tenant, user_id]).map(drop)
}
