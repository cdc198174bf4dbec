//! Versions of the configuration: what the caches of all nodes are checked against (architecture §4).
//!
//! Every function that writes configuration (tenants, keys, applications, APIs, grants of applications, connections)
//! calls [`bump`] or [`bump_instance`] *first*. The counter row is thereby the lock that puts configuration writes in one
//! order: versions become visible in the order of their numbers, so that [`changed_since`] misses none, and two such writes
//! cannot wait for each other in a circle.

use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

statements! {
    NEXT = "UPDATE config_versions SET version = version + 1 WHERE tenant_id = '' RETURNING version";
    SET = "INSERT INTO config_versions (tenant_id, version) VALUES ($1, $2) \
           ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version";
    CURRENT = "SELECT version FROM config_versions WHERE tenant_id = ''";
    CHANGED_SINCE = "SELECT tenant_id FROM config_versions WHERE version > $1 AND tenant_id <> '' ORDER BY version";
}

/// Gives `tenant` a new configuration version, and tells every node once the job is committed. Returns the version.
pub fn bump(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<u64, StoreError> {
    let version = counted(tx.query_opt(NEXT, params![])?.as_ref())?;
    tx.execute(SET, params![tenant, i64::try_from(version).unwrap_or(i64::MAX)])?;
    tx.announce_config_version(version);
    Ok(version)
}

/// A new configuration version that is no tenant's: for what belongs to the instance. Returns the version.
pub fn bump_instance(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let version = counted(tx.query_opt(NEXT, params![])?.as_ref())?;
    tx.announce_config_version(version);
    Ok(version)
}

/// The newest configuration version of all tenants.
pub fn current(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    counted(tx.query_opt(CURRENT, params![])?.as_ref())
}

/// The tenants whose configuration changed after `version` (a value of [`current`]), longest ago first.
pub fn changed_since(tx: &mut Tx<'_>, version: u64) -> Result<Vec<TenantId>, StoreError> {
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    tx.query(CHANGED_SINCE, params![version])?.iter().map(|row| row.get(0)).collect()
}

/// The version in the counter row, or that the row is missing.
pub(crate) fn counted(row: Option<&Row>) -> Result<u64, StoreError> {
    let row = row.ok_or_else(|| StoreError::Corrupt {
        table: "config_versions".to_owned(),
        column: "tenant_id".to_owned(),
        detail: "the counter row is missing".to_owned(),
    })?;
    u64::try_from(row.get::<i64>(0)?).map_err(|_| row.corrupt(0, "a negative version"))
}
