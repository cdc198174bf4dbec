//! What an application may ask of an API with its own credentials (§2.5; Management API: client grants). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A grant of an application as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientGrantRow {
    /// Made by the program: `client_grants_pkey`.
    pub id: String,
    /// The application. It goes, this goes.
    pub client_id: String,
    /// Identifier of the API. One grant per application and API: `client_grants_client_audience_key`.
    pub audience: String,
    /// The grant's document, JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

statements! {
    INSERT = "INSERT INTO client_grants (tenant_id, id, client_id, audience, document, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT id, client_id, audience, document, created_at FROM client_grants \
            WHERE tenant_id = $1 AND client_id = $2 AND audience = $3";
    LIST_FOR_CLIENT = "SELECT id, client_id, audience, document, created_at FROM client_grants \
                       WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at, id";
    UPDATE = "UPDATE client_grants SET document = $3 WHERE tenant_id = $1 AND id = $2";
}

fn from_row(row: &Row) -> Result<ClientGrantRow, StoreError> {
    Ok(ClientGrantRow {
        id: row.get(0)?,
        client_id: row.get(1)?,
        audience: row.get(2)?,
        document: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// Adds a grant. Conflict on `client_grants_pkey`, `client_grants_client_audience_key`, or on `foreign_key` when there is no
/// such application.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientGrantRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(INSERT, params![tenant, &row.id, &row.client_id, &row.audience, &row.document, row.created_at])?;
    Ok(())
}

/// The grant of this application for this API.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    audience: &str,
) -> Result<Option<ClientGrantRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, client_id, audience])?.as_ref().map(from_row).transpose()
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
