//! Rate limits on requests (§2.11; DO-01): which endpoint counts where, what the answer says, and what a refusal looks like.
//!
//! The middleware of a surface counts what can be counted before the request is read; handlers count by user, account or
//! token with [`RateLimits`]. The headers of an answer are those of the limit that the request is closest to.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use keywright_app::{App, AppError, Caller, Limit, RateLimitStatus, network_of};
use keywright_types::{Tenant, Timestamp};

use crate::page::{Cause, ErrorAnswer, ErrorFacts};
use crate::tenancy::{failure, shell};
use crate::{CurrentCaller, CurrentTenant, TrackingId};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// `error` and `error_description` of a refusal (§2.11).
pub const TOO_MANY_REQUESTS: (&str, &str) = ("too_many_requests", "Rate limit exceeded.");

/// What an endpoint is counted by besides the tenant as a whole.
enum By {
    Tenant,
    Address,
}

/// Endpoints with a bucket of their own.
fn of_endpoint(path: &str) -> Option<(Limit, By)> {
    match path {
        "/oauth/token" => Some((Limit::OauthToken, By::Tenant)),
        "/oauth/par" => Some((Limit::OauthPar, By::Address)),
        "/oauth/device/code" => Some((Limit::DeviceCode, By::Address)),
        "/activate" | "/activate/confirm" | "/activate/qr.svg" => Some((Limit::DeviceActivation, By::Address)),
        "/oidc/register" => Some((Limit::OidcRegister, By::Tenant)),
        "/.well-known/jwks.json" => Some((Limit::Jwks, By::Address)),
        _ => None,
    }
}

/// Why a request is not answered.
#[derive(Debug)]
pub enum LimitError {
    /// It is over a limit: 429.
    Reached,
    /// Nobody knows whether it is: 503.
    Failed(AppError),
}

impl From<AppError> for LimitError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// The limits on this request. Without the middleware, or when limits are switched off, everything is within them.
#[derive(Clone, Default)]
pub struct RateLimits(Option<Arc<Counted>>);

struct Counted {
    app: App,
    tenant: Arc<Tenant>,
    caller: Caller,
    closest: Mutex<Option<RateLimitStatus>>,
}

impl<S: Sync> FromRequestParts<S> for RateLimits {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl RateLimits {
    /// Counts the request for `key`.
    pub async fn take(&self, limit: Limit, key: &[&str]) -> Result<(), LimitError> {
        let Some(counted) = &self.0 else { return Ok(()) };
        let Counted { app, tenant, caller, .. } = &**counted;
        let Some(status) = app.take_token(tenant, caller, limit, key).await? else { return Ok(()) };
        counted.note(status);
        if status.admitted { Ok(()) } else { Err(LimitError::Reached) }
    }

    /// Counts the request for `key` together with the address it comes from.
    pub async fn take_with_address(&self, limit: Limit, key: &[&str]) -> Result<(), LimitError> {
        let Some(counted) = &self.0 else { return Ok(()) };
        let network = network_of(counted.caller.ip);
        self.take(limit, &[key, &[network.as_str()]].concat()).await
    }

