//! Secrets in mailed links: used once, and only the newest of its kind is good (LG-12).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    SUPERSEDE = "UPDATE tickets SET used_at = $5 WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 \
                 AND ticket_digest <> $4 AND used_at IS NULL";
    INSERT = "INSERT INTO tickets (tenant_id, ticket_digest, kind, user_id, created_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, ticket_digest) DO NOTHING";
    FIND = "SELECT user_id FROM tickets WHERE tenant_id = $1 AND ticket_digest = $2 AND kind = $3 AND used_at IS NULL \
            AND expires_at > $4";
    TAKE = "UPDATE tickets SET used_at = $4 WHERE tenant_id = $1 AND ticket_digest = $2 AND kind = $3 \
            AND used_at IS NULL AND expires_at > $4 RETURNING user_id";
}

/// Adds a ticket and ends the older ones of its kind. One that is there already, used or not, stays as it is. Conflict on
/// `foreign_key` when there is no such user.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    user_id: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    if tx.execute(INSERT, params![tenant, digest, kind, user_id, now, expires_at])? == 1 {
        tx.execute(SUPERSEDE, params![tenant, user_id, kind, digest, now])?;
    }
    Ok(())
}

/// Whose ticket it is, as long as it is good.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    tx.query_opt(FIND, params![tenant, digest, kind, now])?.map(|row| row.get(0)).transpose()
}

/// Uses the ticket up and says whose it was; `None` when it is not good (any more).
pub fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    tx.query_opt(TAKE, params![tenant, digest, kind, now])?.map(|row| row.get(0)).transpose()
}
