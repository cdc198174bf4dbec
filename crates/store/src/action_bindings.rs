//! Which actions run at a trigger, in their order (Management API: actions).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// An action that runs at a trigger.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionBindingRow {
    /// Made by the program: `action_bindings_pkey`.
    pub binding_id: String,
    /// Where it runs.
    pub trigger_id: String,
    /// Lower runs first: `action_bindings_position_key`.
    pub position: i64,
    /// What runs: once at a trigger (`action_bindings_action_key`).
    pub action_id: String,
    /// For people.
    pub display_name: String,
    /// What else is known of it, JSON.
    pub document: String,
    /// Secrets that count here in the place of the action's own, sealed.
    pub secrets: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(ActionBindingRow: binding_id, trigger_id, position, action_id, display_name, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO action_bindings (tenant_id, binding_id, trigger_id, position, action_id, display_name, document, \
              secrets, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "SELECT binding_id, trigger_id, position, action_id, display_name, document, secrets, created_at, updated_at \
            FROM action_bindings WHERE tenant_id = $1 AND trigger_id = $2 ORDER BY position";
    CLEAR = "DELETE FROM action_bindings WHERE tenant_id = $1 AND trigger_id = $2";
    COUNT_FOR_ACTION = "SELECT COUNT(*) FROM action_bindings WHERE tenant_id = $1 AND action_id = $2";
    DELETE_FOR_ACTION = "DELETE FROM action_bindings WHERE tenant_id = $1 AND action_id = $2";
}

fn from_row(row: &Row) -> Result<ActionBindingRow, StoreError> {
    Ok(ActionBindingRow {
        binding_id: row.get(0)?,
        trigger_id: row.get(1)?,
        position: row.get(2)?,
        action_id: row.get(3)?,
        display_name: row.get(4)?,
        document: row.get(5)?,
        secrets: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// Puts these bindings in the place of all that the trigger had. Conflict on `action_bindings_pkey`,
/// `action_bindings_position_key`, `action_bindings_action_key`, or on `foreign_key` when there is no such action.
pub fn replace(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    trigger_id: &str,
    rows: &[ActionBindingRow],
) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(CLEAR, params![tenant, trigger_id])?;
    for row in rows {
        let ActionBindingRow { binding_id, position, action_id, display_name, document, secrets, .. } = row;
        tx.execute(
            INSERT,
            params![
                tenant,
                binding_id,
                trigger_id,
                *position,
                action_id,
                display_name,
                document,
                secrets.as_deref(),
                row.created_at,
                row.updated_at
            ],
        )?;
    }
    Ok(())
}

/// The bindings of a trigger, in their order.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, trigger_id: &str) -> Result<Vec<ActionBindingRow>, StoreError> {
    tx.query(LIST, params![tenant, trigger_id])?.iter().map(from_row).collect()
}

/// At how many triggers the action is bound.
pub fn count_for_action(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<i64, StoreError> {
    tx.query_opt(COUNT_FOR_ACTION, params![tenant, action_id])?.map_or(Ok(0), |row| row.get(0))
}

/// Removes the action from all triggers. Returns how many had it.
pub fn delete_for_action(tx: &mut Tx<'_>, tenant: &TenantId, action_id: &str) -> Result<u64, StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(DELETE_FOR_ACTION, params![tenant, action_id])
}
