//! Addresses taken apart, and compared part by part (RU-01 to RU-05).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Matching;

/// An address taken apart as text. Scheme and host are lower-cased, the rest is kept to the letter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'u> {
    pub(super) scheme: String,
    pub(super) host: String,
    /// Scheme and host as they are written.
    written: (&'u str, &'u str),
    port: Option<&'u str>,
    /// Path, from its slash on; for schemes of applications everything after the scheme.
    path: &'u str,
    /// From the question mark on.
    query: &'u str,
}

impl<'u> Parts<'u> {
    /// `None` for everything that RU-03 and RU-05 refuse.
    pub(super) fn of(url: &'u str) -> Option<Self> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let (written_scheme, rest) = url.split_once(':')?;
        let scheme = written_scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Self::of_application_scheme(written_scheme, rest);
        }
        let rest = rest.strip_prefix("//")?;
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at_checked(authority_end)?;
        let (path, query) = split_query(path_and_query);
        if authority.contains('@') {
            return None;
        }
        let (written_host, port) = split_port(authority)?;
        let host = written_host.to_ascii_lowercase();
        let is_ip6 = host.starts_with('[');
        let host_bytes_ok =
            host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._*".contains(&b) || (is_ip6 && b"[]:".contains(&b)));
        let port_ok = port.is_none_or(|port| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit()));
        let secure = scheme == "https" || is_loopback_host(&host);
        let written = (written_scheme, written_host);
        let ok = !host.is_empty() && host_bytes_ok && port_ok && secure;
        ok.then_some(Self { scheme, host, written, port, path, query })
    }

    /// RU-05: "private-use schemes containing a dot", which no browser gives a meaning of its own (RFC 8252 §7.1).
    fn of_application_scheme(written: &'u str, rest: &'u str) -> Option<Self> {
        let scheme = written.to_ascii_lowercase();
        let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let starts = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let has_user = rest
            .strip_prefix("//")
            .is_some_and(|rest| rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@')));
        let (path, query) = split_query(rest);
        let private_use = plain && starts && scheme.contains('.') && !rest.is_empty() && !has_user;
        private_use.then_some(Self { scheme, host: String::new(), written: (written, ""), port: None, path, query })
    }

    pub(super) fn is_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    /// Whether this registered address allows the `wanted` one.
    pub(super) fn allows(&self, wanted: &Self, matching: Matching) -> bool {
        // A wildcard is a thing of registered addresses.
        if wanted.host.contains('*') {
            return false;
        }
        let same_host = match self.wildcard() {
            _ if self.host == wanted.host => true,
            Some(wildcard) => !matching.exact && wildcard.covers(&wanted.host),
            None => false,
        };
        let same_port = self.port == wanted.port || (matching.any_loopback_port && is_loopback_ip(&self.host));
        let same_query = self.query == wanted.query || matching.ignore_query;
        let same_text = self.written == wanted.written || !matching.exact;
        let same_place = self.scheme == wanted.scheme && same_host && same_port;
        same_place && same_text && self.path == wanted.path && same_query
    }

    /// §1.3: only in the left-most label of a web address, at most once, not directly under a public suffix.
    pub(super) fn wildcard(&self) -> Option<Wildcard<'_>> {
        let (label, domain) = self.host.split_once('.')?;
        let (prefix, suffix) = label.split_once('*')?;
        let single =
            !suffix.contains('*') && !domain.contains('*') && !self.path.contains('*') && !self.query.contains('*');
        let registrable = psl::domain_str(domain).is_some();
        (self.is_web() && single && registrable).then_some(Wildcard { prefix, suffix, domain })
    }
}

pub(super) struct Wildcard<'h> {
    prefix: &'h str,
    suffix: &'h str,
    domain: &'h str,
}

impl Wildcard<'_> {
    /// RU-02: "A wildcard covers one whole left-most host label".
    fn covers(&self, host: &str) -> bool {
        let Some((label, domain)) = host.split_once('.') else { return false };
        let middle = label.strip_prefix(self.prefix).and_then(|rest| rest.strip_suffix(self.suffix));
        domain == self.domain && middle.is_some_and(|middle| !middle.is_empty())
    }
}

fn split_query(text: &str) -> (&str, &str) {
    text.find('?').and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// Host and port; `None` when there is a colon without a port.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(host_end..)?.find(':') else { return Some((authority, None)) };
    let (host, port) = authority.split_at_checked(host_end + colon)?;
    Some((host, Some(port.get(1..)?)))
}

pub(super) fn is_loopback_host(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || is_loopback_ip(host)
}

fn is_loopback_ip(host: &str) -> bool {
    let ip6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || ip6.and_then(|text| text.parse::<Ipv6Addr>().ok()).is_some_and(|ip| ip.is_loopback())
}
