//! Logout (§6.2, §6.3; SE-04, SE-05). Both endpoints end the session on the server; the cookie is only cleaned up.

pub(crate) mod auth0;
pub(crate) mod rp_initiated;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::{App, AppError, Caller, LogEvent, LogType, Session};
use keywright_types::{Client, LogoutInitiator, Tenant};
use keywright_web::page::{Cause, ErrorAnswer, ErrorFacts};
use keywright_web::tenancy::{cause, public_failure, shell};
use keywright_web::{Cookies, ParameterError, Parameters, TrackingId, cookies};
use serde_json::json;

use crate::profile;

/// One request to end a session.
struct Attempt<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    caller: &'a Caller,
    method: &'a Method,
    cookies: &'a Cookies,
    /// The application as it was named, whether or not there is one.
    client_id: Option<&'a str>,
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
        let tracking = TrackingId::new(self.app);
        match error {
            LogoutError::Invalid(description, logged) => {
                let code = "invalid_request";
                let details = json!({ "error": code, "tracking": tracking.as_str() });
                let event = LogEvent::new(LogType::FailedLogout, self.caller).description(logged).details(details);
                match self.app.log(&self.tenant.id, event).await {
                    Ok(log_id) => {
                        tracing::info!(%tracking, cause = &*description, "logout refused");
                        let status = profile::authorization_page_status(self.tenant.settings.profile, code);
                        self.page(status, Cause::General, code, &description, &tracking, Some(&log_id))
                    }
                    Err(error) => self.failure(&error, &tracking),
                }
            }
            LogoutError::Failed(error) => self.failure(&error, &tracking),
        }
    }

    fn failure(&self, error: &AppError, tracking: &TrackingId) -> Response {
        tracing::error!(%tracking, cause = %error, "logout failed");
        let (status, code, text) = public_failure(error);
        self.page(status, cause(error), code, text, tracking, None)
    }

    fn page(
        &self,
        status: StatusCode,
        cause: Cause,
        error: &str,
        error_description: &str,
        tracking: &TrackingId,
        log_id: Option<&str>,
    ) -> Response {
        let (client_id, tracking) = (self.client_id, tracking.as_str());
        let facts = ErrorFacts { client_id, error, error_description, tracking, ..ErrorFacts::default() };
        let shell = shell(self.app, self.tenant, None);
        ErrorAnswer { shell, tenant: self.tenant, method: self.method, status, cause, facts, log_id }.respond()
    }
}

/// The application that a request names.
fn client_id(parameters: &Result<Parameters, ParameterError>) -> Option<&str> {
    parameters.as_ref().ok().and_then(|parameters| parameters.get("client_id"))
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
