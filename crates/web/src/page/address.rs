//! Addresses from settings that pages show: logos and links. Anything but the web's own schemes is left out (RU-05:
//! `javascript:`, `data:` and their like never reach an attribute), as if the setting were not there.

use std::fmt;

use url::Url;

use super::css;

/// Address of an image on another host, `https` only. It is loaded by the visitor's browser without a referrer, and
/// the page's policy allows its origin and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUrl(Url);

impl ImageUrl {
    /// `None` unless `text` is an absolute `https` address without user-info.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        web_address(text, &["https"]).map(Self)
    }

    /// The source expression of `img-src` for this image.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The address between the quotes of a stylesheet.
    #[must_use]
    pub fn css(&self) -> String {
        css::quoted(&self.0)
    }
}

/// Address of a font on another host, `https` only. As with images, the page's policy allows its origin and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontUrl(Url);

impl FontUrl {
    /// `None` unless `text` is an absolute `https` address without user-info.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        web_address(text, &["https"]).map(Self)
    }

    /// The source expression of `font-src` for this font.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The address between the quotes of a stylesheet.
    #[must_use]
    pub fn css(&self) -> String {
        css::quoted(&self.0)
    }
}

/// Address of a page that a link leads to, `https` or `http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkUrl(Url);

impl LinkUrl {
    /// `None` unless `text` is an absolute `https` or `http` address without user-info.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        web_address(text, &["https", "http"]).map(Self)
    }

    /// The `mailto:` link to an e-mail address; `None` when it is not plausibly one.
    #[must_use]
    pub fn mail(address: &str) -> Option<Self> {
        let (local, domain) = address.rsplit_once('@')?;
        // `?` and `&` would add headers of the sender's choice to the mail (RFC 6068 §2).
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$'*+-/=^_`{|}~.".contains(c);
        let is_address = !local.is_empty() && !domain.is_empty() && local.chars().chain(domain.chars()).all(plain);
        is_address.then(|| Url::parse(&format!("mailto:{address}")).ok().map(Self))?
    }
}

impl fmt::Display for ImageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

impl fmt::Display for LinkUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

fn web_address(text: &str, schemes: &[&str]) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    (plain && schemes.contains(&url.scheme())).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::{ImageUrl, LinkUrl};

    #[test]
    fn wb_01_only_web_addresses_reach_an_attribute() {
        for text in [
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            " javascript:alert(1)",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "vbscript:x",
            "blob:https://a.example/1",
            "//a.example/logo.png",
            "/logo.png",
            "https://user@a.example/logo.png",
            "https://",
            "",
        ] {
            assert_eq!(ImageUrl::parse(text), None, "{text}");
            assert_eq!(LinkUrl::parse(text), None, "{text}");
        }
        assert_eq!(ImageUrl::parse("http://a.example/logo.png"), None, "no mixed content");
        assert!(LinkUrl::parse("http://intranet.example/help").is_some());
    }

    #[test]
    fn an_image_opens_the_policy_for_its_origin_only() {
        let image = ImageUrl::parse("https://CDN.example:8443/a;b/logo.png?x='unsafe-inline'").unwrap();
        assert_eq!(image.origin(), "https://cdn.example:8443");
    }

    #[test]
    fn mail_links_carry_an_address_and_nothing_else() {
        assert_eq!(LinkUrl::mail("help@acme.example").unwrap().to_string(), "mailto:help@acme.example");
        for text in ["help", "@acme.example", "help@", "a@b.example?bcc=c@d.example", "a b@c.example", "a,b@c.example"]
        {
            assert_eq!(LinkUrl::mail(text), None, "{text}");
        }
    }
}
