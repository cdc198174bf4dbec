//! Cross-origin requests (`management-api.md` §1.1 "CORS"): pages of the tenant's applications, with a user's own token.
//!
//! No cookie counts here, so an origin that is allowed gets nothing that its token does not give.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use keywright_app::App;
use keywright_web::CurrentTenant;

use crate::error::ApiError;

/// Middleware: an origin that an application of the tenant registered is allowed; any other gets no header.
pub(crate) async fn registered_origins(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let registered = match origin.to_str() {
        // RU-02: compared exactly, in both profiles.
        Ok(text) => app.is_registered_origin(&tenant.id, text, true).await,
        Err(_) => Ok(false),
    };
    let registered = match registered {
        Ok(registered) => registered,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    if registered {
        allow(response.headers_mut(), origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    let exposed = "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, www-authenticate, link";
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, auth0-client"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
}
