//! Leases: work that one node at a time does (architecture §4). They belong to the instance, not to a tenant.

use jiff::Timestamp;

use crate::{StoreError, Tx, params};

statements! {
    ACQUIRE = "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $4) \
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at \
               WHERE leases.holder = excluded.holder OR leases.expires_at <= $3";
    RELEASE = "DELETE FROM leases WHERE name = $1 AND holder = $2";
}

/// Takes the lease until `expires_at`, or prolongs it when `holder` has it. `false` when another holder has it at `now`.
pub fn acquire(
    tx: &mut Tx<'_>,
    name: &str,
    holder: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(ACQUIRE, params![name, holder, now, expires_at])? == 1)
}

/// Gives the lease back. `false` when `holder` did not have it.
pub fn release(tx: &mut Tx<'_>, name: &str, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(RELEASE, params![name, holder])? == 1)
}
