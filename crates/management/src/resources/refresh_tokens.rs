//! `/refresh-tokens`, and the refresh tokens of a user (`management-api.md` §6.2).

use http::StatusCode;
use keywright_store::refresh_tokens::{self, FamilyDetails, FamilyOwner};
use keywright_store::{Range, Tx, users};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Value, json};

use super::sessions::{document, metadata, sent_metadata};
use super::users::missing as no_user;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Page, Paging, Position, tolerated};
use crate::query::parameter;
use crate::schema::{Schema, anything, boolean, list as list_of, object, optional, required, text, text_of};

const OF_USER: Paging = Paging::checkpoints("tokens");
const PAGING: Paging = Paging::checkpoints("refresh_tokens");

const ABOUT: &str = "\
The live refresh tokens of users. One entry stands for a token and all that rotated out of it; its `id` is no secret and cannot be
exchanged. `expires_at` and `idle_expires_at` are `null` for one that never expires. `refresh_token_metadata` is for administrators; it
has no effect. What is revoked is refused from the next exchange on; access tokens that are JWTs live until they expire.

`POST /refresh-tokens/revoke` takes one of four forms: `ids`; `user_id`; `user_id` and `client_id`; `client_id`, perhaps with `audience`.";

pub(super) fn resource() -> Resource {
    let id = |about| text_of(1, 300).about(about);
    let revoke = object(vec![
        optional("ids", list_of(text_of(1, 200)).sized(1, 100)),
        optional("user_id", id("All of this user.")),
        optional("client_id", id("All of this application.")),
        optional("audience", text_of(1, 600).about("Only those for this API; with client_id alone.")),
    ]);
    let update = object(vec![optional("refresh_token_metadata", metadata().or_null())]).sized(1, 1);
    Resource {
        name: "refresh-tokens",
        title: "Refresh tokens",
        about: ABOUT,
        operations: vec![
            Operation::get("/refresh-tokens", "List refresh tokens")
                .scopes(&["read:refresh_tokens"])
                .query([
                    parameter("user_id", id("The user whose they are.")).required(),
                    parameter("client_id", id("Only those of this application.")),
                ])
                .query(PAGING.parameters())
                .query(tolerated())
                .answers(PAGING.answer(&token()))
                .handled_by(list),
            Operation::post("/refresh-tokens/revoke", "Revoke refresh tokens")
                .scopes(&["delete:refresh_tokens"])
                .body(revoke.sized(1, 3).named("RefreshTokensRevoke"))
                .status(StatusCode::ACCEPTED)
                .handled_by(self::revoke),
            Operation::get("/refresh-tokens/{id}", "Get a refresh token")
                .scopes(&["read:refresh_tokens"])
                .answers(token())
                .handled_by(get),
            Operation::patch("/refresh-tokens/{id}", "Update a refresh token")
                .scopes(&["update:refresh_tokens"])
                .body(update.named("RefreshTokenUpdate"))
                .answers(token())
                .handled_by(self::update),
            Operation::delete("/refresh-tokens/{id}", "Delete a refresh token")
                .scopes(&["delete:refresh_tokens"])
                .status(StatusCode::ACCEPTED)
                .handled_by(delete),
            Operation::get("/users/{id}/refresh-tokens", "List refresh tokens of a user")
                .scopes(&["read:refresh_tokens"])
                .query(OF_USER.parameters())
                .query(tolerated())
                .answers(OF_USER.answer(&token()))
                .handled_by(list_of_user),
            Operation::delete("/users/{id}/refresh-tokens", "Delete refresh tokens of a user")
                .scopes(&["delete:refresh_tokens"])
                .status(StatusCode::ACCEPTED)
                .handled_by(delete_of_user),
        ],
    }
}

fn token() -> Schema {
    let mut members = vec![required("id", text()), required("user_id", text()), required("client_id", text())];
    let nullable = ["session_id", "idle_expires_at", "expires_at", "last_exchanged_at"];
    members.extend(nullable.map(|name| optional(name, text().or_null())));
    members.extend([
        optional("rotating", boolean()),
        optional("created_at", text()),
        optional("device", anything()),
        optional("resource_servers", list_of(anything())),
        optional("refresh_token_metadata", anything()),
    ]);
    object(members).named("RefreshToken")
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("The refresh token does not exist.")
}

