//! Client grants of an organization (`management-api.md` §8.2): which applications may act for themselves in it.

use keywright_store::{client_grants, organization_client_grants, organizations};
use keywright_types::Timestamp;
use serde_json::Value;

use super::organization::{document, find};
use super::{GRANTS, OF_GRANT};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::resources::client_grants::{missing, show};

/// The places of a list that is in its order already.
fn place(index: usize) -> Position {
    Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") }
}

pub(super) async fn list(call: Call) -> Outcome {
    let text = |name: &str| call.query.text(name).map(str::to_owned);
    let (id, audience, client) = (call.path("id").to_owned(), text("audience"), text("client_id"));
    let wanted: Option<Vec<String>> =
        call.query.texts("grant_ids").map(|ids| ids.into_iter().map(str::to_owned).collect());
    let list = format!("/organizations/{id}/client-grants");
    let page = GRANTS.page(&call, &list)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            find(tx, tenant, &id)?;
            let mut shown = Vec::new();
            for grant in organization_client_grants::list(tx, tenant, &id)? {
                let Some(row) = client_grants::find_by_id(tx, tenant, &grant)? else { continue };
                let fits = audience.as_ref().is_none_or(|wanted| *wanted == row.audience)
                    && client.as_ref().is_none_or(|wanted| *wanted == row.client_id)
                    && wanted.as_ref().is_none_or(|ids| ids.contains(&row.id));
                if fits {
                    shown.push((place(shown.len()), show(&row)?));
                }
            }
            Ok(Found::of_all(shown, &asked))
        })
        .await?;
    Ok(GRANTS.reply(&call, &list, &page, found))
}

pub(super) async fn add(call: Call) -> Outcome {
    let (id, grant) = (call.path("id").to_owned(), call.text("grant_id").unwrap_or_default().to_owned());
    let now = call.app.now();
    let shown = call
        .configure(move |tx, tenant| {
            find(tx, tenant, &id)?;
            let row = client_grants::find_by_id(tx, tenant, &grant)?.ok_or_else(missing)?;
            if !organization_client_grants::insert(tx, tenant, &id, &grant, now)? {
                // §1.10.
                let message = "The client grant has already been added to this organization.";
                return Err(ApiError::conflict(message));
            }
            show(&row)
        })
        .await?;
    Ok(Reply::json(shown))
}

pub(super) async fn remove(call: Call) -> Outcome {
    let (id, grant) = (call.path("id").to_owned(), call.path("grant_id").to_owned());
    call.configure(move |tx, tenant| {
        find(tx, tenant, &id)?;
        organization_client_grants::delete(tx, tenant, &id, &grant)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

/// `GET /client-grants/{id}/organizations`.
pub(super) async fn organizations_of(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let list = format!("/client-grants/{id}/organizations");
    let page = OF_GRANT.page(&call, &list)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            client_grants::find_by_id(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut shown = Vec::new();
            for organization in organization_client_grants::organizations(tx, tenant, &id)? {
                if let Some(row) = organizations::find(tx, tenant, &organization)? {
                    shown.push((place(shown.len()), Value::Object(document(&row)?)));
                }
            }
            Ok(Found::of_all(shown, &asked))
        })
        .await?;
    Ok(OF_GRANT.reply(&call, &list, &page, found))
}
