//! `GET /resource-servers` and `GET /resource-servers/{id}` (`management-api.md` §3.1).

use keywright_store::resource_servers::{self, ResourceServerRow};
use keywright_store::{Range, Tx};
use keywright_types::TenantId;

use super::PAGING;
use super::answer::show;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("The resource server does not exist").code("inexistent_resource_server")
}

/// §3.1: "id or percent-encoded identifier".
pub(super) fn find(tx: &mut Tx<'_>, tenant: &TenantId, name: &str) -> Result<Option<ResourceServerRow>, ApiError> {
    if let Some(row) = resource_servers::find(tx, tenant, name)? {
        return Ok(Some(row));
    }
    Ok(resource_servers::find_by_identifier(tx, tenant, name)?)
}

pub(super) async fn list(call: Call) -> Outcome {
    let page = PAGING.page(&call, "/resource-servers")?;
    let identifiers: Option<Vec<String>> =
        call.query.texts("identifiers").map(|all| all.into_iter().map(str::to_owned).collect());
    let (app, wanted) = (call.app.clone(), page.clone());
    let found = call
        .read(move |tx, tenant| {
            let entry = |row: &ResourceServerRow| {
                Ok((Position { created_at: row.created_at, id: row.id.clone() }, show(&app, tenant, row)?))
            };
            if let Some(identifiers) = identifiers {
                let mut rows = Vec::new();
                for identifier in identifiers {
                    rows.extend(resource_servers::find_by_identifier(tx, tenant, &identifier)?);
                }
                rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
                rows.dedup_by(|a, b| a.id == b.id);
                return Ok(Found::of_all(rows.iter().map(entry).collect::<Result<_, ApiError>>()?, &wanted));
            }
            let range = Range {
                after: wanted.after.created_at,
                after_id: wanted.after.id.clone(),
                skip: wanted.skip,
                limit: wanted.wanted(),
            };
            let rows = resource_servers::page(tx, tenant, &range)?;
            let total = if wanted.with_total() { Some(resource_servers::count(tx, tenant)?) } else { None };
            Ok(Found { items: rows.iter().map(entry).collect::<Result<_, ApiError>>()?, total })
        })
        .await?;
    Ok(PAGING.reply(&call, "/resource-servers", &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let (id, app) = (call.path("id").to_owned(), call.app.clone());
    let api = call.read(move |tx, tenant| {
        let row = find(tx, tenant, &id)?.ok_or_else(missing)?;
        show(&app, tenant, &row)
    });
    Ok(Reply::json(api.await?))
}
