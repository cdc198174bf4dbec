//! Connections of an organization, in two views of one list (`management-api.md` §8.2).

use keywright_app::AppError;
use keywright_store::{Tx, connections, organizations};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::organization::find;
use super::{CONNECTIONS, ENABLED};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};

/// Which view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// `/enabled_connections`: those that are enabled.
    Enabled,
    /// `/connections`: all of them, with further members.
    All,
}

/// Members of the newer view alone.
const NEWER: [&str; 3] = ["organization_connection_name", "organization_access_level", "is_enabled"];

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("No connection found by that id")
}

/// The connections of the view, as they are answered.
fn all(tx: &mut Tx<'_>, tenant: &TenantId, id: &str, view: View) -> Result<Vec<Value>, ApiError> {
    find(tx, tenant, id)?;
    let mut shown = Vec::new();
    for (document, enabled) in organizations::all_connections(tx, tenant, id)? {
        if view == View::Enabled && !enabled {
            continue;
        }
        let document: Map<String, Value> = serde_json::from_str(&document).map_err(AppError::internal)?;
        shown.push(show(tx, tenant, document, enabled, view)?);
    }
    Ok(shown)
}

fn show(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    mut document: Map<String, Value>,
    enabled: bool,
    view: View,
) -> Result<Value, ApiError> {
    for (name, default) in
        [("assign_membership_on_login", false), ("show_as_button", true), ("is_signup_enabled", false)]
    {
        document.entry(name).or_insert(json!(default));
    }
    let id = document.get("connection_id").and_then(Value::as_str).unwrap_or_default();
    if let Some(row) = connections::find(tx, tenant, id)? {
        document.insert("connection".to_owned(), json!({ "name": row.name, "strategy": row.strategy }));
    }
    document.insert("is_enabled".to_owned(), json!(enabled));
    if view == View::Enabled {
        document.retain(|name, _| !NEWER.contains(&name.as_str()));
    }
    Ok(Value::Object(document))
}

pub(super) async fn list(call: Call, view: View) -> Outcome {
    let paging = if view == View::Enabled { ENABLED } else { CONNECTIONS };
    let id = call.path("id").to_owned();
    let list = format!("/organizations/{id}/{view:?}");
    let (page, wanted) = (paging.page(&call, &list)?, call.query.flag("is_enabled"));
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            let mut shown = all(tx, tenant, &id, view)?;
            shown.retain(|one| wanted.is_none_or(|wanted| one.get("is_enabled") == Some(&json!(wanted))));
            // They come in the order in which they were added; their places only have to keep it.
            let place = |index: usize| Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
            let placed = shown.into_iter().enumerate().map(|(index, one)| (place(index), one));
            Ok(Found::of_all(placed.collect(), &asked))
        })
        .await?;
    Ok(paging.reply(&call, &list, &page, found))
}

pub(super) async fn get(call: Call, view: View) -> Outcome {
    let (id, wanted) = (call.path("id").to_owned(), json!(call.path("connection_id")));
    let shown = call.read(move |tx, tenant| all(tx, tenant, &id, view)).await?;
    let one = shown.into_iter().find(|one| one.get("connection_id") == Some(&wanted));
    one.map(Reply::json).ok_or_else(missing)
}

pub(super) async fn create(call: Call, view: View) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let shown = call
        .configure(move |tx, tenant| {
            let wanted = body.get("connection_id").cloned().unwrap_or_default();
            let others = all(tx, tenant, &id, View::All)?;
            if others.iter().any(|one| one.get("connection_id") == Some(&wanted)) {
                return Err(ApiError::conflict("The connection has already been added to this organization."));
            }
            insert(tx, tenant, &id, &body, view, now)
        })
        .await?;
    Ok(Reply::json(shown))
}

/// Adds a connection to an organization that is there.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    body: &Map<String, Value>,
    view: View,
    now: Timestamp,
) -> Result<Value, ApiError> {
    put(tx, tenant, id, body.clone(), view, now)
}

fn put(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    mut document: Map<String, Value>,
    view: View,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let enabled = document.remove("is_enabled") != Some(json!(false));
    document.retain(|_, value| !value.is_null());
    let connection_id = document.get("connection_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let row = connections::find(tx, tenant, &connection_id)?;
    let row = row.ok_or_else(|| ApiError::not_found("The connection does not exist").code("inexistent_connection"))?;
    let is = |name: &str| document.get(name) == Some(&json!(true));
    // §1.10.
    if is("is_signup_enabled") && !(row.strategy == "auth0" && is("assign_membership_on_login")) {
        return Err(ApiError::invalid_body(
            "Only database connections with assign_membership_on_login = true support is_signup_enabled = true.",
        ));
    }
    organizations::put_connection(tx, tenant, id, &connection_id, &Value::Object(document.clone()).to_string(), now)?;
    organizations::switch_connection(tx, tenant, id, &connection_id, enabled)?;
    show(tx, tenant, document, enabled, view)
}

pub(super) async fn update(call: Call, view: View) -> Outcome {
    let (id, wanted, body) = (call.path("id").to_owned(), call.path("connection_id").to_owned(), call.members());
    let now = call.app.now();
    let shown = call
        .configure(move |tx, tenant| {
            find(tx, tenant, &id)?;
            for (document, enabled) in organizations::all_connections(tx, tenant, &id)? {
                let mut document: Map<String, Value> = serde_json::from_str(&document).map_err(AppError::internal)?;
                let is_it = document.get("connection_id").and_then(Value::as_str) == Some(&wanted);
                if is_it && (enabled || view == View::All) {
                    document.insert("is_enabled".to_owned(), json!(enabled));
                    document.extend(body);
                    return put(tx, tenant, &id, document, view, now);
                }
            }
            Err(missing())
        })
        .await?;
    Ok(Reply::json(shown))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let (id, connection) = (call.path("id").to_owned(), call.path("connection_id").to_owned());
    call.configure(move |tx, tenant| {
        find(tx, tenant, &id)?;
        organizations::delete_connection(tx, tenant, &id, &connection)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}
