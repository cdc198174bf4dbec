//! APIs that access tokens are for (Management API: resource servers). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, config, params};

/// An API as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceServerRow {
    /// Made by the program: `resource_servers_pkey`.
    pub id: String,
    /// The audience; unique in the tenant: `resource_servers_identifier_key`. Never changes.
    pub identifier: String,
    /// The API's document without its signing secret, JSON.
    pub document: String,
    /// Secret of an API with HS256, sealed.
    pub signing_secret: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(ResourceServerRow: id, identifier, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO resource_servers (tenant_id, id, identifier, document, signing_secret, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND_BY_IDENTIFIER = "SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers \
                          WHERE tenant_id = $1 AND identifier = $2";
    FIND = "SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers \
            WHERE tenant_id = $1 AND id = $2";
    PAGE = "SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers \
            WHERE tenant_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4 OFFSET $5";
    COUNT = "SELECT COUNT(*) FROM resource_servers WHERE tenant_id = $1";
    DELETE = "DELETE FROM resource_servers WHERE tenant_id = $1 AND id = $2";
    LIST = "SELECT id, identifier, document, signing_secret, created_at, updated_at FROM resource_servers \
            WHERE tenant_id = $1 ORDER BY created_at, id";
    /// A change of the document leaves the secret alone.
    UPDATE = "UPDATE resource_servers SET document = $3, signing_secret = COALESCE($4, signing_secret), updated_at = $5 \
              WHERE tenant_id = $1 AND id = $2";
}

fn from_row(row: &Row) -> Result<ResourceServerRow, StoreError> {
    Ok(ResourceServerRow {
        id: row.get(0)?,
        identifier: row.get(1)?,
        document: row.get(2)?,
        signing_secret: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

/// Adds an API. Conflict on `resource_servers_pkey`, `resource_servers_identifier_key`, or on `foreign_key` when there is no
/// such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ResourceServerRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.id,
            &row.identifier,
            &row.document,
            row.signing_secret.as_ref(),
            row.created_at,
            row.updated_at
        ],
    )?;
    Ok(())
}

/// The API with this identifier of its record.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<ResourceServerRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, id])?.as_ref().map(from_row).transpose()
}

/// A part of the APIs, oldest first.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range) -> Result<Vec<ResourceServerRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, *limit, *skip])?.iter().map(from_row).collect()
}

/// How many APIs the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// Removes the API, and permissions on it from roles and users. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    // The foreign keys of role_permissions and user_permissions cascade.
    Ok(tx.execute(DELETE, params![tenant, id])? == 1)
}

/// The API with this audience, compared exactly.
pub fn find_by_identifier(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identifier: &str,
) -> Result<Option<ResourceServerRow>, StoreError> {
    tx.query_opt(FIND_BY_IDENTIFIER, params![tenant, identifier])?.as_ref().map(from_row).transpose()
}

/// All APIs of the tenant, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<ResourceServerRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// Replaces document and `updated_at` of the API with this `id`, and the signing secret where the row has one. `false` when there is none.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &ResourceServerRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    let changed =
        tx.execute(UPDATE, params![tenant, &row.id, &row.document, row.signing_secret.as_ref(), row.updated_at])?;
    Ok(changed == 1)
}
