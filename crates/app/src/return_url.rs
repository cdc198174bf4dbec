//! Which addresses the browser may be sent to: callbacks and logout URLs (§1.3; RU-01 to RU-05, RU-07).
//!
//! RFC 9700 §2.1: "authorization servers MUST utilize exact string matching except for port numbers in localhost
//! redirection URIs of native apps". Addresses are compared as text and never decoded, so that no parser's idea of them
//! can differ from a browser's. What could be read in two ways is refused before it is compared.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What besides equality makes a presented address match.
#[derive(Clone, Copy, Debug, Default)]
pub struct Matching {
    /// RFC 8252 §7.3: "The authorization server MUST allow any port to be specified at the time of the request for
    /// loopback IP redirect URIs". Only for native applications in profile `standard`: Auth0 compares ports.
    pub any_loopback_port: bool,
    /// RFC 9700 §2.1: "exact string matching". The case of scheme and host counts, a fragment is refused instead of
    /// removed (RFC 6749 §3.1.2: "The endpoint URI MUST NOT include a fragment component"), and a registered `*` stands
    /// for nothing (RU-02, "refused for clients in strict mode"). Profile `standard`; §1.3 has it otherwise.
    pub exact: bool,
    /// §6.2: `/v2/logout` ignores query and fragment of `returnTo`.
    pub ignore_query: bool,
}

/// The presented address as it may be used (its fragment removed), if one of the registered ones allows it.
///
/// §1.3: "everything from `#` is removed before comparison and from the final redirect".
#[must_use]
pub fn allowed<'p>(registered: &[String], presented: &'p str, matching: Matching) -> Option<&'p str> {
    if matching.exact && !matching.ignore_query && presented.contains('#') {
        return None;
    }
    let presented = without_fragment(presented);
    let wanted = Parts::of(presented)?;
    registered
        .iter()
        .filter_map(|entry| Parts::of(without_fragment(entry)))
        .any(|entry| entry.allows(&wanted, matching))
        .then_some(presented)
}

/// Stands for the name of the organization of a login, as the whole left-most label of a web address (§1.3).
const ORGANIZATION_NAME: &str = "{organization_name}";

/// The registered addresses with the name of the organization in its place. Addresses with the placeholder stand for
/// nothing without an organization.
#[must_use]
pub fn with_organization(registered: &[String], name: Option<&str>) -> Vec<String> {
    let substituted = registered.iter().filter_map(|entry| match (around_organization(entry), name) {
        (Some((before, after)), Some(name)) => Some(format!("{before}{name}{after}")),
        (Some(_), None) => None,
        (None, _) => Some(entry.clone()),
    });
    substituted.collect()
}

/// The name in the place of the placeholder, where a presented address fits a registered one with it. Whether there is such
/// an organization is for the caller to find out.
#[must_use]
pub fn organization_name<'p>(registered: &[String], presented: &'p str) -> Option<&'p str> {
    registered.iter().filter_map(|entry| around_organization(entry)).find_map(|(before, after)| {
        let name = without_fragment(presented).strip_prefix(before)?.strip_suffix(after)?;
        keywright_types::Organization::is_name(name).then_some(name)
    })
}

/// What stands before and after the placeholder of a registered address, if it has one where it may be: "left-most label,
/// once, no prefix/suffix, not together with `*`".
fn around_organization(entry: &str) -> Option<(&str, &str)> {
    let (before, after) = entry.split_once(ORGANIZATION_NAME)?;
    let in_place = matches!(before, "https://" | "http://") && after.starts_with('.');
    (in_place && !after.contains(['*', '{', '}'])).then_some((before, after))
}

/// Whether an address may be registered: the same conditions as in use, and wildcards only where they are allowed.
#[must_use]
pub fn is_registrable(url: &str) -> bool {
    if let Some((before, after)) = around_organization(url) {
        return is_registrable(&format!("{before}a{after}"));
    }
    let plain = !url.contains('#') && !url.contains(ORGANIZATION_NAME);
    Parts::of(url).is_some_and(|parts| plain && (!url.contains('*') || parts.wildcard().is_some()))
}

