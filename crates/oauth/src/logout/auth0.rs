//! `GET /v2/logout` and its old name `/logout` (§6.2).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::App;
use keywright_app::return_url::{self, Matching};
use keywright_types::Tenant;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Cookies, CurrentTenant, Parameters};

use super::{LogoutError, end, without_session_cookie};
use crate::profile;
use keywright_web::redirect;

/// Where the browser goes after the logout.
enum Target {
    Url(String),
    /// §6.2: "No parameters => `200` text `OK`."
    Nowhere,
}

/// `GET /v2/logout`. §6.2: "Always clears the SSO session first", also when `returnTo` turns out to be wrong.
pub(crate) async fn get(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    let ended = async {
        let session = app.session(&tenant.id, cookies.session.as_deref()).await?;
        end(&app, &tenant, session.as_ref()).await
    };
    if let Err(error) = ended.await {
        return LogoutError::from(error).respond(&app, &tenant);
    }
    let response = match target(&app, &tenant, &query.unwrap_or_default()).await {
        Ok(Target::Url(url)) => redirect::to(&url, &Method::GET),
        Ok(Target::Nowhere) => {
            let no_store = HeaderValue::from_static("no-store");
            (StatusCode::OK, [(header::CACHE_CONTROL, no_store)], "OK").into_response()
        }
        Err(error) => error.respond(&app, &tenant),
    };
    without_session_cookie(response)
}

/// RU-07: the client's list when a client is named, else the tenant's.
async fn target(app: &App, tenant: &Tenant, query: &str) -> Result<Target, LogoutError> {
    let parameters = Parameters::from_urlencoded(query.as_bytes(), AUTHORIZATION)?;
    let client = match parameters.get("client_id") {
        Some(client_id) => {
            let found = app.client(&tenant.id, client_id).await?;
            Some(found.ok_or_else(|| LogoutError::invalid(format!("Unknown client: {client_id}")))?)
        }
        None => None,
    };
    let allowed = match &client {
        Some(record) => &record.client.allowed_logout_urls,
        None => &tenant.settings.allowed_logout_urls,
    };
    let matching = Matching { ignore_query: true, ..profile::logout_matching(tenant.settings.profile) };
    match (parameters.get("returnTo"), &client) {
        (Some(url), _) => match return_url::allowed(allowed, url, matching) {
            Some(url) => Ok(Target::Url(url.to_owned())),
            None => Err(LogoutError::invalid(format!(
                "The \"returnTo\" querystring parameter \"{url}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
            ))),
        },
        // RU-07: a wildcard is no address, and what registration would have refused is none either.
        (None, Some(_)) => {
            let first = allowed.iter().find(|url| return_url::allowed(allowed, url, matching).is_some());
            Ok(first.map_or(Target::Nowhere, |url| Target::Url(url.clone())))
        }
        (None, None) => Ok(Target::Nowhere),
    }
}
