//! The applications that got an ID token in a session: they are told when it ends (OpenID Connect Back-Channel Logout §2.1).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO session_clients (tenant_id, session_id, client_id, created_at) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (tenant_id, session_id, client_id) DO NOTHING";
    LIST = "SELECT client_id FROM session_clients WHERE tenant_id = $1 AND session_id = $2 ORDER BY client_id";
}

/// Remembers that the application gets an ID token in this session; call it in the transaction that issues it. Once is enough.
/// Conflict on `foreign_key` when there is no such session: touch it first in the same transaction.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(INSERT, params![tenant, session_id, client_id, now]).map(drop)
}

/// The applications of a session, by identifier.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, session_id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(LIST, params![tenant, session_id])?.iter().map(|row| row.get(0)).collect()
}
