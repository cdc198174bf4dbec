//! Errors of the pages, for people: always an HTML page of this server or the way back to the application, never an
//! answer to the application itself (§1.6, §1.7).

use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use keywright_app::AppError;
use keywright_web::page::{Cause, ErrorPage, LOST_TRANSACTION};
use keywright_web::{ParameterError, TrackingId, tenancy};

use crate::visit::Visit;

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
    pub(crate) fn respond(self, visit: &Visit) -> Response {
        let tracking = TrackingId::new(&visit.app);
        match self {
            Self::LostTransaction { start_again: Some(url) } => visit.redirect(&url),
            Self::LostTransaction { start_again: None } => {
                tracing::info!(%tracking, cause = "unknown or finished login transaction", "page refused");
                let status = StatusCode::BAD_REQUEST;
                page(visit, status, Cause::LostTransaction, "invalid_request", LOST_TRANSACTION, &tracking)
            }
            Self::Refused { status, description } => {
                tracing::info!(%tracking, cause = description, "page refused");
                page(visit, status, Cause::General, "invalid_request", &description, &tracking)
            }
            Self::Failed(error) => {
                tracing::error!(%tracking, cause = %error, "page failed");
                let (status, code, description) = tenancy::public_failure(&error);
                let mut response = page(visit, status, tenancy::cause(&error), code, description, &tracking);
                if error.is_temporary() {
                    // LG-04: "overload answers 503 with Retry-After".
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                response
            }
        }
    }
}

fn page(
    visit: &Visit,
    status: StatusCode,
    cause: Cause,
    code: &str,
    description: &str,
    tracking: &TrackingId,
) -> Response {
    ErrorPage::new(visit.shell(), &visit.tenant, cause, code, description, tracking.as_str()).respond(status)
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<ParameterError> for PageError {
    fn from(error: ParameterError) -> Self {
        let status =
            if error == ParameterError::TooLarge { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
        Self::Refused { status, description: error.to_string() }
    }
}

impl From<BytesRejection> for PageError {
    fn from(rejection: BytesRejection) -> Self {
        Self::Refused { status: rejection.status(), description: "The form could not be read".to_owned() }
    }
}
