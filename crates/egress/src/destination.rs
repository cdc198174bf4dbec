//! Where a request goes: an `https` address, or one in clear where the terms of the request allow it, without anything that could mean something else to another parser.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{EgressError, Terms};

/// A checked address.
#[derive(Debug)]
pub(crate) struct Destination {
    url: Url,
    host: String,
    address: Option<IpAddr>,
    port: u16,
    in_clear: bool,
}

impl Destination {
    /// Reads an address as somebody entered it. The parser is the WHATWG one: `https://2130706433/`, `https://0x7f.1/` and
    /// `https://0177.0.0.1/` are addresses of this machine to it, as they are to the system's resolver.
    pub(crate) fn parse(text: &str, terms: &Terms) -> Result<Self, EgressError> {
        let refused = |reason| Err(EgressError::Url(reason));
        let Ok(url) = Url::parse(text) else { return refused("it is no URL") };
        let in_clear = url.scheme() == "http";
        if in_clear && !terms.in_clear || !in_clear && url.scheme() != "https" {
            return refused(if terms.in_clear { "only http and https are spoken" } else { "only https is spoken" });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it holds a user name or password");
        }
        let (host, address) = match url.host() {
            Some(Host::Domain(name)) => (name.trim_end_matches('.').to_owned(), None),
            Some(Host::Ipv4(address)) => (address.to_string(), Some(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => (address.to_string(), Some(IpAddr::V6(address))),
            None => return refused("it has no host"),
        };
        if host.is_empty() {
            return refused("it has no host");
        }
        let port = url.port_or_known_default().unwrap_or(443);
        if terms.ports.as_ref().is_some_and(|ports| !ports.contains(&port)) {
            return refused("requests to its port are not allowed");
        }
        Ok(Self { url, host, address, port, in_clear })
    }

    /// Without TLS.
    pub(crate) fn in_clear(&self) -> bool {
        self.in_clear
    }

    /// Name, or address without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address, when the host is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `Host` of the request.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn terms() -> Terms {
        Terms { time: Duration::ZERO, body: 0, in_clear: false, ports: None, own_user_agent: false }
    }

    fn parse(text: &str) -> Result<Destination, EgressError> {
        Destination::parse(text, &terms())
    }

    #[test]
    fn eg_01_terms_allow_http_and_name_ports_and_nothing_else() {
        let terms = Terms { in_clear: true, ports: Some(vec![80, 443]), ..terms() };
        for (text, allowed) in [
            ("http://a.example/", true),
            ("https://a.example/", true),
            ("https://a.example:80/", true),
            ("http://a.example:22/", false),
            ("https://a.example:8443/", false),
            ("ftp://a.example/", false),
            ("http://user@a.example/", false),
        ] {
            assert_eq!(Destination::parse(text, &terms).is_ok(), allowed, "{text}");
        }
        assert!(parse("https://a.example:8443/").is_ok());
    }

    #[test]
    fn eg_01_other_schemes_and_credentials_are_refused() {
        for text in [
            "http://a.example/",
            "HTTP://a.example/",
            "ftp://a.example/",
            "file:///etc/passwd",
            "gopher://a.example/",
            "https://user@a.example/",
            "https://user:secret@a.example/",
            "https://:secret@a.example/",
            "https://",
            "a.example",
            "",
            "//a.example/",
            "javascript:alert(1)",
        ] {
            assert!(matches!(parse(text), Err(EgressError::Url(_))), "{text}");
        }
    }

    #[test]
    fn eg_01_every_spelling_of_an_address_is_that_address() {
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://\u{ff11}27.0.0.1/",
        ] {
            assert_eq!(parse(text).unwrap().address(), Some("127.0.0.1".parse().unwrap()), "{text}");
        }
        let mapped = parse("https://[::ffff:127.0.0.1]:8443/").unwrap();
        assert_eq!((mapped.address(), mapped.port()), (Some("::ffff:7f00:1".parse().unwrap()), 8443));
    }

    #[test]
    fn what_is_sent_is_path_and_query() {
        let destination = parse("https://A.example:8443/x y?q=1#secret").unwrap();
        assert_eq!(destination.target(), "/x%20y?q=1");
        assert_eq!((destination.authority().as_str(), destination.host()), ("a.example:8443", "a.example"));
        assert_eq!(parse("https://a.example./").unwrap().host(), "a.example");
        assert_eq!(parse("https://[2001:db8::1]/").unwrap().authority(), "[2001:db8::1]");
    }
}
