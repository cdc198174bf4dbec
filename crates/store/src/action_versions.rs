//! Versions of actions: what was deployed once, as it was then (Management API: actions).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A version as it is stored. It never changes.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionVersionRow {
    /// Made by the program: `action_versions_pkey`.
    pub version_id: String,
    /// Whose version it is.
    pub action_id: String,
    /// From 1 on: `action_versions_number_key`.
    pub number: i64,
    /// Code and settings, JSON.
    pub document: String,
    /// Values of its secrets, sealed.
    pub secrets: Option<Vec<u8>>,
    /// When it was deployed.
    pub created_at: Timestamp,
}

debug_shows!(ActionVersionRow: version_id, action_id, number, created_at);

statements! {
    INSERT = "INSERT INTO action_versions (tenant_id, version_id, action_id, number, document, secrets, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT version_id, action_id, number, document, secrets, created_at FROM action_versions \
            WHERE tenant_id = $1 AND action_id = $2 AND version_id = $3";
    LIST = "SELECT version_id, action_id, number, document, secrets, created_at FROM action_versions \
            WHERE tenant_id = $1 AND action_id = $2 ORDER BY number DESC";
    LAST_NUMBER = "SELECT MAX(number) FROM action_versions WHERE tenant_id = $1 AND action_id = $2";
    LIST_DEPLOYED = "SELECT v.version_id, v.action_id, v.number, v.document, v.secrets, v.created_at FROM actions a \
                     JOIN action_versions v ON v.tenant_id = a.tenant_id AND v.version_id = a.deployed_version \
                     WHERE a.tenant_id = $1";
    DELETE = "DELETE FROM action_versions WHERE tenant_id = $1 AND version_id = $2";
}

fn from_row(row: &Row) -> Result<ActionVersionRow, StoreError> {
    Ok(ActionVersionRow {
        version_id: row.get(0)?,
        action_id: row.get(1)?,
        number: row.get(2)?,
        document: row.get(3)?,
        secrets: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// Adds a version. Conflict on `action_versions_pkey`, `action_versions_number_key`, or on `foreign_key` when there is no
/// such action.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ActionVersionRow) -> Result<(), StoreError> {
    let ActionVersionRow { version_id, action_id, number, document, secrets, created_at } = row;
    config::bump(tx, tenant)?;
    tx.execute(INSERT, params![tenant, version_id, action_id, *number, document, secrets.as_deref(), *created_at])?;
    Ok(())
}

/// The version of this action with this identifier.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    action_id: &str,
    version_id: &str,
) -> Result<Option<ActionVersionRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, action_id, version_id])?.as_ref().map(from_row).transpose()
}

/// All versions of an action, newest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<Vec<ActionVersionRow>, StoreError> {
    tx.query(LIST, params![tenant, action_id])?.iter().map(from_row).collect()
}

/// The number of the newest version.
pub fn last_number(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<Option<i64>, StoreError> {
    tx.query_opt(LAST_NUMBER, params![tenant, action_id])?.map_or(Ok(None), |row| row.get(0))
}

/// The versions that run, one of each action that has one.
pub fn list_deployed(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ActionVersionRow>, StoreError> {
    tx.query(LIST_DEPLOYED, params![tenant])?.iter().map(from_row).collect()
}

/// Removes a version. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, version_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, version_id])? == 1)
}
