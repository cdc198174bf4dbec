//! Pushed authorization requests (RFC 9126; FP-01): kept for seconds, taken once, by the application that pushed.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A pushed request as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRequestRow {
    /// Keyed digest of the reference: `pushed_requests_pkey`.
    pub request_digest: Vec<u8>,
    /// The application that pushed it.
    pub client_id: String,
    /// Its parameters, form-encoded, without credentials.
    pub parameters: String,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it can no longer be used.
    pub expires_at: Timestamp,
}

debug_shows!(PushedRequestRow: client_id, created_at, expires_at);

statements! {
    INSERT = "INSERT INTO pushed_requests \
              (tenant_id, request_digest, client_id, parameters, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TAKE = "DELETE FROM pushed_requests \
            WHERE tenant_id = $1 AND request_digest = $2 AND client_id = $3 AND expires_at > $4 \
            RETURNING request_digest, client_id, parameters, created_at, expires_at";
}

fn from_row(row: &Row) -> Result<PushedRequestRow, StoreError> {
    Ok(PushedRequestRow {
        request_digest: row.get(0)?,
        client_id: row.get(1)?,
        parameters: row.get(2)?,
        created_at: row.get(3)?,
        expires_at: row.get(4)?,
    })
}

/// Adds a request. Conflict on `pushed_requests_pkey`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &PushedRequestRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![tenant, &row.request_digest, &row.client_id, &row.parameters, row.created_at, row.expires_at],
    )?;
    Ok(())
}

/// Takes the request, once: `None` when it was taken before, is another application's, is expired at `now` or does not
/// exist. Another application's stays.
pub fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    request_digest: &[u8],
    client_id: &str,
    now: Timestamp,
) -> Result<Option<PushedRequestRow>, StoreError> {
    // RFC 9126 §4: "authorization servers […] SHOULD treat request_uri values as one-time use"
    tx.query_opt(TAKE, params![tenant, request_digest, client_id, now])?.as_ref().map(from_row).transpose()
}
