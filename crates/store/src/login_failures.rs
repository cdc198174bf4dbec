//! Failed logins in a row, by account and origin, shared by all nodes (LG-07).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    /// Counts only below the limit: of two nodes with the last attempt, one gets a row back.
    COUNT = "INSERT INTO login_failures (tenant_id, account, origin, failures, expires_at) VALUES ($1, $2, $3, 1, $4) \
             ON CONFLICT (tenant_id, account, origin) DO UPDATE SET \
             failures = CASE WHEN login_failures.expires_at > $5 THEN login_failures.failures + 1 ELSE 1 END, \
             expires_at = excluded.expires_at \
             WHERE login_failures.expires_at <= $5 OR login_failures.failures < $6 RETURNING failures";
    TAKE_BACK = "UPDATE login_failures SET failures = failures - 1 \
                 WHERE tenant_id = $1 AND account = $2 AND origin = $3 AND failures > 0";
    RESET = "DELETE FROM login_failures WHERE tenant_id = $1 AND account = $2 AND origin = $3";
    CLEAR = "DELETE FROM login_failures WHERE tenant_id = $1 AND account = $2";
    LIST = "SELECT origin, failures FROM login_failures WHERE tenant_id = $1 AND account = $2 AND expires_at > $3 \
            ORDER BY origin";
}

/// Counts one attempt as failed, before its password is looked at, and gives the new count. `None`: there were `most`
/// already, nothing was counted, and nothing of the block changed. The count is kept until `expires_at`.
pub fn count(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    account: &[u8],
    origin: &str,
    most: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let row = tx.query_opt(COUNT, params![tenant, account, origin, expires_at, now, most])?;
    row.map(|row| row.get(0)).transpose()
}

/// Takes one count back: its password was never looked at.
pub fn take_back(tx: &mut Tx<'_>, tenant: &TenantId, account: &[u8], origin: &str) -> Result<(), StoreError> {
    tx.execute(TAKE_BACK, params![tenant, account, origin]).map(drop)
}

/// Begins the count of one origin anew: the right password came from there.
pub fn reset(tx: &mut Tx<'_>, tenant: &TenantId, account: &[u8], origin: &str) -> Result<(), StoreError> {
    tx.execute(RESET, params![tenant, account, origin]).map(drop)
}

/// Forgets the failures of every origin, and so ends every block of the account. Returns how many origins there were.
pub fn clear(tx: &mut Tx<'_>, tenant: &TenantId, account: &[u8]) -> Result<u64, StoreError> {
    tx.execute(CLEAR, params![tenant, account])
}

/// The origins that failed, and how often.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    account: &[u8],
    now: Timestamp,
) -> Result<Vec<(String, i64)>, StoreError> {
    tx.query(LIST, params![tenant, account, now])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
