//! The two cookies of a browser (SE-03, §1.11).
//!
//! `__Host-auth0` stands for the SSO session. It needs `SameSite=None`, because silent authentication runs in an iframe
//! of the application. `__Host-auth0-browser` binds login transactions to the browser that began them.
//! The prefix `__Host-` makes browsers refuse the cookie from another host or path, so a neighbouring subdomain cannot
//! plant one.

use axum::extract::FromRequestParts;
use cookie::{Cookie, SameSite};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;

/// Name of the session cookie.
pub const SESSION: &str = "__Host-auth0";
/// Name of the cookie that identifies the browser.
pub const BROWSER: &str = "__Host-auth0-browser";

/// The cookies that came with a request, still sealed.
#[derive(Clone, Default)]
pub struct Cookies {
    /// Value of [`SESSION`].
    pub session: Option<String>,
    /// Value of [`BROWSER`].
    pub browser: Option<String>,
}

impl Cookies {
    /// Reads the `Cookie` headers; of two cookies with one name the first counts.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut cookies = Self::default();
        for header in headers.get_all(header::COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            for cookie in Cookie::split_parse(text).flatten() {
                match cookie.name() {
                    SESSION if cookies.session.is_none() => cookies.session = Some(cookie.value().to_owned()),
                    BROWSER if cookies.browser.is_none() => cookies.browser = Some(cookie.value().to_owned()),
                    _ => {}
                }
            }
        }
        cookies
    }
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// `Set-Cookie` for a session. Without `max_age` (seconds) the cookie ends with the browser.
#[must_use]
pub fn set_session(value: &str, max_age: Option<i64>) -> HeaderValue {
    set_cookie(SESSION, value, SameSite::None, max_age)
}

/// `Set-Cookie` that removes the session cookie.
#[must_use]
pub fn clear_session() -> HeaderValue {
    set_cookie(SESSION, "", SameSite::None, Some(0))
}

/// `Set-Cookie` for the browser identity.
#[must_use]
pub fn set_browser(value: &str) -> HeaderValue {
    set_cookie(BROWSER, value, SameSite::Lax, None)
}

fn set_cookie(name: &str, value: &str, same_site: SameSite, max_age: Option<i64>) -> HeaderValue {
    let mut cookie = Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(same_site).build();
    cookie.set_max_age(max_age.map(cookie::time::Duration::seconds));
    // Values are base64url, so this always is a header value.
    HeaderValue::try_from(cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_03_attributes() {
        assert_eq!(
            set_session("abc", Some(60)).to_str().unwrap(),
            "__Host-auth0=abc; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=60"
        );
        assert_eq!(
            set_session("abc", None).to_str().unwrap(),
            "__Host-auth0=abc; HttpOnly; SameSite=None; Secure; Path=/"
        );
        assert_eq!(
            set_browser("b").to_str().unwrap(),
            "__Host-auth0-browser=b; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert_eq!(
            clear_session().to_str().unwrap(),
            "__Host-auth0=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn the_first_of_two_cookies_counts() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("x=1; __Host-auth0=first; __Host-auth0=second"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-auth0-browser=b; ="));
        let cookies = Cookies::from_headers(&headers);
        assert_eq!(cookies.session.as_deref(), Some("first"));
        assert_eq!(cookies.browser.as_deref(), Some("b"));
    }
}
