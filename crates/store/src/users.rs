//! People of a tenant, one row per account in a connection (§7 of the wire reference).

use std::collections::HashSet;

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::search::index::{self, Indexed};
use crate::{Range, Row, StoreError, Tx, Value, params, password_changes, refresh_tokens};

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

/// The columns that a row is found by, after its own.
macro_rules! found_by {
    () => {
        ", indexed_at, name_key, nickname_key, given_name_key, family_name_key, email_domain"
    };
}

/// The values of one row, the tenant first; of a user: fifteen of its own, and six that it is found by.
macro_rules! values {
    ($($number:literal)*) => {
        concat!("($1", $(", $", $number,)* ")")
    };
}

/// Rows of [`INSERT_NEW_MANY`].
const MANY: usize = 8;
/// Rows of [`INSERT_VALUES`].
const MANY_VALUES: usize = 16;

/// What is indexed stays it where a change has nothing to do with it.
macro_rules! stays_indexed {
    ($now:literal) => {
        concat!("indexed_at = CASE WHEN indexed_at = updated_at THEN ", $now, " ELSE CAST(0 AS BIGINT) END")
    };
}

statements! {
    INSERT_NEW = concat!(
        "INSERT INTO users (tenant_id, ", columns!(), found_by!(), ") VALUES ",
        values!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22), " ON CONFLICT DO NOTHING RETURNING user_id"
    );
    INSERT_NEW_MANY = concat!(
        "INSERT INTO users (tenant_id, ", columns!(), found_by!(), ") VALUES ",
        values!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22), ", ",
        values!(23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43), ", ",
        values!(44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64), ", ",
        values!(65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85), ", ",
        values!(86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106), ", ",
        values!(107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127), ", ",
        values!(128 129 130 131 132 133 134 135 136 137 138 139 140 141 142 143 144 145 146 147 148), ", ",
        values!(149 150 151 152 153 154 155 156 157 158 159 160 161 162 163 164 165 166 167 168 169),
        " ON CONFLICT DO NOTHING RETURNING user_id"
    );
    INSERT = concat!(
        "INSERT INTO users (tenant_id, ", columns!(), found_by!(), ") VALUES ",
        values!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22)
    );
    FIND = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NULL");
    FIND_ACCOUNT = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND user_id = $2");
    FIND_BY_EMAIL = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND connection = $2 AND email = $3"
    );
    FIND_BY_USERNAME = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND connection = $2 AND username = $3"
    );
    PAGE = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND (created_at, user_id) > ($2, $3) \
         AND linked_to IS NULL ORDER BY created_at, user_id LIMIT $4 OFFSET $5"
    );
    COUNT = "SELECT COUNT(*) FROM users WHERE tenant_id = $1 AND linked_to IS NULL";
    /// Without an order, which would lead SQLite to another index.
    LIST_BY_EMAIL = concat!(
        "SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND email IS NOT NULL \
         AND email COLLATE \"binary\" = $2 AND linked_to IS NULL"
    );
    COUNT_ACTIVE = "SELECT COUNT(*) FROM users WHERE tenant_id = $1 AND last_login_at IS NOT NULL AND last_login_at >= $2";
    LIST_OF_CONNECTION = "SELECT user_id FROM users WHERE tenant_id = $1 AND connection = $2 LIMIT $3";
    UPDATE_PROFILE = "UPDATE users SET profile = $3, user_metadata = $4, app_metadata = $5, email_verified = $6, \
                      updated_at = $7, indexed_at = $7, name_key = $8, nickname_key = $9, given_name_key = $10, \
                      family_name_key = $11, email_domain = $12 WHERE tenant_id = $1 AND user_id = $2";
    /// A row that was not indexed when it was changed stays one that is not: its indexed_at is another time than updated_at.
    RECORD_LOGIN = concat!(
        "UPDATE users SET last_login_at = $3, updated_at = $3, ", stays_indexed!("$3"), ", last_ip = $4, \
         logins_count = logins_count + 1 WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NULL"
    );
    SET_BLOCKED = concat!(
        "UPDATE users SET blocked = $3, updated_at = $4, ", stays_indexed!("$4"), " \
         WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NULL"
    );
    SET_PASSWORD_HASH = concat!(
        "UPDATE users SET password_hash = $4, updated_at = $5, ", stays_indexed!("$5"), " \
         WHERE tenant_id = $1 AND user_id = $2 AND password_hash IS NOT DISTINCT FROM $3"
    );
    SET_PASSWORD = concat!(
        "UPDATE users SET password_hash = $3, updated_at = $4, ", stays_indexed!("$4"), " \
         WHERE tenant_id = $1 AND user_id = $2"
    );
    SET_EMAIL = concat!(
        "UPDATE users SET email = $3, email_verified = $4, updated_at = $5, ", stays_indexed!("$5"), ", email_domain = $6 \
         WHERE tenant_id = $1 AND user_id = $2"
    );
    SET_VERIFIED = concat!(
        "UPDATE users SET email_verified = $3, updated_at = $4, ", stays_indexed!("$4"), " \
         WHERE tenant_id = $1 AND user_id = $2"
    );
    SET_USERNAME = concat!(
        "UPDATE users SET username = $3, updated_at = $4, ", stays_indexed!("$4"), " \
         WHERE tenant_id = $1 AND user_id = $2"
    );
    DELETE_LINKED = "DELETE FROM users WHERE tenant_id = $1 AND linked_to = $2 AND linked_to IS NOT NULL";
    DELETE = "DELETE FROM users WHERE tenant_id = $1 AND user_id = $2";
    INSERT_VALUE = concat!("INSERT INTO user_values (tenant_id, user_id, path, value, number) VALUES ", values!(2 3 4 5));
    INSERT_VALUES = concat!(
        "INSERT INTO user_values (tenant_id, user_id, path, value, number) VALUES ",
        values!(2 3 4 5), ", ", values!(6 7 8 9), ", ", values!(10 11 12 13), ", ", values!(14 15 16 17), ", ",
        values!(18 19 20 21), ", ", values!(22 23 24 25), ", ", values!(26 27 28 29), ", ", values!(30 31 32 33), ", ",
        values!(34 35 36 37), ", ", values!(38 39 40 41), ", ", values!(42 43 44 45), ", ", values!(46 47 48 49), ", ",
        values!(50 51 52 53), ", ", values!(54 55 56 57), ", ", values!(58 59 60 61), ", ", values!(62 63 64 65)
    );
    DELETE_VALUES = "DELETE FROM user_values WHERE tenant_id = $1 AND user_id = $2";
    UNINDEXED = "SELECT tenant_id, user_id, updated_at FROM users WHERE indexed_at <> updated_at LIMIT $1";
    /// Only while the row is the one that was read.
    INDEX = "UPDATE users SET indexed_at = updated_at, name_key = $4, nickname_key = $5, given_name_key = $6, \
             family_name_key = $7, email_domain = $8 WHERE tenant_id = $1 AND user_id = $2 AND updated_at = $3";
}

