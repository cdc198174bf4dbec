//! `GET /client-grants` and `GET /client-grants/{id}` (`management-api.md` §3.2).

use keywright_app::AppError;
use keywright_store::client_grants::{self, ClientGrantRow};
use keywright_store::{Range, Tx};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use super::PAGING;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Page, Position};
use crate::query::Query;

/// §1.9.
pub(crate) fn missing() -> ApiError {
    ApiError::not_found("The client grant does not exist.")
}

/// The grant as it is answered: "response shows "client" by default".
pub(crate) fn show(row: &ClientGrantRow) -> Result<Value, ApiError> {
    let mut document = document(row)?;
    document.insert("subject_type".to_owned(), json!(row.subject_type));
    document.entry("scope").or_insert_with(|| json!([]));
    Ok(Value::Object(document))
}

/// The stored document.
pub(super) fn document(row: &ClientGrantRow) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of client grant {}: {error}", row.id)).into())
}

pub(super) async fn list(call: Call) -> Outcome {
    let filter = Filter::of(&call.query);
    let name = format!("/client-grants?{filter:?}");
    let page = PAGING.page(&call, &name)?;
    let wanted = page.clone();
    let found = call.read(move |tx, tenant| filter.find(tx, tenant, &wanted)).await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let grant = call.read(move |tx, tenant| show(&client_grants::find_by_id(tx, tenant, &id)?.ok_or_else(missing)?));
    Ok(Reply::json(grant.await?))
}

/// Which grants are wanted.
#[derive(Debug)]
struct Filter {
    audience: Option<String>,
    client_id: Option<String>,
    any_organization: Option<bool>,
    subject_type: Option<String>,
    default_for: bool,
}

impl Filter {
    fn of(query: &Query) -> Self {
        let text = |name| query.text(name).map(str::to_owned);
        Self {
            audience: text("audience"),
            client_id: text("client_id"),
            any_organization: query.flag("allow_any_organization"),
            subject_type: text("subject_type"),
            default_for: query.has("default_for"),
        }
    }

    fn find(&self, tx: &mut Tx<'_>, tenant: &TenantId, page: &Page) -> Result<Found, ApiError> {
        // There are no grants for all applications of a kind.
        if self.default_for {
            return Ok(Found { items: Vec::new(), total: Some(0) });
        }
        let rows = match (&self.client_id, &self.audience) {
            (Some(client), _) => client_grants::list_for_client(tx, tenant, client)?,
            (None, Some(audience)) => client_grants::list_for_audience(tx, tenant, audience)?,
            (None, None) if self.any_organization.is_none() && self.subject_type.is_none() => {
                let range = Range {
                    after: page.after.created_at,
                    after_id: page.after.id.clone(),
                    skip: page.skip,
                    limit: page.wanted(),
                };
                let items = client_grants::page(tx, tenant, &range)?.iter().map(entry).collect::<Result<_, _>>()?;
                let total = if page.with_total() { Some(client_grants::count(tx, tenant)?) } else { None };
                return Ok(Found { items, total });
            }
            (None, None) => client_grants::page(tx, tenant, &Range::first(i64::MAX))?,
        };
        let wanted: Result<Vec<_>, ApiError> = rows.iter().filter(|row| self.wants(row)).map(entry).collect();
        Ok(Found::of_all(wanted?, page))
    }

    fn wants(&self, row: &ClientGrantRow) -> bool {
        let any = || document(row).ok().and_then(|own| own.get("allow_any_organization")?.as_bool()).unwrap_or(false);
        self.audience.as_ref().is_none_or(|wanted| *wanted == row.audience)
            && self.subject_type.as_ref().is_none_or(|wanted| *wanted == row.subject_type)
            && self.any_organization.is_none_or(|wanted| wanted == any())
    }
}

fn entry(row: &ClientGrantRow) -> Result<(Position, Value), ApiError> {
    Ok((Position { created_at: row.created_at, id: row.id.clone() }, show(row)?))
}