    fn closest(&self) -> Option<RateLimitStatus> {
        *self.0.as_ref()?.closest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn note(&self, status: RateLimitStatus) {
        let mut closest = self.closest.lock().unwrap_or_else(PoisonError::into_inner);
        let key = |status: RateLimitStatus| (status.admitted, status.remaining);
        if closest.is_none_or(|before| key(status) < key(before)) {
            *closest = Some(status);
        }
    }
}

/// Middleware for endpoints that answer programs. Stands inside of the one that allows cross-origin requests.
pub async fn api(app: State<App>, tenant: CurrentTenant, request: Request, next: Next) -> Response {
    limited(
        app,
        tenant,
        request,
        next,
        None,
        |_, _, _, _| refused_program(),
        |app, headers, error| failure(app, headers, &error),
    )
    .await
}

/// Middleware for a surface with one bucket for all of its requests to a tenant, and answers of its own for a request that
/// is over the limit and for one of which nobody knows.
pub async fn one_bucket(
    app: State<App>,
    tenant: CurrentTenant,
    request: Request,
    next: Next,
    limit: Limit,
    refused: impl FnOnce() -> Response,
    failed: impl FnOnce(AppError) -> Response,
) -> Response {
    limited(app, tenant, request, next, Some(limit), |_, _, _, _| refused(), |_, _, error| failed(error)).await
}

/// Middleware for endpoints that people see.
pub async fn pages(app: State<App>, tenant: CurrentTenant, request: Request, next: Next) -> Response {
    let refused = |app: &App, tenant: &Tenant, method: &Method, path: &str| {
        let tracking = TrackingId::new(app);
        tracing::info!(%tracking, cause = "a rate limit was reached", "page refused");
        refused_person(app, tenant, method, path, tracking.as_str())
    };
    limited(app, tenant, request, next, None, refused, |app, headers, error| failure(app, headers, &error)).await
}

async fn limited(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    mut request: Request,
    next: Next,
    only: Option<Limit>,
    refused: impl FnOnce(&App, &Tenant, &Method, &str) -> Response,
    failed: impl FnOnce(&App, &HeaderMap, AppError) -> Response,
) -> Response {
    if !app.limits_requests_to(&tenant) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(CurrentCaller(caller)) = CurrentCaller::from_request_parts(&mut parts, &()).await;
    let counted = Counted { app: app.clone(), tenant: tenant.clone(), caller, closest: Mutex::default() };
    let limits = RateLimits(Some(Arc::new(counted)));
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let headers = parts.headers.clone();
    parts.extensions.insert(limits.clone());
    request = Request::from_parts(parts, body);
    let within = match only {
        Some(limit) => limits.take(limit, &[]).await,
        None => before(&limits, &path).await,
    };
    let mut response = match within {
        Ok(()) => next.run(request).await,
        Err(LimitError::Reached) => refused(&app, &tenant, &method, &path),
        Err(LimitError::Failed(error)) => failed(&app, &headers, error),
    };
    if let Some(status) = limits.closest() {
        show(response.status(), response.headers_mut(), status, app.now());
    }
    response
}

/// What is counted before the request is read.
async fn before(limits: &RateLimits, path: &str) -> Result<(), LimitError> {
    match of_endpoint(path) {
        Some((limit, By::Tenant)) => limits.take(limit, &[]).await?,
        Some((limit, By::Address)) => limits.take_with_address(limit, &[]).await?,
        None => {}
    }
    // Whoever verifies tokens must not use up what people log in with.
    if path == "/.well-known/jwks.json" { Ok(()) } else { limits.take(Limit::AuthenticationApi, &[]).await }
}

/// The refusal of an endpoint that answers programs.
#[must_use]
pub fn refused_program() -> Response {
    let (error, description) = TOO_MANY_REQUESTS;
    let body = axum::Json(serde_json::json!({ "error": error, "error_description": description }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// The public sentence of §2.11 about a page.
#[must_use]
pub fn reached_at(path: &str) -> String {
    format!("The rate limit for endpoint {path} was reached. Please retry after a few minutes.")
}

fn refused_person(app: &App, tenant: &Tenant, method: &Method, path: &str, tracking: &str) -> Response {
    let error_description = &reached_at(path);
    let facts = ErrorFacts { error: "invalid_request", error_description, tracking, ..ErrorFacts::default() };
    let (shell, cause, status) = (shell(app, tenant, None), Cause::General, StatusCode::TOO_MANY_REQUESTS);
    ErrorAnswer { shell, tenant, method, status, cause, facts, log_id: None }.respond()
}

/// `x-ratelimit-limit`, `-remaining` and `-reset` (in seconds since 1970), and `Retry-After` on a refusal.
fn show(status: StatusCode, headers: &mut HeaderMap, limit: RateLimitStatus, now: Timestamp) {
    let seconds = |time: Timestamp| (time.as_millisecond() + 999).div_euclid(1000);
    headers.insert(LIMIT, HeaderValue::from(limit.limit));
    headers.insert(REMAINING, HeaderValue::from(limit.remaining));
    headers.insert(RESET, HeaderValue::from(seconds(limit.reset)));
    if status == StatusCode::TOO_MANY_REQUESTS && !limit.admitted {
        // RFC 6585 §4: the response "MAY include a Retry-After header indicating how long to wait".
        let wait = limit.reset.as_millisecond() - now.as_millisecond();
        headers.insert(header::RETRY_AFTER, HeaderValue::from((wait + 999).div_euclid(1000).max(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_so_that_nobody_comes_too_early() {
        let now: Timestamp = "2026-03-01T12:00:00.900Z".parse().unwrap();
        let reset = "2026-03-01T12:00:12.100Z".parse().unwrap();
        let refused = RateLimitStatus { admitted: false, limit: 10, remaining: 0, reset };
        let mut headers = HeaderMap::new();
        show(StatusCode::TOO_MANY_REQUESTS, &mut headers, refused, now);
        assert_eq!(headers[&LIMIT], "10");
        assert_eq!(headers[&REMAINING], "0");
        assert_eq!(headers[&RESET], "1772366413");
        assert_eq!(headers[header::RETRY_AFTER], "12");
        let mut headers = HeaderMap::new();
        show(StatusCode::OK, &mut headers, RateLimitStatus { admitted: true, ..refused }, now);
        assert!(!headers.contains_key(header::RETRY_AFTER));
    }
}
