//! Named forms of texts: addresses with and without placeholders, times, mail addresses (`management-api.md` §2.2).

use keywright_types::Timestamp;
use url::Url;

/// A form of texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Auth0's name of it.
    pub(crate) name: &'static str,
    /// Whether a text has it.
    pub(crate) accepts: fn(&str) -> bool,
}

/// Characters of an address.
pub(crate) const LONGEST: usize = 2048;

/// A web address.
pub(crate) const URL: Format = Format { name: "absolute-uri", accepts: is_web_address };
/// A web address, or nothing.
pub(crate) const URL_OR_EMPTY: Format =
    Format { name: "absolute-uri-or-empty", accepts: |text| text.is_empty() || is_web_address(text) };
/// An `https` address, or nothing; names in braces stand for a part of it.
pub(crate) const HTTPS_URL_OR_EMPTY: Format = Format {
    name: "absolute-https-uri-with-placeholders-or-empty",
    accepts: |text| text.is_empty() || parsed(&without_placeholders(text)).is_some_and(|url| url.scheme() == "https"),
};
/// An `https` address, or nothing: of what browsers load for pages.
pub(crate) const SECURE_URL_OR_EMPTY: Format = Format {
    name: "absolute-https-uri-or-empty",
    accepts: |text| text.is_empty() || parsed(text).is_some_and(|url| is_plain_https(&url)),
};
/// An address to which a browser may be sent: of the web or of an application's own scheme, with placeholders.
pub(crate) const CALLBACK: Format = Format { name: "url-with-placeholders", accepts: is_callback };
/// `scheme://host[:port]`, with placeholders.
pub(crate) const ORIGIN: Format = Format { name: "origin-with-placeholders", accepts: is_callback };
/// A time as RFC 3339 writes it.
pub(crate) const DATE_TIME: Format = Format { name: "date-time", accepts: |text| text.parse::<Timestamp>().is_ok() };
/// A mail address.
pub(crate) const EMAIL: Format = Format { name: "email", accepts: is_email };

/// All of them, for the test that none is forgotten in the reference.
#[cfg(test)]
const ALL: [Format; 8] =
    [URL, URL_OR_EMPTY, HTTPS_URL_OR_EMPTY, SECURE_URL_OR_EMPTY, CALLBACK, ORIGIN, DATE_TIME, EMAIL];

/// Schemes that run what they are followed by in the page that the browser shows.
const SCRIPTS: [&str; 4] = ["javascript", "data", "vbscript", "blob"];

fn parsed(text: &str) -> Option<Url> {
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    Url::parse(text).ok().filter(|url| plain && !SCRIPTS.contains(&url.scheme()))
}

/// As pages take it: without user-info.
fn is_plain_https(url: &Url) -> bool {
    url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
}

fn is_web_address(text: &str) -> bool {
    parsed(text).is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Placeholders and wildcards are read as if a name stood there. What of it is ever matched is decided where a browser is
/// sent (`keywright_app::return_url`).
fn is_callback(text: &str) -> bool {
    let Some(url) = parsed(&without_placeholders(text)) else { return false };
    if matches!(url.scheme(), "http" | "https") { url.has_host() } else { text.len() > url.scheme().len() + 1 }
}

fn without_placeholders(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        match after.split_once('}') {
            Some((_, behind)) => {
                plain.push('x');
                rest = behind;
            }
            // A brace alone belongs to no address.
            None => return String::new(),
        }
    }
    plain.push_str(rest);
    plain.replace('*', "x")
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain
        && !local.is_empty()
        && text.len() <= 320
        && domain.contains('.')
        && domain.split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_addresses_of_the_web_or_of_an_application() {
        for good in [
            "https://app.example.com/callback",
            "http://localhost:3000",
            "http://plain.example.com",
            "https://*.example.com/callback",
            "https://{organization_name}.example.com/callback",
            "com.example.app://callback",
            "com.example.app:/callback",
        ] {
            assert!((CALLBACK.accepts)(good), "{good}");
        }
        for bad in [
            "",
            "callback",
            "/callback",
            "https://",
            "https:// x",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://a\\b",
            "https://a.example/{",
            "https://a.example\n",
            "a:",
        ] {
            assert!(!(CALLBACK.accepts)(bad), "{bad}");
        }
    }

    #[test]
    fn forms_accept_what_their_names_say() {
        assert!((URL_OR_EMPTY.accepts)("") && !(URL.accepts)(""));
        assert!((SECURE_URL_OR_EMPTY.accepts)("https://a.example/logo.png") && (SECURE_URL_OR_EMPTY.accepts)(""));
        for bad in ["http://a.example/", "https://u@a.example/", "data:image/png,x", "/logo.png", "https://a b"] {
            assert!(!(SECURE_URL_OR_EMPTY.accepts)(bad), "{bad}");
        }
        assert!((HTTPS_URL_OR_EMPTY.accepts)("https://a.example/{organization.name}/x"));
        assert!(!(HTTPS_URL_OR_EMPTY.accepts)("http://a.example/") && !(HTTPS_URL_OR_EMPTY.accepts)("x"));
        assert!((DATE_TIME.accepts)("2026-03-09T19:46:11.472Z") && !(DATE_TIME.accepts)("tomorrow"));
        assert!((EMAIL.accepts)("a@b.example") && !(EMAIL.accepts)("a@b") && !(EMAIL.accepts)("a b@c.example"));
        let names: std::collections::HashSet<_> = ALL.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
