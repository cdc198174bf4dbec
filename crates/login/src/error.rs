//! Errors of the pages, for people: always an HTML page of this server or the way back to the application, never an
//! answer to the application itself (§1.6, §1.7).

use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{AppError, LogEvent};
use keywright_web::page::{Cause, ErrorAnswer, ErrorFacts, LOST_TRANSACTION};
use keywright_web::{ParameterError, TrackingId, tenancy};

use crate::visit::Visit;
use serde_json::json;

/// Why a page was not shown or a form not taken.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The transaction is unknown, over, or another browser's; with the address to start again from, if there is one.
    LostTransaction { start_again: Option<String> },
    /// The request itself is refused, with a public sentence.
    Refused { status: StatusCode, description: String },
    /// Not the visitor's fault.
    Failed(AppError),
}

impl PageError {
    /// The transaction with this handle is not open here. §1.7: back to the application's `initiate_login_uri` "if the
    /// app is identifiable, else tenant `default_redirection_uri`", else the error page.
    pub(crate) async fn lost_transaction(visit: &Visit, handle: &str) -> Self {
        match visit.app.restart_url(&visit.tenant, handle).await {
            Ok(start_again) => Self::LostTransaction { start_again },
            Err(error) => Self::Failed(error),
        }
    }

    /// 400 with a public sentence.
    pub(crate) fn bad_request(description: impl Into<String>) -> Self {
        Self::Refused { status: StatusCode::BAD_REQUEST, description: description.into() }
    }

    /// WB-02: another site made the browser post here, or the form is not the one that was handed out.
    pub(crate) fn foreign_post() -> Self {
        let description = "The form was not sent from its own page. Go back, load the page again and try once more.";
        Self::Refused { status: StatusCode::FORBIDDEN, description: description.to_owned() }
    }

    /// The error as a response. The cause is logged here, once.
    pub(crate) async fn respond(self, visit: &Visit) -> Response {
        let (status, cause, description) = match self {
            Self::LostTransaction { start_again: Some(url) } => return visit.redirect(&url),
            Self::LostTransaction { start_again: None } => {
                (StatusCode::BAD_REQUEST, Cause::LostTransaction, LOST_TRANSACTION.to_owned())
            }
            Self::Refused { status, description } => (status, Cause::General, description),
            Self::Failed(error) => return failure(visit, &error),
        };
        let (tracking, code) = (TrackingId::new(&visit.app), "invalid_request");
        let mut event = LogEvent::new(visit.refusal_type(), &visit.caller)
            .description(description.clone())
            .details(json!({ "error": code, "tracking": tracking.as_str() }));
        if let Some(client_id) = visit.client_id() {
            event = event.client_id(client_id);
        }
        match visit.app.log(&visit.tenant.id, event).await {
            Ok(log_id) => {
                tracing::info!(%tracking, cause = description, "page refused");
                page(visit, status, cause, code, &description, &tracking, Some(&log_id))
            }
            // Nothing is answered that could not be logged.
            Err(error) => failure(visit, &error),
        }
    }
}

fn failure(visit: &Visit, error: &AppError) -> Response {
    let tracking = TrackingId::new(&visit.app);
    tracing::error!(%tracking, cause = %error, "page failed");
    let (status, code, description) = tenancy::public_failure(error);
    page(visit, status, tenancy::cause(error), code, description, &tracking, None)
}

/// The tenant's own error page, or ours (§1.6).
fn page(
    visit: &Visit,
    status: StatusCode,
    cause: Cause,
    error: &str,
    error_description: &str,
    tracking: &TrackingId,
    log_id: Option<&str>,
) -> Response {
    let (client_id, connection) = (visit.client_id(), visit.connection());
    let tracking = tracking.as_str();
    let facts = ErrorFacts { client_id, connection, error, error_description, tracking, ..ErrorFacts::default() };
    let (shell, tenant, method) = (visit.shell(), &visit.tenant, visit.method());
    ErrorAnswer { shell, tenant, method, status, cause, facts, log_id }.respond()
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<ParameterError> for PageError {
    fn from(error: ParameterError) -> Self {
        let status = match error {
            ParameterError::AddressTooLong => StatusCode::URI_TOO_LONG,
            ParameterError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::Refused { status, description: error.to_string() }
    }
}

impl From<BytesRejection> for PageError {
    fn from(rejection: BytesRejection) -> Self {
        Self::Refused { status: rejection.status(), description: "The form could not be read".to_owned() }
    }
}
