//! Linking and unlinking identities (`management-api.md` §5.5).

use keywright_app::App;
use keywright_jose::{Expected, JwtType, verify};
use keywright_store::identities::{self, Linked};
use keywright_store::{Tx, refresh_tokens, sessions, users};
use keywright_types::{LogoutInitiator, Tenant, TenantId};
use serde_json::{Value, json};

use super::profile::{identities_of, missing};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::schema::{Schema, any_of, anything, integer, list as list_of, object, optional, required, text, text_of};

/// The body of a link: by its name, or by a token that its owner got.
pub(super) fn body() -> Schema {
    let id = any_of(vec![text_of(1, 300), integer(0, i64::MAX)]).about("With or without the provider before it.");
    object(vec![
        optional("provider", text_of(1, 100).about("Strategy of the identity: auth0.")),
        optional("user_id", id),
        optional("connection_id", text_of(1, 100).about("Its connection.")),
        optional("link_with", text_of(1, 20_000).secret().about("An ID token of the identity.")),
    ])
    .sized(1, 3)
    .named("IdentityLink")
}

/// The answer.
pub(super) fn answer() -> Schema {
    let members = vec![
        required("connection", text()),
        required("user_id", text()),
        required("provider", text()),
        optional("isSocial", anything()),
        optional("profileData", anything()),
    ];
    list_of(object(members).open())
}

pub(super) async fn link(call: Call) -> Outcome {
    let primary = call.path("id").to_owned();
    let secondary = match call.text("link_with") {
        Some(_) if call.body.get("provider").is_some() || call.body.get("user_id").is_some() => {
            return Err(ApiError::invalid_body("link_with stands alone"));
        }
        Some(token) => owner(&call, token).await?,
        // §1.3: a user's own token says nothing of whose the other identity is.
        None if call.bearer.is_user => {
            return Err(ApiError::forbidden("With a token of the user, identities are linked by link_with."));
        }
        None => named(&call)?,
    };
    if secondary == primary {
        return Err(ApiError::bad_request("Main identity and the new one are the same."));
    }
    let connection = connection(&call).await?;
    let by_owner = call.text("link_with").is_some();
    let notices = call.app.logout_notices(&call.tenant.id, LogoutInitiator::AccountDeleted).await?;
    let now = call.app.now();
    let answer = call
        .write(move |tx, tenant| {
            let row = users::find(tx, tenant, &primary)?.ok_or_else(missing)?;
            let account = users::find_account(tx, tenant, &secondary)?;
            let fits = |name: &String| account.as_ref().is_some_and(|account| account.connection == *name);
            if connection.as_ref().is_some_and(|name| !fits(name)) {
                return Err(inexistent());
            }
            // Nobody who is blocked escapes into another user by themselves.
            if by_owner && account.as_ref().is_some_and(|account| account.blocked) {
                return Err(inexistent());
            }
            match identities::link(tx, tenant, &primary, &secondary, now)? {
                Linked::Done => {}
                Linked::NoPrimary => return Err(missing()),
                Linked::NoSecondary => return Err(inexistent()),
                Linked::Already => {
                    return Err(ApiError::conflict("Specified identity already exists.").code("identity_conflict"));
                }
            }
            // It is nobody any more who could be logged in.
            let ended = sessions::end_for_user(tx, tenant, &secondary)?;
            notices.queue(tx, &ended)?;
            refresh_tokens::revoke_for_user(tx, tenant, &secondary, now)?;
            identities_of(tx, tenant, &row, true)
        })
        .await?;
    call.app.wake_jobs();
    Ok(Reply::json(answer))
}

fn inexistent() -> ApiError {
    ApiError::bad_request("Linking to an inexistent identity is not allowed.")
}

/// §5.5: "`user_id` may be given with or without the provider prefix (string or integer)".
fn named(call: &Call) -> Result<String, ApiError> {
    let lacks =
        |name: &str| ApiError::invalid_body(format!("Payload validation error: 'Missing required property: {name}'."));
    let provider = call.text("provider").ok_or_else(|| lacks("provider"))?;
    let id = match call.body.get("user_id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(lacks("user_id")),
    };
    let own = id.strip_prefix(&format!("{provider}|")).unwrap_or(&id);
    Ok(format!("{provider}|{own}"))
}

/// Name of the connection that the body names.
async fn connection(call: &Call) -> Result<Option<String>, ApiError> {
    let Some(id) = call.text("connection_id") else { return Ok(None) };
    let all = call.app.connections(&call.tenant.id).await?;
    let found = all.iter().find(|own| own.id == id).map(|own| own.name.clone());
    found.map(Some).ok_or_else(inexistent)
}

/// Whose ID token it is: one of ours, for the application that calls, not expired.
async fn owner(call: &Call, token: &str) -> Result<String, ApiError> {
    let wrong = || {
        ApiError::bad_request("JWT (link_with) must have an aud claim that matches that of the calling token's azp.")
    };
    let claims = verified(&call.app, &call.tenant, token, &call.bearer.client_id).await?;
    // TK-03: an access token of profile `auth0` has the same type. Only it has a scope; only logout tokens have events.
    if ["scope", "events", "gty", "azp"].iter().any(|name| claims.get(*name).is_some()) {
        return Err(wrong());
    }
    // An ID token is for one application.
    if claims.get("aud") != Some(&json!(call.bearer.client_id)) {
        return Err(wrong());
    }
    claims.get("sub").and_then(Value::as_str).map(str::to_owned).ok_or_else(wrong)
}

async fn verified(app: &App, tenant: &Tenant, token: &str, client_id: &str) -> Result<Value, ApiError> {
    let keys = app.signing_keys(&tenant.id).await?;
    let issuer = tenant.issuer();
    let expected = Expected {
        issuer: &issuer,
        audience: Some(client_id),
        typ: JwtType::Jwt,
        now: app.now(),
        allow_expired: false,
    };
    verify(token, &keys.verifying(), &expected).map(Value::Object).map_err(|error| {
        let message = match error {
            keywright_jose::JwtError::WrongAudience => {
                "JWT (link_with) must have an aud claim that matches that of the calling token's azp."
            }
            keywright_jose::JwtError::Expired => "JWT (link_with) is expired.",
            _ => "JWT (link_with) is not an ID token of this tenant.",
        };
        ApiError::bad_request(message).cause(error)
    })
}

pub(super) async fn unlink(call: Call) -> Outcome {
    let primary = call.path("id").to_owned();
    let account = format!("{}|{}", call.path("provider"), call.path("user_id"));
    if account == primary {
        return Err(ApiError::bad_request("Main identity cannot be removed."));
    }
    let answer = call
        .write(move |tx: &mut Tx<'_>, tenant: &TenantId| {
            let row = users::find(tx, tenant, &primary)?.ok_or_else(missing)?;
            if !identities::unlink(tx, tenant, &primary, &account)? {
                return Err(ApiError::not_found("The identity does not exist."));
            }
            identities_of(tx, tenant, &row, true)
        })
        .await?;
    Ok(Reply::json(answer))
}