pub(crate) fn from_row(row: &Row) -> Result<UserRow, StoreError> {
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

/// Adds a user, with what they are found by. Conflict on `users_pkey`, `users_email_key` or `users_username_key`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserRow) -> Result<(), StoreError> {
    let mut values = vec![Value::from(tenant)];
    values.extend(values_of(row));
    tx.execute(INSERT, &values)?;
    insert_values(tx, tenant, std::iter::once(row))
}

/// What a row holds, in the order of its columns and of those that it is found by.
fn values_of(row: &UserRow) -> Vec<Value> {
    let keys = index::keys(row);
    params![
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
        row.logins_count,
        row.updated_at,
        keys.name,
        keys.nickname,
        keys.given_name,
        keys.family_name,
        keys.email_domain
    ]
    .to_vec()
}

/// What these users are found by besides their own columns.
fn insert_values<'r>(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    rows: impl Iterator<Item = &'r UserRow>,
) -> Result<(), StoreError> {
    let of_row = |row: &'r UserRow| index::values(row).into_iter().map(|value| (&row.user_id, value));
    let values: Vec<_> = rows.flat_map(of_row).collect();
    let (many, rest) = values.as_chunks::<MANY_VALUES>();
    let groups = many.iter().map(|values| (INSERT_VALUES, values.as_slice()));
    for (statement, values) in groups.chain(rest.iter().map(|value| (INSERT_VALUE, std::slice::from_ref(value)))) {
        let mut all = Vec::with_capacity(1 + 4 * values.len());
        all.push(Value::from(tenant));
        for (user_id, Indexed { path, value, number }) in values {
            all.extend_from_slice(params![*user_id, path, value, number.as_ref()]);
        }
        tx.execute(statement, &all)?;
    }
    Ok(())
}

/// Adds those users that nobody is in the way of, and says which. Their identifiers must be different.
pub fn insert_new(tx: &mut Tx<'_>, tenant: &TenantId, rows: &[UserRow]) -> Result<HashSet<String>, StoreError> {
    let mut added = HashSet::with_capacity(rows.len());
    let (many, rest) = rows.as_chunks::<MANY>();
    for (statement, rows) in many
        .iter()
        .map(|rows| (INSERT_NEW_MANY, rows.as_slice()))
        .chain(rest.iter().map(|row| (INSERT_NEW, std::slice::from_ref(row))))
    {
        let mut values = Vec::with_capacity(1 + 21 * rows.len());
        values.push(Value::from(tenant));
        values.extend(rows.iter().flat_map(values_of));
        for row in tx.query(statement, &values)? {
            added.insert(row.get(0)?);
        }
    }
    insert_values(tx, tenant, rows.iter().filter(|row| added.contains(&row.user_id)))?;
    Ok(added)
}

