//! Applications (Management API: clients). Configuration: key columns and one JSON document.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, config, params};

/// An application as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Public identifier; unique in the tenant: `clients_pkey`.
    pub client_id: String,
    /// Name shown to people.
    pub name: String,
    /// The application's document without its secret, JSON.
    pub document: String,
    /// Client secret, sealed; `None` for one without.
    pub secret: Option<Vec<u8>>,
    /// Its `addons`, JSON, sealed; empty or `None` for none.
    pub addons: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(ClientRow: client_id, name, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO clients (tenant_id, client_id, name, document, secret, addons, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "SELECT client_id, name, document, secret, addons, created_at, updated_at FROM clients \
            WHERE tenant_id = $1 AND client_id = $2";
    LIST = "SELECT client_id, name, document, secret, addons, created_at, updated_at FROM clients \
            WHERE tenant_id = $1 ORDER BY created_at, client_id";
    PAGE = "SELECT client_id, name, document, secret, addons, created_at, updated_at FROM clients \
            WHERE tenant_id = $1 AND (created_at, client_id) > ($2, $3) AND client_id <> $4 \
            ORDER BY created_at, client_id LIMIT $5 OFFSET $6";
    FIND_BY_NAME = "SELECT client_id, name, document, secret, addons, created_at, updated_at FROM clients \
                    WHERE tenant_id = $1 AND name = $2 ORDER BY created_at, client_id";
    COUNT = "SELECT COUNT(*) FROM clients WHERE tenant_id = $1";
    /// A change of the document leaves secret and add-ons alone.
    UPDATE = "UPDATE clients SET name = $3, document = $4, secret = COALESCE($5, secret), \
              addons = COALESCE($6, addons), updated_at = $7 WHERE tenant_id = $1 AND client_id = $2";
    DELETE = "DELETE FROM clients WHERE tenant_id = $1 AND client_id = $2";
}

fn from_row(row: &Row) -> Result<ClientRow, StoreError> {
    Ok(ClientRow {
        client_id: row.get(0)?,
        name: row.get(1)?,
        document: row.get(2)?,
        secret: row.get(3)?,
        addons: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}

/// Adds an application. Conflict on `clients_pkey`, or on `foreign_key` when there is no such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    let ClientRow { client_id, name, document, secret, addons, created_at, updated_at } = row;
    tx.execute(
        INSERT,
        params![tenant, client_id, name, document, secret.as_ref(), addons.as_ref(), *created_at, *updated_at],
    )?;
    Ok(())
}

/// The application with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<Option<ClientRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, client_id])?.as_ref().map(from_row).transpose()
}

/// All applications of the tenant, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ClientRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// A part of the applications, oldest first, without the one called `except`.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range, except: &str) -> Result<Vec<ClientRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, except, *limit, *skip])?.iter().map(from_row).collect()
}

/// The applications with this name, oldest first.
pub fn find_by_name(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Vec<ClientRow>, StoreError> {
    tx.query(FIND_BY_NAME, params![tenant, name])?.iter().map(from_row).collect()
}

/// How many applications the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// Replaces name, document and `updated_at` of the application, and secret and add-ons where the row has them. `false` when
/// there is none.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    let ClientRow { client_id, name, document, secret, addons, updated_at, .. } = row;
    let changed =
        tx.execute(UPDATE, params![tenant, client_id, name, document, secret.as_ref(), addons.as_ref(), *updated_at])?;
    Ok(changed == 1)
}

/// Removes the application and its grants for APIs. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, client_id])? == 1)
}
