//! What an application may ask of an API with its own credentials (§2.5; Management API: client grants). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, config, params};

/// A grant of an application as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientGrantRow {
    /// Made by the program: `client_grants_pkey`.
    pub id: String,
    /// The application. It goes, this goes.
    pub client_id: String,
    /// Identifier of the API.
    pub audience: String,
    /// `client` or `user`. One grant per application, API and this: `client_grants_subject_key`.
    pub subject_type: String,
    /// The grant's document, JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "id, client_id, audience, subject_type, document, created_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO client_grants (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
    );
    FIND = concat!(
        "SELECT ", columns!(), " FROM client_grants \
         WHERE tenant_id = $1 AND client_id = $2 AND audience = $3 AND subject_type = $4"
    );
    FIND_BY_ID = concat!("SELECT ", columns!(), " FROM client_grants WHERE tenant_id = $1 AND id = $2");
    LIST_FOR_CLIENT = concat!(
        "SELECT ", columns!(), " FROM client_grants WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at, id"
    );
    LIST_FOR_AUDIENCE = concat!(
        "SELECT ", columns!(), " FROM client_grants WHERE tenant_id = $1 AND audience = $2 ORDER BY created_at, id"
    );
    PAGE = concat!(
        "SELECT ", columns!(), " FROM client_grants WHERE tenant_id = $1 AND (created_at, id) > ($2, $3) \
         ORDER BY created_at, id LIMIT $4 OFFSET $5"
    );
    COUNT = "SELECT COUNT(*) FROM client_grants WHERE tenant_id = $1";
    UPDATE = "UPDATE client_grants SET document = $3 WHERE tenant_id = $1 AND id = $2";
    DELETE = "DELETE FROM client_grants WHERE tenant_id = $1 AND id = $2";
    DELETE_FOR_AUDIENCE = "DELETE FROM client_grants WHERE tenant_id = $1 AND audience = $2";
}

fn from_row(row: &Row) -> Result<ClientGrantRow, StoreError> {
    Ok(ClientGrantRow {
        id: row.get(0)?,
        client_id: row.get(1)?,
        audience: row.get(2)?,
        subject_type: row.get(3)?,
        document: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// Adds a grant. Conflict on `client_grants_pkey`, `client_grants_subject_key`, or on `foreign_key` when there is no
/// such application.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientGrantRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    let ClientGrantRow { id, client_id, audience, subject_type, document, created_at } = row;
    tx.execute(INSERT, params![tenant, id, client_id, audience, subject_type, document, *created_at])?;
    Ok(())
}

/// The grant of this application for this API, for itself (`client`) or on behalf of users (`user`).
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    audience: &str,
    subject_type: &str,
) -> Result<Option<ClientGrantRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, client_id, audience, subject_type])?.as_ref().map(from_row).transpose()
}

/// The grant with this identifier.
pub fn find_by_id(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<ClientGrantRow>, StoreError> {
    tx.query_opt(FIND_BY_ID, params![tenant, id])?.as_ref().map(from_row).transpose()
}

/// All grants for this API, oldest first.
pub fn list_for_audience(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    audience: &str,
) -> Result<Vec<ClientGrantRow>, StoreError> {
    tx.query(LIST_FOR_AUDIENCE, params![tenant, audience])?.iter().map(from_row).collect()
}

/// A part of the grants, oldest first.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range) -> Result<Vec<ClientGrantRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, *limit, *skip])?.iter().map(from_row).collect()
}

/// How many grants the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// All grants of this application, oldest first.
pub fn list_for_client(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<Vec<ClientGrantRow>, StoreError> {
    tx.query(LIST_FOR_CLIENT, params![tenant, client_id])?.iter().map(from_row).collect()
}

/// Replaces the document of the grant with this `id`. `false` when there is none.
pub fn update(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientGrantRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(UPDATE, params![tenant, &row.id, &row.document])? == 1)
}

/// Removes the grant. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, id])? == 1)
}

/// Removes every grant for this API; returns how many.
pub fn delete_for_audience(tx: &mut Tx<'_>, tenant: &TenantId, audience: &str) -> Result<u64, StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(DELETE_FOR_AUDIENCE, params![tenant, audience])
}
