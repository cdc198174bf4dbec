//! Remembered consent: which scopes of an API a user allowed an application (§1.10). Not an OAuth grant *type*.
//!
//! A row can also be there without anybody having been asked, for the refresh tokens of an application that need not ask
//! ([`imply`]). Such a row is no answer to the question of consent.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, Value, params};

/// A grant as it is stored. One per user, application and API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Made by the program: `grants_pkey`.
    pub grant_id: String,
    /// Who consented. They go, this goes.
    pub user_id: String,
    /// The application that may.
    pub client_id: String,
    /// Identifier of the API; empty when consent was for the profile alone.
    pub audience: String,
    /// Space-separated scopes, each once, in the order in which they were granted.
    pub scope: String,
    /// Whether the user was asked and agreed to these scopes. Only then does the grant count as consent (AR-07).
    pub consented: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was extended last.
    pub updated_at: Timestamp,
}

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "grant_id, user_id, client_id, audience, scope, consented, created_at, updated_at"
    };
}

statements! {
    /// The update of the conflicting row locks it, so that two extensions at once cannot lose a scope.
    UPSERT = concat!(
        "INSERT INTO grants (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8) \
         ON CONFLICT (tenant_id, user_id, client_id, audience) DO UPDATE SET updated_at = excluded.updated_at \
         RETURNING ", columns!()
    );
    SET_CONSENTED = "UPDATE grants SET scope = $3, consented = TRUE WHERE tenant_id = $1 AND grant_id = $2";
    IMPLY = concat!(
        "INSERT INTO grants (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $8) \
         ON CONFLICT (tenant_id, user_id, client_id, audience) DO NOTHING"
    );
    FIND = concat!(
        "SELECT ", columns!(), " FROM grants \
         WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND audience = $4"
    );
    FIND_BY_ID = concat!("SELECT ", columns!(), " FROM grants WHERE tenant_id = $1 AND grant_id = $2");
    /// An empty text stands for any.
    PAGE = concat!(
        "SELECT ", columns!(), " FROM grants WHERE tenant_id = $1 AND ($2 = '' OR client_id = $2) \
         AND ($3 = '' OR audience = $3) ORDER BY created_at, grant_id LIMIT $4 OFFSET $5"
    );
    PAGE_OF_USER = concat!(
        "SELECT ", columns!(), " FROM grants WHERE tenant_id = $1 AND user_id = $6 AND ($2 = '' OR client_id = $2) \
         AND ($3 = '' OR audience = $3) ORDER BY created_at, grant_id LIMIT $4 OFFSET $5"
    );
    COUNT = "SELECT COUNT(*) FROM (SELECT grant_id FROM grants WHERE tenant_id = $1 AND ($2 = '' OR client_id = $2) \
             AND ($3 = '' OR audience = $3) LIMIT $4) AS found";
    COUNT_OF_USER = "SELECT COUNT(*) FROM (SELECT grant_id FROM grants WHERE tenant_id = $1 AND user_id = $5 \
                     AND ($2 = '' OR client_id = $2) AND ($3 = '' OR audience = $3) LIMIT $4) AS found";
    DELETE_FOR_USER = "DELETE FROM grants WHERE tenant_id = $1 AND user_id = $2";
    DELETE = "DELETE FROM grants WHERE tenant_id = $1 AND grant_id = $2";
    DELETE_FOR_CLIENT = "DELETE FROM grants WHERE tenant_id = $1 AND client_id = $2";
}

