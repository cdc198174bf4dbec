//! Errors of the authorization endpoint: shown on a page, or sent to the application (§1.2 "Rule of thumb", §1.5, §1.6).

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;
use keywright_app::{App, AppError, AuthorizationRequest, Denial};
use keywright_types::{Tenant, User};
use keywright_web::page::{Cause, ErrorAnswer, ErrorFacts, LOST_TRANSACTION};
use keywright_web::rate_limits::{LimitError, reached_at};
use keywright_web::tenancy::{cause, public_failure, shell};
use keywright_web::{ParameterError, TrackingId};

use super::call::Call;
use super::checks::CheckedRequest;
use super::device;
use super::events;
use super::respond::error_response;
use super::session::Visitor;
use crate::error::OAuthError;
use crate::profile;
use keywright_web::redirect;

/// Codes of refusals that the checks of a request send to the application (§1.5).
const CODES: [&str; 5] =
    ["invalid_request", "access_denied", "unauthorized_client", "unsupported_response_type", "invalid_scope"];

/// Why a request was not answered with a code.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// Must not be delivered by redirect: client or redirect URI are not proven (RU-06).
    Page { code: &'static str, description: Cow<'static, str>, status: Option<StatusCode>, cause: Cause },
    /// For the application. Whose session it is about is known where somebody was signed in.
    Redirect { request: Box<AuthorizationRequest>, denial: Denial, user: Option<Box<User>> },
    /// The transaction is unknown, over or another browser's, and there is an address to start again from (§1.7).
    StartAgain { url: String },
    /// Not the caller's fault.
    Failed(AppError),
}

impl AuthorizeError {
    /// An error page.
    pub(crate) fn page(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self::Page { code, description: description.into(), status: None, cause: Cause::General }
    }

    /// An error page that is always 403 (§1.2, check 6).
    pub(crate) fn forbidden_page(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let status = Some(StatusCode::FORBIDDEN);
        Self::Page { code, description: description.into(), status, cause: Cause::General }
    }

    /// §1.2, check 5.
    pub(crate) fn callback_mismatch(url: &str) -> Self {
        let description = format!("Callback URL mismatch. {url} is not in the list of allowed callback URLs");
        let status = Some(StatusCode::BAD_REQUEST);
        let cause = Cause::CallbackMismatch;
        Self::Page { code: "unauthorized_client", description: description.into(), status, cause }
    }

    /// An error for the application.
    pub(crate) fn redirect(request: &AuthorizationRequest, denial: Denial) -> Self {
        Self::Redirect { request: Box::new(request.clone()), denial, user: None }
    }

    /// The end of a login that was decided on (`decide`).
    pub(super) fn refusal(checked: &CheckedRequest, visitor: &Visitor, denial: Denial) -> Self {
        let user = visitor.login.as_ref().map(|(_, user)| Box::new(user.clone()));
        Self::Redirect { request: Box::new(checked.request.clone()), denial, user }
    }

    /// The same refusal for the application itself, when it pushed the request.
    pub(crate) fn of_pushed_request(self) -> OAuthError {
        match self {
            Self::Page { code, description, .. } => {
                OAuthError::of_pushed_request(code, description, StatusCode::BAD_REQUEST)
            }
            Self::Redirect { denial, .. } => {
                let code = CODES.into_iter().find(|code| *code == denial.error).unwrap_or("invalid_request");
                OAuthError::of_pushed_request(code, denial.description, StatusCode::BAD_REQUEST)
            }
            Self::StartAgain { .. } => OAuthError::from(AppError::internal("a pushed request without a transaction")),
            Self::Failed(error) => error.into(),
        }
    }

    /// The same refusal for a device that asked for a code, with the statuses of its endpoint.
    pub(super) fn of_device_request(self) -> OAuthError {
        match self {
            Self::Redirect { denial, .. } => {
                let code = CODES.into_iter().find(|code| *code == denial.error).unwrap_or("invalid_request");
                OAuthError::of_device_request(code, denial.description)
            }
            Self::Failed(error) => error.into(),
            Self::Page { .. } | Self::StartAgain { .. } => {
                AppError::internal("a page for a device that asks for a code").into()
            }
        }
    }

    /// The transaction is gone (§1.7).
    pub(crate) async fn lost_transaction(app: &App, tenant: &Tenant, handle: &str) -> Self {
        match app.restart_url(tenant, handle).await {
            Ok(Some(url)) => Self::StartAgain { url },
            Ok(None) => Self::Page {
                code: "invalid_request",
                description: LOST_TRANSACTION.into(),
                status: None,
                cause: Cause::LostTransaction,
            },
            Err(error) => Self::Failed(error),
        }
    }

