//! `GET /users`, `GET /users/{id}` and `GET /users-by-email` (`management-api.md` §5.1).

use keywright_store::{Range, users};
use serde_json::Value;

use super::PAGING;
use super::profile::{missing, show};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

/// §1.5: "offset paging reaches at most 1000 records".
const REACHED: i64 = 1000;

pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let page = PAGING.page(&call, "/users")?;
    if page.skip + page.limit > REACHED {
        return Err(ApiError::bad_request("You can only page through the first 1000 records."));
    }
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            let range = Range { skip: asked.skip, ..Range::first(asked.wanted()) };
            let rows = users::page(tx, tenant, &range)?;
            let total = if asked.with_total() { Some(users::count(tx, tenant)?) } else { None };
            let entry = |row: &users::UserRow| {
                let place = Position { created_at: row.created_at, id: row.user_id.clone() };
                Ok((place, projection.apply(show(row)?)))
            };
            Ok(Found { items: rows.iter().map(entry).collect::<Result<_, ApiError>>()?, total })
        })
        .await?;
    Ok(PAGING.reply(&call, "/users", &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let id = call.path("id").to_owned();
    let user = call.read(move |tx, tenant| show(&users::find(tx, tenant, &id)?.ok_or_else(missing)?));
    let mut user = user.await?;
    if call.bearer.is_user {
        // "Attributes that only administrators edit" are not for the user's browser either.
        user.remove("app_metadata");
    }
    Ok(Reply::json(projection.apply(user)))
}

/// "lower-case the query first; bare array".
pub(super) async fn by_email(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let email = call.query.text("email").unwrap_or_default().to_lowercase();
    let found = call.read(move |tx, tenant| {
        let rows = users::list_by_email(tx, tenant, &email)?;
        rows.iter().map(|row| Ok(projection.apply(show(row)?))).collect::<Result<Vec<Value>, ApiError>>()
    });
    Ok(Reply::json(found.await?))
}