fn from_row(row: &Row) -> Result<GrantRow, StoreError> {
    Ok(GrantRow {
        grant_id: row.get(0)?,
        user_id: row.get(1)?,
        client_id: row.get(2)?,
        audience: row.get(3)?,
        scope: row.get(4)?,
        consented: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Remembers consent: adds the grant, or adds its scopes to the one there is for this user, application and API (whose
/// `grant_id` and `created_at` stay). An implied grant becomes a consented one with these scopes alone: nobody agreed to
/// the ones before. `row.consented` is not looked at. Returns what is stored now. Conflict on `foreign_key` when there is no
/// such user.
pub fn extend(tx: &mut Tx<'_>, tenant: &TenantId, row: &GrantRow) -> Result<GrantRow, StoreError> {
    let stored = tx.query_opt(UPSERT, &inserted(tenant, row))?;
    let stored = stored.ok_or_else(|| StoreError::Engine("an upsert returned no row".to_owned()))?;
    let mut stored = from_row(&stored)?;
    let scope = union(if stored.consented { &stored.scope } else { "" }, &row.scope);
    if scope != stored.scope || !stored.consented {
        tx.execute(SET_CONSENTED, params![tenant, &stored.grant_id, &scope])?;
        (stored.scope, stored.consented) = (scope, true);
    }
    Ok(stored)
}

/// Makes sure that there is a grant for the refresh tokens of an application which did not need to ask. One that is there
/// stays as it is. `row.consented` is not looked at. Conflict on `foreign_key` when there is no such user.
pub fn imply(tx: &mut Tx<'_>, tenant: &TenantId, row: &GrantRow) -> Result<(), StoreError> {
    tx.execute(IMPLY, &inserted(tenant, row)).map(drop)
}

/// Parameters of the statements that insert a grant.
fn inserted(tenant: &TenantId, row: &GrantRow) -> [Value; 8] {
    [
        tenant.into(),
        (&row.grant_id).into(),
        (&row.user_id).into(),
        (&row.client_id).into(),
        (&row.audience).into(),
        union("", &row.scope).into(),
        row.created_at.into(),
        row.updated_at.into(),
    ]
}

/// The grant of this user for this application and API (empty for none), consented or implied.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    client_id: &str,
    audience: &str,
) -> Result<Option<GrantRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, user_id, client_id, audience])?.as_ref().map(from_row).transpose()
}

/// The grant with this identifier.
pub fn find_by_id(tx: &mut Tx<'_>, tenant: &TenantId, grant_id: &str) -> Result<Option<GrantRow>, StoreError> {
    tx.query_opt(FIND_BY_ID, params![tenant, grant_id])?.as_ref().map(from_row).transpose()
}

/// Removes the grant. `false` when there was no such grant. What was issued under it is revoked with
/// [`refresh_tokens::revoke_for_grant`](crate::refresh_tokens::revoke_for_grant).
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, grant_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, grant_id])? == 1)
}

/// Which grants are wanted; an empty text stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantSearch {
    /// Whose.
    pub user_id: String,
    /// To which application.
    pub client_id: String,
    /// To which API.
    pub audience: String,
}

/// A part of the grants, oldest first, leaving out `skip` of them.
pub fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    wanted: &GrantSearch,
    skip: i64,
    limit: i64,
) -> Result<Vec<GrantRow>, StoreError> {
    let GrantSearch { user_id, client_id, audience } = wanted;
    let rows = if user_id.is_empty() {
        tx.query(PAGE, params![tenant, client_id, audience, limit, skip])?
    } else {
        tx.query(PAGE_OF_USER, params![tenant, client_id, audience, limit, skip, user_id])?
    };
    rows.iter().map(from_row).collect()
}

/// How many there are, counted up to `most`.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId, wanted: &GrantSearch, most: i64) -> Result<i64, StoreError> {
    let GrantSearch { user_id, client_id, audience } = wanted;
    let row = if user_id.is_empty() {
        tx.query_opt(COUNT, params![tenant, client_id, audience, most])?
    } else {
        tx.query_opt(COUNT_OF_USER, params![tenant, client_id, audience, most, user_id])?
    };
    row.map_or(Ok(0), |row| row.get(0))
}

/// Removes every grant of this user; returns how many.
pub fn delete_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_FOR_USER, params![tenant, user_id])
}

/// Removes every grant to this application; returns how many.
pub fn delete_for_client(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_FOR_CLIENT, params![tenant, client_id])
}

/// The scopes of `old`, then those of `new` that are not among them.
fn union(old: &str, new: &str) -> String {
    let mut scopes: Vec<&str> = Vec::new();
    for scope in old.split_ascii_whitespace().chain(new.split_ascii_whitespace()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_keeps_the_order_and_each_scope_once() {
        assert_eq!(union("openid profile", "email openid email"), "openid profile email");
        assert_eq!(union("", " a  b a "), "a b");
        assert_eq!(union("a", ""), "a");
    }
}
