//! `POST /oauth/revoke` (§4.6; RFC 7009; TX-03).

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use keywright_app::{App, Caller, LogEvent, LogType};
use keywright_store::{grants, logs, refresh_tokens, revoked_access_tokens};
use keywright_types::{Client, Profile, Tenant};
use keywright_web::{CurrentCaller, CurrentTenant, ParameterError};

use crate::access_token::AccessToken;
use crate::error::{OAuthError, no_store};
use crate::profile;
use crate::token::{RefreshToken, TokenRequest, authenticate};

/// `POST /oauth/revoke`, form or JSON.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match revoke(&app, &tenant, caller, &headers, body).await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(tenant.settings.profile),
    }
}

/// RFC 7009 §2.2: "The authorization server responds with HTTP status code 200 if the token has been revoked
/// successfully or if the client submitted an invalid token."
async fn revoke(
    app: &App,
    tenant: &Tenant,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), OAuthError> {
    let request = TokenRequest::read(headers, &body.map_err(ParameterError::from)?, caller)?;
    let client = authenticate(app, tenant, &request).await.map_err(OAuthError::beside_the_token_endpoint)?.record;
    let text = request.required("token")?;
    match RefreshToken::open(app, &tenant.id, text) {
        Some(token) => end_family(app, tenant, &request, &client.client, token.family_id).await,
        // RFC 7009 §2.1: "If the server is unable to locate the token using the given hint, it MUST extend its search across
        // all of its supported token types." Ours tell themselves apart, so the hint is not needed at all.
        None => end_access_token(app, tenant, &client.client, text).await,
    }
}

/// All tokens of a refresh family, and the whole grant where the tenant wants it so.
async fn end_family(
    app: &App,
    tenant: &Tenant,
    request: &TokenRequest,
    client: &Client,
    family_id: String,
) -> Result<(), OAuthError> {
    let (id, client_id, now) = (tenant.id.clone(), client.client_id.clone(), app.now());
    let whole_grant = tenant.settings.flags.revoke_refresh_token_grant;
    let event = LogEvent::new(LogType::SuccessRevocation, request.caller()).client(client);
    let (profile, inside) = (tenant.settings.profile, app.clone());
    app.store()
        .write(move |tx| {
            let family = refresh_tokens::find(tx, &id, &family_id)?;
            let Some(family) = family else { return Ok(()) };
            if family.client_id != client_id {
                return foreign(profile);
            }
            let mut ended = refresh_tokens::revoke(tx, &id, &family.family_id, now)?;
            if whole_grant {
                ended |=
                    refresh_tokens::revoke_for_grant(tx, &id, &client_id, &family.user_id, &family.audience, now)? > 0;
                if let Some(grant) = grants::find(tx, &id, &family.user_id, &client_id, &family.audience)? {
                    ended |= grants::delete(tx, &id, &grant.grant_id)?;
                }
            }
            // Only what changed something: the token may come again and again.
            if ended {
                let event = event.user_id(&family.user_id).audience(&family.audience);
                logs::insert(tx, &id, &inside.log_row(event))?;
            }
            Ok(())
        })
        .await
}

/// One access token, opaque or JWT. From now on `/userinfo` refuses it; an API that checks a JWT by itself hears nothing of it.
async fn end_access_token(app: &App, tenant: &Tenant, client: &Client, text: &str) -> Result<(), OAuthError> {
    let Some(token) = AccessToken::for_any_audience(app, tenant, text).await? else { return Ok(()) };
    if token.claims.azp != client.client_id {
        return foreign(tenant.settings.profile);
    }
    // What has expired needs no list.
    let expires_at = Timestamp::from_second(token.claims.exp).unwrap_or(Timestamp::MAX);
    if expires_at <= app.now() {
        return Ok(());
    }
    let id = tenant.id.clone();
    app.store().write(move |tx| revoked_access_tokens::insert(tx, &id, token.identity.as_bytes(), expires_at)).await?;
    Ok(())
}

/// RFC 7009 §2.1: "The authorization server […] verifies whether the token was issued to the client making the revocation
/// request. If this validation fails, the request is refused and the client is informed of the error". Another's token stays
/// in both profiles (TX-03).
fn foreign(profile: Profile) -> Result<(), OAuthError> {
    if profile::refuses_foreign_revocation(profile) {
        Err(OAuthError::unauthorized_client("The token was issued to another client"))
    } else {
        Ok(())
    }
}
