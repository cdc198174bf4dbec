//! Who belongs to an organization (`management-api.md` §8.2).

use keywright_app::AppError;
use keywright_store::{Tx, organization_member_roles, organization_members, users};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::MEMBERS;
use super::organization::find;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

/// "items `{user_id,email,name,picture}`, plus `roles:[{id,name}]` only when `fields` contains roles".
pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &["user_id", "email", "name", "picture", "roles"])?;
    let with_roles = projection.names("roles");
    let id = call.path("id").to_owned();
    let list = format!("/organizations/{id}/members");
    let page = MEMBERS.page(&call, &list)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            find(tx, tenant, &id)?;
            let ids = organization_members::page(tx, tenant, &id, &asked.after.id, asked.skip, asked.wanted())?;
            let mut items = Vec::new();
            for user_id in ids {
                let Some(mut member) = shown(tx, tenant, &user_id)? else { continue };
                if with_roles {
                    let roles = organization_member_roles::list(tx, tenant, &id, &user_id)?;
                    let roles: Vec<Value> =
                        roles.iter().map(|role| json!({ "id": role.role_id, "name": role.name })).collect();
                    member.insert("roles".to_owned(), json!(roles));
                }
                let place = Position { created_at: Timestamp::UNIX_EPOCH, id: user_id };
                items.push((place, projection.apply(member)));
            }
            let total = if asked.with_total() { Some(organization_members::count(tx, tenant, &id)?) } else { None };
            Ok(Found { items, total })
        })
        .await?;
    Ok(MEMBERS.reply(&call, &list, &page, found))
}

fn shown(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<Map<String, Value>>, ApiError> {
    let Some(row) = users::find(tx, tenant, id)? else { return Ok(None) };
    let profile: Map<String, Value> = serde_json::from_str(&row.profile).map_err(AppError::internal)?;
    let mut shown = Map::from_iter([("user_id".to_owned(), json!(id))]);
    if let Some(email) = row.email {
        shown.insert("email".to_owned(), json!(email));
    }
    for name in ["name", "picture"] {
        if let Some(value) = profile.get(name).filter(|value| value.is_string()) {
            shown.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Some(shown))
}

fn ids(call: &Call) -> Vec<String> {
    let all = call.body.get("members").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// All of them or none.
pub(super) async fn add(call: Call) -> Outcome {
    let (id, users, now) = (call.path("id").to_owned(), ids(&call), call.app.now());
    call.write(move |tx, tenant| {
        find(tx, tenant, &id)?;
        for user in users {
            if users::find(tx, tenant, &user)?.is_none() {
                return Err(ApiError::not_found("The user does not exist.").code("inexistent_user"));
            }
            organization_members::insert(tx, tenant, &id, &user, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

/// Those that are none are passed over.
pub(super) async fn remove(call: Call) -> Outcome {
    let (id, users) = (call.path("id").to_owned(), ids(&call));
    call.write(move |tx, tenant| {
        find(tx, tenant, &id)?;
        for user in users {
            organization_members::delete(tx, tenant, &id, &user)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}
