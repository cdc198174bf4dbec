//! Which applications may use a connection, from both sides (`management-api.md` §4.1, §4.7).

use keywright_store::connections::{self, ConnectionRow};
use keywright_store::{Tx, clients};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::document::show;
use super::fields;
use super::list::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::names;
use crate::operation::Outcome;
use crate::paging::{Found, Paging, Position};
use crate::projection::Projection;

/// Applications of a connection: "`?take` up to 1000".
pub(super) const PAGING: Paging = Paging { most: 1000, ..Paging::checkpoints("clients") };
/// Connections of an application.
pub(super) const CONNECTIONS: Paging = Paging::checkpoints("connections");

pub(super) async fn list(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let name = format!("/connections/{id}/clients");
    let page = PAGING.page(&call, &name)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            let row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut enabled = enabled(&row);
            enabled.sort_unstable();
            enabled.dedup();
            // The list has no times; it is in the order of the identifiers.
            let entry = |client: String| {
                let value = json!({ "client_id": client });
                (Position { created_at: Timestamp::UNIX_EPOCH, id: client }, value)
            };
            Ok(Found::of_all(enabled.into_iter().map(entry).collect(), &asked))
        })
        .await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}

/// "delta semantics": what is not named stays.
pub(super) async fn update(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let changes: Vec<(String, bool)> = call
        .body
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|change| Some((change.get("client_id")?.as_str()?.to_owned(), change.get("status")?.as_bool()?)))
        .collect();
    call.configure(move |tx, tenant| {
        let mut row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
        let mut enabled = enabled(&row);
        for (client, status) in changes {
            enabled.retain(|own| *own != client);
            if status {
                exists(tx, tenant, &client)?;
                enabled.push(client);
            }
        }
        let mut document: Map<String, Value> =
            serde_json::from_str(&row.document).map_err(keywright_app::AppError::internal)?;
        document.insert("enabled_clients".to_owned(), json!(enabled));
        row.document = Value::Object(document).to_string();
        // The sealed options stay as they are.
        row.options = None;
        row.updated_at = now;
        connections::update(tx, tenant, &row)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

pub(super) async fn connections(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields::all()))?;
    let id = call.path("id").to_owned();
    let strategies: Option<Vec<String>> =
        call.query.texts("strategy").map(|all| all.into_iter().map(str::to_owned).collect());
    let name = format!("/clients/{id}/connections?{strategies:?}");
    let page = CONNECTIONS.page(&call, &name)?;
    let (asked, app) = (page.clone(), call.app.clone());
    let found = call
        .read(move |tx, tenant| {
            exists(tx, tenant, &id)?;
            let mut all = Vec::new();
            for row in connections::list(tx, tenant)? {
                let wanted = strategies.as_ref().is_none_or(|all| all.contains(&row.strategy));
                if wanted && enabled(&row).contains(&id) {
                    let shown = projection.apply(show(&app, tenant, &row)?);
                    all.push((Position { created_at: row.created_at, id: row.id }, shown));
                }
            }
            Ok(Found::of_all(all, &asked))
        })
        .await?;
    Ok(CONNECTIONS.reply(&call, &name, &page, found))
}

fn exists(tx: &mut Tx<'_>, tenant: &TenantId, client_id: &str) -> Result<(), ApiError> {
    let found = clients::find(tx, tenant, client_id)?;
    found.map(drop).ok_or_else(|| ApiError::not_found("The client does not exist").code("inexistent_client"))
}

fn enabled(row: &ConnectionRow) -> Vec<String> {
    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
    let enabled = document.get("enabled_clients").and_then(Value::as_array);
    enabled.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
