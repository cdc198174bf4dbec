//! One pending `/authorize`, from the first request to the code (§1.7): what was asked, and what the interactive steps have
//! recorded so far.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A transaction as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// Keyed digest of the handle in `state`: `transactions_pkey`.
    pub handle_digest: Vec<u8>,
    /// Keyed digest of the browser cookie it is bound to.
    pub browser_digest: Vec<u8>,
    /// The application that asked.
    pub client_id: String,
    /// The validated request, JSON; never changes.
    pub request: String,
    /// What the steps have recorded, JSON.
    pub progress: String,
    /// Counts the changes of `progress`; from 0.
    pub version: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// When it was answered; then it never changes again.
    pub completed_at: Option<Timestamp>,
}

debug_shows!(TransactionRow: client_id, version, created_at, expires_at, completed_at);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "handle_digest, browser_digest, client_id, request, progress, version, created_at, expires_at, completed_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO transactions (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    FIND = concat!(
        "SELECT ", columns!(), " FROM transactions WHERE tenant_id = $1 AND handle_digest = $2 AND expires_at > $3"
    );
    UPDATE_PROGRESS = "UPDATE transactions SET progress = $4, version = version + 1 \
                       WHERE tenant_id = $1 AND handle_digest = $2 AND version = $3 AND completed_at IS NULL \
                       AND expires_at > $5";
    COMPLETE = concat!(
        "UPDATE transactions SET completed_at = $3 \
         WHERE tenant_id = $1 AND handle_digest = $2 AND completed_at IS NULL AND expires_at > $3 RETURNING ", columns!()
    );
}

fn from_row(row: &Row) -> Result<TransactionRow, StoreError> {
    Ok(TransactionRow {
        handle_digest: row.get(0)?,
        browser_digest: row.get(1)?,
        client_id: row.get(2)?,
        request: row.get(3)?,
        progress: row.get(4)?,
        version: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        completed_at: row.get(8)?,
    })
}

/// Adds a transaction. Conflict on `transactions_pkey`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &TransactionRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.handle_digest,
            &row.browser_digest,
            &row.client_id,
            &row.request,
            &row.progress,
            row.version,
            row.created_at,
            row.expires_at,
            row.completed_at
        ],
    )?;
    Ok(())
}

/// The transaction behind this handle, completed or not, if it is not over at `now`.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    now: Timestamp,
) -> Result<Option<TransactionRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, handle_digest, now])?.as_ref().map(from_row).transpose()
}

/// Replaces the progress if the transaction is still at `version`, not completed and not over at `now`; its version is then
/// one higher. `false` when somebody was faster: read again.
pub fn update_progress(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    version: i64,
    progress: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(UPDATE_PROGRESS, params![tenant, handle_digest, version, progress, now])? == 1)
}

/// Completes the transaction, once: `None` when it was completed before, is over at `now` or does not exist. Returns the row
/// as it is answered from.
pub fn complete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    now: Timestamp,
) -> Result<Option<TransactionRow>, StoreError> {
    tx.query_opt(COMPLETE, params![tenant, handle_digest, now])?.as_ref().map(from_row).transpose()
}
