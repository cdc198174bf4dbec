//! Refresh families: a refresh token and all that rotated out of it, as one row (§4; RT-01 to RT-09).
//!
//! A token names its family and its generation. The row knows the one generation that is good; rotation is one
//! compare-and-set on it.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Range, Row, StoreError, Tx, params};

/// A refresh family as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshTokenRow {
    /// Made by the program: `refresh_tokens_pkey`.
    pub family_id: String,
    /// Generation of the token that is good now.
    pub generation: i64,
    /// The application it was issued to.
    pub client_id: String,
    /// Whose access it refreshes.
    pub user_id: String,
    /// The `sid` of the session it came from.
    pub session_id: Option<String>,
    /// Identifier of the API.
    pub audience: String,
    /// Space-separated scopes first granted.
    pub scope: String,
    /// Whether the last exchange rotated; kept for administrators, [`Exchange::rotating`] decides.
    pub rotating: bool,
    /// When the family began.
    pub created_at: Timestamp,
    /// When the generation changed last.
    pub rotated_at: Option<Timestamp>,
    /// When it was exchanged last.
    pub last_exchanged_at: Option<Timestamp>,
    /// When it ends unless it is exchanged; `None` for never.
    pub idle_expires_at: Option<Timestamp>,
    /// When it ends in any case; `None` for never. Rotation never moves it (RT-06).
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What the next tokens are made from (authentication time, …), JSON.
    pub payload: String,
}

debug_shows!(
    RefreshTokenRow: family_id, generation, client_id, user_id, session_id, audience, scope, rotating, created_at,
        rotated_at, last_exchanged_at, idle_expires_at, expires_at, revoked_at
);

/// One use of a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// Generation of the presented token.
    pub generation: i64,
    /// Whether the application's setting rotates, now.
    pub rotating: bool,
    /// Rotations at or after this time leave the previous token good (RT-02): `now - leeway`, or `None` without leeway.
    pub leeway_since: Option<Timestamp>,
    /// Time of the exchange.
    pub now: Timestamp,
    /// The new idle end; `None` for never.
    pub idle_expires_at: Option<Timestamp>,
    /// Absolute end for a family that has none yet (its application became expiring, §4.4); an existing end stays.
    pub expires_at: Option<Timestamp>,
}

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "family_id, generation, client_id, user_id, session_id, audience, scope, rotating, created_at, rotated_at, \
         last_exchanged_at, idle_expires_at, expires_at, revoked_at, payload"
    };
}

