//! What an operator allows inside the own network: addresses, ranges, and names.

use std::net::IpAddr;

use ipnet::IpNet;

/// The places that may be reached although they are not public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

/// The text is neither an address, nor a range, nor a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither an IP address, nor a range such as 10.0.0.0/8, nor the name of a host")]
pub struct InvalidException(String);

impl Exceptions {
    /// Reads addresses (`10.1.2.3`), ranges (`10.0.0.0/8`) and names of hosts (`hooks.internal`, exactly that one).
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidException> {
        let mut all = Self::default();
        for entry in entries {
            if let Ok(network) = entry.parse::<IpNet>() {
                all.networks.push(network.trunc());
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                all.networks.push(address.into());
            } else if is_name(entry) {
                all.hosts.push(entry.trim_end_matches('.').to_ascii_lowercase());
            } else {
                return Err(InvalidException(entry.to_owned()));
            }
        }
        Ok(all)
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.networks.extend(other.networks);
        self.hosts.extend(other.hosts);
        self
    }

    /// This machine, by address and by name.
    #[must_use]
    pub fn loopback() -> Self {
        Self::parse(["127.0.0.0/8", "::1", "localhost"]).unwrap_or_default()
    }

    /// Whether the address is listed. An IPv4 address inside an IPv6 one counts as what it is: the connection goes there.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Whether the name is listed, wherever it leads.
    pub(crate) fn allow_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

/// A name of letters, digits and hyphens with at least one letter at its end, so that no mistyped address passes for one.
fn is_name(text: &str) -> bool {
    let text = text.trim_end_matches('.');
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.len() <= 253
        && text.split('.').all(label)
        && text.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_ranges_and_names() {
        let all = Exceptions::parse(["10.1.0.0/16", "192.168.0.7", "fd00::/8", "Hooks.Internal."]).unwrap();
        for (address, expected) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("192.168.0.7", true),
            ("192.168.0.8", false),
            ("fd12::1", true),
            ("::ffff:10.1.2.3", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(all.allow(address.parse().unwrap()), expected, "{address}");
        }
        assert!(all.allow_host("hooks.internal") && !all.allow_host("x.hooks.internal") && !all.allow_host("internal"));
        assert_eq!(Exceptions::parse([]).unwrap(), Exceptions::default());
    }

    #[test]
    fn op_01_what_is_neither_is_refused_by_itself() {
        for entry in ["10.0.0.0/33", "10.0.0", "10.0.0.256", "*.internal", "https://a", "a b", "", "a/8"] {
            assert_eq!(Exceptions::parse([entry]), Err(InvalidException(entry.to_owned())), "{entry}");
        }
    }
}
