//! Actions: what is being edited, and which of its versions runs (Management API: actions).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// An action as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Made by the program: `actions_pkey`.
    pub action_id: String,
    /// Unique among the actions of its trigger: `actions_name_key`.
    pub name: String,
    /// What it is for. Never changes.
    pub trigger_id: String,
    /// The version that runs; `None` until the first one is deployed.
    pub deployed_version: Option<String>,
    /// Code and settings, JSON.
    pub document: String,
    /// Values of its secrets, sealed.
    pub secrets: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(ActionRow: action_id, name, trigger_id, deployed_version, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO actions (tenant_id, action_id, name, trigger_id, deployed_version, document, secrets, created_at, \
              updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT action_id, name, trigger_id, deployed_version, document, secrets, created_at, updated_at FROM actions \
            WHERE tenant_id = $1 AND action_id = $2";
    FIND_BY_NAME = "SELECT action_id, name, trigger_id, deployed_version, document, secrets, created_at, updated_at \
                    FROM actions WHERE tenant_id = $1 AND trigger_id = $2 AND name = $3";
    LIST = "SELECT action_id, name, trigger_id, deployed_version, document, secrets, created_at, updated_at FROM actions \
            WHERE tenant_id = $1 ORDER BY created_at, action_id";
    COUNT = "SELECT COUNT(*) FROM actions WHERE tenant_id = $1";
    UPDATE = "UPDATE actions SET name = $3, deployed_version = $4, document = $5, secrets = $6, updated_at = $7 \
              WHERE tenant_id = $1 AND action_id = $2";
    DELETE = "DELETE FROM actions WHERE tenant_id = $1 AND action_id = $2";
}

fn from_row(row: &Row) -> Result<ActionRow, StoreError> {
    Ok(ActionRow {
        action_id: row.get(0)?,
        name: row.get(1)?,
        trigger_id: row.get(2)?,
        deployed_version: row.get(3)?,
        document: row.get(4)?,
        secrets: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Adds an action. Conflict on `actions_pkey`, `actions_name_key`, or on `foreign_key` when there is no such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ActionRow) -> Result<(), StoreError> {
    let ActionRow { action_id, name, trigger_id, deployed_version, document, secrets, created_at, updated_at } = row;
    config::bump(tx, tenant)?;
    tx.execute(
        INSERT,
        params![
            tenant,
            action_id,
            name,
            trigger_id,
            deployed_version.as_deref(),
            document,
            secrets.as_deref(),
            *created_at,
            *updated_at
        ],
    )?;
    Ok(())
}

/// The action with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<Option<ActionRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, action_id])?.as_ref().map(from_row).transpose()
}

/// The action of this trigger with this name.
pub fn find_by_name(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    trigger_id: &str,
    name: &str,
) -> Result<Option<ActionRow>, StoreError> {
    tx.query_opt(FIND_BY_NAME, params![tenant, trigger_id, name])?.as_ref().map(from_row).transpose()
}

/// All actions of the tenant, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ActionRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// How many actions the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// Replaces everything but identifier, trigger and `created_at`. `false` when there is no such action; conflict on
/// `actions_name_key`.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &ActionRow) -> Result<bool, StoreError> {
    let ActionRow { action_id, name, deployed_version, document, secrets, updated_at, .. } = row;
    config::bump(tx, tenant)?;
    let changed = tx.execute(
        UPDATE,
        params![tenant, action_id, name, deployed_version.as_deref(), document, secrets.as_deref(), *updated_at],
    )?;
    Ok(changed == 1)
}

/// Removes an action with its versions. `false` when there was none; an error while it is bound.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, action_id])? == 1)
}
