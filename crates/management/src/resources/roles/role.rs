//! Roles themselves (`management-api.md` §7).

use keywright_app::RoleError;
use keywright_types::{Role, Timestamp};
use serde_json::{Value, json};

use super::PAGING;
use super::permissions::{failure, missing};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::schema::{Schema, list as list_of, object, optional, text};

/// What is answered of a role.
pub(crate) fn role_schema() -> Schema {
    object(["id", "name", "description"].map(|name| optional(name, text())).to_vec()).named("Role")
}

/// The same with where the user has it from.
pub(crate) fn effective_role_schema() -> Schema {
    let mut members = ["id", "name", "description"].map(|name| optional(name, text())).to_vec();
    members.push(optional("sources", list_of(text()).about("Where it is from: direct.")));
    object(members).named("EffectiveRole")
}

/// A role, and that it was given to the user and not to a group of theirs: there are no groups.
pub(crate) fn effective_role(role: &Role) -> Value {
    json!({ "id": role.id, "name": role.name, "description": role.description, "sources": ["direct"] })
}

/// A role as it is answered.
pub(crate) fn role_json(role: &Role) -> Value {
    json!({ "id": role.id, "name": role.name, "description": role.description })
}

pub(super) async fn list(call: Call) -> Outcome {
    let part = call.query.text("name_filter").unwrap_or_default().to_lowercase();
    let page = PAGING.page(&call, "/roles")?;
    let roles = call.app.roles(&call.tenant.id).await?;
    let wanted = roles.iter().filter(|role| role.name.to_lowercase().contains(&part)).enumerate();
    // They come in the order of creation; their places only have to keep it.
    let place = |index: usize| Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
    let found = Found::of_all(wanted.map(|(index, role)| (place(index), role_json(role))).collect(), &page);
    Ok(PAGING.reply(&call, "/roles", &page, found))
}

pub(super) async fn create(call: Call) -> Outcome {
    let (name, description) = (call.text("name").unwrap_or_default(), call.text("description").unwrap_or_default());
    let made = call.app.create_role(&call.tenant.id, name, description).await;
    made.map(|role| Reply::json(role_json(&role))).map_err(failure)
}

pub(super) async fn get(call: Call) -> Outcome {
    Ok(Reply::json(role_json(&find(&call).await?)))
}

pub(super) async fn update(call: Call) -> Outcome {
    let mut role = find(&call).await?;
    if let Some(name) = call.text("name") {
        name.clone_into(&mut role.name);
    }
    if let Some(description) = call.text("description") {
        description.clone_into(&mut role.description);
    }
    call.app.update_role(&call.tenant.id, &role).await.map_err(failure)?;
    Ok(Reply::json(role_json(&role)))
}

pub(super) async fn delete(call: Call) -> Outcome {
    // §1.9: "404 for roles".
    let deleted = call.app.delete_role(&call.tenant.id, call.path("id")).await?;
    if deleted { Ok(Reply::json(json!({}))) } else { Err(missing()) }
}

/// The role that the path names.
pub(super) async fn find(call: &Call) -> Result<Role, ApiError> {
    let found = call.app.role(&call.tenant.id, call.path("id")).await?;
    found.ok_or_else(|| failure(RoleError::UnknownRole))
}
