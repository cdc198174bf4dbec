//! SSO state of one browser, with an idle and an absolute end (§1.11).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, params, session_clients};

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
    TOUCH = "UPDATE sessions SET last_active_at = $3, idle_expires_at = $4, expires_at = $5 \
             WHERE tenant_id = $1 AND handle_digest = $2 AND idle_expires_at > $3 AND expires_at > $3";
    RENEW = "UPDATE sessions SET handle_digest = $4, authenticated_at = $5, last_active_at = $5, idle_expires_at = $6, \
             expires_at = $7, persistent = $8 \
             WHERE tenant_id = $1 AND session_id = $2 AND user_id = $3 AND idle_expires_at > $5 AND expires_at > $5";
    /// These lock what is about to end: a code that is being issued in a session either remembers its application before
    /// the list of them is read, or finds no session.
    LOCK = "UPDATE sessions SET last_active_at = last_active_at \
            WHERE tenant_id = $1 AND handle_digest = $2 RETURNING tenant_id, session_id, user_id";
    LOCK_BY_SESSION_ID = "UPDATE sessions SET last_active_at = last_active_at \
                          WHERE tenant_id = $1 AND session_id = $2 RETURNING tenant_id, session_id, user_id";
    LOCK_FOR_USER = "UPDATE sessions SET last_active_at = last_active_at \
                     WHERE tenant_id = $1 AND user_id = $2 RETURNING tenant_id, session_id, user_id";
    LOCK_EXPIRED = "UPDATE sessions SET last_active_at = last_active_at \
                    WHERE (tenant_id, handle_digest) IN ( \
                    SELECT tenant_id, handle_digest FROM sessions WHERE idle_expires_at <= $1 OR expires_at <= $1 LIMIT $2) \
                    AND (idle_expires_at <= $1 OR expires_at <= $1) RETURNING tenant_id, session_id, user_id";
    DELETE = "DELETE FROM sessions WHERE tenant_id = $1 AND session_id = $2";
    PAGE_OF_USER = concat!(
        "SELECT ", columns!(), ", device, metadata FROM sessions \
         WHERE tenant_id = $1 AND user_id = $2 AND idle_expires_at > $3 AND expires_at > $3 \
         AND (created_at, session_id) > ($4, $5) ORDER BY created_at, session_id LIMIT $6"
    );
    DETAILS = concat!(
        "SELECT ", columns!(), ", device, metadata FROM sessions \
         WHERE tenant_id = $1 AND session_id = $2 AND idle_expires_at > $3 AND expires_at > $3"
    );
    SET_METADATA = "UPDATE sessions SET metadata = $3 \
                    WHERE tenant_id = $1 AND session_id = $2 AND idle_expires_at > $4 AND expires_at > $4";
    SET_DEVICE = "UPDATE sessions SET device = $3 WHERE tenant_id = $1 AND session_id = $2";
    HAS_EXPIRED = "SELECT expires_at FROM sessions WHERE idle_expires_at <= $1 OR expires_at <= $1 LIMIT 1";
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

/// Notes a use at `now` and sets both ends. `false` when the session is gone or over: an ended session stays ended.
pub fn touch(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    handle_digest: &[u8],
    now: Timestamp,
    idle_expires_at: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(TOUCH, params![tenant, handle_digest, now, idle_expires_at, expires_at])? == 1)
}

/// The user of a session has proved again who they are: it goes on under another handle, with new ends. The old handle is
/// worth nothing from now on. `false` when there is no such session of this user, or when it is over.
pub fn renew(tx: &mut Tx<'_>, tenant: &TenantId, row: &SessionRow) -> Result<bool, StoreError> {
    let renewed = tx.execute(
        RENEW,
        params![
            tenant,
            &row.session_id,
            &row.user_id,
            &row.handle_digest,
            row.authenticated_at,
            row.idle_expires_at,
            row.expires_at,
            row.persistent
        ],
    )?;
    Ok(renewed == 1)
}

