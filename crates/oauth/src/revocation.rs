//! `POST /oauth/revoke` (§4.6; RFC 7009; TX-03).

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use keywright_app::App;
use keywright_store::{grants, refresh_tokens};
use keywright_types::Tenant;
use keywright_web::{CurrentTenant, ParameterError};

use crate::error::{OAuthError, no_store};
use crate::profile;
use crate::token::{RefreshToken, TokenRequest, authenticate};

/// `POST /oauth/revoke`, form or JSON.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match revoke(&app, &tenant, &headers, body).await {
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
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), OAuthError> {
    let request = TokenRequest::read(headers, &body.map_err(ParameterError::from)?)?;
    let client = authenticate(app, tenant, &request).await.map_err(OAuthError::at_revocation)?;
    let text = request.required("token")?;
    let Some(token) = RefreshToken::open(app, &tenant.id, text) else { return Ok(()) };
    let (id, client_id, now) = (tenant.id.clone(), client.client.client_id.clone(), app.now());
    let whole_grant = tenant.settings.flags.revoke_refresh_token_grant;
    let foreign_is_refused = profile::refuses_foreign_revocation(tenant.settings.profile);
    app.store()
        .write(move |tx| {
            let family = refresh_tokens::find(tx, &id, &token.family_id)?;
            let Some(family) = family else { return Ok(()) };
            // RFC 7009 §2.1: "The authorization server […] verifies whether the token was issued to the client making
            // the revocation request. If this validation fails, the request is refused and the client is informed of the
            // error". Another's token stays in both profiles (TX-03).
            if family.client_id != client_id {
                let error = OAuthError::unauthorized_client("The token was issued to another client");
                return if foreign_is_refused { Err(error) } else { Ok(()) };
            }
            refresh_tokens::revoke(tx, &id, &family.family_id, now)?;
            if whole_grant {
                refresh_tokens::revoke_for_grant(tx, &id, &client_id, &family.user_id, &family.audience, now)?;
                if let Some(grant) = grants::find(tx, &id, &family.user_id, &client_id, &family.audience)? {
                    grants::delete(tx, &id, &grant.grant_id)?;
                }
            }
            Ok(())
        })
        .await
}
