//! Attempts of a network at a stage, as a token bucket that all nodes share (§7.9).
//!
//! One number holds the bucket: when it is full again. An attempt moves it by the time that one attempt takes to come back.

use jiff::{SignedDuration, Timestamp};
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

/// The size of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Attempts at once, at least 1.
    pub burst: i64,
    /// Milliseconds until one comes back.
    pub rate: i64,
}

statements! {
    TAKE = "INSERT INTO network_attempts (tenant_id, stage, network, full_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (tenant_id, stage, network) DO UPDATE SET \
            full_at = CASE WHEN network_attempts.full_at > $5 THEN network_attempts.full_at + $6 ELSE excluded.full_at END \
            WHERE network_attempts.full_at <= $7 RETURNING full_at";
    FIND = "SELECT full_at FROM network_attempts WHERE tenant_id = $1 AND stage = $2 AND network = $3";
    IS_FULL = "SELECT full_at FROM network_attempts WHERE tenant_id = $1 AND stage = $2 AND network = $3 AND full_at > $4";
    DELETE = "DELETE FROM network_attempts WHERE tenant_id = $1 AND stage = $2 AND network = $3";
    GIVE_BACK = "UPDATE network_attempts SET full_at = full_at - $4 WHERE tenant_id = $1 AND stage = $2 AND network = $3";
}

/// Takes one attempt. `Some`: there is none; the next one comes at that time, and nothing has changed.
pub fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    stage: &str,
    network: &str,
    allowance: Allowance,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let Allowance { burst, rate } = allowance;
    // With one attempt left the bucket is full again after all others have come back.
    let last = after(now, burst.saturating_sub(1).saturating_mul(rate));
    let taken = tx.query_opt(TAKE, params![tenant, stage, network, after(now, rate), now, rate, last])?;
    if taken.is_some() {
        return Ok(None);
    }
    let row = tx.query_opt(FIND, params![tenant, stage, network])?;
    let full_at: Timestamp = row.map_or(Ok(now), |row| row.get(0))?;
    Ok(Some(after(full_at, -burst.saturating_sub(1).saturating_mul(rate)).max(now)))
}

/// Whether all attempts are there: nobody of this network has used one up lately.
pub fn is_full(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    stage: &str,
    network: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.query_opt(IS_FULL, params![tenant, stage, network, now])?.is_none())
}

/// Whether no attempt is left at `now`.
pub fn is_empty(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    stage: &str,
    network: &str,
    allowance: Allowance,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = tx.query_opt(FIND, params![tenant, stage, network])? else { return Ok(false) };
    let full_at: Timestamp = row.get(0)?;
    Ok(full_at > after(now, allowance.burst.saturating_sub(1).saturating_mul(allowance.rate)))
}

/// Gives all attempts back. `false` when none was taken.
pub fn refill(tx: &mut Tx<'_>, tenant: &TenantId, stage: &str, network: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, stage, network])? == 1)
}

/// Gives one attempt back.
pub fn give_back(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    stage: &str,
    network: &str,
    allowance: Allowance,
) -> Result<(), StoreError> {
    tx.execute(GIVE_BACK, params![tenant, stage, network, allowance.rate]).map(drop)
}

fn after(at: Timestamp, milliseconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(milliseconds)).unwrap_or(at)
}