/// Neither revoked nor at either of its ends.
macro_rules! live {
    ($now:literal) => {
        concat!(
            "revoked_at IS NULL AND (idle_expires_at IS NULL OR idle_expires_at > ",
            $now,
            ") \
             AND (expires_at IS NULL OR expires_at > ",
            $now,
            ")"
        )
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO refresh_tokens (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM refresh_tokens WHERE tenant_id = $1 AND family_id = $2");
    /// A token of the previous generation within the leeway changes neither generation nor `rotated_at`: it leads to the
    /// same successor, and the leeway does not grow.
    EXCHANGE = concat!(
        "UPDATE refresh_tokens SET \
         generation = CASE WHEN $4 AND generation = $3 THEN generation + 1 ELSE generation END, \
         rotated_at = CASE WHEN $4 AND generation = $3 THEN $6 ELSE rotated_at END, \
         rotating = $4, last_exchanged_at = $6, idle_expires_at = $7, expires_at = COALESCE(expires_at, $8) \
         WHERE tenant_id = $1 AND family_id = $2 \
         AND (generation = $3 OR (generation - 1 = $3 AND rotated_at >= $5)) \
         AND revoked_at IS NULL \
         AND (idle_expires_at IS NULL OR idle_expires_at > $6) \
         AND (expires_at IS NULL OR expires_at > $6) \
         RETURNING ", columns!()
    );
    REVOKE = "UPDATE refresh_tokens SET revoked_at = $3 WHERE tenant_id = $1 AND family_id = $2 AND revoked_at IS NULL";
    REVOKE_OTHERS = "UPDATE refresh_tokens SET revoked_at = $6 \
                     WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND audience = $4 AND family_id <> $5 \
                     AND revoked_at IS NULL";
    REVOKE_FOR_GRANT = "UPDATE refresh_tokens SET revoked_at = $5 \
                        WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3 AND audience = $4 \
                        AND revoked_at IS NULL";
    REVOKE_FOR_SESSION = "UPDATE refresh_tokens SET revoked_at = $3 \
                          WHERE tenant_id = $1 AND session_id = $2 AND revoked_at IS NULL";
    REVOKE_FOR_USER = "UPDATE refresh_tokens SET revoked_at = $3 \
                       WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL";
    /// Where a batch of [`revoke_batch`] ends.
    BATCH = "SELECT tenant_id, family_id FROM refresh_tokens WHERE (tenant_id, family_id) > ($1, $2) \
             ORDER BY tenant_id, family_id LIMIT $3";
    REVOKE_BATCH = "UPDATE refresh_tokens SET revoked_at = $5 \
                    WHERE (tenant_id, family_id) > ($1, $2) AND (tenant_id, family_id) <= ($3, $4) \
                    AND revoked_at IS NULL";
    REVOKE_FOR_CLIENT = "UPDATE refresh_tokens SET revoked_at = $3 \
                         WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NULL";
    REVOKE_FOR_USER_CLIENT = "UPDATE refresh_tokens SET revoked_at = $4 \
                              WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND revoked_at IS NULL";
    REVOKE_FOR_CLIENT_AUDIENCE = "UPDATE refresh_tokens SET revoked_at = $4 \
                                  WHERE tenant_id = $1 AND client_id = $2 AND audience = $3 AND revoked_at IS NULL";
    PAGE = concat!(
        "SELECT ", columns!(), ", device, metadata FROM refresh_tokens WHERE tenant_id = $1 AND ", live!("$2"), " \
         AND family_id > $3 ORDER BY family_id LIMIT $4 OFFSET $5"
    );
    PAGE_OF_USER = concat!(
        "SELECT ", columns!(), ", device, metadata FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 \
         AND ", live!("$3"), " AND family_id > $4 ORDER BY family_id LIMIT $5 OFFSET $6"
    );
    PAGE_OF_USER_CLIENT = concat!(
        "SELECT ", columns!(), ", device, metadata FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 \
         AND client_id = $3 AND ", live!("$4"), " AND family_id > $5 ORDER BY family_id LIMIT $6 OFFSET $7"
    );
    DETAILS = concat!(
        "SELECT ", columns!(), ", device, metadata FROM refresh_tokens WHERE tenant_id = $1 AND family_id = $2 \
         AND ", live!("$3")
    );
    SET_METADATA = concat!(
        "UPDATE refresh_tokens SET metadata = $3 WHERE tenant_id = $1 AND family_id = $2 AND ", live!("$4")
    );
    SET_DEVICE = "UPDATE refresh_tokens SET device = $3 WHERE tenant_id = $1 AND family_id = $2";
    TRIM = "DELETE FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND family_id IN ( \
            SELECT family_id FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 \
            AND revoked_at IS NULL AND (idle_expires_at IS NULL OR idle_expires_at > $4) \
            AND (expires_at IS NULL OR expires_at > $4) \
            ORDER BY created_at DESC, family_id DESC LIMIT 1000 OFFSET $5)";
}

fn from_row(row: &Row) -> Result<RefreshTokenRow, StoreError> {
    Ok(RefreshTokenRow {
        family_id: row.get(0)?,
        generation: row.get(1)?,
        client_id: row.get(2)?,
        user_id: row.get(3)?,
        session_id: row.get(4)?,
        audience: row.get(5)?,
        scope: row.get(6)?,
        rotating: row.get(7)?,
        created_at: row.get(8)?,
        rotated_at: row.get(9)?,
        last_exchanged_at: row.get(10)?,
        idle_expires_at: row.get(11)?,
        expires_at: row.get(12)?,
        revoked_at: row.get(13)?,
        payload: row.get(14)?,
    })
}

/// Adds a family. Conflict on `refresh_tokens_pkey`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &RefreshTokenRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.family_id,
            row.generation,
            &row.client_id,
            &row.user_id,
            row.session_id.as_ref(),
            &row.audience,
            &row.scope,
            row.rotating,
            row.created_at,
            row.rotated_at,
            row.last_exchanged_at,
            row.idle_expires_at,
            row.expires_at,
            row.revoked_at,
            &row.payload
        ],
    )?;
    Ok(())
}

/// The family in any state: live, revoked or expired.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, family_id: &str) -> Result<Option<RefreshTokenRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, family_id])?.as_ref().map(from_row).transpose()
}

/// Uses the presented token, in one conditional update (RT-01). `Some` is the family afterwards; a rotating application is
/// given the token of its `generation`. `None` when the family is revoked, at either of its ends or unknown, or when the
/// presented generation is not good: [`find`] in the same job tells which, and an older generation there is reuse.
pub fn exchange(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    family_id: &str,
    exchange: &Exchange,
) -> Result<Option<RefreshTokenRow>, StoreError> {
    let updated = tx.query_opt(
        EXCHANGE,
        params![
            tenant,
            family_id,
            exchange.generation,
            exchange.rotating,
            exchange.leeway_since,
            exchange.now,
            exchange.idle_expires_at,
            exchange.expires_at
        ],
    )?;
    updated.as_ref().map(from_row).transpose()
}

/// Revokes the family. `false` when it was revoked before or does not exist.
pub fn revoke(tx: &mut Tx<'_>, tenant: &TenantId, family_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, params![tenant, family_id, now])? == 1)
}

