//! The address a request came from (WB-04): forwarded headers count only from listed proxies.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, header};
use keywright_app::Caller;

use crate::CurrentTenant;

/// Proxies whose `X-Forwarded-For` is believed. Put into the request's extensions by the server.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

/// An address range such as `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is neither an address nor a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither an IP address nor a range such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl TrustedProxies {
    /// Reads addresses and ranges.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidNetwork> {
        entries.into_iter().map(str::parse).collect::<Result<Vec<_>, _>>().map(|list| Self(list.into()))
    }

    /// Whether no proxy is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `address` is one of the trusted proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The right-most address of the chain that is not one of our proxies.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        // Hop by hop, because what stands left of the last honest hop is the client's own and may be anything.
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !self.contains(client) {
                break;
            }
            let Ok(hop) = std::str::from_utf8(hop) else { break };
            let Ok(address) = IpAddr::from_str(hop.trim()) else { break };
            client = address.to_canonical();
        }
        client
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| invalid())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let shared = |own: u128, other: u128, width: u32| {
            let host_bits = width - u32::from(self.prefix);
            host_bits >= width || own >> host_bits == other >> host_bits
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => shared(u32::from(own).into(), u32::from(other).into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => shared(own.into(), other.into(), 128),
            _ => false,
        }
    }
}

/// The address of the client; `None` in tests without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return Ok(Self(None)) };
        let proxies = parts.extensions.get::<TrustedProxies>().cloned().unwrap_or_default();
        Ok(Self(Some(proxies.client(peer.ip(), &parts.headers))))
    }
}

/// Who makes this request: its address, its user agent, and the domain that it came to.
#[derive(Clone, Debug)]
pub struct CurrentCaller(pub Caller);

impl<S: Sync> FromRequestParts<S> for CurrentCaller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Ok(ClientAddress(ip)) = ClientAddress::from_request_parts(parts, state).await;
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let tenant = parts.extensions.get::<CurrentTenant>();
        let hostname = tenant.map(|CurrentTenant(tenant)| tenant.domain.clone()).unwrap_or_default();
        Ok(Self(Caller { ip, user_agent, hostname }))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn wb_04_only_listed_proxies_are_believed() {
        let proxies = TrustedProxies::parse(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]).unwrap();
        for (peer, forwarded, expected) in [
            ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
            ("10.1.2.3", "1.2.3.4", "1.2.3.4"),
            ("10.1.2.3", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("10.1.2.3", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
            ("10.1.2.3", "nonsense", "10.1.2.3"),
            ("10.1.2.3", "\u{e4}, 1.2.3.4", "1.2.3.4"),
            ("192.0.2.7", "1.2.3.4", "1.2.3.4"),
            ("192.0.2.8", "1.2.3.4", "192.0.2.8"),
            ("::ffff:10.1.2.3", "1.2.3.4", "1.2.3.4"),
            ("2001:db8::1", "2001:db8::2, 1.2.3.4", "1.2.3.4"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_bytes(forwarded.as_bytes()).unwrap());
            assert_eq!(proxies.client(peer.parse().unwrap(), &headers).to_string(), expected, "{peer} {forwarded}");
        }
    }

    #[test]
    fn ranges_are_read_strictly() {
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/x", "example.com"] {
            assert!(TrustedProxies::parse([bad]).is_err(), "{bad}");
        }
        assert!(TrustedProxies::parse(["0.0.0.0/0"]).unwrap().contains("8.8.8.8".parse().unwrap()));
    }
}
