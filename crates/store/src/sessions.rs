//! SSO state of one browser, with an idle and an absolute end (§1.11).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A session as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Keyed digest of the handle in the cookie: `sessions_pkey`.
    pub handle_digest: Vec<u8>,
    /// The `sid` of ID tokens; unique in the tenant: `sessions_session_id_key`.
    pub session_id: String,
    /// Who is logged in. They go, this goes.
    pub user_id: String,
    /// Name of the connection they logged in with.
    pub connection: String,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last proved who they are: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When the session was used last.
    pub last_active_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// Whether the cookie outlives the browser.
    pub persistent: bool,
}

debug_shows!(
    SessionRow: session_id, user_id, connection, created_at, authenticated_at, last_active_at, idle_expires_at,
        expires_at, persistent
);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "handle_digest, session_id, user_id, connection, created_at, authenticated_at, last_active_at, idle_expires_at, \
         expires_at, persistent"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO sessions (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    FIND = concat!(
        "SELECT ", columns!(), " FROM sessions \
         WHERE tenant_id = $1 AND handle_digest = $2 AND idle_expires_at > $3 AND expires_at > $3"
    );
    FIND_BY_SESSION_ID = concat!(
        "SELECT ", columns!(), " FROM sessions \
         WHERE tenant_id = $1 AND session_id = $2 AND idle_expires_at > $3 AND expires_at > $3"
    );
    TOUCH = "UPDATE sessions SET last_active_at = $3, idle_expires_at = $4 \
             WHERE tenant_id = $1 AND handle_digest = $2 AND idle_expires_at > $3 AND expires_at > $3";
    DELETE = "DELETE FROM sessions WHERE tenant_id = $1 AND handle_digest = $2";
    DELETE_FOR_USER = "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2";
}

fn from_row(row: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        handle_digest: row.get(0)?,
        session_id: row.get(1)?,
        user_id: row.get(2)?,
        connection: row.get(3)?,
        created_at: row.get(4)?,
        authenticated_at: row.get(5)?,
        last_active_at: row.get(6)?,
        idle_expires_at: row.get(7)?,
        expires_at: row.get(8)?,
        persistent: row.get(9)?,
    })
}

/// Adds a session. Conflict on `sessions_pkey`, `sessions_session_id_key`, or on `foreign_key` when there is no such user.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &SessionRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.handle_digest,
            &row.session_id,
            &row.user_id,
            &row.connection,
            row.created_at,
            row.authenticated_at,
            row.last_active_at,
            row.idle_expires_at,
            row.expires_at,
            row.persistent
        ],
    )?;
    Ok(())
}

/// The session behind this handle, if neither of its ends has come at `now`.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    now: Timestamp,
) -> Result<Option<SessionRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, handle_digest, now])?.as_ref().map(from_row).transpose()
}

/// The session with this `sid`, if neither of its ends has come at `now`.
pub fn find_by_session_id(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
    now: Timestamp,
) -> Result<Option<SessionRow>, StoreError> {
    tx.query_opt(FIND_BY_SESSION_ID, params![tenant, session_id, now])?.as_ref().map(from_row).transpose()
}

/// Notes a use at `now` and moves the idle end. `false` when the session is gone or over: an ended session stays ended.
pub fn touch(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(TOUCH, params![tenant, handle_digest, now, idle_expires_at])? == 1)
}

/// Ends the session. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, handle_digest: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, handle_digest])? == 1)
}

/// Ends every session of the user; returns how many there were.
pub fn delete_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_FOR_USER, params![tenant, user_id])
}
