//! `POST /oauth/revoke` (§4.6; RFC 7009; TX-03).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use keywright_app::App;
use keywright_store::{StoreError, grants, refresh_tokens};
use keywright_types::Tenant;
use keywright_web::CurrentTenant;

use crate::error::{OAuthError, no_store};
use crate::token::{RefreshToken, TokenRequest, authenticate};

/// `POST /oauth/revoke`, form or JSON.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match revoke(&app, &tenant, &headers, &body).await {
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
async fn revoke(app: &App, tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<(), OAuthError> {
    let request = TokenRequest::read(headers, body)?;
    let client = authenticate(app, tenant, &request).await?;
    let text = request.required("token")?;
    let Some(token) = RefreshToken::open(app, &tenant.id, text) else { return Ok(()) };
    let (id, client_id, now) = (tenant.id.clone(), client.client.client_id.clone(), app.now());
    let whole_grant = tenant.settings.flags.revoke_refresh_token_grant;
    app.store()
        .write(move |tx| {
            let family = refresh_tokens::find(tx, &id, &token.family_id)?;
            // RFC 7009 §2.1: "The authorization server […] verifies whether the token was issued to the client making
            // the revocation request." Another's token stays.
            let Some(family) = family.filter(|family| family.client_id == client_id) else {
                return Ok::<_, StoreError>(());
            };
            refresh_tokens::revoke(tx, &id, &family.family_id, now)?;
            if whole_grant {
                refresh_tokens::revoke_for_grant(tx, &id, &client_id, &family.user_id, &family.audience, now)?;
                if let Some(grant) = grants::find(tx, &id, &family.user_id, &client_id, &family.audience)? {
                    grants::delete(tx, &id, &grant.grant_id)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}
