//! `POST /oauth/par`, and the `request_uri` that comes of it (§6.5; RFC 9126; FP-01, CO-04).
//!
//! What is pushed passes every check of `/authorize` at once, so that the application, and not its user, hears what is wrong.
//! At `/authorize` the pushed parameters are taken out of the store, once, and checked again.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use keywright_app::{App, Caller, ClientRecord, LogEvent, LogType};
use keywright_jose::{Digest, Purpose};
use keywright_store::pushed_requests::{self, PushedRequestRow};
use keywright_types::{Client, Tenant, TenantId};
use keywright_web::parameters::Limits;
use keywright_web::{CurrentCaller, CurrentTenant, ParameterError, Parameters};
use serde::Serialize;

use crate::authorize::{AuthorizeError, check_pushed};
use crate::dpop;
use crate::error::{OAuthError, no_store};
use crate::profile;
use crate::token::{TokenRequest, authenticate, log_client};

/// Where it answers.
pub(crate) const PATH: &str = "/oauth/par";

/// RFC 9126 §2.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// §6.5: `expires_in` 30.
const LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// §6.5: "max 10 KB total"; one value as at `/authorize` (AR-08).
const LIMITS: Limits = Limits { total: 10 * 1024, value: 2 * 1024 };

/// §6.5: "at most 10 `ext-*`".
const MOST_EXTENSIONS: usize = 10;

/// Parameters that prove the client; they are not kept.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: i64,
}

/// `POST /oauth/par`.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut response = match push(&app, &tenant, caller, &headers, body).await {
        Ok(pushed) => {
            let mut response = (StatusCode::CREATED, axum::Json(pushed)).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(tenant.settings.profile),
    };
    dpop::offer_nonce(&app, &tenant.id, &headers, &mut response);
    response
}

