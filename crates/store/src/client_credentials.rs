//! Public keys by which applications authenticate (Management API: credentials; `management-api.md` §2.8). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A public key of an application as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredentialRow {
    /// Made by the program: `client_credentials_pkey`, with the application.
    pub credential_id: String,
    /// The application.
    pub client_id: String,
    /// Key identifier; unique in the application: `client_credentials_kid_key`.
    pub kid: String,
    /// The algorithm it signs with.
    pub alg: String,
    /// Name for people.
    pub name: Option<String>,
    /// JSON Web Key, public members only.
    pub public_key: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it is good no more; `None` for never.
    pub expires_at: Option<Timestamp>,
}

statements! {
    INSERT = "INSERT INTO client_credentials \
              (tenant_id, credential_id, client_id, kid, alg, name, public_key, created_at, updated_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "SELECT credential_id, client_id, kid, alg, name, public_key, created_at, updated_at, expires_at \
            FROM client_credentials WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at, credential_id";
    SET_EXPIRY = "UPDATE client_credentials SET expires_at = $4, updated_at = $5 \
                  WHERE tenant_id = $1 AND client_id = $2 AND credential_id = $3";
    DELETE = "DELETE FROM client_credentials WHERE tenant_id = $1 AND client_id = $2 AND credential_id = $3";
}

fn from_row(row: &Row) -> Result<ClientCredentialRow, StoreError> {
    Ok(ClientCredentialRow {
        credential_id: row.get(0)?,
        client_id: row.get(1)?,
        kid: row.get(2)?,
        alg: row.get(3)?,
        name: row.get(4)?,
        public_key: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        expires_at: row.get(8)?,
    })
}

/// Adds a key. Conflict on `client_credentials_pkey` or `client_credentials_kid_key`, or on `foreign_key` when there is no
/// such application.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &ClientCredentialRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.credential_id,
            &row.client_id,
            &row.kid,
            &row.alg,
            row.name.as_ref(),
            &row.public_key,
            row.created_at,
            row.updated_at,
            row.expires_at
        ],
    )?;
    Ok(())
}

/// All keys of the application, oldest first, also those that are good no more.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<Vec<ClientCredentialRow>, StoreError> {
    tx.query(LIST, params![tenant, client_id])?.iter().map(from_row).collect()
}

/// Changes when a key ends. `false` when there is no such key.
pub fn set_expiry(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    credential_id: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(SET_EXPIRY, params![tenant, client_id, credential_id, expires_at, now])? == 1)
}

/// Removes a key. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str, credential_id: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, client_id, credential_id])? == 1)
}
