//! Public keys of devices, as the legacy endpoint keeps them (`management-api.md` §6.1).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A credential as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCredentialRow {
    /// `dcr_…`: `device_credentials_pkey`.
    pub credential_id: String,
    /// Whose device.
    pub user_id: String,
    /// The application on it.
    pub client_id: String,
    /// The application's name for the device; unique with user and application: `device_credentials_device_key`.
    pub device_id: String,
    /// What people call it.
    pub device_name: String,
    /// The public key, as it was sent.
    pub value: String,
    /// When it was made.
    pub created_at: Timestamp,
}

debug_shows!(DeviceCredentialRow: credential_id, user_id, client_id, created_at);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "credential_id, user_id, client_id, device_id, device_name, value, created_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO device_credentials (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    );
    /// An empty text stands for any.
    PAGE = concat!(
        "SELECT ", columns!(), " FROM device_credentials WHERE tenant_id = $1 AND ($2 = '' OR user_id = $2) \
         AND ($3 = '' OR client_id = $3) ORDER BY created_at, credential_id LIMIT $4 OFFSET $5"
    );
    COUNT = "SELECT COUNT(*) FROM (SELECT credential_id FROM device_credentials WHERE tenant_id = $1 \
             AND ($2 = '' OR user_id = $2) AND ($3 = '' OR client_id = $3) LIMIT $4) AS found";
    OWNER = "SELECT user_id FROM device_credentials WHERE tenant_id = $1 AND credential_id = $2";
    DELETE = "DELETE FROM device_credentials WHERE tenant_id = $1 AND credential_id = $2";
    DELETE_FOR_CLIENT = "DELETE FROM device_credentials WHERE tenant_id = $1 AND client_id = $2";
}

fn from_row(row: &Row) -> Result<DeviceCredentialRow, StoreError> {
    Ok(DeviceCredentialRow {
        credential_id: row.get(0)?,
        user_id: row.get(1)?,
        client_id: row.get(2)?,
        device_id: row.get(3)?,
        device_name: row.get(4)?,
        value: row.get(5)?,
        created_at: row.get(6)?,
    })
}

/// Adds a credential. Conflict on `device_credentials_device_key`, or on `foreign_key` when there is no such user.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &DeviceCredentialRow) -> Result<(), StoreError> {
    let params = params![
        tenant,
        &row.credential_id,
        &row.user_id,
        &row.client_id,
        &row.device_id,
        &row.device_name,
        &row.value,
        row.created_at
    ];
    tx.execute(INSERT, params).map(drop)
}

/// A part of the credentials of a user and an application (`""` for any), oldest first.
pub fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    client_id: &str,
    skip: i64,
    limit: i64,
) -> Result<Vec<DeviceCredentialRow>, StoreError> {
    tx.query(PAGE, params![tenant, user_id, client_id, limit, skip])?.iter().map(from_row).collect()
}

/// How many there are, counted up to `most`.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, client_id: &str, most: i64) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant, user_id, client_id, most])?.map_or(Ok(0), |row| row.get(0))
}

/// Whose a credential is.
pub fn owner(tx: &mut Tx<'_>, tenant: &TenantId, credential_id: &str) -> Result<Option<String>, StoreError> {
    tx.query_opt(OWNER, params![tenant, credential_id])?.map(|row| row.get(0)).transpose()
}

/// Removes a credential. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, credential_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, credential_id])? == 1)
}

/// Removes the credentials of an application; returns how many.
pub fn delete_for_client(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_FOR_CLIENT, params![tenant, client_id])
}
