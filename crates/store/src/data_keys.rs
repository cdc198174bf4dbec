//! Data keys of the instance and their generations (ST-03). They belong to no tenant.
//!
//! A generation's key never changes; what changes is the master key that it is sealed with. Every change is one conditional
//! write: `false` means that somebody was faster.

use jiff::Timestamp;

use crate::{Row, StoreError, Tx, config, params};

/// Generation of the lookup key, which digests and never seals.
pub const LOOKUP: i64 = 0;

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// [`LOOKUP`], or the number that sealed values carry: `data_keys_pkey`.
    pub generation: i64,
    /// The key, sealed with the master key; `None` once it is retired.
    pub data_key: Option<Vec<u8>>,
    /// Fingerprint of that master key.
    pub sealed_with: String,
    /// Whether generations before it end without waiting for what they sealed outside the database.
    pub emergency: bool,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it begins to seal.
    pub used_from: Timestamp,
    /// Since when every sealed column is sealed with it.
    pub resealed_at: Option<Timestamp>,
    /// When it was erased.
    pub retired_at: Option<Timestamp>,
}

debug_shows!(DataKeyRow: generation, sealed_with, emergency, created_at, used_from, resealed_at, retired_at);

statements! {
    LIST = "SELECT generation, data_key, sealed_with, emergency, created_at, used_from, resealed_at, retired_at \
            FROM data_keys ORDER BY generation";
    INSERT = "INSERT INTO data_keys \
              (generation, data_key, sealed_with, emergency, created_at, used_from, resealed_at, retired_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (generation) DO NOTHING";
    REPLACE_SEAL = "UPDATE data_keys SET data_key = $3, sealed_with = $4 WHERE generation = $1 AND data_key = $2";
    MARK_RESEALED = "UPDATE data_keys SET resealed_at = $2 WHERE generation = $1 AND resealed_at IS NULL";
    RETIRE = "UPDATE data_keys SET data_key = NULL, retired_at = $2 WHERE generation = $1 AND retired_at IS NULL";
}

fn from_row(row: &Row) -> Result<DataKeyRow, StoreError> {
    Ok(DataKeyRow {
        generation: row.get(0)?,
        data_key: row.get(1)?,
        sealed_with: row.get(2)?,
        emergency: row.get(3)?,
        created_at: row.get(4)?,
        used_from: row.get(5)?,
        resealed_at: row.get(6)?,
        retired_at: row.get(7)?,
    })
}

/// All generations, also those that are retired, the lookup key first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<DataKeyRow>, StoreError> {
    tx.query(LIST, params![])?.iter().map(from_row).collect()
}

/// Adds a generation; every node hears of it. `false` when there is one with this number.
pub fn insert(tx: &mut Tx<'_>, row: &DataKeyRow) -> Result<bool, StoreError> {
    config::bump_instance(tx)?;
    let added = tx.execute(
        INSERT,
        params![
            row.generation,
            row.data_key.as_ref(),
            &row.sealed_with,
            row.emergency,
            row.created_at,
            row.used_from,
            row.resealed_at,
            row.retired_at
        ],
    )?;
    Ok(added == 1)
}

/// Puts the same key, sealed with another master key, in the place of `old`. `false` when `old` is not there any more.
pub fn replace_seal(
    tx: &mut Tx<'_>,
    generation: i64,
    old: &[u8],
    new: &[u8],
    sealed_with: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REPLACE_SEAL, params![generation, old, new, sealed_with])? == 1)
}

/// Notes that every sealed column is sealed with this generation. `false` when that was noted before.
pub fn mark_resealed(tx: &mut Tx<'_>, generation: i64, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(MARK_RESEALED, params![generation, now])? == 1)
}

/// Erases a generation; every node hears of it. `false` when it is gone already.
pub fn retire(tx: &mut Tx<'_>, generation: i64, now: Timestamp) -> Result<bool, StoreError> {
    config::bump_instance(tx)?;
    Ok(tx.execute(RETIRE, params![generation, now])? == 1)
}
