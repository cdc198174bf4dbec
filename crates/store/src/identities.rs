//! Linked identities: accounts that belong to a user (`management-api.md` §5.5).
//!
//! An account is a row of `users`. One that is linked is no user any more: nothing finds it by its identifier, and it has no
//! sessions, grants or tokens. It keeps its address, its name and its password, for logins and for the day it is unlinked.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::users::{UserRow, find_account, update_profile};
use crate::{StoreError, Tx, grants, params};

statements! {
    IDS = "SELECT user_id FROM users WHERE tenant_id = $1 AND linked_to = $2 AND linked_to IS NOT NULL \
           ORDER BY linked_at, user_id";
    PRIMARY = "SELECT linked_to FROM users WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NOT NULL";
    LOCK = "UPDATE users SET updated_at = updated_at WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NULL";
    LINK = "UPDATE users SET linked_to = $3, linked_at = $4, blocked = FALSE \
            WHERE tenant_id = $1 AND user_id = $2 AND linked_to IS NULL";
    MOVE = "UPDATE users SET linked_to = $3 WHERE tenant_id = $1 AND linked_to = $2 AND linked_to IS NOT NULL";
    UNLINK = "UPDATE users SET linked_to = NULL, linked_at = NULL \
              WHERE tenant_id = $1 AND user_id = $2 AND linked_to = $3 AND linked_to IS NOT NULL";
    DELETE_ROLES = "DELETE FROM user_roles WHERE tenant_id = $1 AND user_id = $2";
    DELETE_PERMISSIONS = "DELETE FROM user_permissions WHERE tenant_id = $1 AND user_id = $2";
    DELETE_MEMBERSHIPS = "DELETE FROM organization_members WHERE tenant_id = $1 AND user_id = $2";
    DELETE_TICKETS = "DELETE FROM tickets WHERE tenant_id = $1 AND user_id = $2";
    DELETE_CREDENTIALS = "DELETE FROM device_credentials WHERE tenant_id = $1 AND user_id = $2";
}

/// The accounts that are linked to a user, in the order in which they were linked.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<UserRow>, StoreError> {
    let mut rows = Vec::new();
    for id in ids(tx, tenant, user_id)? {
        rows.extend(find_account(tx, tenant, &id)?);
    }
    Ok(rows)
}

/// Identifiers of the accounts that are linked to a user.
pub fn ids(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(IDS, params![tenant, user_id])?.iter().map(|row| row.get(0)).collect()
}

/// The user that an account is linked to. `None` when it is a user of its own, or is not there.
pub fn primary_of(tx: &mut Tx<'_>, tenant: &TenantId, account: &str) -> Result<Option<String>, StoreError> {
    tx.query_opt(PRIMARY, params![tenant, account])?.map(|row| row.get(0)).transpose()
}

/// What became of an attempt to link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It was linked.
    Done,
    /// There is no such user to link to.
    NoPrimary,
    /// There is no such account.
    NoSecondary,
    /// The account is linked already.
    Already,
}

/// Links an account, which must be a user of its own, to another user. What it was granted and what it belonged to goes, and so
/// does its metadata; accounts that were linked to it go with it. Sessions and refresh tokens have to be ended before, in the
/// same transaction.
pub fn link(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    primary: &str,
    secondary: &str,
    now: Timestamp,
) -> Result<Linked, StoreError> {
    // Always in the same order, so that two that are linked to each other at once do not wait for each other.
    let (first, second) = if primary < secondary { (primary, secondary) } else { (secondary, primary) };
    let locked = [first, second].map(|id| Ok((id, tx.execute(LOCK, params![tenant, id])? == 1)));
    for one in locked {
        let (id, is_user): (&str, bool) = one?;
        if !is_user {
            return Ok(match (id == primary, primary_of(tx, tenant, id)?) {
                (true, _) => Linked::NoPrimary,
                (false, Some(_)) => Linked::Already,
                (false, None) => Linked::NoSecondary,
            });
        }
    }
    let Some(account) = find_account(tx, tenant, secondary)? else { return Ok(Linked::NoSecondary) };
    if tx.execute(LINK, params![tenant, secondary, primary, now])? == 0 {
        return Ok(Linked::Already);
    }
    tx.execute(MOVE, params![tenant, secondary, primary])?;
    grants::delete_for_user(tx, tenant, secondary)?;
    for statement in [DELETE_ROLES, DELETE_PERMISSIONS, DELETE_MEMBERSHIPS, DELETE_TICKETS, DELETE_CREDENTIALS] {
        tx.execute(statement, params![tenant, secondary])?;
    }
    // §5.5: "its metadata is NOT merged; it survives only in `profileData`".
    let (user_metadata, app_metadata) = ("{}".to_owned(), "{}".to_owned());
    update_profile(tx, tenant, &UserRow { user_metadata, app_metadata, ..account })?;
    Ok(Linked::Done)
}

/// Makes a linked account a user of its own again. `false` when it was not linked to this user.
pub fn unlink(tx: &mut Tx<'_>, tenant: &TenantId, primary: &str, account: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(UNLINK, params![tenant, account, primary])? == 1)
}
