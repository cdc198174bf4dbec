//! A new generation of the data keys, and what an operator sees of all generations.

use jiff::Timestamp;
use keywright_jose::DataKey;
use keywright_store::data_keys::{self, DataKeyRow, LOOKUP};
use keywright_store::{StoreError, refresh_tokens};
use keywright_types::TenantId;

use super::resealing::{living_before, retires_at};
use super::{ANNOUNCED_BEFORE_USE, SETTLED_AFTER_USE};
use crate::sessions::later;
use crate::{App, AppError};

/// Families that are revoked by one job.
const BATCH: i64 = 500;

/// Where a generation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKeyState {
    /// Digests; stays.
    Lookup,
    /// Announced; does not seal yet.
    Next,
    /// Seals.
    Current,
    /// Opens what it sealed.
    Previous,
    /// Erased.
    Retired,
}

impl DataKeyState {
    /// The state's name, as it is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Next => "next",
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Retired => "retired",
        }
    }
}

/// A generation without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyInfo {
    /// Its number.
    pub generation: i64,
    /// Where it stands.
    pub state: DataKeyState,
    /// Fingerprint of the master key that it is sealed with; the last one, for a retired generation.
    pub sealed_with: String,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it begins or began to seal.
    pub used_from: Timestamp,
    /// Since when every sealed column is sealed with it.
    pub resealed_at: Option<Timestamp>,
    /// When a previous generation will be erased, once that is known; when a retired one was.
    pub retires_at: Option<Timestamp>,
}

/// What a rotation announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyRotation {
    /// The number of the new generation.
    pub generation: i64,
    /// When it begins to seal.
    pub used_from: Timestamp,
    /// How many refresh token families were revoked; in an emergency only.
    pub revoked_families: u64,
}

/// Why no generation was announced.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyRotationError {
    /// The newest one is too young; not every node may have begun to seal with it.
    #[error("generation {generation} has just begun: the next one can be made from {at:.0} on")]
    TooEarly {
        /// The newest generation.
        generation: i64,
        /// When there may be another one.
        at: Timestamp,
    },
    /// Somebody else rotated at the same time.
    #[error("somebody else rotated the data key at the same time")]
    Raced,
    /// Numbers have two bytes.
    #[error("there are no numbers left for another generation")]
    TooMany,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for DataKeyRotationError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// All generations, the lookup key first.
    pub async fn list_data_keys(&self) -> Result<Vec<DataKeyInfo>, AppError> {
        let rows = self.store().read(data_keys::list).await?;
        let (now, longest) = (self.now(), self.longest_life_outside().await?);
        let current = current_row(&rows, now).map_or(LOOKUP, |row| row.generation);
        let info = |row: &DataKeyRow| {
            let state = match row.generation {
                LOOKUP => DataKeyState::Lookup,
                _ if row.retired_at.is_some() => DataKeyState::Retired,
                generation if generation < current => DataKeyState::Previous,
                generation if generation == current => DataKeyState::Current,
                _ => DataKeyState::Next,
            };
            let ends = match state {
                DataKeyState::Previous => retires_at(&rows, row, now, longest),
                _ => row.retired_at,
            };
            DataKeyInfo {
                generation: row.generation,
                state,
                sealed_with: row.sealed_with.clone(),
                created_at: row.created_at,
                used_from: row.used_from,
                // The first one of all has nothing to seal again.
                resealed_at: row.resealed_at.filter(|_| row.generation != LOOKUP),
                retires_at: ends,
            }
        };
        Ok(rows.iter().map(info).collect())
    }

    /// Announces a new generation. Every node takes it up by itself; what is stored is sealed again, and generations before it
    /// are erased when nothing needs them (`resealing.rs`).
    ///
    /// In an emergency somebody else has a data key. Then nobody waits for what generations before sealed outside the
    /// database, and every refresh token is revoked: with the lookup key and a copy of the database they could be made.
    pub async fn rotate_data_key(&self, emergency: bool) -> Result<DataKeyRotation, DataKeyRotationError> {
        let now = self.now();
        let rows = self.store().read(data_keys::list).await?;
        let newest = rows.last().ok_or_else(|| AppError::internal("there is no data key"))?;
        let settled = later(newest.used_from, SETTLED_AFTER_USE);
        // Who has just made the database is no danger to himself: nothing came before the first generation.
        if settled > now && living_before(&rows, newest.generation) {
            return Err(DataKeyRotationError::TooEarly { generation: newest.generation, at: settled });
        }
        let number = newest.generation.saturating_add(1);
        let generation = u16::try_from(number).map_err(|_| DataKeyRotationError::TooMany)?;
        // First, so that whoever is interrupted begins with it again.
        let revoked_families = if emergency { self.revoke_all_refresh_tokens().await? } else { 0 };
        let master = &self.ring().masters().current;
        let row = DataKeyRow {
            generation: number,
            data_key: Some(master.seal_data_key(generation, &DataKey::generate(self.random()), self.random())),
            sealed_with: master.fingerprint(),
            emergency,
            created_at: now,
            used_from: later(now, ANNOUNCED_BEFORE_USE),
            resealed_at: None,
            retired_at: None,
        };
        let used_from = row.used_from;
        if !self.store().write(move |tx| data_keys::insert(tx, &row)).await? {
            return Err(DataKeyRotationError::Raced);
        }
        Ok(DataKeyRotation { generation: number, used_from, revoked_families })
    }

    /// Revokes every refresh token there is; returns how many families were alive. New ones get random names of their own.
    async fn revoke_all_refresh_tokens(&self) -> Result<u64, AppError> {
        let (now, mut after, mut all) = (self.now(), (TenantId::new(""), String::new()), 0);
        loop {
            let from = after.clone();
            let batch = self.store().write(move |tx| refresh_tokens::revoke_batch(tx, &from, BATCH, now)).await?;
            let Some((last, revoked)) = batch else { return Ok(all) };
            (after, all) = (last, all + revoked);
        }
    }
}

/// The generation that seals at `now`.
pub(super) fn current_row(rows: &[DataKeyRow], now: Timestamp) -> Option<&DataKeyRow> {
    let living = || rows.iter().filter(|row| row.generation != LOOKUP && row.data_key.is_some());
    living().filter(|row| row.used_from <= now).max_by_key(|row| row.generation).or_else(|| living().next())
}
