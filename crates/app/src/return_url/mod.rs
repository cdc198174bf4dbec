//! Which addresses the browser may be sent to: callbacks and logout URLs (§1.3; RU-01 to RU-05, RU-07).
//!
//! RFC 9700 §2.1: "authorization servers MUST utilize exact string matching except for port numbers in localhost
//! redirection URIs of native apps". Addresses are compared as text and never decoded, so that no parser's idea of them
//! can differ from a browser's. What could be read in two ways is refused before it is compared.

mod organization;
mod parts;

use self::organization::{around_organization, holds_organization};
pub use self::organization::{organization_name, with_organization};
use self::parts::{Parts, is_loopback_host};

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

/// Whether an address may be registered: the same conditions as in use, and wildcards only where they are allowed.
#[must_use]
pub fn is_registrable(url: &str) -> bool {
    if let Some((before, after)) = around_organization(url) {
        return is_registrable(&format!("{before}a{after}"));
    }
    let plain = !url.contains('#') && !holds_organization(url);
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

/// `scheme://host[:port]` of a registered web address whose host has a wildcard or stands for organizations: what the origins
/// of its pages look like. `None` for every other address; they have one [`origin`].
#[must_use]
pub fn origin_pattern(url: &str) -> Option<&str> {
    if !is_registrable(url) || !(holds_organization(url) || url.contains('*')) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    url.get(..scheme.len() + 3 + rest.find(['/', '?']).unwrap_or(rest.len()))
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(before, _)| before)
}

#[cfg(test)]
mod tests;
