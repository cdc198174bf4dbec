//! Rules, in the order in which they run, and the settings that all of them share (Management API: rules, rules-configs).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A rule as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// Made by the program: `rules_pkey`.
    pub rule_id: String,
    /// Unique in the tenant: `rules_name_key`.
    pub name: String,
    /// Lower runs first; unique in the tenant: `rules_position_key`.
    pub position: i64,
    /// Whether it runs.
    pub enabled: bool,
    /// `login_success` for all that have an effect.
    pub stage: String,
    /// JavaScript: one function expression.
    pub script: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(RuleRow: rule_id, name, position, enabled, stage, created_at, updated_at);

/// A setting of rules as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RuleConfigRow {
    /// Its name: `rule_configs_pkey`.
    pub name: String,
    /// Its value, sealed.
    pub value: Vec<u8>,
    /// When it was set last.
    pub updated_at: Timestamp,
}

debug_shows!(RuleConfigRow: name, updated_at);

statements! {
    INSERT = "INSERT INTO rules (tenant_id, rule_id, name, position, enabled, stage, script, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT rule_id, name, position, enabled, stage, script, created_at, updated_at FROM rules \
            WHERE tenant_id = $1 AND rule_id = $2";
    LIST = "SELECT rule_id, name, position, enabled, stage, script, created_at, updated_at FROM rules \
            WHERE tenant_id = $1 ORDER BY position";
    LAST_POSITION = "SELECT MAX(position) FROM rules WHERE tenant_id = $1";
    UPDATE = "UPDATE rules SET name = $3, position = $4, enabled = $5, stage = $6, script = $7, updated_at = $8 \
              WHERE tenant_id = $1 AND rule_id = $2";
    DELETE = "DELETE FROM rules WHERE tenant_id = $1 AND rule_id = $2";
    PUT_CONFIG = "INSERT INTO rule_configs (tenant_id, name, value, updated_at) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    LIST_CONFIGS = "SELECT name, value, updated_at FROM rule_configs WHERE tenant_id = $1 ORDER BY name";
    DELETE_CONFIG = "DELETE FROM rule_configs WHERE tenant_id = $1 AND name = $2";
}

fn from_row(row: &Row) -> Result<RuleRow, StoreError> {
    Ok(RuleRow {
        rule_id: row.get(0)?,
        name: row.get(1)?,
        position: row.get(2)?,
        enabled: row.get(3)?,
        stage: row.get(4)?,
        script: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Adds a rule. Conflict on `rules_pkey`, `rules_name_key`, `rules_position_key`, or on `foreign_key` when there is no such
/// tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &RuleRow) -> Result<(), StoreError> {
    let RuleRow { rule_id, name, position, enabled, stage, script, created_at, updated_at } = row;
    config::bump(tx, tenant)?;
    tx.execute(INSERT, params![tenant, rule_id, name, *position, *enabled, stage, script, *created_at, *updated_at])?;
    Ok(())
}

/// The rule with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, rule_id: &str) -> Result<Option<RuleRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, rule_id])?.as_ref().map(from_row).transpose()
}

/// All rules of the tenant, in the order in which they run.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<RuleRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// The position of the last rule.
pub fn last_position(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<i64>, StoreError> {
    tx.query_opt(LAST_POSITION, params![tenant])?.map_or(Ok(None), |row| row.get(0))
}

/// Replaces everything but the identifier and `created_at`. `false` when there is no such rule; conflicts as [`insert`].
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &RuleRow) -> Result<bool, StoreError> {
    let RuleRow { rule_id, name, position, enabled, stage, script, updated_at, .. } = row;
    config::bump(tx, tenant)?;
    let changed =
        tx.execute(UPDATE, params![tenant, rule_id, name, *position, *enabled, stage, script, *updated_at])?;
    Ok(changed == 1)
}

/// Removes a rule. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, rule_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, rule_id])? == 1)
}

/// Sets a setting. Conflict on `foreign_key` when there is no such tenant.
pub fn put_config(tx: &mut Tx<'_>, tenant: &TenantId, row: &RuleConfigRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(PUT_CONFIG, params![tenant, &row.name, &row.value, row.updated_at])?;
    Ok(())
}

/// All settings, by name.
pub fn list_configs(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<RuleConfigRow>, StoreError> {
    let from_row = |row: &Row| Ok(RuleConfigRow { name: row.get(0)?, value: row.get(1)?, updated_at: row.get(2)? });
    tx.query(LIST_CONFIGS, params![tenant])?.iter().map(from_row).collect()
}

/// Removes a setting. `false` when there was none.
pub fn delete_config(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE_CONFIG, params![tenant, name])? == 1)
}
