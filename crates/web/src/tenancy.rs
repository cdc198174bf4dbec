//! Which tenant a request is for: the one whose domain is the request's host (TN-02).

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use keywright_app::{App, AppError};
use keywright_types::Tenant;

use crate::TrackingId;
use crate::page::{Branding, Cause, ErrorPage, Language, Nonce, PreferredLanguages, Shell};

/// The tenant of this request. Present on every route behind [`resolve`].
#[derive(Clone, Debug)]
pub struct CurrentTenant(pub Arc<Tenant>);

impl<S: Sync> FromRequestParts<S> for CurrentTenant {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| not_found().into_response())
    }
}

/// Middleware: finds the tenant before any handler runs, and remembers in which languages the answer may be worded. An
/// unknown host is 404 whatever the path.
pub async fn resolve(State(app): State<App>, request: Request, next: Next) -> Response {
    let preferred = PreferredLanguages::of(request.uri(), request.headers());
    preferred.scope(resolved(app, request, next)).await
}

async fn resolved(app: App, mut request: Request, next: Next) -> Response {
    let Some(host) = host(request.uri(), request.headers()) else { return not_found().into_response() };
    match app.tenant_by_domain(&host).await {
        Ok(Some(tenant)) => {
            request.extensions_mut().insert(CurrentTenant(tenant));
            next.run(request).await
        }
        Ok(None) => not_found().into_response(),
        Err(error) => failure(&app, request.headers(), &error),
    }
}

/// Host with the port unless it is 443, lower case. `None` when the request names none or two different ones.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    let header = named.next().map(|value| value.to_str().ok());
    if named.next().is_some() {
        return None;
    }
    let host = match (uri.authority(), header) {
        (Some(authority), Some(header)) if header? != authority.as_str() => return None,
        (Some(authority), _) => authority.as_str(),
        (None, header) => header??,
    };
    // RFC 1035 §2.3.4: a name has at most 255 octets; a port adds six.
    if host.len() > 261 {
        return None;
    }
    let host = host.to_ascii_lowercase();
    Some(host.strip_suffix(":443").map(str::to_owned).unwrap_or(host))
}

fn not_found() -> impl IntoResponse {
    let body = axum::Json(serde_json::json!({
        "statusCode": 404, "error": "Not Found", "message": "No tenant answers at this host."
    }));
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body)
}

/// The answer where a tenant has nothing: no route, or one that it has not switched on.
#[must_use]
pub fn nothing_here() -> Response {
    let body = axum::Json(serde_json::json!({ "statusCode": 404, "error": "Not Found", "message": "Not Found" }));
    (StatusCode::NOT_FOUND, body).into_response()
}

/// What a failure is answered with: people get a page, programs get JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// HTML.
    Page,
    /// OAuth's error members.
    Json,
}

impl Representation {
    /// A page for whoever accepts one.
    #[must_use]
    pub fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("text/html")) { Self::Page } else { Self::Json }
    }
}

/// Answers a failure that happened before a surface could. The cause is logged here and never sent.
#[must_use]
pub fn failure(app: &App, headers: &HeaderMap, error: &AppError) -> Response {
    failure_as(app, Representation::wanted(headers), error)
}

/// [`failure`] for a request that is gone.
#[must_use]
pub fn failure_as(app: &App, representation: Representation, error: &AppError) -> Response {
    let tracking = TrackingId::new(app);
    tracing::error!(%tracking, cause = %error, "request failed");
    let (status, code, description) = public_failure(error);
    let mut response = match representation {
        Representation::Page => {
            let language = PreferredLanguages::current().choose(None, &Language::enabled(&[]));
            let shell = Shell::with(Branding::new("Keywright"), language, Nonce::from_text(app.random().token(16)));
            ErrorPage::failure(shell, cause(error), code, description, tracking.as_str()).respond(status)
        }
        Representation::Json => {
            let body = axum::Json(serde_json::json!({ "error": code, "error_description": description }));
            let uncached = [
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::PRAGMA, HeaderValue::from_static("no-cache")),
            ];
            (status, uncached, body).into_response()
        }
    };
    if error.is_temporary() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Status, OAuth code and public sentence of a failure (§0.3).
#[must_use]
pub fn public_failure(error: &AppError) -> (StatusCode, &'static str, &'static str) {
    if error.is_temporary() {
        (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "The server cannot answer now. Please try again.")
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Internal error")
    }
}

/// What an error page explains about a failure.
#[must_use]
pub fn cause(error: &AppError) -> Cause {
    if error.is_temporary() { Cause::Unavailable } else { Cause::General }
}

/// The frame of a tenant's page, with a fresh nonce. Its language is the one that the visitor prefers of those that the
/// tenant enabled; `ui_locales` are those of the authorization request that the page belongs to, if there is one.
#[must_use]
pub fn shell(app: &App, tenant: &Tenant, ui_locales: Option<&str>) -> Shell {
    let enabled = Language::enabled(&tenant.settings.enabled_locales);
    let language = PreferredLanguages::current().choose(ui_locales, &enabled);
    Shell::of(tenant, language, Nonce::from_text(app.random().token(16)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tn_02_one_unambiguous_host() {
        let check = |uri: &str, hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            host(&uri.parse().unwrap(), &headers)
        };
        assert_eq!(check("/a", &["Login.Example.com"]).as_deref(), Some("login.example.com"));
        assert_eq!(check("/a", &["login.example.com:443"]).as_deref(), Some("login.example.com"));
        assert_eq!(check("/a", &["localhost:8443"]).as_deref(), Some("localhost:8443"));
        assert_eq!(check("https://a.example/x", &[]).as_deref(), Some("a.example"));
        assert_eq!(check("https://a.example/x", &["a.example"]).as_deref(), Some("a.example"));
        assert_eq!(check("https://a.example/x", &["b.example"]), None);
        assert_eq!(check("/a", &["a.example", "b.example"]), None);
        assert_eq!(check("/a", &["a.example", "a.example"]), None);
        assert_eq!(check("/a", &[]), None);
        let long: &'static str = "a".repeat(300).leak();
        assert_eq!(check("/a", &[long]), None);
    }
}
