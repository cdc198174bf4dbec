//! Cross-origin requests (§9; WB-09): registered origins, and `*` for what is public anyway.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::App;
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;

use crate::profile;

/// For token, revocation and user info: an origin that an application of the tenant registered is echoed. Any other
/// gets no header, and the request is processed all the same (§9).
///
/// A preflight carries no client id, so it is answered for every registered origin (§12.8). No cookie counts at these
/// endpoints; credentials are allowed because Auth0's SDKs may ask for them.
pub(crate) async fn registered_origins(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let profile = tenant.settings.profile;
    let registered = match origin.as_ref().and_then(|origin| origin.to_str().ok()) {
        None => false,
        // RU-02: where callbacks are compared exactly, so are origins.
        Some(text) => match app.is_registered_origin(&tenant.id, text, profile::compares_exactly(profile)).await {
            Ok(registered) => registered,
            Err(error) => return failure(&app, request.headers(), &error),
        },
    };
    let is_preflight = is_preflight(&request);
    let mut response = match (is_preflight, registered) {
        (false, _) => next.run(request).await,
        (true, true) => preflight(),
        (true, false) => StatusCode::NO_CONTENT.into_response(),
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let (true, Some(origin)) = (registered, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        let exposed = HeaderValue::from_static(
            "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, \
                 dpop-nonce, www-authenticate",
        );
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// For discovery and keys, which are public (§9).
pub(crate) async fn any_origin(request: Request, next: Next) -> Response {
    let mut response = if is_preflight(&request) { preflight() } else { next.run(request).await };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a page of another origin may send. The SDKs for browsers send `Auth0-Client` with every request
/// (client-requirements, "Requests").
fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, auth0-client, dpop"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
