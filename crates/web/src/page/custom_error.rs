//! The tenant's own error page (`error_page` of its settings, §1.6): an address, or a document.

use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use keywright_types::CustomErrorPage;

use crate::redirect;

/// What may be known about an error: §1.6 names these.
#[derive(Clone, Debug, Default)]
pub struct ErrorFacts<'a> {
    /// The application as it was named, whether or not there is one.
    pub client_id: Option<&'a str>,
    /// The connection that was asked for.
    pub connection: Option<&'a str>,
    /// Language of the page.
    pub lang: &'a str,
    /// OAuth error code.
    pub error: &'a str,
    /// Public sentence.
    pub error_description: &'a str,
    /// The id under which the cause was logged.
    pub tracking: &'a str,
}

impl ErrorFacts<'_> {
    fn pairs(&self) -> Vec<(String, String)> {
        let named = [
            ("client_id", self.client_id),
            ("connection", self.connection),
            ("lang", Some(self.lang)),
            ("error", Some(self.error)),
            ("error_description", Some(self.error_description)),
            ("tracking", Some(self.tracking)),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }
}

/// The tenant's answer to an error; `None` when it has no page of its own.
pub(super) fn custom_error(
    page: Option<&CustomErrorPage>,
    facts: &ErrorFacts<'_>,
    status: StatusCode,
    method: &Method,
) -> Option<Response> {
    let page = page?;
    // RU-05: an address that was stored some other way must not become script.
    let url = page.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    if let Some(url) = url {
        return Some(redirect::to(&redirect::with_query(url, &facts.pairs()), method));
    }
    let html = page.html.as_deref().filter(|html| !html.trim().is_empty())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    Some((status, headers, filled(html, facts)).into_response())
}

/// What a tenant's document may do on the host of the login pages: look as it likes, and run nothing. A script there could
/// do whatever the visitor can.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline' https:; img-src https: data:; font-src https: data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation";

/// The document with `{{ name }}` and `{{ name | escape }}` replaced by the fact of that name. Facts are escaped always:
/// they hold what the request said.
fn filled(html: &str, facts: &ErrorFacts<'_>) -> String {
    let pairs = facts.pairs();
    let mut parts = html.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((expression, rest)) = part.split_once("}}") else {
            text.push_str("{{");
            text.push_str(part);
            continue;
        };
        let name = expression.split('|').next().unwrap_or_default().trim();
        let value = pairs.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
        escape(value, &mut text);
        text.push_str(rest);
    }
    text
}

fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '`' | '{' | '}' => {
                let _ = write!(text, "&#{};", u32::from(c));
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> ErrorFacts<'static> {
        ErrorFacts {
            client_id: Some("abc"),
            lang: "en",
            error: "invalid_request",
            error_description: "<script>\"{{ tracking }}\"</script>",
            tracking: "t1",
            ..ErrorFacts::default()
        }
    }

    #[test]
    fn wb_01_facts_are_escaped_in_a_tenants_document() {
        let html = "{{client_id}} {{ error_description | escape }} [{{ connection }}] {{ nothing }} {{ tracking";
        let expected =
            "abc &#60;script&#62;&#34;&#123;&#123; tracking &#125;&#125;&#34;&#60;/script&#62; []  {{ tracking";
        assert_eq!(filled(html, &facts()), expected);
    }

    #[test]
    fn an_address_counts_before_a_document_and_must_be_one_of_the_web() {
        let answer = |url: Option<&str>, html: Option<&str>| {
            let page = CustomErrorPage {
                url: url.map(str::to_owned),
                html: html.map(str::to_owned),
                ..CustomErrorPage::default()
            };
            custom_error(Some(&page), &facts(), StatusCode::BAD_REQUEST, &Method::GET)
        };
        let response = answer(Some("https://acme.example/error?a=1"), Some("<p>")).unwrap();
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(
            response.headers()["location"],
            "https://acme.example/error?a=1&client_id=abc&lang=en&error=invalid_request\
             &error_description=%3Cscript%3E%22%7B%7B+tracking+%7D%7D%22%3C%2Fscript%3E&tracking=t1"
        );
        let response = answer(Some("javascript:alert(1)"), Some("<p>")).unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'; "));
        assert!(answer(None, Some(" ")).is_none());
        assert!(answer(Some("javascript:alert(1)"), None).is_none());
        assert!(custom_error(None, &facts(), StatusCode::BAD_REQUEST, &Method::GET).is_none());
    }
}
