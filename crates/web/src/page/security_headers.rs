//! Security headers of pages (WB-01, WB-03, WB-06, WB-07).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{ImageUrl, Nonce};

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

/// The headers of one page.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// Nonce of the stylesheet and of the script.
    pub nonce: &'a Nonce,
    /// Images from other hosts.
    pub images: Vec<&'a ImageUrl>,
    /// Whether the page has a script.
    pub script: bool,
    /// What its forms may do.
    pub forms: Forms,
    /// Whether browsers are told to use https for this host from now on.
    pub strict_transport: bool,
}

impl Policy<'_> {
    /// All headers but the content type.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let fixed = [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // RFC 9700 §4.2.4: "Suppress the Referer header". Browsers then send `Origin: null` with form posts, to
            // this server as well, so the check of posts goes by `Sec-Fetch-Site` first.
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        let mut headers: HeaderMap =
            fixed.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
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
            "frame-ancestors 'none'".to_owned(),
            format!("style-src 'nonce-{nonce}'"),
            // `data:` is the page's own icon.
            self.images.iter().fold("img-src data:".to_owned(), |sources, image| sources + " " + &image.origin()),
        ];
        if self.script {
            directives.push(format!("script-src 'nonce-{nonce}'"));
        }
        if self.forms == Forms::None {
            directives.push("form-action 'none'".to_owned());
        }
        directives.join("; ")
    }
}
