//! What this endpoint writes to the tenant log (`management-api.md` §12.1): `ssa` and `fsa` for what happens without a
//! page, `f` for every other login that ends here with an error. `s` is written where somebody proves who they are.

use keywright_app::{AuthorizationRequest, Denial, LogEvent, LogType, PromptValue};
use keywright_types::{Client, Connection, ScopeSet, User};
use keywright_web::TrackingId;
use serde_json::json;

use super::call::Call;
use super::checks::CheckedRequest;

/// A session answered a request without a login page.
pub(super) fn silent(call: &Call<'_>, checked: &CheckedRequest, user: &User, scope: &ScopeSet) -> LogEvent {
    let request = &checked.request;
    let event = LogEvent::new(LogType::SuccessSilentAuthentication, &call.caller)
        .client(&checked.client.client)
        .user(user)
        .audience(request.audience.as_deref().unwrap_or_default())
        .scope(scope)
        .details(details(request));
    let connection = |own: &&Connection| own.name == user.connection;
    match checked.connections.iter().find(connection) {
        Some(connection) => event.connection(connection),
        None => event,
    }
}

/// The application gets an error.
pub(super) fn refused(
    call: &Call<'_>,
    request: &AuthorizationRequest,
    denial: &Denial,
    user: Option<&User>,
) -> LogEvent {
    let silent = request.prompts(PromptValue::None);
    let kind = if silent { LogType::FailedSilentAuthentication } else { LogType::FailedLogin };
    let event = LogEvent::new(kind, &call.caller)
        .client_id(&request.client_id)
        .audience(request.audience.as_deref().unwrap_or_default())
        .scope(&request.scope)
        .description(denial.description.clone())
        .details(details_of_error(request, &denial.error));
    match user {
        Some(user) => event.user(user),
        None => event,
    }
}

/// The error is shown on a page. `tracking` is on it, so an administrator finds the entry by what a person sends him.
pub(super) fn shown(
    call: &Call<'_>,
    client: Option<&Client>,
    error: &str,
    description: &str,
    tracking: &TrackingId,
) -> LogEvent {
    let event = LogEvent::new(LogType::FailedLogin, &call.caller)
        .details(json!({ "error": error, "tracking": tracking.as_str() }));
    match client {
        Some(client) => event.client(client).description(description),
        None => event.description("The request names no application of this tenant"),
    }
}

fn details(request: &AuthorizationRequest) -> serde_json::Value {
    json!({ "response_type": request.response_type, "redirect_uri": request.redirect_uri })
}

fn details_of_error(request: &AuthorizationRequest, error: &str) -> serde_json::Value {
    json!({ "error": error, "response_type": request.response_type, "redirect_uri": request.redirect_uri })
}
