//! `GET /users`, `GET /users/{id}` and `GET /users-by-email` (`management-api.md` §5.1, §5.4).

use keywright_store::{search, users};
use keywright_types::Timestamp;
use serde_json::Value;

use super::PAGING;
use super::profile::{missing, show};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let page = PAGING.page(&call, "/users")?;
    let wanted = super::search::search(&call, &page)?;
    let filter = wanted.filter.clone();
    let (items, total) = call
        .read(move |tx, tenant| {
            let found = search::users::find(tx, tenant, &wanted)?;
            let mut items = Vec::with_capacity(found.rows.len());
            for row in &found.rows {
                // Pages by number have no checkpoints.
                let place = Position { created_at: Timestamp::UNIX_EPOCH, id: String::new() };
                items.push((place, projection.apply(show(tx, tenant, row)?)));
            }
            Ok((items, found.total))
        })
        .await?;
    let total = match total {
        None if page.with_total() => Some(call.app.user_total(&call.tenant.id, filter).await?),
        total => total,
    };
    let found = Found { items, total };
    Ok(PAGING.reply(&call, "/users", &page, found))
}

pub(super) async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let id = call.path("id").to_owned();
    let user = call.read(move |tx, tenant| {
        let row = users::find(tx, tenant, &id)?.ok_or_else(missing)?;
        show(tx, tenant, &row)
    });
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
        rows.iter().map(|row| Ok(projection.apply(show(tx, tenant, row)?))).collect::<Result<Vec<Value>, ApiError>>()
    });
    Ok(Reply::json(found.await?))
}
