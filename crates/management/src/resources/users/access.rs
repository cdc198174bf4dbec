//! Roles and permissions of a user (`management-api.md` §5.1, §7).

use keywright_types::{Permission, Timestamp};
use serde_json::{Value, json};

use super::profile::missing;
use super::{PERMISSIONS, ROLES};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::resources::roles::{described, failure, permissions_of, role_json};

pub(super) async fn exists(call: &Call) -> Result<(), ApiError> {
    let user = call.app.user(&call.tenant.id, call.path("id")).await?;
    user.map(drop).ok_or_else(missing)
}

pub(super) async fn roles(call: Call) -> Outcome {
    exists(&call).await?;
    let list = format!("/users/{}/roles", call.path("id"));
    let page = ROLES.page(&call, &list)?;
    let roles = call.app.user_roles(&call.tenant.id, call.path("id")).await?;
    let place = |index: usize| Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
    let items = roles.iter().enumerate().map(|(index, role)| (place(index), role_json(role))).collect();
    Ok(ROLES.reply(&call, &list, &page, Found::of_all(items, &page)))
}

fn role_ids(body: &Value) -> Vec<String> {
    let all = body.get("roles").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

pub(super) async fn assign_roles(call: Call) -> Outcome {
    let ids = role_ids(&call.body);
    call.app.assign_user_roles(&call.tenant.id, call.path("id"), &ids).await.map_err(failure)?;
    Ok(Reply::empty())
}

pub(super) async fn remove_roles(call: Call) -> Outcome {
    let ids = role_ids(&call.body);
    call.app.remove_user_roles(&call.tenant.id, call.path("id"), &ids).await.map_err(failure)?;
    Ok(Reply::empty())
}

/// §7: "User permission items […] add `sources`". Direct ones, and those of roles.
pub(super) async fn permissions(call: Call) -> Outcome {
    exists(&call).await?;
    let (tenant, id) = (&call.tenant.id, call.path("id"));
    let direct = call.app.user_permissions(tenant, id).await?;
    let mut all: Vec<(Permission, Vec<Value>)> = direct
        .into_iter()
        .map(|permission| (permission, vec![json!({ "source_id": "", "source_name": "", "source_type": "DIRECT" })]))
        .collect();
    for role in call.app.user_roles(tenant, id).await? {
        let source = json!({ "source_id": role.id, "source_name": role.name, "source_type": "ROLE" });
        for permission in call.app.role_permissions(tenant, &role.id).await? {
            match all.iter_mut().find(|(own, _)| *own == permission) {
                Some((_, sources)) => sources.push(source.clone()),
                None => all.push((permission, vec![source.clone()])),
            }
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    let permissions: Vec<Permission> = all.iter().map(|(permission, _)| permission.clone()).collect();
    let list = format!("/users/{id}/permissions");
    let page = PERMISSIONS.page(&call, &list)?;
    let mut items = described(&call, &permissions).await?;
    for (_, value) in &mut items {
        let sources = all.iter().find(|(permission, _)| {
            value.get("permission_name") == Some(&json!(permission.permission_name))
                && value.get("resource_server_identifier") == Some(&json!(permission.resource_server_identifier))
        });
        if let (Some((_, sources)), Some(members)) = (sources, value.as_object_mut()) {
            members.insert("sources".to_owned(), json!(sources));
        }
    }
    Ok(PERMISSIONS.reply(&call, &list, &page, Found::of_all(items, &page)))
}

pub(super) async fn add_permissions(call: Call) -> Outcome {
    let permissions = permissions_of(&call.body);
    call.app.add_user_permissions(&call.tenant.id, call.path("id"), &permissions).await.map_err(failure)?;
    Ok(Reply::json(json!({})))
}

pub(super) async fn remove_permissions(call: Call) -> Outcome {
    let permissions = permissions_of(&call.body);
    call.app.remove_user_permissions(&call.tenant.id, call.path("id"), &permissions).await.map_err(failure)?;
    Ok(Reply::empty())
}
