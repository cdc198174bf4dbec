//! Security headers of pages (WB-01, WB-03, WB-06, WB-07).

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{FontUrl, ImageUrl, Nonce};

/// What the forms of a page may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// The page has no form.
    None,
    /// The page has a form whose post leads away from here, to an address that only the application knows.
    ///
    /// The policy then says nothing about `form-action`, because it counts for every redirect that follows the post
    /// (CSP Level 3 §6.4.1, as Chromium and Safari do it): a login goes on to `/authorize/resume`, to the application's
    /// callback, and from there wherever the application likes, possibly through a custom scheme. A list with the
    /// callback's origin would break every application whose callback redirects to another origin of its own. What
    /// `form-action` defends against, an injected form, is met by escaping, and by a test that every page keeps its
    /// structure whatever the values are.
    LeadAway,
}

/// What the script of a page may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The page has none.
    None,
    /// It runs, and sends no requests.
    Alone,
    /// It runs, and may send requests to this server. Only the playground's does.
    Connected,
}

/// The headers of one page.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// Nonce of the stylesheet and of the script.
    pub nonce: &'a Nonce,
    /// Images from other hosts.
    pub images: Vec<&'a ImageUrl>,
    /// The font from another host.
    pub font: Option<&'a FontUrl>,
    /// What its script may do.
    pub script: Script,
    /// What its forms may do.
    pub forms: Forms,
    /// The one origin that may show the page in a frame.
    pub framed_by: Option<&'a str>,
    /// Whether the window that opened this one may keep its handle, and this page its `window.opener`.
    ///
    /// `same-origin` cuts that connection, and so does `same-origin-allow-popups` when the opener has no policy of its own
    /// (HTML §7.1.3 "Cross-origin opener policies": both must match). A login in a popup ends with a message to the opener,
    /// so every page on the way there has to say `unsafe-none`. What the opener gains is a handle with which it can
    /// navigate or close the window that it opened itself; it can read nothing, and no page here listens to messages.
    pub keeps_opener: bool,
    /// Whether browsers are told to use https for this host from now on.
    pub strict_transport: bool,
}

impl Policy<'_> {
    /// All headers but the content type.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let fixed = [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // RFC 9700 §4.2.4: "Suppress the Referer header". Browsers then send `Origin: null` with form posts, to
            // this server as well, so the check of posts goes by `Sec-Fetch-Site` first.
            (header::REFERRER_POLICY, "no-referrer"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                if self.keeps_opener { "unsafe-none" } else { "same-origin" },
            ),
        ];
        let mut headers: HeaderMap =
            fixed.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
        // The header knows no origins: a page that may be framed by one says so in its policy only.
        if self.framed_by.is_none() {
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        }
        if self.strict_transport {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        // Every part is ASCII by its type. Were it not, the page would rather be unstyled than unprotected.
        let policy = HeaderValue::try_from(self.content_security_policy())
            .unwrap_or(HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers
    }

    fn content_security_policy(&self) -> String {
        let nonce = self.nonce;
        let mut directives = vec![
            "default-src 'none'".to_owned(),
            "base-uri 'none'".to_owned(),
            format!("frame-ancestors {}", self.framed_by.unwrap_or("'none'")),
            format!("style-src 'nonce-{nonce}'"),
            // `data:` is the page's own icon.
            self.images
                .iter()
                .map(|image| image.origin())
                .collect::<BTreeSet<_>>()
                .iter()
                .fold("img-src data:".to_owned(), |sources, origin| sources + " " + origin),
        ];
        if let Some(font) = self.font {
            directives.push(format!("font-src {}", font.origin()));
        }
        if self.script != Script::None {
            directives.push(format!("script-src 'nonce-{nonce}'"));
        }
        if self.script == Script::Connected {
            directives.push("connect-src 'self'".to_owned());
        }
        if self.forms == Forms::None {
            directives.push("form-action 'none'".to_owned());
        }
        directives.join("; ")
    }
}
