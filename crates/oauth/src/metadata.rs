//! Answers that anybody may keep: discovery and keys (§6.11 "Cacheable"), with a validator (RFC 9110 §8.8, §13.1.2).

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keywright_app::PublishedDocument;

const CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=15, stale-while-revalidate=15, stale-if-error=86400");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The document, or 304 for a caller that has it already.
pub(crate) fn cacheable(headers: &HeaderMap, document: &PublishedDocument) -> Response {
    let tag = format!("\"{}\"", document.fingerprint);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // RFC 9110 §13.1.2: weak comparison, so `W/` does not count.
    let is_current = known.flat_map(|value| value.split(',')).any(|own| {
        let own = own.trim();
        own == "*" || own.trim_start_matches("W/") == tag
    });
    let mut response = if is_current {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, JSON)], document.json.clone()).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
