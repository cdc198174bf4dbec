//! Redirects (AR-09): 302 after a GET, 303 after a form post, so that a browser never posts a password on.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

/// A redirect to `location` in answer to a request by `method`. Never cached, and without a referrer.
pub(crate) fn to(location: &str, method: &Method) -> Response {
    // RFC 9700 §4.12: "If an HTTP redirection […] is used for such a request, the authorization server SHOULD use HTTP
    // status code 303 (See Other)."
    let status = if *method == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    let Ok(location) = HeaderValue::try_from(location) else {
        tracing::error!("a redirect target is no header value");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let fixed = HeaderValue::from_static;
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
    ];
    (status, headers).into_response()
}
