//! Redirects (AR-09): 302 after a GET, 303 after a form post, so that a browser never posts a form on.
//!
//! RFC 9700 §4.12: "authorization servers which redirect a request that potentially contains user credentials […] MUST
//! NOT use the HTTP 307 status code […] If an HTTP redirection […] is used for such a request, the authorization server
//! SHOULD use HTTP status code 303 (See Other)."

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

/// A redirect to `location` in answer to a request by `method`. Never cached, and without a referrer.
#[must_use]
pub fn to(location: &str, method: &Method) -> Response {
    let status = if *method == Method::GET { StatusCode::FOUND } else { StatusCode::SEE_OTHER };
    let Ok(location) = HeaderValue::try_from(location) else {
        tracing::error!("a redirect target is no header value");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let no_store = HeaderValue::from_static("no-store");
    let no_referrer = HeaderValue::from_static("no-referrer");
    let headers =
        [(header::LOCATION, location), (header::CACHE_CONTROL, no_store), (header::REFERRER_POLICY, no_referrer)];
    (status, headers).into_response()
}

/// `url` with `parameters` added to its query; what is there already stays to the letter (§1.4).
#[must_use]
pub fn with_query(url: &str, parameters: &[(String, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let query = query.finish();
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, existing)) if existing.is_empty() || existing.ends_with('&') => "",
        Some(_) => "&",
    };
    if query.is_empty() { url.to_owned() } else { format!("{url}{separator}{query}") }
}

/// `url` with `parameters` as its fragment (OAuth 2.0 Multiple Response Types §2.1). It has none of its own (§1.3).
#[must_use]
pub fn with_fragment(url: &str, parameters: &[(String, String)]) -> String {
    let mut fragment = url::form_urlencoded::Serializer::new(String::new());
    fragment.extend_pairs(parameters);
    format!("{url}#{}", fragment.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_what_is_there() {
        let parameters = [("code".to_owned(), "a b&c".to_owned())];
        assert_eq!(with_query("https://a.b/c", &parameters), "https://a.b/c?code=a+b%26c");
        assert_eq!(with_query("https://a.b/c?", &parameters), "https://a.b/c?code=a+b%26c");
        assert_eq!(with_query("https://a.b/c?x=%2F", &parameters), "https://a.b/c?x=%2F&code=a+b%26c");
        assert_eq!(with_query("com.app:/cb", &parameters), "com.app:/cb?code=a+b%26c");
        assert_eq!(with_query("https://a.b/c", &[]), "https://a.b/c");
    }

    #[test]
    fn the_fragment_leaves_the_query_alone() {
        let parameters = [("token".to_owned(), "a b&c#d".to_owned()), ("x".to_owned(), "1".to_owned())];
        assert_eq!(with_fragment("https://a.b/c?x=%2F", &parameters), "https://a.b/c?x=%2F#token=a+b%26c%23d&x=1");
        assert_eq!(with_fragment("com.app:/cb", &parameters[1..]), "com.app:/cb#x=1");
    }

    #[test]
    fn ar_09_a_post_is_answered_with_303() {
        assert_eq!(to("/x", &Method::GET).status(), 302);
        assert_eq!(to("/x", &Method::POST).status(), 303);
    }
}