/// Whether the address is on this machine: `localhost`, `*.localhost` or a loopback IP (§1.10 "non-verifiable").
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    Parts::of(url).is_some_and(|parts| parts.is_web() && is_loopback_host(&parts.host))
}

/// Whether only one party can receive what is sent to the address: `https` on a host that is not this machine (§1.10).
#[must_use]
pub fn is_verifiable(url: &str) -> bool {
    Parts::of(url).is_some_and(|parts| parts.scheme == "https" && !is_loopback_host(&parts.host))
}

/// `scheme://host[:port]` of a web address, as browsers write it; `None` for schemes of applications and for everything
/// that may not be a callback.
#[must_use]
pub fn origin(url: &str) -> Option<String> {
    Parts::of(url).filter(Parts::is_web)?;
    Some(url::Url::parse(url).ok()?.origin().ascii_serialization())
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

/// An address taken apart as text. Scheme and host are lower-cased, the rest is kept to the letter.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'u> {
    scheme: String,
    host: String,
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
    fn of(url: &'u str) -> Option<Self> {
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

    fn is_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    /// Whether this registered address allows the `wanted` one.
    fn allows(&self, wanted: &Self, matching: Matching) -> bool {
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
    fn wildcard(&self) -> Option<Wildcard<'_>> {
        let (label, domain) = self.host.split_once('.')?;
        let (prefix, suffix) = label.split_once('*')?;
        let single =
            !suffix.contains('*') && !domain.contains('*') && !self.path.contains('*') && !self.query.contains('*');
        let registrable = psl::domain_str(domain).is_some();
        (self.is_web() && single && registrable).then_some(Wildcard { prefix, suffix, domain })
    }
}

struct Wildcard<'h> {
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

fn is_loopback_host(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || is_loopback_ip(host)
}

fn is_loopback_ip(host: &str) -> bool {
    let ip6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || ip6.and_then(|text| text.parse::<Ipv6Addr>().ok()).is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(registered: &str, presented: &str) -> bool {
        allowed(&[registered.to_owned()], presented, Matching::default()).is_some()
    }

    #[test]
    fn ru_02_the_name_of_an_organization_is_one_whole_label() {
        let registered = |entry: &str| vec![entry.to_owned(), "https://app.example.com/cb".to_owned()];
        let entry = "https://{organization_name}.example.com/cb";
        let with = |name| with_organization(&registered(entry), name);
        assert_eq!(with(Some("acme")), ["https://acme.example.com/cb", "https://app.example.com/cb"]);
        assert_eq!(with(None), ["https://app.example.com/cb"]);
        assert!(is_registrable(entry));
        for (presented, name) in [
            ("https://acme.example.com/cb", Some("acme")),
            ("https://acme.example.com/cb#x", Some("acme")),
            ("https://a.b.example.com/cb", None),
            ("https://.example.com/cb", None),
            ("https://evil.example/.example.com/cb", None),
            ("https://evil.example%2f.example.com/cb", None),
            ("https://a@b.example.com/cb", None),
            ("https://acme.example.com/other", None),
            ("http://acme.example.com/cb", None),
        ] {
            assert_eq!(organization_name(&registered(entry), presented), name, "{presented}");
        }
        for misplaced in [
            "https://x-{organization_name}.example.com/cb",
            "https://{organization_name}-x.example.com/cb",
            "https://app.{organization_name}.example.com/cb",
            "https://app.example.com/{organization_name}",
            "https://{organization_name}",
            "https://{organization_name}.*.example.com/cb",
            "https://{organization_name}.{organization_name}.example.com/cb",
            "com.example.app://{organization_name}.example.com/cb",
        ] {
            assert!(!is_registrable(misplaced), "{misplaced}");
            assert!(!with_organization(&[misplaced.to_owned()], Some("acme")).iter().any(|own| own.contains("acme")));
            let registered = [misplaced.to_owned()];
            assert!(
                allowed(&registered, &misplaced.replace("{organization_name}", "acme"), Matching::default()).is_none()
            );
        }
    }

    #[test]
    fn ru_08_only_web_addresses_have_an_origin() {
        for (url, expected) in [
            ("https://app.example.com/callback?x=1", Some("https://app.example.com")),
            ("HTTPS://App.Example.com:443/", Some("https://app.example.com")),
            ("https://app.example.com:8443", Some("https://app.example.com:8443")),
            ("http://localhost:3000/cb", Some("http://localhost:3000")),
            ("http://[::1]:3000/cb", Some("http://[::1]:3000")),
            ("http://app.example.com/cb", None),
            ("com.example.app:/cb", None),
            ("com.example.app://host/cb", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("blob:https://app.example.com/1", None),
            ("file:///etc/passwd", None),
            ("https://user@app.example.com/", None),
            ("", None),
        ] {
            assert_eq!(origin(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn ru_01_exact_strings_only() {
        let registered = "https://app.example.com/callback?x=1";
        assert!(check(registered, registered));
        assert!(check(registered, "HTTPS://APP.example.com/callback?x=1"), "scheme and host ignore case");
        for hostile in [
            "https://app.example.com/callback",
            "https://app.example.com/callback?x=1&y=2",
            "https://app.example.com/callback?x=2",
            "https://app.example.com/callback/?x=1",
            "https://app.example.com/Callback?x=1",
            "https://app.example.com:443/callback?x=1",
            "http://app.example.com/callback?x=1",
            "https://appxexample.com/callback?x=1",
            "https://app.example.com.evil.example/callback?x=1",
            "https://evil.example/https://app.example.com/callback?x=1",
            "https://app.example.com/callback/../evil?x=1",
            "https://app.example.com/%63allback?x=1",
            "//app.example.com/callback?x=1",
            "/callback?x=1",
            "",
        ] {
            assert!(!check(registered, hostile), "{hostile}");
        }
    }

    #[test]
    fn ru_01_the_fragment_is_removed_before_comparison_and_use() {
        let registered = ["https://app.example.com/cb".to_owned()];
        let accepted = allowed(&registered, "https://app.example.com/cb#frag", Matching::default());
        assert_eq!(accepted, Some("https://app.example.com/cb"));
    }

    #[test]
    fn ru_01_case_and_fragment_count_where_the_text_has_to_be_exact() {
        let exact = Matching { exact: true, any_loopback_port: true, ..Matching::default() };
        let accepts = |registered: &str, presented: &str| allowed(&[registered.to_owned()], presented, exact).is_some();
        assert!(accepts("https://app.example.com/cb", "https://app.example.com/cb"));
        assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(!accepts("https://app.example.com/cb", "https://App.example.com/cb"));
        assert!(!accepts("https://app.example.com/cb", "HTTPS://app.example.com/cb"));
        assert!(!accepts("https://app.example.com/cb", "https://app.example.com/cb#f"));
        assert!(!accepts("com.example.app:/cb", "Com.example.app:/cb"));
    }

    #[test]
    fn ru_02_a_wildcard_is_one_left_most_label() {
        let star = "https://*.example.com/cb";
        assert!(check(star, "https://a.example.com/cb"));
        for hostile in [
            "https://a.b.example.com/cb",
            "https://example.com/cb",
            "https://.example.com/cb",
            "https://a.example.com/cb/",
            "https://a.example.com:8080/cb",
            "https://a.example.com/..%2fcb",
            "https://a.example.com/%252fcb",
            "https://a.example.com/..;/cb",
            "https://a.example.com.evil.org/cb",
            "https://evil.org/.example.com/cb",
            "https://evil.org?.example.com/cb",
            "https://*.example.com/cb",
        ] {
            assert!(!check(star, hostile), "{hostile}");
        }
        let exact = Matching { exact: true, ..Matching::default() };
        assert_eq!(allowed(&[star.to_owned()], "https://a.example.com/cb", exact), None, "not by exact matching");
        assert!(check("https://pre-*-post.example.com/cb", "https://pre-x-post.example.com/cb"));
        assert!(!check("https://pre-*-post.example.com/cb", "https://pre--post.example.com/cb"));
        for (registered, presented) in [
            ("https://*.com/cb", "https://evil.com/cb"),
            ("https://*.co.uk/cb", "https://evil.co.uk/cb"),
            ("https://a.*.example.com/cb", "https://a.b.example.com/cb"),
            ("https://*.*.example.com/cb", "https://a.b.example.com/cb"),
            ("https://a.example.com/*", "https://a.example.com/x"),
            ("https://*/cb", "https://evil/cb"),
            ("https://*.example.com:*/cb", "https://a.example.com:80/cb"),
        ] {
            assert!(!check(registered, presented), "{registered}");
            assert!(!is_registrable(registered), "{registered}");
        }
    }

    #[test]
    fn ru_03_what_can_be_read_in_two_ways_is_refused() {
        for hostile in [
            "http://localhost:80@evil.example/cb",
            "https://user@app.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example/c\tb",
            "https://app.example/c\nb",
            "https://app.example/c b",
            " https://app.example/cb",
            "https://\u{430}pp.example/cb",
            "https:///cb",
            "https://:80/cb",
            "https://app.example:/cb",
            "https://app.example:99999/cb",
            "https:app.example/cb",
            "https:/app.example/cb",
            "https://app.example%2eevil.org/cb",
            "https://[::1/cb",
        ] {
            assert!(!check(hostile, hostile), "{hostile:?}");
            assert!(!is_registrable(hostile), "{hostile:?}");
        }
        assert!(!is_registrable("https://app.example/cb#f"));
    }

    #[test]
    fn ru_04_only_the_port_of_a_loopback_ip_may_vary() {
        let native = Matching { any_loopback_port: true, ..Matching::default() };
        let accepts =
            |registered: &str, presented: &str| allowed(&[registered.to_owned()], presented, native).is_some();
        assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(accepts("http://[::1]:1/cb", "http://[::1]:51004/cb"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/other"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?x"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.2:51004/cb"));
        assert!(!accepts("http://localhost/cb", "http://localhost:51004/cb"));
        assert!(!check("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"), "Auth0 compares ports");
    }

    #[test]
    fn ru_05_schemes() {
        for good in [
            "com.example.app:/cb",
            "com.example.app://domain/ios/cb",
            "http://localhost:3000/cb",
            "https://a.b/c",
            "http://app.localhost/x",
            "http://127.0.0.1:9/",
        ] {
            assert!(check(good, good), "{good}");
            assert!(is_registrable(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://a.b/c",
            "about:blank",
            "http://app.example/cb",
            "myapp://cb",
            "ftp://a.b/c",
            "1.2:x",
            "com.example.app:",
        ] {
            assert!(!check(bad, bad), "{bad}");
            assert!(!is_registrable(bad), "{bad}");
        }
    }

    #[test]
    fn verifiable_means_https_on_another_machine() {
        assert!(is_verifiable("https://app.example.com/cb"));
        for not in ["http://localhost:3000/cb", "https://localhost/cb", "https://127.0.0.1/cb", "com.example.app:/cb"] {
            assert!(!is_verifiable(not), "{not}");
        }
    }

    proptest! {
        #[test]
        fn ru_01_accepted_implies_equal_up_to_case_of_the_host(presented in "(https|http|HTTPS)://[a-z.:@/\\\\*?#%0-9-]{0,30}") {
            let registered = ["https://app.example.com/cb".to_owned()];
            if let Some(accepted) = allowed(&registered, &presented, Matching::default()) {
                prop_assert_eq!(accepted.to_ascii_lowercase(), "https://app.example.com/cb");
            }
        }

        #[test]
        fn ru_03_any_text_is_judged_without_panic(text in "\\PC{0,60}") {
            let _ = allowed(std::slice::from_ref(&text), &text, Matching::default());
            let _ = is_registrable(&text);
        }
    }
}
