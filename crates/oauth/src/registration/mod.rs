//! `POST /oidc/register`: dynamic client registration (§6.7; RFC 7591; OpenID Connect Dynamic Client Registration; MD-02).
//!
//! Open to everybody where the tenant switched it on. What registers itself is a third-party application: its users are
//! always asked, it sees only domain-level connections, and it gets no grant that works without a user.

mod metadata;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use keywright_app::{App, Caller, LogEvent, LogType, ProvisioningError};
use keywright_types::{Client, Tenant, TokenEndpointAuthMethod};
use keywright_web::parameters::TOKEN;
use keywright_web::{CurrentCaller, CurrentTenant, ParameterError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use self::metadata::Metadata;
use crate::error::{OAuthError, no_store};
use crate::profile;

/// The handler.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match register(&app, &tenant, &caller, &headers, body).await {
        Ok(registered) => {
            let status = profile::registration_status(tenant.settings.profile);
            let mut response = (status, axum::Json(registered)).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(tenant.settings.profile),
    }
}

/// The order: is it open, is it JSON, are the addresses good, is the rest; then one write.
async fn register(
    app: &App,
    tenant: &Tenant,
    caller: &Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Map<String, Value>, OAuthError> {
    if !tenant.settings.flags.enable_dynamic_client_registration {
        return Err(OAuthError::registration_disabled());
    }
    let metadata = Metadata::read(&json_body(headers, body)?)?;
    let (client, secret) = metadata.into_client(app, tenant)?;
    // RFC 7591 §3.2.1: "client_secret OPTIONAL. […] If issued, this MUST be unique for each "client_id"".
    let with_secret = matches!(
        client.token_endpoint_auth_method,
        TokenEndpointAuthMethod::ClientSecretPost | TokenEndpointAuthMethod::ClientSecretBasic
    );
    let secret = with_secret.then_some(secret);
    let event = LogEvent::new(LogType::SuccessManagementOperation, caller)
        .client(&client)
        .description("Dynamic client registration");
    match app.register_client(&tenant.id, &client, secret.as_ref(), event).await {
        Ok(()) => Ok(answer(app, &client, secret.as_ref())),
        Err(ProvisioningError::TooMany) => Err(OAuthError::too_many_entities()),
        Err(ProvisioningError::App(error)) => Err(error.into()),
        Err(error) => Err(keywright_app::AppError::internal(error).into()),
    }
}

/// RFC 7591 §3.1: "using a content type of "application/json"".
fn json_body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, OAuthError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(OAuthError::invalid_request("Content-Type must be application/json"));
    }
    let body = body.map_err(ParameterError::from)?;
    if body.len() > TOKEN.total { Err(ParameterError::TooLarge.into()) } else { Ok(body) }
}

/// RFC 7591 §3.2.1: "The authorization server MUST return all registered metadata about this client".
fn answer(app: &App, client: &Client, secret: Option<&SecretString>) -> Map<String, Value> {
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    add("client_id", json!(client.client_id));
    add("client_id_issued_at", json!(app.now().as_second()));
    if let Some(secret) = secret {
        add("client_secret", json!(secret.expose_secret()));
        // "REQUIRED if "client_secret" is issued. […] The value "0" means that it never expires."
        add("client_secret_expires_at", json!(0));
    }
    add("client_name", json!(client.name));
    add("redirect_uris", json!(client.callbacks));
    add("token_endpoint_auth_method", json!(client.token_endpoint_auth_method));
    add("grant_types", json!(client.grant_types));
    add("response_types", json!(["code"]));
    add("application_type", json!(metadata::application_type(client)));
    add("id_token_signed_response_alg", json!("RS256"));
    add("logo_uri", json!(client.logo_uri));
    add("policy_uri", json!(client.policy_uri));
    add("tos_uri", json!(client.tos_uri));
    add("initiate_login_uri", json!(client.initiate_login_uri));
    if !client.allowed_logout_urls.is_empty() {
        add("post_logout_redirect_uris", json!(client.allowed_logout_urls));
    }
    let document = serde_json::to_value(client).unwrap_or_default();
    for name in ["client_uri", "contacts", "jwks"] {
        add(name, document.get(name).cloned().unwrap_or_default());
    }
    members
}

/// CL-06: POST only.
pub(crate) async fn method_not_allowed(CurrentTenant(tenant): CurrentTenant) -> Response {
    let mut response = OAuthError::method_not_allowed().respond(tenant.settings.profile);
    response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("POST"));
    response
}
