//! Identifiers (`jti`) of assertions and proofs that were accepted: each counts once, on whatever node (CL-03, FP-03).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    USE = "INSERT INTO used_jwt_ids (tenant_id, id_digest, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
}

/// Takes an identifier, by its keyed digest. `false` when it was taken before: a replay. `expires_at` is from when on
/// whatever carries it is refused anyway.
pub fn take(tx: &mut Tx<'_>, tenant: &TenantId, id_digest: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(USE, params![tenant, id_digest, expires_at])? == 1)
}
