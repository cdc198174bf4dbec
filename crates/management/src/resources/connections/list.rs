//! `GET /connections` and `GET /connections/{id}` (`management-api.md` §4.1).

use keywright_store::connections::{self, ConnectionRow};
use serde_json::Value;

use super::document::show;
use super::{PAGING, fields};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::names;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("The connection does not exist").code("inexistent_connection")
}

pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields::all()))?;
    let strategies: Option<Vec<String>> =
        call.query.texts("strategy").map(|all| all.into_iter().map(str::to_owned).collect());
    let wanted = call.query.text("name").map(str::to_owned);
    let name = format!("/connections?{strategies:?}{wanted:?}");
    let page = PAGING.page(&call, &name)?;
    let (asked, app) = (page.clone(), call.app.clone());
    let found = call
        .read(move |tx, tenant| {
            let wants = |row: &&ConnectionRow| {
                strategies.as_ref().is_none_or(|all| all.contains(&row.strategy))
                    && wanted.as_ref().is_none_or(|name| *name == row.name)
            };
            let entry = |row: &ConnectionRow| {
                let place = Position { created_at: row.created_at, id: row.id.clone() };
                Ok((place, projection.apply(show(&app, tenant, row)?)))
            };
            let all: Result<Vec<(Position, Value)>, ApiError> =
                connections::list(tx, tenant)?.iter().filter(wants).map(entry).collect();
            Ok(Found::of_all(all?, &asked))
        })
        .await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields::all()))?;
    let (id, app) = (call.path("id").to_owned(), call.app.clone());
    let connection = call.read(move |tx, tenant| {
        let row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
        show(&app, tenant, &row)
    });
    Ok(Reply::json(projection.apply(connection.await?)))
}