async fn push(
    app: &App,
    tenant: &Tenant,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Pushed, OAuthError> {
    if !profile::supports_pushed_requests(&tenant.settings) {
        return Err(OAuthError::endpoint_disabled());
    }
    let request = TokenRequest::read_form(headers, &body.map_err(ParameterError::from)?, LIMITS, caller)?;
    match checked(app, tenant, headers, &request).await {
        Ok((client, parameters)) => keep(app, tenant, &client, parameters).await,
        Err(error) => {
            if let Some(reason) = error.reason() {
                let event = LogEvent::new(LogType::FailedPushedAuthorization, request.caller()).description(reason);
                app.log(&tenant.id, log_client(app, tenant, &request, event).await?).await?;
            }
            Err(error)
        }
    }
}

/// The checks, top to bottom. Gives the client and the parameters as `/authorize` reads them.
async fn checked(
    app: &App,
    tenant: &Tenant,
    headers: &HeaderMap,
    request: &TokenRequest,
) -> Result<(std::sync::Arc<ClientRecord>, String), OAuthError> {
    let client = authenticate(app, tenant, request).await.map_err(OAuthError::beside_the_token_endpoint)?.record;
    // §6.5: "confidential clients only".
    if client.client.is_public() {
        return Err(OAuthError::unauthorized_client("Only applications that authenticate can push requests"));
    }
    // RFC 9126 §2.1: "The request_uri authorization request parameter is one exception, and it MUST NOT be provided."
    if request.get("request_uri").is_some() {
        return Err(OAuthError::invalid_request("Parameter 'request_uri' is not allowed in a pushed request"));
    }
    if request.parameters().pairs().iter().filter(|(name, _)| name.starts_with("ext-")).count() > MOST_EXTENSIONS {
        return Err(OAuthError::invalid_request("More than 10 parameters begin with 'ext-'"));
    }
    let url = tenant.url(PATH);
    let jkt = dpop::proven_key(app, tenant, headers, &client.client, &url).await?;
    let parameters = kept(&client.client, request, jkt.as_deref())?;
    check_pushed(app, tenant, &read(&parameters)?).await?;
    Ok((client, parameters))
}

/// What is kept: everything but the credentials. RFC 9449 §10.1: a proof with the push does "the same" as `dpop_jkt`, and
/// where both are there, they must agree.
fn kept(client: &Client, request: &TokenRequest, jkt: Option<&str>) -> Result<String, OAuthError> {
    if request.get("dpop_jkt").is_some_and(|named| jkt.is_some_and(|jkt| jkt != named)) {
        return Err(OAuthError::invalid_dpop_proof("Parameter 'dpop_jkt' names another key than the DPoP proof", ""));
    }
    let own = ["client_id", "dpop_jkt"];
    let all = request.parameters().pairs();
    let all = all.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = all.filter(|(name, _)| !CREDENTIALS.contains(name) && !own.contains(name));
    let jkt = jkt.or_else(|| request.get("dpop_jkt")).map(|jkt| ("dpop_jkt", jkt));
    let pairs = sent.chain([("client_id", client.client_id.as_str())]).chain(jkt);
    Ok(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// Encoding again may lengthen a text threefold; it was measured when it came.
fn read(parameters: &str) -> Result<Parameters, ParameterError> {
    Parameters::from_urlencoded(parameters.as_bytes(), Limits { total: 4 * LIMITS.total, ..LIMITS })
}

async fn keep(app: &App, tenant: &Tenant, client: &ClientRecord, parameters: String) -> Result<Pushed, OAuthError> {
    let now = app.now();
    // 256 bits; only the keyed digest is stored.
    let reference = app.random().token(32);
    let row = PushedRequestRow {
        request_digest: digest(app, &tenant.id, &reference).as_bytes().to_vec(),
        client_id: client.client.client_id.clone(),
        parameters,
        created_at: now,
        expires_at: now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX),
    };
    let id = tenant.id.clone();
    app.store().write(move |tx| pushed_requests::insert(tx, &id, &row)).await?;
    Ok(Pushed { request_uri: format!("{PREFIX}{reference}"), expires_in: LIFETIME.as_secs() })
}

/// CO-04: a purpose of its own, so that no code, token or handle is ever a reference.
fn digest(app: &App, tenant: &TenantId, reference: &str) -> Digest {
    app.data_keys().digest(Purpose::PushedRequest, tenant, reference.as_bytes())
}

/// At `/authorize`: the parameters that a `request_uri` stands for, taken, so that nobody gets them a second time. `None` for
/// a request without one of ours. §6.5: "other query parameters are ignored".
pub(crate) async fn take(
    app: &App,
    tenant: &Tenant,
    parameters: &Parameters,
) -> Result<Option<Parameters>, AuthorizeError> {
    let reference = parameters.get("request_uri").and_then(|uri| uri.strip_prefix(PREFIX));
    let Some(reference) = reference.filter(|_| profile::supports_pushed_requests(&tenant.settings)) else {
        return Ok(None);
    };
    let Some(client_id) = parameters.get("client_id") else {
        return Err(AuthorizeError::page("invalid_request", "Missing required parameter: client_id"));
    };
    let (id, digest) = (tenant.id.clone(), digest(app, &tenant.id, reference));
    let (client_id, now) = (client_id.to_owned(), app.now());
    let taken = app.store().write(move |tx| pushed_requests::take(tx, &id, digest.as_bytes(), &client_id, now)).await?;
    match taken {
        Some(row) => Ok(Some(read(&row.parameters)?)),
        None => {
            Err(AuthorizeError::page("invalid_request", "The request_uri is unknown, has expired or was used before"))
        }
    }
}

/// Whether this client's requests have to be pushed. RFC 9126 §5: "the authorization server accepts authorization request data
/// only via PAR", and §6 the same for one client.
pub(crate) fn is_required(tenant: &Tenant, client: &Client) -> bool {
    let settings = &tenant.settings;
    profile::supports_pushed_requests(settings)
        && (settings.flags.require_pushed_authorization_requests || client.require_pushed_authorization_requests)
}
