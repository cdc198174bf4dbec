//! Logout (§6.2, §6.3; SE-04, SE-05). Both endpoints end the session on the server; the cookie is only cleaned up.

pub(crate) mod auth0;
pub(crate) mod rp_initiated;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use keywright_app::{App, AppError, Session};
use keywright_types::Tenant;
use keywright_web::page::{Cause, ErrorPage};
use keywright_web::tenancy::{cause, public_failure, shell};
use keywright_web::{ParameterError, TrackingId, cookies};

use crate::profile;

/// Why a logout was not carried out.
enum LogoutError {
    /// 400, shown as a page.
    Invalid(Cow<'static, str>),
    /// Not the caller's fault.
    Failed(AppError),
}

impl LogoutError {
    fn invalid(description: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(description.into())
    }

    fn respond(self, app: &App, tenant: &Tenant) -> Response {
        let tracking = TrackingId::new(app);
        let frame = shell(app, tenant, None);
        match self {
            Self::Invalid(description) => {
                tracing::info!(%tracking, cause = &*description, "logout refused");
                let code = "invalid_request";
                let status = profile::authorization_page_status(tenant.settings.profile, code);
                ErrorPage::new(frame, tenant, Cause::General, code, &description, tracking.as_str()).respond(status)
            }
            Self::Failed(error) => {
                tracing::error!(%tracking, cause = %error, "logout failed");
                let (status, code, text) = public_failure(&error);
                let page = ErrorPage::new(frame, tenant, cause(&error), code, text, tracking.as_str());
                let mut response = page.respond(status);
                if error.is_temporary() {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                response
            }
        }
    }
}

impl From<AppError> for LogoutError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<ParameterError> for LogoutError {
    fn from(error: ParameterError) -> Self {
        Self::invalid(error.to_string())
    }
}

/// Ends the session and clears the cookie in `response`.
async fn end(app: &App, tenant: &Tenant, session: Option<&Session>) -> Result<(), AppError> {
    match session {
        Some(session) => app.end_session(&tenant.id, session).await,
        None => Ok(()),
    }
}

fn without_session_cookie(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::clear_session());
    response
}
