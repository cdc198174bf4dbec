//! The start of an instance: its data keys are made, taken over from the time before there were any, or opened; and sealed
//! with the present master key, when they were sealed with one before it.
//!
//! Any number of nodes may start at once: rows are added unless they are there, and replaced only as they were read.

use jiff::Timestamp;
use keywright_jose::{DataKey, DataKeys, MasterKey, Purpose, Random};
use keywright_store::data_keys::{self, DataKeyRow, LOOKUP};
use keywright_store::{Store, StoreError, signing_keys, tenants};
use keywright_types::TenantId;

use super::ring::Loaded;
use super::{MasterKeys, Ring};
use crate::AppError;

/// The first generation that seals.
const FIRST: u16 = 1;

/// Why an instance does not open its database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// None of the master keys belongs to the database. Holds fingerprints, never keys.
    #[error("{0}")]
    AnotherMasterKey(String),
    /// Anything else.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// What is needed to open the data keys of a database.
pub(crate) struct Opening<'a> {
    pub(crate) store: &'a Store,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a Random,
    /// Whether what is missing may be made, and sealed again what another master key sealed.
    pub(crate) may_write: bool,
}

/// Opens the data keys.
pub(crate) async fn open(opening: Opening<'_>, masters: MasterKeys) -> Result<Ring, OpenError> {
    let Opening { store, now, random, may_write } = opening;
    // Before the read: what changes during it is read again.
    let version = *store.config_changes().borrow();
    let mut rows = store.read(data_keys::list).await?;
    if rows.is_empty() {
        let first = first_rows(store, &masters, now, random).await?;
        if may_write {
            rows = insert(store, first).await?;
        } else {
            rows = first;
        }
    }
    check(&rows, &masters)?;
    if may_write && seal_anew(store, &rows, &masters, random).await? {
        rows = store.read(data_keys::list).await?;
        // Somebody else may have sealed them with another one meanwhile; a later start would not open them.
        check_sealed_with(&rows, &masters.current)?;
    }
    let loaded = Loaded::open(&rows, &masters, None, version, now)?;
    if let Some(generation) = loaded.unopened() {
        return Err(OpenError::AnotherMasterKey(format!("data key {generation} does not open")));
    }
    Ok(Ring::new(masters, loaded))
}

/// Lookup key and first generation: random ones for an empty database. A database that is older than data keys had one key for
/// everything, its master key.
async fn first_rows(
    store: &Store,
    masters: &MasterKeys,
    now: Timestamp,
    random: &Random,
) -> Result<Vec<DataKeyRow>, OpenError> {
    let row = |generation: u16, key: &DataKey| DataKeyRow {
        generation: generation.into(),
        data_key: Some(masters.current.seal_data_key(generation, key, random)),
        sealed_with: masters.current.fingerprint(),
        emergency: false,
        created_at: now,
        used_from: now,
        resealed_at: None,
        retired_at: None,
    };
    let lookup = u16::try_from(LOOKUP).map_err(AppError::internal)?;
    let sample = store.read(sealed_sample).await?;
    match sample {
        Sample::NoTenant => Ok(vec![row(lookup, &DataKey::generate(random)), row(FIRST, &DataKey::generate(random))]),
        Sample::Key { tenant, domain, sealed } => {
            let opens = |key: &&MasterKey| {
                DataKeys::only(key.as_data_key()).open(Purpose::SigningKey, &tenant, &sealed).is_some()
            };
            let own = masters.all().find(opens).ok_or_else(|| {
                let ours = masters.current.fingerprint();
                OpenError::AnotherMasterKey(format!("{ours} does not open the signing keys of {domain}"))
            })?;
            Ok(vec![row(lookup, &own.as_data_key()), row(FIRST, &own.as_data_key())])
        }
    }
}

/// What tells which master key a database without data keys was made with.
enum Sample {
    NoTenant,
    Key { tenant: TenantId, domain: String, sealed: Vec<u8> },
}

/// A signing key of the oldest tenant that has one.
fn sealed_sample(tx: &mut keywright_store::Tx<'_>) -> Result<Sample, AppError> {
    let tenants = tenants::list(tx)?;
    if tenants.is_empty() {
        return Ok(Sample::NoTenant);
    }
    for tenant in tenants {
        let keys = signing_keys::list(tx, &tenant.tenant_id)?;
        if let Some(key) = keys.into_iter().find(|key| !key.private_key.is_empty()) {
            return Ok(Sample::Key { tenant: tenant.tenant_id, domain: tenant.domain, sealed: key.private_key });
        }
    }
    Err(AppError::internal("the database has tenants and no signing key that would tell its master key"))
}

/// Adds the rows, unless another node was faster, and gives those that are there now.
async fn insert(store: &Store, rows: Vec<DataKeyRow>) -> Result<Vec<DataKeyRow>, StoreError> {
    store
        .write(move |tx| {
            for row in &rows {
                data_keys::insert(tx, row)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    // Read by itself: in the job above, PostgreSQL might not show yet what another node has committed.
    store.read(data_keys::list).await
}

/// Refuses a database that none of the master keys belongs to.
fn check(rows: &[DataKeyRow], masters: &MasterKeys) -> Result<(), OpenError> {
    let strange = rows.iter().find(|row| row.data_key.is_some() && masters.named(&row.sealed_with).is_none());
    strange.map_or(Ok(()), |row| Err(refusal(row, &masters.current)))
}

fn check_sealed_with(rows: &[DataKeyRow], master: &MasterKey) -> Result<(), OpenError> {
    let fingerprint = master.fingerprint();
    let strange = rows.iter().find(|row| row.data_key.is_some() && row.sealed_with != fingerprint);
    strange.map_or(Ok(()), |row| Err(refusal(row, master)))
}

fn refusal(row: &DataKeyRow, master: &MasterKey) -> OpenError {
    let (theirs, ours) = (&row.sealed_with, master.fingerprint());
    OpenError::AnotherMasterKey(format!("its data keys are sealed with {theirs}, and `master_key` is {ours}"))
}

/// Seals with the present master key what another one sealed. `true` when there was such a row.
async fn seal_anew(
    store: &Store,
    rows: &[DataKeyRow],
    masters: &MasterKeys,
    random: &Random,
) -> Result<bool, OpenError> {
    let present = masters.current.fingerprint();
    let mut found = false;
    for row in rows.iter().filter(|row| row.sealed_with != present) {
        let Some(old) = row.data_key.clone() else { continue };
        found = true;
        let generation = u16::try_from(row.generation).map_err(AppError::internal)?;
        let key = masters.named(&row.sealed_with).and_then(|master| master.open_data_key(generation, &old));
        let key = key.ok_or_else(|| OpenError::AnotherMasterKey(format!("data key {generation} does not open")))?;
        let (number, new) = (row.generation, masters.current.seal_data_key(generation, &key, random));
        let sealed_with = present.clone();
        let done = store.write(move |tx| data_keys::replace_seal(tx, number, &old, &new, &sealed_with)).await?;
        if done {
            tracing::info!(
                generation,
                from = row.sealed_with,
                to = present,
                "sealed a data key with the new master key"
            );
        }
    }
    Ok(found)
}
