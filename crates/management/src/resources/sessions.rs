//! `/sessions`, and the sessions of a user (`management-api.md` §6.3).

use http::StatusCode;
use keywright_store::sessions::{self, EndedSession, SessionDetails};
use keywright_store::{Range, StoreError, Tx, refresh_tokens, session_clients, users};
use keywright_types::{LogoutInitiator, TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::users::missing as no_user;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Paging, Position, tolerated};
use crate::schema::{Schema, anything, boolean, list as list_of, map_of, object, optional, required, text, text_of};

const PAGING: Paging = Paging::checkpoints("sessions");

const ABOUT: &str = "\
The live sessions of users: single sign-on state of one browser each. `clients` are the applications that got an ID token in it. `device` is the
address and the user agent of the last login. `session_metadata` is for administrators; it has no effect.

When a session ends here, its applications hear of it by [back-channel logout](../logout.md#back-channel-logout). `DELETE` leaves
refresh tokens as they are, except those of the scope `online_access`; `revoke` ends those that came from the session too.
`revoke-access` ends all sessions of a user, or one (`session_id`), and the refresh tokens, unless `preserve_refresh_tokens` is
true.";

pub(super) fn resource() -> Resource {
    let revoke = object(vec![
        optional("session_id", text_of(1, 200).about("Only this session.")),
        optional("preserve_refresh_tokens", boolean().about("Whether refresh tokens stay.")),
    ]);
    Resource {
        name: "sessions",
        title: "Sessions",
        about: ABOUT,
        operations: vec![
            Operation::get("/sessions/{id}", "Get a session")
                .scopes(&["read:sessions"])
                .answers(session())
                .handled_by(get),
            Operation::patch("/sessions/{id}", "Update a session")
                .scopes(&["update:sessions"])
                .body(
                    object(vec![optional("session_metadata", metadata().or_null())]).sized(1, 1).named("SessionUpdate"),
                )
                .answers(session())
                .handled_by(update),
            Operation::delete("/sessions/{id}", "Delete a session")
                .scopes(&["delete:sessions"])
                .status(StatusCode::ACCEPTED)
                .handled_by(delete),
            Operation::post("/sessions/{id}/revoke", "Revoke a session")
                .scopes(&["delete:sessions"])
                .and_scopes(&["delete:refresh_tokens"])
                .status(StatusCode::ACCEPTED)
                .handled_by(revoke_one),
            Operation::get("/users/{id}/sessions", "List sessions of a user")
                .scopes(&["read:sessions"])
                .query(PAGING.parameters())
                .query(tolerated())
                .answers(PAGING.answer(&session()))
                .handled_by(list),
            Operation::delete("/users/{id}/sessions", "Delete sessions of a user")
                .scopes(&["delete:sessions"])
                .status(StatusCode::ACCEPTED)
                .handled_by(delete_all),
            Operation::post("/users/{id}/revoke-access", "Revoke the access of a user")
                .scopes(&["delete:sessions"])
                .and_scopes(&["delete:refresh_tokens"])
                .optional_body(revoke.named("RevokeAccess"))
                .status(StatusCode::ACCEPTED)
                .handled_by(revoke_access),
        ],
    }
}

/// §6.3: "PATCH only session_metadata (≤25)".
pub(super) fn metadata() -> Schema {
    map_of(text_of(0, 255), 255).sized(0, 25).about("At most 25 texts of up to 255 characters.")
}

fn session() -> Schema {
    let times = ["created_at", "updated_at", "authenticated_at", "idle_expires_at", "expires_at", "last_interacted_at"];
    let mut members = vec![required("id", text()), required("user_id", text())];
    members.extend(times.map(|name| optional(name, text())));
    members.extend([
        optional("device", anything()),
        optional("clients", list_of(object(vec![required("client_id", text())]))),
        optional("authentication", anything()),
        optional("cookie", anything()),
        optional("session_metadata", anything()),
    ]);
    object(members).named("Session")
}

fn missing() -> ApiError {
    ApiError::not_found("The session does not exist.")
}

fn shown(tx: &mut Tx<'_>, tenant: &TenantId, details: &SessionDetails) -> Result<Value, ApiError> {
    let SessionDetails { session, device, metadata } = details;
    let time = |time: Timestamp| json!(format!("{time:.3}"));
    let clients: Vec<Value> = session_clients::list(tx, tenant, &session.session_id)?
        .into_iter()
        .map(|client_id| json!({ "client_id": client_id }))
        .collect();
    Ok(json!({
        "id": session.session_id,
        "user_id": session.user_id,
        "created_at": time(session.created_at),
        "updated_at": time(session.last_active_at),
        "authenticated_at": time(session.authenticated_at),
        "idle_expires_at": time(session.idle_expires_at),
        "expires_at": time(session.expires_at),
        "last_interacted_at": time(session.last_active_at),
        "device": document(device)?,
        "clients": clients,
        "authentication": { "methods": [{ "name": "pwd", "timestamp": time(session.authenticated_at) }] },
        "cookie": { "mode": if session.persistent { "persistent" } else { "non-persistent" } },
        "session_metadata": document(metadata)?,
    }))
}

/// A stored JSON object.
pub(super) fn document(text: &str) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(text).map_err(|error| keywright_app::AppError::internal(error).into())
}

