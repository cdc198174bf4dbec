//! Roles of a member in an organization (`management-api.md` §8.2). They count in tokens of logins as that member.

use keywright_app::RoleError;
use keywright_store::{Tx, organization_member_roles, organization_members, roles};
use keywright_types::{Role, TenantId, Timestamp};
use serde_json::Value;

use super::organization::find;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Paging, Position};
use crate::resources::roles::failure;

/// The organization is there, and the user is a member of it.
fn member(tx: &mut Tx<'_>, tenant: &TenantId, id: &str, user: &str) -> Result<(), ApiError> {
    find(tx, tenant, id)?;
    if organization_members::exists(tx, tenant, id, user)? {
        return Ok(());
    }
    Err(ApiError::not_found("The user is not a member of the organization."))
}

pub(super) async fn list(call: Call, paging: Paging, shown: fn(&Role) -> Value) -> Outcome {
    let (id, user) = (call.path("id").to_owned(), call.path("user_id").to_owned());
    let list = format!("/organizations/{id}/members/{user}/roles");
    let page = paging.page(&call, &list)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            member(tx, tenant, &id, &user)?;
            let roles = organization_member_roles::list(tx, tenant, &id, &user)?;
            let entry = |(index, row): (usize, roles::RoleRow)| {
                let place = Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
                (place, shown(&Role { id: row.role_id, name: row.name, description: row.description }))
            };
            Ok(Found::of_all(roles.into_iter().enumerate().map(entry).collect(), &asked))
        })
        .await?;
    Ok(paging.reply(&call, &list, &page, found))
}

fn ids(call: &Call) -> Vec<String> {
    let all = call.body.get("roles").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// All of them or none.
pub(super) async fn assign(call: Call) -> Outcome {
    let (id, user, wanted) = (call.path("id").to_owned(), call.path("user_id").to_owned(), ids(&call));
    call.write(move |tx, tenant| {
        member(tx, tenant, &id, &user)?;
        for role in wanted {
            if roles::find(tx, tenant, &role)?.is_none() {
                return Err(failure(RoleError::UnknownRole));
            }
            organization_member_roles::insert(tx, tenant, &id, &user, &role)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

/// Those that the member has not are passed over.
pub(super) async fn remove(call: Call) -> Outcome {
    let (id, user, wanted) = (call.path("id").to_owned(), call.path("user_id").to_owned(), ids(&call));
    call.write(move |tx, tenant| {
        member(tx, tenant, &id, &user)?;
        for role in wanted {
            organization_member_roles::delete(tx, tenant, &id, &user, &role)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}
