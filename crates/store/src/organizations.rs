//! Organizations and the connections that are enabled in them (§8.1). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, config, params};

/// An organization as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Made by the program: `organizations_pkey`.
    pub organization_id: String,
    /// Name, unique in the tenant: `organizations_name_key`.
    pub name: String,
    /// The organization's document, JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(OrganizationRow: organization_id, name, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO organizations (tenant_id, organization_id, name, document, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT organization_id, name, document, created_at, updated_at FROM organizations \
            WHERE tenant_id = $1 AND organization_id = $2";
    FIND_BY_NAME = "SELECT organization_id, name, document, created_at, updated_at FROM organizations \
                    WHERE tenant_id = $1 AND name = $2";
    PAGE = "SELECT organization_id, name, document, created_at, updated_at FROM organizations \
            WHERE tenant_id = $1 AND (created_at, organization_id) > ($2, $3) \
            ORDER BY created_at, organization_id LIMIT $4 OFFSET $5";
    COUNT = "SELECT COUNT(*) FROM organizations WHERE tenant_id = $1";
    UPDATE = "UPDATE organizations SET name = $3, document = $4, updated_at = $5 \
              WHERE tenant_id = $1 AND organization_id = $2";
    DELETE = "DELETE FROM organizations WHERE tenant_id = $1 AND organization_id = $2";
    PUT_CONNECTION = "INSERT INTO organization_connections \
                      (tenant_id, organization_id, connection_id, document, created_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (tenant_id, organization_id, connection_id) DO UPDATE SET document = excluded.document";
    CONNECTIONS = "SELECT document FROM organization_connections \
                   WHERE tenant_id = $1 AND organization_id = $2 AND enabled ORDER BY created_at, connection_id";
    ALL_CONNECTIONS = "SELECT document, enabled FROM organization_connections \
                       WHERE tenant_id = $1 AND organization_id = $2 ORDER BY created_at, connection_id";
    SWITCH_CONNECTION = "UPDATE organization_connections SET enabled = $4 \
                         WHERE tenant_id = $1 AND organization_id = $2 AND connection_id = $3";
    DELETE_CONNECTION = "DELETE FROM organization_connections \
                         WHERE tenant_id = $1 AND organization_id = $2 AND connection_id = $3";
}

fn from_row(row: &Row) -> Result<OrganizationRow, StoreError> {
    Ok(OrganizationRow {
        organization_id: row.get(0)?,
        name: row.get(1)?,
        document: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

/// Adds an organization. Conflict on `organizations_pkey`, `organizations_name_key`, or on `foreign_key` when there is no
/// such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &OrganizationRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    let params = params![tenant, &row.organization_id, &row.name, &row.document, row.created_at, row.updated_at];
    tx.execute(INSERT, params)?;
    Ok(())
}

/// The organization with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<OrganizationRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, id])?.as_ref().map(from_row).transpose()
}

/// The organization with this name.
pub fn find_by_name(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Option<OrganizationRow>, StoreError> {
    tx.query_opt(FIND_BY_NAME, params![tenant, name])?.as_ref().map(from_row).transpose()
}

/// A part of the organizations, oldest first.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range) -> Result<Vec<OrganizationRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, *limit, *skip])?.iter().map(from_row).collect()
}

/// How many organizations the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// Replaces name, document and `updated_at` of the organization with this `organization_id`. `false` when there is none.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &OrganizationRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    let params = params![tenant, &row.organization_id, &row.name, &row.document, row.updated_at];
    Ok(tx.execute(UPDATE, params)? == 1)
}

/// Removes an organization with its members and connections. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, id])? == 1)
}

/// Enables a connection in an organization, or replaces how it is enabled there. Conflict on `foreign_key` when there is no
/// such organization or connection.
pub fn put_connection(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    connection_id: &str,
    document: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(PUT_CONNECTION, params![tenant, id, connection_id, document, now])?;
    Ok(())
}

/// The documents of the connections that are enabled in the organization, the first one first.
pub fn connections(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(CONNECTIONS, params![tenant, id])?.iter().map(|row| row.get(0)).collect()
}

/// The documents of all connections of the organization, the first one first, and whether each of them is enabled.
pub fn all_connections(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Vec<(String, bool)>, StoreError> {
    let rows = tx.query(ALL_CONNECTIONS, params![tenant, id])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Switches a connection of an organization on or off. `false` when it is not in it.
pub fn switch_connection(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    connection_id: &str,
    enabled: bool,
) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(SWITCH_CONNECTION, params![tenant, id, connection_id, enabled])? == 1)
}

/// Takes a connection out of an organization. `false` when it was not in it.
pub fn delete_connection(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    connection_id: &str,
) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE_CONNECTION, params![tenant, id, connection_id])? == 1)
}
