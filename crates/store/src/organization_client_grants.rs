//! Client grants that are good in an organization (Management API §8.2).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, config, params};

statements! {
    INSERT = "INSERT INTO organization_client_grants (tenant_id, organization_id, grant_id, created_at) \
              VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    LIST = "SELECT grant_id FROM organization_client_grants WHERE tenant_id = $1 AND organization_id = $2 \
            ORDER BY created_at, grant_id";
    ORGANIZATIONS = "SELECT organization_id FROM organization_client_grants WHERE tenant_id = $1 AND grant_id = $2 \
                     ORDER BY created_at, organization_id";
    DELETE = "DELETE FROM organization_client_grants \
              WHERE tenant_id = $1 AND organization_id = $2 AND grant_id = $3";
}

/// Adds a grant to an organization. `false` when it is there; conflict on `foreign_key` when there is no such organization
/// or grant.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    grant_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(INSERT, params![tenant, organization_id, grant_id, now])? == 1)
}

/// Identifiers of the grants of an organization, the first one first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(LIST, params![tenant, organization_id])?.iter().map(|row| row.get(0)).collect()
}

/// Identifiers of the organizations that a grant is good in.
pub fn organizations(tx: &mut Tx<'_>, tenant: &TenantId, grant_id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(ORGANIZATIONS, params![tenant, grant_id])?.iter().map(|row| row.get(0)).collect()
}

/// Takes a grant out of an organization. `false` when it was not there.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str, grant_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, organization_id, grant_id])? == 1)
}
