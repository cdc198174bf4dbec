//! Seals of the tenant log: what was in it at a time, signed and chained (OP-03).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A seal as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSealRow {
    /// 1, 2, 3, … without gaps. Made by the program: `log_seals_pkey`, so of two nodes that seal at once one wins.
    pub sequence: i64,
    /// First entry.
    pub first_log_id: String,
    /// Last entry.
    pub last_log_id: String,
    /// SHA-256 of each entry, one after the other.
    pub entry_digests: Vec<u8>,
    /// A signed token over all of it and over the seal before.
    pub signature: String,
    /// When it was made.
    pub sealed_at: Timestamp,
}

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "sequence, first_log_id, last_log_id, entry_digests, signature, sealed_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO log_seals (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    );
    LAST = concat!("SELECT ", columns!(), " FROM log_seals WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 1");
    LIST_AFTER = concat!(
        "SELECT ", columns!(), " FROM log_seals WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
    );
    LAST_BEFORE = concat!(
        "SELECT ", columns!(), " FROM log_seals WHERE tenant_id = $1 AND last_log_id < $2 ORDER BY sequence DESC LIMIT 1"
    );
    DELETE_BEFORE = "DELETE FROM log_seals WHERE tenant_id = $1 AND last_log_id < $2 \
                     AND sequence < (SELECT MAX(sequence) FROM log_seals WHERE tenant_id = $1)";
}

fn from_row(row: &Row) -> Result<LogSealRow, StoreError> {
    Ok(LogSealRow {
        sequence: row.get(0)?,
        first_log_id: row.get(1)?,
        last_log_id: row.get(2)?,
        entry_digests: row.get(3)?,
        signature: row.get(4)?,
        sealed_at: row.get(5)?,
    })
}

/// Adds a seal. `false` when another node made the one with this number.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &LogSealRow) -> Result<bool, StoreError> {
    let inserted = tx.execute(
        INSERT,
        params![
            tenant,
            row.sequence,
            &row.first_log_id,
            &row.last_log_id,
            &row.entry_digests,
            &row.signature,
            row.sealed_at
        ],
    )?;
    Ok(inserted == 1)
}

/// The newest seal.
pub fn last(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<LogSealRow>, StoreError> {
    tx.query_opt(LAST, params![tenant])?.as_ref().map(from_row).transpose()
}

/// The newest seal all of whose entries are before `log_id`.
pub fn last_before(tx: &mut Tx<'_>, tenant: &TenantId, log_id: &str) -> Result<Option<LogSealRow>, StoreError> {
    tx.query_opt(LAST_BEFORE, params![tenant, log_id])?.as_ref().map(from_row).transpose()
}

/// Up to `limit` seals after `sequence` (0 for the first), oldest first.
pub fn list_after(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<LogSealRow>, StoreError> {
    tx.query(LIST_AFTER, params![tenant, sequence, limit])?.iter().map(from_row).collect()
}

/// Removes the seals all of whose entries are before `log_id`, but never the newest one, to which the next is chained.
pub fn delete_before(tx: &mut Tx<'_>, tenant: &TenantId, log_id: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, params![tenant, log_id])
}
