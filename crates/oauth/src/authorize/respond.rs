//! Authorization responses in the response mode of the request (§1.4).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use keywright_app::{AuthorizationRequest, Denial, ResponseMode, return_url};
use keywright_web::page::{FormPostPage, Shell, WebMessagePage};
use keywright_web::redirect;
use keywright_web::tenancy::shell;
use serde_json::{Map, Value};

use super::call::Call;
use crate::profile;

/// One parameter of a response. `expires_in` is a number, which a message keeps as one.
pub(super) type Parameter = (&'static str, Value);

/// An error response.
pub(super) async fn error_response(call: &Call<'_>, request: &AuthorizationRequest, denial: &Denial) -> Response {
    tracing::info!(client.id = request.client_id, error = denial.error, cause = denial.description, "login refused");
    let description = profile::description(call.tenant.settings.profile, &denial.description);
    let parameters = vec![("error", denial.error.clone().into()), ("error_description", description.into())];
    respond(call, request, parameters).await
}

/// A response with `parameters`, `state` and, where it is due, `iss`.
pub(super) async fn respond(
    call: &Call<'_>,
    request: &AuthorizationRequest,
    mut parameters: Vec<Parameter>,
) -> Response {
    // RFC 6749 §4.1.2: "state REQUIRED if the "state" parameter was present in the client authorization request. The
    // exact value received from the client."
    if let Some(state) = &request.state {
        parameters.push(("state", state.as_str().into()));
    }
    if profile::sends_iss(&call.tenant.settings) {
        parameters.push(("iss", call.tenant.issuer().into()));
    }
    match request.response_mode {
        ResponseMode::Query => {
            redirect::to(&redirect::with_query(&request.redirect_uri, &pairs(parameters)), call.method)
        }
        ResponseMode::Fragment => {
            redirect::to(&redirect::with_fragment(&request.redirect_uri, &pairs(parameters)), call.method)
        }
        ResponseMode::FormPost => form_post(call, request, pairs(parameters)).await,
        ResponseMode::WebMessage => web_message(call, request, parameters).await,
    }
}

/// Parameters as text.
fn pairs(parameters: Vec<Parameter>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    parameters.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
}

async fn form_post(call: &Call<'_>, request: &AuthorizationRequest, parameters: Vec<(String, String)>) -> Response {
    let (name, shell) = frame(call, request).await;
    FormPostPage::new(shell, &name, &request.redirect_uri, parameters)
        .map_or_else(|_| unsafe_target(request), |page| page.respond())
}

/// RU-08: the receiver is the origin of the redirect URI, which is a registered callback of the application.
async fn web_message(call: &Call<'_>, request: &AuthorizationRequest, parameters: Vec<Parameter>) -> Response {
    let Some(origin) = return_url::origin(&request.redirect_uri) else { return unsafe_target(request) };
    let (name, shell) = frame(call, request).await;
    let response: Map<_, _> = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    WebMessagePage::new(shell, &name, &origin, &response).respond()
}

/// Name of the application, and the frame of a page for it.
async fn frame(call: &Call<'_>, request: &AuthorizationRequest) -> (String, Shell) {
    let client = call.app.client(&call.tenant.id, &request.client_id).await.ok().flatten();
    let name = client.as_ref().map_or_else(|| call.tenant.display_name(), |record| &record.client.name);
    (name.to_owned(), shell(call.app, call.tenant, request.ui_locales.as_deref()))
}

/// RU-05: the checks let no such address through, and neither does a page.
fn unsafe_target(request: &AuthorizationRequest) -> Response {
    tracing::error!(client.id = request.client_id, "a callback is no safe target for a page");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
