//! Organizations themselves (`management-api.md` §8.1).

use keywright_app::AppError;
use keywright_store::organizations::{self, OrganizationRow};
use keywright_store::{Range, Tx};
use keywright_types::{Organization, TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::connections::{self, View};
use super::{PAGING, fields};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge, names};
use crate::json::set;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("No organization found by that id or name")
}

/// The organization that the path names.
pub(super) fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<OrganizationRow, ApiError> {
    organizations::find(tx, tenant, id)?.ok_or_else(missing)
}

/// The stored document, which is what is answered.
pub(super) fn document(row: &OrganizationRow) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of {}: {error}", row.organization_id)).into())
}

/// Members that `read:organizations_summary` alone shows.
const SUMMARY: [&str; 3] = ["id", "name", "display_name"];

fn shown(call: &Call, row: &OrganizationRow) -> Result<Map<String, Value>, ApiError> {
    let mut document = document(row)?;
    if !call.bearer.scopes.contains("read:organizations") {
        document.retain(|name, _| SUMMARY.contains(&name.as_str()));
    }
    Ok(document)
}

pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields()))?;
    let (sort, q) = (call.query.text("sort").map(str::to_owned), call.query.text("q").map(str::to_lowercase));
    let list = format!("/organizations?{sort:?}{q:?}");
    let page = PAGING.page(&call, &list)?;
    let (asked, reader) = (page.clone(), call.clone());
    let found = call
        .read(move |tx, tenant| {
            let entry = |row: &OrganizationRow| {
                let place = Position { created_at: row.created_at, id: row.organization_id.clone() };
                Ok((place, projection.apply(shown(&reader, row)?)))
            };
            if sort.is_none() && q.is_none() {
                let range = Range {
                    after: asked.after.created_at,
                    after_id: asked.after.id.clone(),
                    skip: asked.skip,
                    limit: asked.wanted(),
                };
                let rows = organizations::page(tx, tenant, &range)?;
                let items = rows.iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
                let total = if asked.with_total() { Some(organizations::count(tx, tenant)?) } else { None };
                return Ok(Found { items, total });
            }
            let mut rows = organizations::page(tx, tenant, &Range::first(i64::MAX))?;
            if let Some(part) = &q {
                let has = |row: &OrganizationRow| {
                    let shown = member(row, "display_name").to_lowercase();
                    row.name.contains(part.as_str()) || shown.contains(part.as_str())
                };
                rows.retain(has);
            }
            let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
            if let Some((by, direction)) = sort.as_deref().and_then(|sort| sort.split_once(':')) {
                let key = |row: &OrganizationRow| match by {
                    "name" => row.name.clone(),
                    "created_at" => format!("{:.9}", row.created_at),
                    by => member(row, by),
                };
                let mut keyed: Vec<_> = rows.iter().map(key).zip(entries).collect();
                keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
                if direction == "-1" {
                    keyed.reverse();
                }
                // Their places only have to keep the order.
                entries = keyed
                    .into_iter()
                    .enumerate()
                    .map(|(index, (_, (_, value)))| {
                        (Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") }, value)
                    })
                    .collect();
            }
            Ok(Found::of_all(entries, &asked))
        })
        .await?;
    Ok(PAGING.reply(&call, &list, &page, found))
}

/// A text of the document; empty where it is none.
fn member(row: &OrganizationRow, name: &str) -> String {
    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
    document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let row = call.read(move |tx, tenant| find(tx, tenant, &id)).await?;
    Ok(Reply::json(Value::Object(shown(&call, &row)?)))
}

/// "name lookup is lower-cased".
pub(super) async fn get_by_name(call: Call) -> Outcome {
    let name = call.path("name").to_lowercase();
    let row = call.read(move |tx, tenant| organizations::find_by_name(tx, tenant, &name)?.ok_or_else(missing)).await?;
    Ok(Reply::json(Value::Object(shown(&call, &row)?)))
}

pub(super) async fn create(call: Call) -> Outcome {
    let mut body = call.members();
    let enabled = body.remove("enabled_connections");
    let mut document = created(&fields(), body);
    let id = format!("org_{}", call.app.random().identifier(16));
    document.insert("id".to_owned(), json!(id));
    let now = call.app.now();
    let row = OrganizationRow {
        organization_id: id.clone(),
        name: read(&document)?.name,
        document: Value::Object(document.clone()).to_string(),
        created_at: now,
        updated_at: now,
    };
    let written = call.configure(move |tx, tenant| {
        organizations::insert(tx, tenant, &row)?;
        let Some(Value::Array(connections)) = enabled else { return Ok(None) };
        let mut shown = Vec::new();
        for connection in connections {
            let members = connection.as_object().cloned().unwrap_or_default();
            shown.push(connections::insert(tx, tenant, &row.organization_id, &members, View::Enabled, now)?);
        }
        Ok(Some(shown))
    });
    let enabled = written.await.map_err(taken)?;
    let mut answer = Value::Object(document);
    if let Some(enabled) = enabled {
        set(&mut answer, "enabled_connections", json!(enabled));
    }
    Ok(Reply::json(answer))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let written = call.configure(move |tx, tenant| {
        let mut row = find(tx, tenant, &id)?;
        let mut document = document(&row)?;
        merge(&fields(), &mut document, body);
        // "`{}` clears and the key disappears".
        if document.get("metadata") == Some(&json!({})) {
            document.remove("metadata");
        }
        row.name = read(&document)?.name;
        row.document = Value::Object(document.clone()).to_string();
        row.updated_at = now;
        organizations::update(tx, tenant, &row)?;
        Ok(document)
    });
    Ok(Reply::json(Value::Object(written.await.map_err(taken)?)))
}

/// §1.9: "404 for […] organizations".
pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| {
        find(tx, tenant, &id)?;
        organizations::delete(tx, tenant, &id)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

/// What is stored has to be what the rest of the program can read.
fn read(document: &Map<String, Value>) -> Result<Organization, ApiError> {
    serde_json::from_value(Value::Object(document.clone()))
        .map_err(|error| ApiError::invalid_body("The organization cannot be read").cause(error))
}

/// §1.10.
fn taken(error: ApiError) -> ApiError {
    error.when("organizations_name_key", || {
        ApiError::conflict("An organization with this name already exists").code("organization_conflict")
    })
}
