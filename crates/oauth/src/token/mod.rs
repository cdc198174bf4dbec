//! The token endpoint (§2): the phases that every grant shares. A grant fills in only what is its own.

mod authorization_code;
mod client_authentication;
mod client_credentials;
mod device_code;
mod events;
mod multi_resource;
mod organization;
mod password;
mod refresh_token;
mod refresh_token_format;
mod request;
mod scripts;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use keywright_app::{App, Caller, Limit};
use keywright_types::Tenant;
use keywright_web::{CurrentCaller, CurrentTenant, ParameterError, RateLimits};
use serde::Serialize;

pub(crate) use self::client_authentication::{AuthenticatedClient, authenticate, take_once};
pub(crate) use self::events::log_client;
pub(crate) use self::refresh_token_format::RefreshToken;
pub(crate) use self::request::{TokenRequest, media_type};
use crate::device_authorization::GRANT_TYPE;
use crate::dpop;
use crate::error::{OAuthError, no_store};

/// The success body (§2.4).
#[derive(Debug, Default, Serialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    /// §2.4: "omitted when no scope was granted".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    pub(crate) expires_in: i64,
    pub(crate) token_type: &'static str,
}

/// `POST /oauth/token`, form or JSON.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    limits: RateLimits,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut response = match exchange(&app, &tenant, &limits, caller, &headers, body).await {
        Ok(tokens) => {
            let mut response = axum::Json(tokens).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(tenant.settings.profile),
    };
    dpop::offer_nonce(&app, &tenant.id, &headers, &mut response);
    response
}

/// One request, and what the tenant log says about it.
async fn exchange(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<TokenResponse, OAuthError> {
    let mut request = TokenRequest::read(headers, &body.map_err(ParameterError::from)?, caller)?;
    let grant_type = request.required("grant_type")?.to_owned();
    let exchanged = grant(app, tenant, limits, headers, &mut request, &grant_type).await;
    if let Err(error) = &exchanged {
        events::log_refusal(app, tenant, &request, &grant_type, error).await?;
    }
    exchanged
}

/// The phases, in the order of §2.2 "Validation order".
async fn grant(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    headers: &HeaderMap,
    request: &mut TokenRequest,
    grant_type: &str,
) -> Result<TokenResponse, OAuthError> {
    let AuthenticatedClient { record: client, by_secret } = authenticate(app, tenant, request).await?;
    if by_secret && client.client.is_token_endpoint_ip_header_trusted {
        request.trust_forwarded_address(headers);
    }
    let grant = Grant::named(grant_type)?;
    if !client.client.allows_grant(grant_type) {
        return Err(OAuthError::grant_not_allowed(grant_type));
    }
    if let (Grant::RefreshToken, Some(token)) = (grant, request.get("refresh_token")) {
        limits.take_with_address(Limit::RefreshToken, &[token]).await?;
    }
    let proof = dpop::proven_key(app, tenant, headers, &client.client, &tenant.url("/oauth/token")).await?;
    request.proven_with(proof);
    match grant {
        Grant::AuthorizationCode => authorization_code::run(app, tenant, &client, request).await,
        Grant::RefreshToken => refresh_token::run(app, tenant, &client, request).await,
        Grant::ClientCredentials => client_credentials::run(app, tenant, &client, request).await,
        Grant::DeviceCode => device_code::run(app, tenant, &client, request).await,
        Grant::Password | Grant::PasswordRealm => password::run(app, tenant, &client, limits, grant, request).await,
    }
}

/// Values of `grant_type` that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    DeviceCode,
    Password,
    PasswordRealm,
}

impl Grant {
    fn named(grant_type: &str) -> Result<Self, OAuthError> {
        match grant_type {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "refresh_token" => Ok(Self::RefreshToken),
            "client_credentials" => Ok(Self::ClientCredentials),
            GRANT_TYPE => Ok(Self::DeviceCode),
            "password" => Ok(Self::Password),
            "http://auth0.com/oauth/grant-type/password-realm" => Ok(Self::PasswordRealm),
            other => Err(OAuthError::unsupported_grant_type(other)),
        }
    }

    /// The value of `grant_type`.
    const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => GRANT_TYPE,
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
        }
    }
}

/// CL-06: POST only.
pub(crate) async fn method_not_allowed(CurrentTenant(tenant): CurrentTenant) -> Response {
    let mut response = OAuthError::method_not_allowed().respond(tenant.settings.profile);
    response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static("POST"));
    response
}