fn shown(details: &FamilyDetails) -> Result<Value, ApiError> {
    let FamilyDetails { family, device, metadata } = details;
    let time = |time: Timestamp| format!("{time:.3}");
    Ok(json!({
        "id": family.family_id,
        "user_id": family.user_id,
        "client_id": family.client_id,
        "session_id": family.session_id,
        "rotating": family.rotating,
        "created_at": time(family.created_at),
        "idle_expires_at": family.idle_expires_at.map(time),
        "expires_at": family.expires_at.map(time),
        "last_exchanged_at": family.last_exchanged_at.map(time),
        "device": document(device)?,
        "resource_servers": [{ "audience": family.audience, "scopes": family.scope }],
        "refresh_token_metadata": document(metadata)?,
    }))
}

/// A page of the families of a user.
fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    owner: &FamilyOwner,
    now: Timestamp,
    page: &Page,
) -> Result<Found, ApiError> {
    let range = Range { after_id: page.after.id.clone(), ..Range::first(page.wanted()) };
    let all = refresh_tokens::page(tx, tenant, owner, now, &range)?;
    let item = |details: &FamilyDetails| {
        // They come in the order of their identifiers.
        let place = Position { created_at: Timestamp::UNIX_EPOCH, id: details.family.family_id.clone() };
        Ok((place, shown(details)?))
    };
    Ok(Found { items: all.iter().map(item).collect::<Result<_, ApiError>>()?, total: None })
}

async fn list(call: Call) -> Outcome {
    let owner = FamilyOwner {
        user_id: call.query.text("user_id").map(str::to_owned),
        client_id: call.query.text("client_id").map(str::to_owned),
    };
    let name = format!("/refresh-tokens?{owner:?}");
    let (asked, now) = (PAGING.page(&call, &name)?, call.app.now());
    let wanted = asked.clone();
    let found = call.read(move |tx, tenant| page(tx, tenant, &owner, now, &wanted)).await?;
    Ok(PAGING.reply(&call, &name, &asked, found))
}

async fn list_of_user(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let name = format!("/users/{id}/refresh-tokens");
    let (asked, now) = (OF_USER.page(&call, &name)?, call.app.now());
    let wanted = asked.clone();
    let found = call.read(move |tx, tenant| {
        users::find(tx, tenant, &id)?.ok_or_else(no_user)?;
        page(tx, tenant, &FamilyOwner { user_id: Some(id), client_id: None }, now, &wanted)
    });
    let found = found.await?;
    Ok(OF_USER.reply(&call, &name, &asked, found))
}

async fn get(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let found =
        call.read(move |tx, tenant| shown(&refresh_tokens::details(tx, tenant, &id, now)?.ok_or_else(missing)?));
    Ok(Reply::json(found.await?))
}

async fn update(call: Call) -> Outcome {
    let (id, now, metadata) =
        (call.path("id").to_owned(), call.app.now(), sent_metadata(&call, "refresh_token_metadata"));
    let changed = call.write(move |tx, tenant| {
        if let Some(metadata) = metadata
            && !refresh_tokens::set_metadata(tx, tenant, &id, &metadata, now)?
        {
            return Err(missing());
        }
        shown(&refresh_tokens::details(tx, tenant, &id, now)?.ok_or_else(missing)?)
    });
    Ok(Reply::json(changed.await?))
}

async fn delete(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    call.write(move |tx, tenant| Ok(refresh_tokens::revoke(tx, tenant, &id, now)?)).await?;
    Ok(Reply::empty())
}

async fn delete_of_user(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    call.write(move |tx, tenant| {
        users::find(tx, tenant, &id)?.ok_or_else(no_user)?;
        Ok(refresh_tokens::revoke_for_user(tx, tenant, &id, now)?)
    })
    .await?;
    Ok(Reply::empty())
}

async fn revoke(call: Call) -> Outcome {
    let now = call.app.now();
    let text = |name: &str| call.text(name).map(str::to_owned);
    let ids: Option<Vec<String>> = call
        .body
        .get("ids")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let form = (ids, text("user_id"), text("client_id"), text("audience"));
    call.write(move |tx, tenant| {
        match form {
            (Some(ids), None, None, None) => {
                for id in ids {
                    refresh_tokens::revoke(tx, tenant, &id, now)?;
                }
            }
            (None, Some(user), None, None) => drop(refresh_tokens::revoke_for_user(tx, tenant, &user, now)?),
            (None, Some(user), Some(client), None) => {
                refresh_tokens::revoke_for_user_client(tx, tenant, &user, &client, now)?;
            }
            (None, None, Some(client), None) => drop(refresh_tokens::revoke_for_client(tx, tenant, &client, now)?),
            (None, None, Some(client), Some(audience)) => {
                refresh_tokens::revoke_for_client_audience(tx, tenant, &client, &audience, now)?;
            }
            _ => {
                return Err(ApiError::invalid_body(
                    "Send ids, or user_id, or user_id and client_id, or client_id, perhaps with audience.",
                ));
            }
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}
