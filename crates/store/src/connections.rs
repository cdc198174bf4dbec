//! Sources of users: databases of ours, social and enterprise identity providers (architecture §2). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, config, params};

/// A connection as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Made by the program: `connections_pkey`.
    pub id: String,
    /// Name, unique in the tenant: `connections_name_key`. Never changes: users refer to it.
    pub name: String,
    /// Kind of source: `auth0` for a database of ours.
    pub strategy: String,
    /// The connection's document, JSON.
    pub document: String,
    /// Members of its `options` that are secret, JSON, sealed; empty or `None` for none.
    pub options: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(ConnectionRow: id, name, strategy, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO connections (tenant_id, id, name, strategy, document, options, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND_BY_NAME = "SELECT id, name, strategy, document, options, created_at, updated_at FROM connections \
                    WHERE tenant_id = $1 AND name = $2";
    FIND = "SELECT id, name, strategy, document, options, created_at, updated_at FROM connections \
            WHERE tenant_id = $1 AND id = $2";
    PAGE = "SELECT id, name, strategy, document, options, created_at, updated_at FROM connections \
            WHERE tenant_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4 OFFSET $5";
    COUNT = "SELECT COUNT(*) FROM connections WHERE tenant_id = $1";
    DELETE = "DELETE FROM connections WHERE tenant_id = $1 AND id = $2";
    LIST = "SELECT id, name, strategy, document, options, created_at, updated_at FROM connections \
            WHERE tenant_id = $1 ORDER BY created_at, id";
    /// A change of the document leaves the sealed options alone.
    UPDATE = "UPDATE connections SET document = $3, options = COALESCE($4, options), updated_at = $5 \
              WHERE tenant_id = $1 AND id = $2";
}

fn from_row(row: &Row) -> Result<ConnectionRow, StoreError> {
    Ok(ConnectionRow {
        id: row.get(0)?,
        name: row.get(1)?,
        strategy: row.get(2)?,
        document: row.get(3)?,
        options: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}

/// Adds a connection. Conflict on `connections_pkey`, `connections_name_key`, or on `foreign_key` when there is no such
/// tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ConnectionRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    let ConnectionRow { id, name, strategy, document, options, created_at, updated_at } = row;
    tx.execute(INSERT, params![tenant, id, name, strategy, document, options.as_ref(), *created_at, *updated_at])?;
    Ok(())
}

/// The connection with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<ConnectionRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, id])?.as_ref().map(from_row).transpose()
}

/// A part of the connections, oldest first.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range) -> Result<Vec<ConnectionRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, *limit, *skip])?.iter().map(from_row).collect()
}

/// How many connections the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// Removes the connection, also from organizations; its users stay. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, id])? == 1)
}

/// The connection with this name.
pub fn find_by_name(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Option<ConnectionRow>, StoreError> {
    tx.query_opt(FIND_BY_NAME, params![tenant, name])?.as_ref().map(from_row).transpose()
}

/// All connections of the tenant, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ConnectionRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// Replaces document and `updated_at` of the connection with this `id`, and the sealed options where the row has some. `false`
/// when there is none.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &ConnectionRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(UPDATE, params![tenant, &row.id, &row.document, row.options.as_ref(), row.updated_at])? == 1)
}
