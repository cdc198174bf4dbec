//! `POST /oauth/device/code` (§5.1; RFC 8628 §3.1 and §3.2; DV-01, DV-07).
//!
//! What a device asks for passes the checks of an authorization request that are not about a callback, and passes them again
//! when a user has answered and when the device fetches its tokens.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use keywright_app::{App, Caller, IssuedDeviceCode, LogEvent, LogType};
use keywright_types::{AppType, Client, Tenant};
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{CurrentCaller, CurrentTenant, ParameterError};
use serde::Serialize;

use crate::authorize::check_device;
use crate::error::{OAuthError, no_store};
use crate::token::{TokenRequest, authenticate, log_client};

/// Where it answers.
pub(crate) const PATH: &str = "/oauth/device/code";
/// RFC 8628 §3.4.
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where people enter the code. The login pages answer there.
const ACTIVATION_PATH: &str = "/activate";

/// The six members of §5.1.
#[derive(Serialize)]
struct DeviceAuthorization {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

/// `POST /oauth/device/code`, form or JSON.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match authorize(&app, &tenant, caller, &headers, body).await {
        Ok(authorization) => {
            let mut response = axum::Json(authorization).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(tenant.settings.profile),
    }
}

async fn authorize(
    app: &App,
    tenant: &Tenant,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<DeviceAuthorization, OAuthError> {
    let request = TokenRequest::read_with(headers, &body.map_err(ParameterError::from)?, AUTHORIZATION, caller)?;
    match checked(app, tenant, &request).await {
        Ok(issued) => Ok(answer(tenant, issued)),
        Err(error) => {
            if let Some(reason) = error.reason() {
                let event = LogEvent::new(LogType::FailedDeviceAuthorization, request.caller()).description(reason);
                app.log(&tenant.id, log_client(app, tenant, &request, event).await?).await?;
            }
            Err(error)
        }
    }
}

/// The checks, top to bottom; then the codes.
async fn checked(app: &App, tenant: &Tenant, request: &TokenRequest) -> Result<IssuedDeviceCode, OAuthError> {
    let client = authenticate(app, tenant, request).await.map_err(OAuthError::beside_the_token_endpoint)?.record;
    may_use_device_flow(&client.client)?;
    let request_of_device = check_device(app, tenant, client, request.parameters()).await?;
    Ok(app.issue_device_code(tenant, request_of_device, request.caller()).await?)
}

/// DV-07: off unless the application has the grant. §5.1: "Client must be `native` with `token_endpoint_auth_method: none`
/// (confidential clients unsupported)". §8.3: third-party applications have "no PAR/CIBA/device".
pub(crate) fn may_use_device_flow(client: &Client) -> Result<(), OAuthError> {
    if !client.allows_grant(GRANT_TYPE) {
        return Err(OAuthError::grant_not_allowed(GRANT_TYPE));
    }
    if client.app_type != Some(AppType::Native) || !client.is_public() || !client.is_first_party {
        return Err(OAuthError::unauthorized_client(
            "The device flow is for native first-party applications without a client secret",
        ));
    }
    Ok(())
}

fn answer(tenant: &Tenant, issued: IssuedDeviceCode) -> DeviceAuthorization {
    let IssuedDeviceCode { device_code, user_code, expires_in, interval } = issued;
    let verification_uri = tenant.url(ACTIVATION_PATH);
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("user_code", &user_code).finish();
    DeviceAuthorization {
        device_code,
        verification_uri_complete: format!("{verification_uri}?{query}"),
        verification_uri,
        user_code,
        expires_in,
        interval,
    }
}