/// Revokes every other family of this application, user and API (§4.4, switching rotation on); returns how many.
pub fn revoke_others(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    user_id: &str,
    audience: &str,
    family_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_OTHERS, params![tenant, client_id, user_id, audience, family_id, now])
}

/// Revokes every family of this application, user and API (§4.6, the grant is deleted); returns how many.
pub fn revoke_for_grant(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    user_id: &str,
    audience: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_GRANT, params![tenant, client_id, user_id, audience, now])
}

/// Revokes every family that came from this session (§1.11, "revoking a session"); returns how many.
pub fn revoke_for_session(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    session_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_SESSION, params![tenant, session_id, now])
}

/// Revokes every family of the user; returns how many.
pub fn revoke_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_USER, params![tenant, user_id, now])
}

/// Revokes every family of the application; returns how many.
pub fn revoke_for_client(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_CLIENT, params![tenant, client_id, now])
}

/// Revokes every family of the user with the application; returns how many.
pub fn revoke_for_user_client(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_USER_CLIENT, params![tenant, user_id, client_id, now])
}

/// Revokes every family of the application for an API; returns how many.
pub fn revoke_for_client_audience(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    audience: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(REVOKE_FOR_CLIENT_AUDIENCE, params![tenant, client_id, audience, now])
}

/// A family as administrators see it.
#[derive(Clone, PartialEq, Eq)]
pub struct FamilyDetails {
    /// The family.
    pub family: RefreshTokenRow,
    /// Addresses and user agents, JSON object.
    pub device: String,
    /// What administrators keep with it, JSON object.
    pub metadata: String,
}

debug_shows!(FamilyDetails: family);

fn details_from_row(row: &Row) -> Result<FamilyDetails, StoreError> {
    Ok(FamilyDetails { family: from_row(row)?, device: row.get(15)?, metadata: row.get(16)? })
}

/// Whose families are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyOwner {
    /// The user; `None` for all.
    pub user_id: Option<String>,
    /// The application; `None` for all. Not looked at without a user.
    pub client_id: Option<String>,
}

/// A part of the live families, by their identifiers; `range.after` is not looked at.
pub fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    owner: &FamilyOwner,
    now: Timestamp,
    range: &Range,
) -> Result<Vec<FamilyDetails>, StoreError> {
    let Range { after_id, skip, limit, .. } = range;
    let rows = match (&owner.user_id, &owner.client_id) {
        (None, _) => tx.query(PAGE, params![tenant, now, after_id, *limit, *skip])?,
        (Some(user), None) => tx.query(PAGE_OF_USER, params![tenant, user, now, after_id, *limit, *skip])?,
        (Some(user), Some(client)) => {
            tx.query(PAGE_OF_USER_CLIENT, params![tenant, user, client, now, after_id, *limit, *skip])?
        }
    };
    rows.iter().map(details_from_row).collect()
}

/// The live family with this identifier, as administrators see it.
pub fn details(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    family_id: &str,
    now: Timestamp,
) -> Result<Option<FamilyDetails>, StoreError> {
    tx.query_opt(DETAILS, params![tenant, family_id, now])?.as_ref().map(details_from_row).transpose()
}

/// Replaces what administrators keep with a live family. `false` when there is none.
pub fn set_metadata(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    family_id: &str,
    metadata: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_METADATA, params![tenant, family_id, metadata, now])? == 1)
}

/// Replaces what is known of where a family is used. `false` when there is none.
pub fn set_device(tx: &mut Tx<'_>, tenant: &TenantId, family_id: &str, device: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_DEVICE, params![tenant, family_id, device])? == 1)
}

/// How many live families a user may have with one application (§4.1, RT-09).
const LIVE_FAMILIES: i64 = 200;

/// Primary key of a family: its tenant and its identifier.
pub type FamilyKey = (TenantId, String);

/// Revokes the families of all tenants, `limit` of them at a time, in the order of their keys: those after `after`. Returns the
/// last key of this batch and how many were alive; `None` when there are no more.
pub fn revoke_batch(
    tx: &mut Tx<'_>,
    after: &FamilyKey,
    limit: i64,
    now: Timestamp,
) -> Result<Option<(FamilyKey, u64)>, StoreError> {
    let (tenant, family) = after;
    let rows = tx.query(BATCH, params![tenant, family, limit])?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last: FamilyKey = (last.get(0)?, last.get(1)?);
    let revoked = tx.execute(REVOKE_BATCH, params![tenant, family, &last.0, &last.1, now])?;
    Ok(Some((last, revoked)))
}

/// Removes the oldest live families of this user and application beyond the newest 200 (RT-09); returns how many. Call it
/// after [`insert`] in the same job.
pub fn trim(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.execute(TRIM, params![tenant, user_id, client_id, now, LIVE_FAMILIES])
}
