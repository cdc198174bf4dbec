//! Authorization responses in the response mode of the request (§1.4).

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use keywright_app::{App, AuthorizationRequest, Denial, ResponseMode};
use keywright_types::Tenant;
use keywright_web::page::FormPostPage;
use keywright_web::tenancy::shell;

use crate::profile;
use keywright_web::redirect;

/// A successful response with a code.
pub(super) async fn code_response(
    app: &App,
    tenant: &Tenant,
    method: &Method,
    request: &AuthorizationRequest,
    code: String,
) -> Response {
    respond(app, tenant, method, request, vec![("code".to_owned(), code)]).await
}

/// An error response.
pub(super) async fn error_response(
    app: &App,
    tenant: &Tenant,
    method: &Method,
    request: &AuthorizationRequest,
    denial: &Denial,
) -> Response {
    tracing::info!(client.id = request.client_id, error = denial.error, cause = denial.description, "login refused");
    let description = profile::description(tenant.settings.profile, &denial.description);
    let parameters = vec![("error".to_owned(), denial.error.clone()), ("error_description".to_owned(), description)];
    respond(app, tenant, method, request, parameters).await
}

async fn respond(
    app: &App,
    tenant: &Tenant,
    method: &Method,
    request: &AuthorizationRequest,
    mut parameters: Vec<(String, String)>,
) -> Response {
    // RFC 6749 §4.1.2: "state REQUIRED if the "state" parameter was present in the client authorization request. The
    // exact value received from the client."
    if let Some(state) = &request.state {
        parameters.push(("state".to_owned(), state.clone()));
    }
    if profile::sends_iss(&tenant.settings) {
        parameters.push(("iss".to_owned(), tenant.issuer()));
    }
    match request.response_mode {
        ResponseMode::Query => redirect::to(&redirect::with_query(&request.redirect_uri, &parameters), method),
        ResponseMode::FormPost => form_post(app, tenant, request, parameters).await,
    }
}

async fn form_post(
    app: &App,
    tenant: &Tenant,
    request: &AuthorizationRequest,
    parameters: Vec<(String, String)>,
) -> Response {
    let client = app.client(&tenant.id, &request.client_id).await.ok().flatten();
    let name = client.as_ref().map_or_else(|| tenant.display_name(), |record| &record.client.name);
    let page =
        FormPostPage::new(shell(app, tenant, request.ui_locales.as_deref()), name, &request.redirect_uri, parameters);
    page.map_or_else(
        |_| {
            tracing::error!(client.id = request.client_id, "a callback is no safe form target");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        },
        |page| page.respond(),
    )
}