/// A session as administrators see it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionDetails {
    /// The session.
    pub session: SessionRow,
    /// Addresses and user agents, JSON object.
    pub device: String,
    /// What administrators keep with it, JSON object.
    pub metadata: String,
}

debug_shows!(SessionDetails: session);

fn details_from_row(row: &Row) -> Result<SessionDetails, StoreError> {
    Ok(SessionDetails { session: from_row(row)?, device: row.get(10)?, metadata: row.get(11)? })
}

/// A part of the live sessions of a user, oldest first; `range.skip` is not looked at.
pub fn page_of_user(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    now: Timestamp,
    range: &Range,
) -> Result<Vec<SessionDetails>, StoreError> {
    let Range { after, after_id, limit, .. } = range;
    let rows = tx.query(PAGE_OF_USER, params![tenant, user_id, now, *after, after_id, *limit])?;
    rows.iter().map(details_from_row).collect()
}

/// The live session with this `sid`, as administrators see it.
pub fn details(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
    now: Timestamp,
) -> Result<Option<SessionDetails>, StoreError> {
    tx.query_opt(DETAILS, params![tenant, session_id, now])?.as_ref().map(details_from_row).transpose()
}

/// Replaces what administrators keep with a live session. `false` when there is none.
pub fn set_metadata(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
    metadata: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_METADATA, params![tenant, session_id, metadata, now])? == 1)
}

/// Replaces what is known of the browser of a session. `false` when there is none.
pub fn set_device(tx: &mut Tx<'_>, tenant: &TenantId, session_id: &str, device: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_DEVICE, params![tenant, session_id, device])? == 1)
}

/// A session that has just ended. Whoever gets it owes its applications the news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Its `sid`.
    pub session_id: String,
    /// Who was logged in.
    pub user_id: String,
    /// Applications that got an ID token in it.
    pub clients: Vec<String>,
}

/// Ends the session behind this handle. `None` when there was none.
pub fn end(tx: &mut Tx<'_>, tenant: &TenantId, handle_digest: &[u8]) -> Result<Option<EndedSession>, StoreError> {
    let locked = tx.query(LOCK, params![tenant, handle_digest])?;
    Ok(end_locked(tx, &locked)?.pop().map(|(_, ended)| ended))
}

/// Ends the session with this `sid`. `None` when there was none.
pub fn end_by_session_id(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
) -> Result<Option<EndedSession>, StoreError> {
    let locked = tx.query(LOCK_BY_SESSION_ID, params![tenant, session_id])?;
    Ok(end_locked(tx, &locked)?.pop().map(|(_, ended)| ended))
}

/// Ends every session of the user.
pub fn end_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<EndedSession>, StoreError> {
    let locked = tx.query(LOCK_FOR_USER, params![tenant, user_id])?;
    Ok(end_locked(tx, &locked)?.into_iter().map(|(_, ended)| ended).collect())
}

/// Whether any session of any tenant is over at `now` and still there.
pub fn has_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.query_opt(HAS_EXPIRED, params![now])?.is_some())
}

/// Removes up to `limit` sessions, of all tenants, that are over at `now`.
pub fn end_expired(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<(TenantId, EndedSession)>, StoreError> {
    let locked = tx.query(LOCK_EXPIRED, params![now, limit])?;
    end_locked(tx, &locked)
}

fn end_locked(tx: &mut Tx<'_>, locked: &[Row]) -> Result<Vec<(TenantId, EndedSession)>, StoreError> {
    let mut all = Vec::with_capacity(locked.len());
    for row in locked {
        let tenant = TenantId::new(row.get::<String>(0)?);
        let (session_id, user_id): (String, String) = (row.get(1)?, row.get(2)?);
        let clients = session_clients::list(tx, &tenant, &session_id)?;
        // The foreign key of session_clients cascades.
        tx.execute(DELETE, params![&tenant, &session_id])?;
        all.push((tenant, EndedSession { session_id, user_id, clients }));
    }
    Ok(all)
}
