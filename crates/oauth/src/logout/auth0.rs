//! `GET /v2/logout` and its old name `/logout` (§6.2).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::return_url::{self, Matching};
use keywright_app::{App, ClientRecord};
use keywright_types::Tenant;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Cookies, CurrentCaller, CurrentTenant, ParameterError, Parameters};

use super::{Attempt, LogoutError, client_id, without_session_cookie};
use crate::profile;
use keywright_web::redirect;

/// Where the browser goes after the logout.
enum Target {
    Url(String),
    /// §6.2: "No parameters => `200` text `OK`."
    Nowhere,
}

/// `GET /v2/logout`. §6.2: "Always clears the SSO session first", also when `returnTo` turns out to be wrong.
///
/// `federated` asks for a logout at the identity provider behind the connection as well; database connections have none, so
/// it is accepted and changes nothing. `auth0Client`, which libraries send, says what they are.
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
    let named = named_client(&attempt, &parameters).await;
    let client = named.as_ref().ok().and_then(Option::as_ref).map(|record| &record.client);
    let ended = async { attempt.end(attempt.session().await?.as_ref(), client).await };
    if let Err(error) = ended.await {
        return attempt.refuse(error.into()).await;
    }
    let target = match (&parameters, named) {
        (Ok(parameters), Ok(client)) => target(&tenant, parameters, client.as_deref()),
        (Err(error), _) => Err(error.clone().into()),
        (_, Err(error)) => Err(error),
    };
    let response = match target {
        Ok(Target::Url(url)) => redirect::to(&url, method),
        Ok(Target::Nowhere) => {
            let no_store = HeaderValue::from_static("no-store");
            (StatusCode::OK, [(header::CACHE_CONTROL, no_store)], "OK").into_response()
        }
        Err(error) => attempt.refuse(error).await,
    };
    without_session_cookie(response)
}

/// The application that is named.
async fn named_client(
    attempt: &Attempt<'_>,
    parameters: &Result<Parameters, ParameterError>,
) -> Result<Option<Arc<ClientRecord>>, LogoutError> {
    let Some(client_id) = client_id(parameters) else { return Ok(None) };
    let found = attempt.app.client(&attempt.tenant.id, client_id).await?;
    found.map(Some).ok_or_else(|| LogoutError::invalid(format!("Unknown client: {client_id}"), "Unknown client"))
}

/// RU-07: the client's list when a client is named, else the tenant's.
fn target(tenant: &Tenant, parameters: &Parameters, client: Option<&ClientRecord>) -> Result<Target, LogoutError> {
    let allowed = match client {
        Some(record) => &record.client.allowed_logout_urls,
        None => &tenant.settings.allowed_logout_urls,
    };
    let matching = Matching { ignore_query: true, ..profile::logout_matching(tenant.settings.profile) };
    match (parameters.get("returnTo"), client) {
        (Some(url), _) => match return_url::allowed(allowed, url, matching) {
            Some(url) => Ok(Target::Url(url.to_owned())),
            None => Err(LogoutError::invalid(
                format!(
                    "The \"returnTo\" querystring parameter \"{url}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
                ),
                "The returnTo URL is not allowed",
            )),
        },
        // RU-07: a wildcard is no address, and what registration would have refused is none either.
        (None, Some(_)) => {
            let first = allowed.iter().find(|url| return_url::allowed(allowed, url, matching).is_some());
            Ok(first.map_or(Target::Nowhere, |url| Target::Url(url.clone())))
        }
        (None, None) => Ok(Target::Nowhere),
    }
}