    /// The error as a response. The cause is logged here, once.
    pub(super) async fn respond(self, call: &Call<'_>, known: &Known) -> Response {
        let (app, tenant) = (call.app, call.tenant);
        let profile = tenant.settings.profile;
        match self {
            Self::Redirect { request, denial, user } if request.device.is_some() => {
                match device::denied(call, &request, &denial, user.as_deref()).await {
                    Ok(response) => response,
                    Err(error) => failure(call, known, &error),
                }
            }
            Self::Redirect { request, denial, user } => {
                match app.log(&tenant.id, events::refused(call, &request, &denial, user.as_deref())).await {
                    Ok(_) => error_response(call, &request, &denial).await,
                    // Nothing is answered that could not be logged.
                    Err(error) => failure(call, known, &error),
                }
            }
            Self::StartAgain { url } => redirect::to(&url, call.method),
            Self::Page { code, description, status, cause } => {
                let tracking = TrackingId::new(app);
                let log_id = if status == Some(StatusCode::TOO_MANY_REQUESTS) {
                    // The limit has its own entry in the tenant log, once a minute: a flood must not fill it.
                    None
                } else {
                    match log_page(call, known, code, &description, &tracking).await {
                        Ok(log_id) => Some(log_id),
                        Err(error) => return failure(call, known, &error),
                    }
                };
                tracing::info!(%tracking, error = code, cause = &*description, "authorization request refused");
                let status = status.unwrap_or_else(|| profile::authorization_page_status(profile, code));
                error_page(call, known, status, cause, code, &description, &tracking, log_id.as_deref())
            }
            Self::Failed(error) => failure(call, known, &error),
        }
    }
}

/// What a request said about itself, for the tenant's own error page.
#[derive(Default)]
pub(super) struct Known {
    pub(super) client_id: Option<String>,
    pub(super) connection: Option<String>,
}

/// The entry of the tenant log about a request that is refused on a page; gives its identifier. What stands in the place of
/// an unknown application is the caller's invention, or a mistyped secret, and is not written down.
async fn log_page(
    call: &Call<'_>,
    known: &Known,
    code: &str,
    description: &str,
    tracking: &TrackingId,
) -> Result<String, AppError> {
    let client = match &known.client_id {
        Some(client_id) => call.app.client(&call.tenant.id, client_id).await?,
        None => None,
    };
    let client = client.as_ref().map(|record| &record.client);
    call.app.log(&call.tenant.id, events::shown(call, client, code, description, tracking)).await
}

/// The tenant's own error page, or ours (§1.6).
#[expect(clippy::too_many_arguments, reason = "what a page says, each from another source")]
fn error_page(
    call: &Call<'_>,
    known: &Known,
    status: StatusCode,
    cause: Cause,
    code: &str,
    description: &str,
    tracking: &TrackingId,
    log_id: Option<&str>,
) -> Response {
    let facts = ErrorFacts {
        client_id: known.client_id.as_deref(),
        connection: known.connection.as_deref(),
        error: code,
        error_description: description,
        tracking: tracking.as_str(),
        ..ErrorFacts::default()
    };
    let shell = shell(call.app, call.tenant, None);
    ErrorAnswer { shell, tenant: call.tenant, method: call.method, status, cause, facts, log_id }.respond()
}

/// The page of a failure that is not the caller's fault.
fn failure(call: &Call<'_>, known: &Known, error: &AppError) -> Response {
    let tracking = TrackingId::new(call.app);
    tracing::error!(%tracking, cause = %error, "authorization request failed");
    let (status, code, description) = public_failure(error);
    error_page(call, known, status, cause(error), code, description, &tracking, None)
}

impl From<AppError> for AuthorizeError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<keywright_store::StoreError> for AuthorizeError {
    fn from(error: keywright_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LimitError> for AuthorizeError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached => Self::Page {
                code: "invalid_request",
                description: reached_at("/authorize").into(),
                status: Some(StatusCode::TOO_MANY_REQUESTS),
                cause: Cause::General,
            },
            LimitError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<ParameterError> for AuthorizeError {
    fn from(error: ParameterError) -> Self {
        let status = match error {
            ParameterError::AddressTooLong => Some(StatusCode::URI_TOO_LONG),
            ParameterError::TooLarge => Some(StatusCode::PAYLOAD_TOO_LARGE),
            _ => None,
        };
        let description = error.to_string().into();
        Self::Page { code: "invalid_request", description, status, cause: Cause::General }
    }
}

/// A denial with a fixed or made-up sentence.
pub(crate) fn denial(error: &str, description: impl Into<String>) -> Denial {
    Denial { error: error.to_owned(), description: description.into() }
}
