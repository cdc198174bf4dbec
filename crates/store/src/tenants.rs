//! Tenants: isolated issuers, found by the request's host (architecture §2). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A tenant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRow {
    /// Made by the program; never shown to clients.
    pub tenant_id: TenantId,
    /// Host of the issuer, lower case, with the port unless it is 443. Unique: `tenants_domain_key`.
    pub domain: String,
    /// Settings document, JSON.
    pub settings: String,
    /// When it was made.
    pub created_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO tenants (tenant_id, domain, settings, created_at) VALUES ($1, $2, $3, $4)";
    FIND = "SELECT tenant_id, domain, settings, created_at FROM tenants WHERE tenant_id = $1";
    FIND_BY_DOMAIN = "SELECT tenant_id, domain, settings, created_at FROM tenants WHERE domain = $1";
    LIST = "SELECT tenant_id, domain, settings, created_at FROM tenants ORDER BY created_at, tenant_id";
    UPDATE_SETTINGS = "UPDATE tenants SET settings = $2 WHERE tenant_id = $1";
}

fn from_row(row: &Row) -> Result<TenantRow, StoreError> {
    Ok(TenantRow { tenant_id: row.get(0)?, domain: row.get(1)?, settings: row.get(2)?, created_at: row.get(3)? })
}

/// Adds a tenant. Conflict on `tenants_pkey` or `tenants_domain_key`.
pub fn insert(tx: &mut Tx<'_>, row: &TenantRow) -> Result<(), StoreError> {
    config::bump(tx, &row.tenant_id)?;
    tx.execute(INSERT, params![&row.tenant_id, &row.domain, &row.settings, row.created_at])?;
    Ok(())
}

/// The tenant with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<TenantRow>, StoreError> {
    tx.query_opt(FIND, params![tenant])?.as_ref().map(from_row).transpose()
}

/// The tenant that answers under `domain`, compared exactly.
pub fn find_by_domain(tx: &mut Tx<'_>, domain: &str) -> Result<Option<TenantRow>, StoreError> {
    tx.query_opt(FIND_BY_DOMAIN, params![domain])?.as_ref().map(from_row).transpose()
}

/// All tenants, oldest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<TenantRow>, StoreError> {
    tx.query(LIST, params![])?.iter().map(from_row).collect()
}

/// Replaces the settings document. `false` when there is no such tenant.
pub fn update_settings(tx: &mut Tx<'_>, tenant: &TenantId, settings: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(UPDATE_SETTINGS, params![tenant, settings])? == 1)
}
