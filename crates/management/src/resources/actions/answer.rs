//! What is answered of actions, versions and bindings (`management-api.md` §15.1).

use keywright_app::AppError;
use keywright_store::action_bindings::ActionBindingRow;
use keywright_store::action_versions::ActionVersionRow;
use keywright_store::actions::ActionRow;
use keywright_types::ActionContent;
use serde_json::{Value, json};

use super::content::nanoseconds;
use crate::error::ApiError;
use crate::json::set;
use crate::schema::{Member, Schema, anything, boolean, integer, list, object, open_object, optional, text};

fn texts(names: &[&'static str]) -> Vec<Member> {
    names.iter().map(|name| optional(name, text())).collect()
}

fn content_members() -> Vec<Member> {
    let trigger = object(texts(&["id", "version"]));
    let secret = object(texts(&["name", "updated_at"]));
    vec![
        optional("code", text()),
        optional("dependencies", list(object(texts(&["name", "version", "registry_url"])))),
        optional("runtime", text()),
        optional("supported_triggers", list(trigger)),
        optional("secrets", list(secret)),
        optional("modules", list(anything())),
        optional("status", text()),
    ]
}

pub(super) fn action_schema() -> Schema {
    let own = texts(&["id", "name", "built_at", "created_at", "updated_at"]);
    let more = vec![optional("all_changes_deployed", boolean()), optional("deployed_version", version_schema())];
    object([own, content_members(), more].concat()).named("Action")
}

pub(super) fn version_schema() -> Schema {
    let own = texts(&["id", "action_id", "built_at", "created_at", "updated_at"]);
    let more = vec![
        optional("number", integer(1, i64::MAX)),
        optional("deployed", boolean()),
        optional("action", open_object()),
        optional("errors", list(anything())),
    ];
    object([own, content_members(), more].concat()).named("ActionVersion")
}

pub(super) fn binding_schema() -> Schema {
    let own = texts(&["id", "trigger_id", "display_name", "created_at", "updated_at"]);
    let secret = object(texts(&["name", "updated_at"]));
    object([own, vec![optional("action", action_schema()), optional("secrets", list(secret))]].concat())
        .named("ActionBinding")
}

/// The content of a stored document.
pub(super) fn content(document: &str) -> Result<ActionContent, ApiError> {
    Ok(serde_json::from_str(document).map_err(AppError::internal)?)
}

fn content_json(content: &ActionContent) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(content).map_err(AppError::internal)?;
    set(&mut value, "status", json!("built"));
    Ok(value)
}

/// An action with the version that is deployed.
pub(super) fn action(row: &ActionRow, deployed: Option<&ActionVersionRow>) -> Result<Value, ApiError> {
    let draft = content(&row.document)?;
    let mut value = content_json(&draft)?;
    let updated_at = nanoseconds(row.updated_at);
    for (name, own) in [
        ("id", json!(row.action_id)),
        ("name", json!(row.name)),
        ("created_at", json!(nanoseconds(row.created_at))),
        ("updated_at", json!(updated_at)),
        ("built_at", json!(updated_at)),
    ] {
        set(&mut value, name, own);
    }
    // What was deployed is what the draft says, times of secrets included.
    let same = match deployed {
        Some(version) => content(&version.document)? == draft,
        None => false,
    };
    set(&mut value, "all_changes_deployed", json!(same));
    if let Some(version) = deployed {
        set(&mut value, "deployed_version", version_json(version, true)?);
    }
    Ok(value)
}

fn version_json(row: &ActionVersionRow, deployed: bool) -> Result<Value, ApiError> {
    let mut value = content_json(&content(&row.document)?)?;
    let created_at = nanoseconds(row.created_at);
    for (name, own) in [
        ("id", json!(row.version_id)),
        ("action_id", json!(row.action_id)),
        ("number", json!(row.number)),
        ("deployed", json!(deployed)),
        ("created_at", json!(created_at)),
        ("updated_at", json!(created_at)),
        ("built_at", json!(created_at)),
    ] {
        set(&mut value, name, own);
    }
    Ok(value)
}

/// A version with its action.
pub(super) fn version(row: &ActionVersionRow, deployed: bool, action: &ActionRow) -> Result<Value, ApiError> {
    let mut value = version_json(row, deployed)?;
    let draft = content(&action.document)?;
    let of = json!({
        "id": action.action_id,
        "name": action.name,
        "supported_triggers": draft.supported_triggers,
        "created_at": nanoseconds(action.created_at),
        "updated_at": nanoseconds(action.updated_at),
    });
    set(&mut value, "action", of);
    Ok(value)
}

/// A binding with its action.
pub(super) fn binding(row: &ActionBindingRow, action: &Value) -> Result<Value, ApiError> {
    let document: Value = serde_json::from_str(&row.document).map_err(AppError::internal)?;
    Ok(json!({
        "id": row.binding_id,
        "trigger_id": row.trigger_id,
        "display_name": row.display_name,
        "action": action,
        "secrets": document.get("secrets").cloned().unwrap_or_else(|| json!([])),
        "created_at": nanoseconds(row.created_at),
        "updated_at": nanoseconds(row.updated_at),
    }))
}
