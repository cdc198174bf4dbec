//! People of a tenant, one row per account in a connection (§7 of the wire reference).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params, refresh_tokens};

/// A user as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// `auth0|…`; the `sub` of tokens. Unique in the tenant: `users_pkey`. Never reused (TK-09).
    pub user_id: String,
    /// Name of the connection the account belongs to.
    pub connection: String,
    /// Lower-case address; unique in the connection: `users_email_key`.
    pub email: Option<String>,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// Lower-case user name; unique in the connection: `users_username_key`.
    pub username: Option<String>,
    /// PHC string of the password.
    pub password_hash: Option<String>,
    /// Whether logins and refreshes are refused.
    pub blocked: bool,
    /// Root profile attributes (name, nickname, picture, …), JSON object.
    pub profile: String,
    /// JSON object the user may edit.
    pub user_metadata: String,
    /// JSON object only administrators edit.
    pub app_metadata: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last; a login is a change.
    pub updated_at: Timestamp,
    /// When the user last logged in.
    pub last_login_at: Option<Timestamp>,
    /// Address of that login.
    pub last_ip: Option<String>,
    /// How many logins there were.
    pub logins_count: i64,
}

debug_shows!(
    UserRow: user_id, connection, email_verified, blocked, created_at, updated_at, last_login_at, logins_count
);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "user_id, connection, email, email_verified, username, password_hash, blocked, profile, user_metadata, \
         app_metadata, created_at, updated_at, last_login_at, last_ip, logins_count"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO users (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND user_id = $2");
    FIND_BY_EMAIL = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND connection = $2 AND email = $3"
    );
    FIND_BY_USERNAME = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND connection = $2 AND username = $3"
    );
    RECORD_LOGIN = "UPDATE users SET last_login_at = $3, updated_at = $3, last_ip = $4, logins_count = logins_count + 1 \
                    WHERE tenant_id = $1 AND user_id = $2";
    SET_BLOCKED = "UPDATE users SET blocked = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2";
    SET_PASSWORD_HASH = "UPDATE users SET password_hash = $4, updated_at = $5 \
                         WHERE tenant_id = $1 AND user_id = $2 AND password_hash IS NOT DISTINCT FROM $3";
    SET_PASSWORD = "UPDATE users SET password_hash = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2";
    SET_EMAIL = "UPDATE users SET email = $3, email_verified = $4, updated_at = $5 WHERE tenant_id = $1 AND user_id = $2";
    SET_USERNAME = "UPDATE users SET username = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2";
    DELETE = "DELETE FROM users WHERE tenant_id = $1 AND user_id = $2";
}

fn from_row(row: &Row) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        user_id: row.get(0)?,
        connection: row.get(1)?,
        email: row.get(2)?,
        email_verified: row.get(3)?,
        username: row.get(4)?,
        password_hash: row.get(5)?,
        blocked: row.get(6)?,
        profile: row.get(7)?,
        user_metadata: row.get(8)?,
        app_metadata: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
        last_login_at: row.get(12)?,
        last_ip: row.get(13)?,
        logins_count: row.get(14)?,
    })
}

/// Adds a user. Conflict on `users_pkey`, `users_email_key` or `users_username_key`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.user_id,
            &row.connection,
            row.email.as_ref(),
            row.email_verified,
            row.username.as_ref(),
            row.password_hash.as_ref(),
            row.blocked,
            &row.profile,
            &row.user_metadata,
            &row.app_metadata,
            row.created_at,
            row.updated_at,
            row.last_login_at,
            row.last_ip.as_ref(),
            row.logins_count
        ],
    )?;
    Ok(())
}

/// The user with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, user_id])?.as_ref().map(from_row).transpose()
}

/// The user with this address in this connection, compared exactly: give it in lower case.
pub fn find_by_email(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &str,
    email: &str,
) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND_BY_EMAIL, params![tenant, connection, email])?.as_ref().map(from_row).transpose()
}

/// The user with this user name in this connection, compared exactly: give it in lower case.
pub fn find_by_username(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &str,
    username: &str,
) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND_BY_USERNAME, params![tenant, connection, username])?.as_ref().map(from_row).transpose()
}

/// Notes a login at `now` from `ip` and counts it. `false` when there is no such user.
pub fn record_login(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    now: Timestamp,
    ip: Option<&str>,
) -> Result<bool, StoreError> {
    Ok(tx.execute(RECORD_LOGIN, params![tenant, user_id, now, ip])? == 1)
}

/// Blocks or unblocks the user. `false` when there is no such user.
pub fn set_blocked(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    blocked: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_BLOCKED, params![tenant, user_id, blocked, now])? == 1)
}

/// Replaces the password hash if it still is `old`, so that a rehash at login never undoes a password change. `false` when
/// it is another one by now, or when there is no such user.
pub fn set_password_hash(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    old: Option<&str>,
    new: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_PASSWORD_HASH, params![tenant, user_id, old, new, now])? == 1)
}

/// Sets another password hash, whatever it was before: an administrator's or a reset link's decision. `false` when there is no
/// such user.
pub fn set_password(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_PASSWORD, params![tenant, user_id, password_hash, now])? == 1)
}

/// Sets the address, in lower case. `false` when there is no such user; conflict on `users_email_key` when it is another's.
pub fn set_email(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    email: Option<&str>,
    verified: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_EMAIL, params![tenant, user_id, email, verified, now])? == 1)
}

/// Sets the user name, in lower case. `false` when there is no such user; conflict on `users_username_key` when it is
/// another's.
pub fn set_username(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    username: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_USERNAME, params![tenant, user_id, username, now])? == 1)
}

/// Removes the user with their sessions and grants, and revokes their refresh tokens (RT-08). The revoked families stay
/// until cleanup, so that a refresh can still be answered with the sentence of §4.3 for a deleted user. `false` when there
/// was no such user.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    // The foreign keys of sessions and grants cascade.
    let deleted = tx.execute(DELETE, params![tenant, user_id])? == 1;
    refresh_tokens::revoke_for_user(tx, tenant, user_id, now)?;
    Ok(deleted)
}
