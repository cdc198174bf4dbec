//! What is known of applications' secrets: when each was used, and the one that is being replaced (CL-08).
//!
//! The current secret itself is a column of `clients`, which the version before this one reads. Its row here appears when
//! it is made by a rotation or used for the first time.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecretRow {
    /// Keyed digest of the secret: `client_secrets_pkey`, with the application.
    pub secret_digest: Vec<u8>,
    /// The secret, sealed; `None` for the current one, which lies in `clients`.
    pub secret: Option<Vec<u8>>,
    /// When it was made, or first seen.
    pub created_at: Timestamp,
    /// When it is good no more; `None` for the current one.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the hour.
    pub last_used_at: Option<Timestamp>,
}

debug_shows!(ClientSecretRow: created_at, expires_at, last_used_at);

statements! {
    LIST = "SELECT secret_digest, secret, created_at, expires_at, last_used_at FROM client_secrets \
            WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at, secret_digest";
    REPLACE = "INSERT INTO client_secrets \
               (tenant_id, client_id, secret_digest, secret, created_at, expires_at, last_used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (tenant_id, client_id, secret_digest) DO UPDATE SET secret = $4, expires_at = $6";
    RECORD_USE = "INSERT INTO client_secrets (tenant_id, client_id, secret_digest, created_at, last_used_at) \
                  VALUES ($1, $2, $3, $4, $4) \
                  ON CONFLICT (tenant_id, client_id, secret_digest) DO UPDATE SET last_used_at = $4";
    DELETE_OTHERS = "DELETE FROM client_secrets WHERE tenant_id = $1 AND client_id = $2 AND secret_digest <> $3";
}

fn from_row(row: &Row) -> Result<ClientSecretRow, StoreError> {
    Ok(ClientSecretRow {
        secret_digest: row.get(0)?,
        secret: row.get(1)?,
        created_at: row.get(2)?,
        expires_at: row.get(3)?,
        last_used_at: row.get(4)?,
    })
}

/// All secrets of the application that are known here, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<Vec<ClientSecretRow>, StoreError> {
    tx.query(LIST, params![tenant, client_id])?.iter().map(from_row).collect()
}

/// Adds a secret, or changes one that is known: sealed text and end; its times of making and use stay. Configuration.
/// Conflict on `foreign_key` when there is no such application.
pub fn replace(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str, row: &ClientSecretRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(
        REPLACE,
        params![
            tenant,
            client_id,
            &row.secret_digest,
            row.secret.as_ref(),
            row.created_at,
            row.expires_at,
            row.last_used_at
        ],
    )?;
    Ok(())
}

/// Remembers that a secret was used. No configuration: nobody decides by it. Conflict on `foreign_key` when the application
/// is gone.
pub fn record_use(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    secret_digest: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(RECORD_USE, params![tenant, client_id, secret_digest, now])?;
    Ok(())
}

/// Removes every secret but one; returns how many. Configuration.
pub fn delete_others(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    secret_digest: &[u8],
) -> Result<u64, StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(DELETE_OTHERS, params![tenant, client_id, secret_digest])
}
