//! `GET /clients` and `GET /clients/{id}` (`management-api.md` §2.1).

use std::collections::BTreeSet;

use keywright_store::clients::{self, ClientRow};
use keywright_store::{Range, Tx, client_grants, organization_client_grants};
use keywright_types::TenantId;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Presentation, Visibility};
use super::{PAGING, fields};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::names;
use crate::operation::Outcome;
use crate::paging::{Found, Page, Position, needs_take};
use crate::projection::Projection;
use crate::query::Query;

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("The client does not exist").code("inexistent_client")
}

pub(super) async fn list(call: Call) -> Outcome {
    let presentation = presentation(&call).await?;
    let filter = Filter::of(&call.query)?;
    // What a checkpoint is good for depends on what the list was filtered by.
    let name = format!("/clients?{filter:?}");
    let page = PAGING.page(&call, &name)?;
    let found = call
        .read({
            let page = page.clone();
            move |tx, tenant| filter.find(tx, tenant, &page, &presentation)
        })
        .await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let presentation = presentation(&call).await?;
    let id = call.path("id").to_owned();
    let client = call
        .read(move |tx, tenant| {
            let row = clients::find(tx, tenant, &id)?.ok_or_else(missing)?;
            presentation.show(&row)
        })
        .await?;
    Ok(Reply::json(client))
}

async fn presentation(call: &Call) -> Result<Presentation, ApiError> {
    let visibility = Visibility::of_reader(&call.bearer);
    let projection = Projection::of(&call.query, &names(&fields::all()))?;
    visibility.check(&projection)?;
    Presentation::of(&call.app, &call.tenant, visibility, Some(projection)).await
}

/// Which applications are wanted.
#[derive(Clone, Debug)]
struct Filter {
    global: Option<bool>,
    first_party: Option<bool>,
    app_types: Option<Vec<String>>,
    external_client_id: Option<String>,
    grants: Option<GrantQuery>,
}

/// `q` of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GrantQuery {
    /// Applications with a grant for any organization.
    AnyOrganization,
    /// Applications with a grant for this organization.
    Organization(String),
}

/// The members that a filter looks at.
#[derive(Deserialize)]
struct Filtered {
    #[serde(default = "yes")]
    is_first_party: bool,
    app_type: Option<String>,
    external_client_id: Option<String>,
}

fn yes() -> bool {
    true
}

impl Filter {
    fn of(query: &Query) -> Result<Self, ApiError> {
        let grants = match query.text("q") {
            None => None,
            Some(_) if !query.has("take") && !query.has("from") => return Err(needs_take("q")),
            Some("client_grant.allow_any_organization:true") => Some(GrantQuery::AnyOrganization),
            Some(q) => match q.strip_prefix("client_grant.organization_id:") {
                Some(id) => Some(GrantQuery::Organization(id.to_owned())),
                None => {
                    return Err(ApiError::bad_request("The query q is not one of those that are possible here")
                        .code("invalid_query_string"));
                }
            },
        };
        Ok(Self {
            global: query.flag("is_global"),
            first_party: query.flag("is_first_party"),
            app_types: query.texts("app_type").map(|kinds| kinds.into_iter().map(str::to_owned).collect()),
            external_client_id: query.text("external_client_id").map(str::to_owned),
            grants,
        })
    }

    /// Whether an index finds what is wanted.
    fn is_plain(&self) -> bool {
        self.first_party.is_none()
            && self.app_types.is_none()
            && self.external_client_id.is_none()
            && self.grants.is_none()
    }

    fn find(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        page: &Page,
        presentation: &Presentation,
    ) -> Result<Found, ApiError> {
        let entry = |row: &ClientRow| {
            Ok((Position { created_at: row.created_at, id: row.client_id.clone() }, presentation.show(row)?))
        };
        let global = global(tx, tenant)?;
        if self.global == Some(true) {
            let all = global.iter().map(entry).collect::<Result<Vec<_>, ApiError>>()?;
            return Ok(Found::of_all(all, page));
        }
        let except = global.filter(|_| self.global == Some(false)).map(|row| row.client_id);
        if self.is_plain() {
            let range = Range {
                after: page.after.created_at,
                after_id: page.after.id.clone(),
                skip: page.skip,
                limit: page.wanted(),
            };
            let rows = clients::page(tx, tenant, &range, except.as_deref().unwrap_or_default())?;
            let total =
                if page.with_total() { Some(clients::count(tx, tenant)? - i64::from(except.is_some())) } else { None };
            return Ok(Found { items: rows.iter().map(entry).collect::<Result<_, ApiError>>()?, total });
        }
        // No index knows these members. What is not wanted is neither opened nor answered.
        let granted = self.granted(tx, tenant)?;
        let rows = clients::list(tx, tenant)?;
        let wanted = rows
            .iter()
            .filter(|row| except.as_deref() != Some(row.client_id.as_str()) && self.wants(row, granted.as_ref()));
        let positions: Vec<&ClientRow> = wanted.collect();
        let places = positions
            .iter()
            .map(|row| (Position { created_at: row.created_at, id: row.client_id.clone() }, Value::Null));
        let Found { items, total } = Found::of_all(places.collect(), page);
        let shown = items.into_iter().filter_map(|(place, _)| positions.iter().find(|row| row.client_id == place.id));
        Ok(Found { items: shown.map(|row| entry(row)).collect::<Result<_, ApiError>>()?, total })
    }

    fn granted(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<BTreeSet<String>>, ApiError> {
        Ok(match &self.grants {
            None => None,
            Some(GrantQuery::Organization(id)) => {
                let mut granted = BTreeSet::new();
                for grant in organization_client_grants::list(tx, tenant, id)? {
                    granted.extend(client_grants::find_by_id(tx, tenant, &grant)?.map(|row| row.client_id));
                }
                Some(granted)
            }
            Some(GrantQuery::AnyOrganization) => {
                let rows = client_grants::page(tx, tenant, &Range::first(i64::MAX))?;
                let any = rows.into_iter().filter(|row| {
                    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
                    document.get("allow_any_organization") == Some(&Value::Bool(true))
                });
                Some(any.map(|row| row.client_id).collect())
            }
        })
    }

    fn wants(&self, row: &ClientRow, granted: Option<&BTreeSet<String>>) -> bool {
        let Ok(own) = serde_json::from_str::<Filtered>(&row.document) else { return false };
        let kind = own.app_type.unwrap_or_default();
        self.first_party.is_none_or(|wanted| wanted == own.is_first_party)
            && self.app_types.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            && self.external_client_id.as_ref().is_none_or(|wanted| own.external_client_id.as_ref() == Some(wanted))
            && granted.is_none_or(|granted| granted.contains(&row.client_id))
    }
}

/// The application that is none (§2.6).
pub(super) fn global(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Option<ClientRow>, ApiError> {
    let named = clients::find_by_name(tx, tenant, keywright_app::GLOBAL_CLIENT)?;
    Ok(named.into_iter().find(is_global))
}

/// Whether it is the application that is none.
pub(super) fn is_global(row: &ClientRow) -> bool {
    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
    document.get("global") == Some(&Value::Bool(true))
}
