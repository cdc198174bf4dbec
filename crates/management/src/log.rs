//! What the tenant log says of a change over this API: `sapi` when it was made, `fapi` when it was refused
//! (`management-api.md` §12.1), without anything secret.

use keywright_app::{Caller, LogEvent, LogType};
use keywright_types::Tenant;
use serde_json::{Value, json};

use crate::authentication::{Bearer, Principal};
use crate::error::ApiError;
use crate::operation::{BASE, Operation};

/// Bytes of a body that the log keeps.
const LONGEST: usize = 8 * 1024;

/// The entry of a change that is going to be made.
pub(crate) fn change(operation: &Operation, bearer: &Bearer, caller: &Caller, path: &str, body: &Value) -> LogEvent {
    let details = json!({ "request": request(operation, bearer, path, body), "response": { "statusCode": operation.success.as_u16() } });
    event(LogType::SuccessManagementOperation, operation, bearer, caller).details(details)
}

/// The entry of a change that was refused.
pub(crate) fn refusal(
    operation: &Operation,
    bearer: &Bearer,
    caller: &Caller,
    path: &str,
    body: &Value,
    error: &ApiError,
) -> LogEvent {
    let response = json!({ "statusCode": error.status().as_u16(), "body": { "message": error.message() } });
    let details = json!({ "request": request(operation, bearer, path, body), "response": response });
    event(LogType::FailedManagementOperation, operation, bearer, caller).details(details)
}

/// The entry of a change that the command line made without an operation.
pub(crate) fn command_line(description: &'static str, tenant: &Tenant) -> LogEvent {
    let caller = Caller { hostname: tenant.domain.clone(), ..Caller::default() };
    LogEvent::new(LogType::SuccessManagementOperation, &caller).description(description)
}

fn event(kind: LogType, operation: &Operation, bearer: &Bearer, caller: &Caller) -> LogEvent {
    let event = LogEvent::new(kind, caller).description(operation.summary);
    if bearer.principal == Principal::CommandLine {
        return event;
    }
    let event = event.client_id(&bearer.client_id);
    if bearer.is_user { event.user_id(&bearer.subject) } else { event }
}

fn request(operation: &Operation, bearer: &Bearer, path: &str, body: &Value) -> Value {
    // The document says what is secret; a body that it knows nothing of is not repeated.
    let masked = operation.body.as_ref().map(|schema| schema.masked(body)).unwrap_or_default();
    let masked = if masked.to_string().len() > LONGEST { Value::from("(too long)") } else { masked };
    let (strategy, channel) = match bearer.principal {
        Principal::Token => ("jwt", "api"),
        Principal::CommandLine => ("database", "command_line"),
    };
    json!({
        "auth": { "strategy": strategy, "subject": bearer.subject },
        "body": masked,
        "channel": channel,
        "method": operation.method.as_str().to_ascii_lowercase(),
        "path": format!("{BASE}{path}"),
    })
}
