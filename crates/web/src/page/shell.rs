//! What all pages of one tenant and one response share.

use std::fmt;
use std::sync::Arc;

use keywright_types::{CustomTexts, Tenant};

use super::{Branding, Language, stylesheet};

/// The value that tells the page's own stylesheet and script from anything else (Content Security Policy Level 3,
/// "nonces"). One response, one nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// Takes `text`, which comes from the instance's random source: 16 bytes or more in base64url.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The frame of a page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Language of the page's texts.
    pub language: Language,
    /// Nonce of this response.
    pub nonce: Nonce,
    /// Name, logo and colours.
    pub branding: Branding,
    /// The tenant's own texts in this language, in the place of ours.
    pub texts: Option<Arc<CustomTexts>>,
    /// Whether the window that opened this one stays connected with it (`Policy::keeps_opener`).
    pub keeps_opener: bool,
    /// Whether browsers are told to use https for this host from now on.
    pub strict_transport: bool,
}

impl Shell {
    /// The frame of `tenant`'s pages.
    #[must_use]
    pub fn of(tenant: &Tenant, language: Language, nonce: Nonce) -> Self {
        Self {
            texts: tenant.appearance.texts.get(language.tag()).cloned(),
            strict_transport: !is_development_host(&tenant.domain),
            ..Self::with(Branding::of(tenant), language, nonce)
        }
    }

    /// The stylesheet, for the inside of its element.
    #[must_use]
    pub fn stylesheet(&self) -> String {
        stylesheet::of(self)
    }

    /// A frame from its parts, for pages of no tenant in particular.
    #[must_use]
    pub fn with(branding: Branding, language: Language, nonce: Nonce) -> Self {
        Self { language, nonce, branding, texts: None, keeps_opener: false, strict_transport: true }
    }
}

/// `Strict-Transport-Security` counts for a host name with all its ports (RFC 6797 §8.2), so on `localhost` it would
/// make the browser refuse every plain-http application that its owner develops there.
fn is_development_host(domain: &str) -> bool {
    let host = domain.rsplit_once(':').map_or(domain, |(host, _)| host);
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::is_development_host;

    #[test]
    fn only_localhost_is_for_development() {
        for (domain, development) in [
            ("localhost", true),
            ("localhost:8443", true),
            ("acme.localhost:8443", true),
            ("login.example.com", false),
            ("notlocalhost:8443", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(is_development_host(domain), development, "{domain}");
        }
    }
}
