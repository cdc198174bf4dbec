//! Logout (§6.2, §6.3; SE-04, SE-05). Both endpoints end the session on the server; the cookie is only cleaned up.

pub(crate) mod auth0;
pub(crate) mod rp_initiated;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::{App, AppError, Caller, LogEvent, LogType, Session};
use keywright_types::{Client, LogoutInitiator, Tenant};
use keywright_web::page::{Cause, ErrorPage};
use keywright_web::tenancy::{cause, public_failure, shell};
use keywright_web::{Cookies, ParameterError, TrackingId, cookies};

use crate::profile;

/// One request to end a session.
struct Attempt<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    caller: &'a Caller,
    method: &'a Method,
    cookies: &'a Cookies,
}

/// Why a logout was not carried out.
enum LogoutError {
    /// 400, shown as a page. The second sentence is for the tenant log and holds nothing of the request.
    Invalid(Cow<'static, str>, &'static str),
    /// Not the caller's fault.
    Failed(AppError),
}

impl LogoutError {
    fn invalid(description: impl Into<Cow<'static, str>>, logged: &'static str) -> Self {
        Self::Invalid(description.into(), logged)
    }
}

impl From<AppError> for LogoutError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<ParameterError> for LogoutError {
    fn from(error: ParameterError) -> Self {
        Self::invalid(error.to_string(), "Malformed request")
    }
}

impl Attempt<'_> {
    /// The session of this browser.
    async fn session(&self) -> Result<Option<Session>, AppError> {
        self.app.session(self.tenant, self.cookies.session.as_deref()).await
    }

    /// Ends the session on the server, for an application if one is known.
    async fn end(&self, session: Option<&Session>, client: Option<&Client>) -> Result<(), AppError> {
        let Some(session) = session else { return Ok(()) };
        let event = LogEvent::new(LogType::SuccessLogout, self.caller).user_id(&session.user_id);
        let event = match client {
            Some(client) => event.client(client),
            None => event,
        };
        self.app.end_session(&self.tenant.id, session, LogoutInitiator::RpLogout, event).await
    }

    /// A page that says why nothing, or not all, was done.
    async fn refuse(&self, error: LogoutError) -> Response {
        let error = match error {
            LogoutError::Invalid(description, logged) => {
                let event = LogEvent::new(LogType::FailedLogout, self.caller).description(logged);
                match self.app.log(&self.tenant.id, event).await {
                    Ok(()) => LogoutError::Invalid(description, logged),
                    Err(cause) => LogoutError::Failed(cause),
                }
            }
            failed @ LogoutError::Failed(_) => failed,
        };
        let tracking = TrackingId::new(self.app);
        let frame = shell(self.app, self.tenant, None);
        match error {
            LogoutError::Invalid(description, _) => {
                tracing::info!(%tracking, cause = &*description, "logout refused");
                let code = "invalid_request";
                let status = profile::authorization_page_status(self.tenant.settings.profile, code);
                ErrorPage::new(frame, self.tenant, Cause::General, code, &description, tracking.as_str())
                    .respond(status)
            }
            LogoutError::Failed(error) => {
                tracing::error!(%tracking, cause = %error, "logout failed");
                let (status, code, text) = public_failure(&error);
                let page = ErrorPage::new(frame, self.tenant, cause(&error), code, text, tracking.as_str());
                let mut response = page.respond(status);
                if error.is_temporary() {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                response
            }
        }
    }
}

/// `HEAD`: says that the endpoint is there. RFC 9110 §9.2.1: safe methods do not ask for "any state change on the origin
/// server"; link checkers and previews send it, and must log nobody out.
pub(crate) async fn head() -> Response {
    (StatusCode::OK, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

fn without_session_cookie(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::clear_session());
    response
}
