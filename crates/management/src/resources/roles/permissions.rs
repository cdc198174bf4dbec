//! Permissions of a role (`management-api.md` §7).

use std::collections::BTreeMap;

use keywright_app::RoleError;
use keywright_types::{Permission, Timestamp};
use serde_json::{Value, json};

use super::{PERMISSIONS, role};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::schema::{Schema, list as list_of, object, optional, required, text, text_of};

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("The role does not exist.")
}

/// What the rest of the program says of roles and permissions, as it is answered.
pub(crate) fn failure(error: RoleError) -> ApiError {
    match error {
        RoleError::NameTaken => ApiError::conflict("The role already exists."),
        RoleError::UnknownRole => missing(),
        RoleError::UnknownUser => ApiError::not_found("The user does not exist.").code("inexistent_user"),
        RoleError::UnknownApi(_) => {
            ApiError::not_found("The resource server does not exist").code("inexistent_resource_server")
        }
        RoleError::UnknownPermission { audience, permission } => {
            ApiError::invalid_body(format!("The resource server {audience} has no permission {permission}"))
        }
        RoleError::App(error) => error.into(),
    }
}

/// A body with permissions.
pub(crate) fn permissions_schema() -> Schema {
    let one = object(vec![
        required("permission_name", text_of(1, 280)),
        required("resource_server_identifier", text_of(1, 600)),
    ]);
    object(vec![required("permissions", list_of(one).sized(1, 1000))]).named("Permissions")
}

/// The permissions of such a body.
pub(crate) fn permissions_of(body: &Value) -> Vec<Permission> {
    let all = body.get("permissions").and_then(Value::as_array).into_iter().flatten();
    let one = |value: &Value| {
        let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Permission {
            resource_server_identifier: text("resource_server_identifier")?,
            permission_name: text("permission_name")?,
        })
    };
    all.filter_map(one).collect()
}

/// What is answered of a permission.
pub(crate) fn item() -> Schema {
    let names = ["permission_name", "description", "resource_server_name", "resource_server_identifier"];
    object(names.map(|name| optional(name, text())).to_vec()).named("RolePermission")
}

pub(super) async fn list(call: Call) -> Outcome {
    let role = role::find(&call).await?;
    let list = format!("/roles/{}/permissions", role.id);
    let page = PERMISSIONS.page(&call, &list)?;
    let permissions = call.app.role_permissions(&call.tenant.id, &role.id).await?;
    let found = Found::of_all(described(&call, &permissions).await?, &page);
    Ok(PERMISSIONS.reply(&call, &list, &page, found))
}

/// Permissions with what their APIs say of them; those that their APIs no longer define are left out (§1.14).
pub(crate) async fn described(call: &Call, permissions: &[Permission]) -> Result<Vec<(Position, Value)>, ApiError> {
    let mut apis = BTreeMap::new();
    for permission in permissions {
        let identifier = &permission.resource_server_identifier;
        if !apis.contains_key(identifier) {
            apis.insert(identifier.clone(), call.app.api(&call.tenant.id, identifier).await?);
        }
    }
    let mut items = Vec::new();
    for (index, permission) in permissions.iter().enumerate() {
        let Some(Some(record)) = apis.get(&permission.resource_server_identifier) else { continue };
        let Some(scope) = record.api.scopes.iter().find(|scope| scope.value == permission.permission_name) else {
            continue;
        };
        let value = json!({
            "permission_name": permission.permission_name,
            "description": scope.description.as_deref().unwrap_or_default(),
            "resource_server_name": record.api.name,
            "resource_server_identifier": permission.resource_server_identifier,
        });
        items.push((Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") }, value));
    }
    Ok(items)
}

pub(super) async fn add(call: Call) -> Outcome {
    let permissions = permissions_of(&call.body);
    call.app.add_role_permissions(&call.tenant.id, call.path("id"), &permissions).await.map_err(failure)?;
    Ok(Reply::json(json!({})))
}

pub(super) async fn remove(call: Call) -> Outcome {
    let permissions = permissions_of(&call.body);
    call.app.remove_role_permissions(&call.tenant.id, call.path("id"), &permissions).await.map_err(failure)?;
    Ok(Reply::empty())
}