/// Makes up to `limit` users findable, of all tenants, whom a version wrote that does not know what users are found by.
/// Returns how many there were. Every node may do it at any time.
pub fn index_batch(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let rows = tx.query(UNINDEXED, params![limit])?;
    for row in &rows {
        let (tenant, user_id, updated_at): (TenantId, String, Timestamp) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let Some(user) = find_account(tx, &tenant, &user_id)?.filter(|user| user.updated_at == updated_at) else {
            continue;
        };
        let keys = index::keys(&user);
        let keys = params![
            &tenant,
            &user_id,
            updated_at,
            keys.name,
            keys.nickname,
            keys.given_name,
            keys.family_name,
            keys.email_domain
        ]
        .to_vec();
        if tx.execute(INDEX, &keys)? == 1 {
            tx.execute(DELETE_VALUES, params![&tenant, &user_id])?;
            insert_values(tx, &tenant, std::iter::once(&user))?;
        }
    }
    Ok(rows.len())
}

/// The account with this identifier, whether it is a user of its own or linked to one.
pub fn find_account(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND_ACCOUNT, params![tenant, user_id])?.as_ref().map(from_row).transpose()
}

/// The user with this identifier. A linked account is none.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, user_id])?.as_ref().map(from_row).transpose()
}

/// The account with this address in this connection, compared exactly: give it in lower case. It may be linked to another
/// user: [`identities::primary_of`](crate::identities::primary_of).
pub fn find_by_email(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &str,
    email: &str,
) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND_BY_EMAIL, params![tenant, connection, email])?.as_ref().map(from_row).transpose()
}

/// The account with this user name in this connection, as [`find_by_email`].
pub fn find_by_username(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &str,
    username: &str,
) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(FIND_BY_USERNAME, params![tenant, connection, username])?.as_ref().map(from_row).transpose()
}

/// A part of the users, oldest first.
pub fn page(tx: &mut Tx<'_>, tenant: &TenantId, range: &Range) -> Result<Vec<UserRow>, StoreError> {
    let Range { after, after_id, skip, limit } = range;
    tx.query(PAGE, params![tenant, *after, after_id, *limit, *skip])?.iter().map(from_row).collect()
}

/// How many users the tenant has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant])?.map_or(Ok(0), |row| row.get(0))
}

/// How many accounts were logged in with since then.
pub fn count_active(tx: &mut Tx<'_>, tenant: &TenantId, since: Timestamp) -> Result<i64, StoreError> {
    tx.query_opt(COUNT_ACTIVE, params![tenant, since])?.map_or(Ok(0), |row| row.get(0))
}

/// The users with this address, in lower case, whatever their connection; oldest first.
pub fn list_by_email(tx: &mut Tx<'_>, tenant: &TenantId, email: &str) -> Result<Vec<UserRow>, StoreError> {
    let rows = tx.query(LIST_BY_EMAIL, params![tenant, email])?;
    let mut users: Vec<UserRow> = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    users.sort_by(|a, b| (a.created_at, &a.user_id).cmp(&(b.created_at, &b.user_id)));
    Ok(users)
}

/// Identifiers of up to `limit` users of a connection, in no order.
pub fn list_of_connection(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_OF_CONNECTION, params![tenant, connection, limit])?.iter().map(|row| row.get(0)).collect()
}

/// Whether a connection has any user.
pub fn exist_in(tx: &mut Tx<'_>, tenant: &TenantId, connection: &str) -> Result<bool, StoreError> {
    Ok(!list_of_connection(tx, tenant, connection, 1)?.is_empty())
}

/// Replaces attributes, metadata and `email_verified`. `false` when there is no such user.
pub fn update_profile(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserRow) -> Result<bool, StoreError> {
    let UserRow { user_id, profile, user_metadata, app_metadata, email_verified, updated_at, .. } = row;
    let keys = index::keys(row);
    let params = params![
        tenant,
        user_id,
        profile,
        user_metadata,
        app_metadata,
        *email_verified,
        *updated_at,
        keys.name,
        keys.nickname,
        keys.given_name,
        keys.family_name,
        keys.email_domain
    ]
    .to_vec();
    if tx.execute(UPDATE_PROFILE, &params)? == 0 {
        return Ok(false);
    }
    tx.execute(DELETE_VALUES, params![tenant, user_id])?;
    insert_values(tx, tenant, std::iter::once(row))?;
    Ok(true)
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
    if tx.execute(SET_PASSWORD, params![tenant, user_id, password_hash, now])? == 0 {
        return Ok(false);
    }
    password_changes::put(tx, tenant, user_id, now)?;
    Ok(true)
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
    let domain = email.and_then(index::email_domain);
    Ok(tx.execute(SET_EMAIL, params![tenant, user_id, email, verified, now, domain])? == 1)
}

/// Records whether the address was proven. `false` when there is no such user.
pub fn set_verified(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    verified: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_VERIFIED, params![tenant, user_id, verified, now])? == 1)
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
    // §1.14: "linked secondary identities vanish with it".
    tx.execute(DELETE_LINKED, params![tenant, user_id])?;
    // The foreign keys of sessions and grants cascade.
    let deleted = tx.execute(DELETE, params![tenant, user_id])? == 1;
    refresh_tokens::revoke_for_user(tx, tenant, user_id, now)?;
    Ok(deleted)
}
