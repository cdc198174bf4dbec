//! `GET|POST /oidc/logout` (§6.3; OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::Method;
use keywright_app::return_url;
use keywright_app::{App, ClientRecord, LogoutRequest};
use keywright_types::Tenant;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Cookies, CurrentCaller, CurrentTenant, ParameterError, Parameters};

use super::{Attempt, LogoutError, client_id, without_session_cookie};
use crate::id_token_hint::IdTokenHint;
use crate::profile;
use keywright_web::redirect;

/// Path of the page that says the user is logged out, for logouts that lead nowhere else.
const LOGGED_OUT: &str = "/u/logout-complete";

/// `GET /oidc/logout`.
pub(crate) async fn get(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = Parameters::from_query(query.as_deref(), AUTHORIZATION);
    let (method, client_id) = (&Method::GET, client_id(&parameters));
    let attempt = Attempt { app: &app, tenant: &tenant, caller: &caller, method, cookies: &cookies, client_id };
    respond(&attempt, &parameters).await
}

/// `POST /oidc/logout`.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    cookies: Cookies,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let parameters = Parameters::from_query_and_form(query.as_deref(), body, AUTHORIZATION);
    let (method, client_id) = (&Method::POST, client_id(&parameters));
    let attempt = Attempt { app: &app, tenant: &tenant, caller: &caller, method, cookies: &cookies, client_id };
    respond(&attempt, &parameters).await
}

async fn respond(attempt: &Attempt<'_>, parameters: &Result<Parameters, ParameterError>) -> Response {
    let answered = match parameters {
        Ok(parameters) => logout(attempt, parameters).await,
        Err(error) => Err(error.clone().into()),
    };
    match answered {
        Ok(response) => response,
        Err(error) => attempt.refuse(error).await,
    }
}

async fn logout(attempt: &Attempt<'_>, parameters: &Parameters) -> Result<Response, LogoutError> {
    let Attempt { app, tenant, method, .. } = *attempt;
    let hint = hint(app, tenant, parameters).await?;
    let target = target(tenant, parameters, &hint)?;
    let session = attempt.session().await?;
    // SE-05: the hint may have leaked, so it only counts when it is about the session of this very browser. Without a
    // session there is nothing to ask about.
    let hint_is_about_us = session.as_ref().is_none_or(|live| hint.session_id.as_ref() == Some(&live.session_id));
    if hint_is_about_us || !tenant.settings.sessions.oidc_logout_prompt_enabled {
        attempt.end(session.as_ref(), hint.client.as_ref().map(|record| &record.client)).await?;
        let url = target.unwrap_or_else(|| redirect::with_query(LOGGED_OUT, &ui_locales(parameters)));
        return Ok(without_session_cookie(redirect::to(&url, method)));
    }
    let client = hint.client.as_ref().map(|record| &record.client);
    let request = LogoutRequest {
        client_id: client.map(|client| client.client_id.clone()),
        client_name: client.map(|client| client.name.clone()),
        target,
        ui_locales: parameters.get("ui_locales").map(str::to_owned),
    };
    let state = app.seal_logout(&tenant.id, request);
    Ok(redirect::to(&format!("/u/logout?state={state}"), method))
}

/// RP-Initiated Logout §2, `ui_locales`: "End-User's preferred languages and scripts for the user interface". Our own
/// pages take them along in their address.
fn ui_locales(parameters: &Parameters) -> Vec<(String, String)> {
    parameters.get("ui_locales").map(|wanted| ("ui_locales".to_owned(), wanted.to_owned())).into_iter().collect()
}

/// Which application and session a logout is about.
struct Hint {
    client: Option<Arc<ClientRecord>>,
    session_id: Option<String>,
}

/// `id_token_hint`, else `logout_hint` with `client_id`.
async fn hint(app: &App, tenant: &Tenant, parameters: &Parameters) -> Result<Hint, LogoutError> {
    let named = match parameters.get("client_id") {
        Some(client_id) => {
            let found = app.client(&tenant.id, client_id).await?;
            Some(found.ok_or_else(|| LogoutError::invalid(format!("Unknown client: {client_id}"), "Unknown client"))?)
        }
        None => None,
    };
    let Some(token) = parameters.get("id_token_hint") else {
        return Ok(Hint { client: named, session_id: parameters.get("logout_hint").map(str::to_owned) });
    };
    let hint = IdTokenHint::read(app, tenant, token).await?;
    let hint = hint.ok_or_else(|| {
        LogoutError::invalid(
            "The \"id_token_hint\" is not an ID token of this server.",
            "The id_token_hint is not ours",
        )
    })?;
    // RP-Initiated Logout §2: "When both client_id and id_token_hint are present, the OP MUST verify that the Client
    // Identifier matches the one used as the audience of the ID Token."
    if named.is_some_and(|named| named.client.client_id != hint.client.client.client_id) {
        return Err(LogoutError::invalid(
            "The \"client_id\" is not the audience of the \"id_token_hint\".",
            "The id_token_hint is another client's",
        ));
    }
    Ok(Hint { client: Some(hint.client), session_id: hint.session_id })
}

/// RU-07: an exact match in the client's list, or in the tenant's when no client is known (§6.3).
fn target(tenant: &Tenant, parameters: &Parameters, hint: &Hint) -> Result<Option<String>, LogoutError> {
    let Some(wanted) = parameters.get("post_logout_redirect_uri") else { return Ok(None) };
    let allowed = match &hint.client {
        Some(record) => &record.client.allowed_logout_urls,
        None => &tenant.settings.allowed_logout_urls,
    };
    let Some(url) = return_url::allowed(allowed, wanted, profile::logout_matching(tenant.settings.profile)) else {
        return Err(LogoutError::invalid(
            format!(
                "The \"post_logout_redirect_uri\" parameter \"{wanted}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
            ),
            "The post_logout_redirect_uri is not allowed",
        ));
    };
    let state = parameters.get("state").map(|state| ("state".to_owned(), state.to_owned()));
    // §6.3: "`Location` is normalised (`http://localhost:3000` => `http://localhost:3000/`)".
    let normalised = url::Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    Ok(Some(redirect::with_query(&normalised, state.as_slice())))
}