async fn get(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let found = call.read(move |tx, tenant| {
        let details = sessions::details(tx, tenant, &id, now)?.ok_or_else(missing)?;
        shown(tx, tenant, &details)
    });
    Ok(Reply::json(found.await?))
}

/// The metadata of a body; `None` where it was not sent.
pub(super) fn sent_metadata(call: &Call, name: &str) -> Option<String> {
    match call.body.get(name) {
        None => None,
        Some(Value::Null) => Some("{}".to_owned()),
        Some(metadata) => Some(metadata.to_string()),
    }
}

async fn update(call: Call) -> Outcome {
    let (id, now, metadata) = (call.path("id").to_owned(), call.app.now(), sent_metadata(&call, "session_metadata"));
    let changed = call.write(move |tx, tenant| {
        if let Some(metadata) = metadata
            && !sessions::set_metadata(tx, tenant, &id, &metadata, now)?
        {
            return Err(missing());
        }
        let details = sessions::details(tx, tenant, &id, now)?.ok_or_else(missing)?;
        shown(tx, tenant, &details)
    });
    Ok(Reply::json(changed.await?))
}

async fn list(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let name = format!("/users/{id}/sessions");
    let page = PAGING.page(&call, &name)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            users::find(tx, tenant, &id)?.ok_or_else(no_user)?;
            let range = Range {
                after: asked.after.created_at,
                after_id: asked.after.id.clone(),
                skip: 0,
                limit: asked.wanted(),
            };
            let mut items = Vec::new();
            for details in sessions::page_of_user(tx, tenant, &id, now, &range)? {
                let place = Position { created_at: details.session.created_at, id: details.session.session_id.clone() };
                items.push((place, shown(tx, tenant, &details)?));
            }
            Ok(Found { items, total: None })
        })
        .await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}

/// Ends sessions, tells their applications, and ends what else `then` ends, in one transaction.
async fn end(
    call: &Call,
    end: impl FnOnce(&mut Tx<'_>, &TenantId) -> Result<Vec<EndedSession>, ApiError> + Send + 'static,
    then: impl FnOnce(&mut Tx<'_>, &TenantId, &[EndedSession]) -> Result<(), StoreError> + Send + 'static,
) -> Result<(), ApiError> {
    let notices = call.app.logout_notices(&call.tenant.id, LogoutInitiator::SessionRevoked).await?;
    call.write(move |tx, tenant| {
        let ended = end(tx, tenant)?;
        notices.queue(tx, &ended)?;
        Ok(then(tx, tenant, &ended)?)
    })
    .await?;
    call.app.wake_jobs();
    Ok(())
}

async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    // §1.9: "DELETE of a missing object: 204 (idempotent) for […] sessions".
    end(
        &call,
        move |tx, tenant| Ok(sessions::end_by_session_id(tx, tenant, &id)?.into_iter().collect()),
        |_, _, _| Ok(()),
    )
    .await?;
    Ok(Reply::empty())
}

async fn revoke_one(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let of_session = id.clone();
    end(
        &call,
        move |tx, tenant| Ok(vec![sessions::end_by_session_id(tx, tenant, &id)?.ok_or_else(missing)?]),
        move |tx, tenant, _| refresh_tokens::revoke_for_session(tx, tenant, &of_session, now).map(drop),
    )
    .await?;
    Ok(Reply::empty())
}

async fn delete_all(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let all = move |tx: &mut Tx<'_>, tenant: &TenantId| {
        users::find(tx, tenant, &id)?.ok_or_else(no_user)?;
        Ok(sessions::end_for_user(tx, tenant, &id)?)
    };
    end(&call, all, |_, _, _| Ok(())).await?;
    Ok(Reply::empty())
}

async fn revoke_access(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let session = call.text("session_id").map(str::to_owned);
    let keeps_tokens = call.body.get("preserve_refresh_tokens").and_then(Value::as_bool).unwrap_or(false);
    let (owner, one) = (id.clone(), session.clone());
    let which = move |tx: &mut Tx<'_>, tenant: &TenantId| {
        users::find(tx, tenant, &owner)?.ok_or_else(no_user)?;
        let Some(session) = one else { return Ok(sessions::end_for_user(tx, tenant, &owner)?) };
        let is_theirs = sessions::details(tx, tenant, &session, now)?.is_some_and(|own| own.session.user_id == owner);
        if !is_theirs {
            return Err(missing());
        }
        Ok(sessions::end_by_session_id(tx, tenant, &session)?.into_iter().collect())
    };
    let tokens = move |tx: &mut Tx<'_>, tenant: &TenantId, _: &[EndedSession]| match (keeps_tokens, session) {
        (true, _) => Ok(()),
        (false, Some(session)) => refresh_tokens::revoke_for_session(tx, tenant, &session, now).map(drop),
        (false, None) => refresh_tokens::revoke_for_user(tx, tenant, &id, now).map(drop),
    };
    end(&call, which, tokens).await?;
    Ok(Reply::empty())
}
