//! Addresses that are never counted: `allowlist` of the tenant's settings, single addresses and CIDR ranges.

use std::net::IpAddr;

use ipnet::IpNet;

/// Whether `address` is on the list. An entry that is neither an address nor a range matches nothing.
pub(super) fn lists(entries: &[String], address: Option<IpAddr>) -> bool {
    let Some(address) = address.map(|address| address.to_canonical()) else { return false };
    entries.iter().map(|entry| entry.trim()).any(|entry| match entry.parse::<IpAddr>() {
        Ok(own) => own.to_canonical() == address,
        Err(_) => entry.parse::<IpNet>().is_ok_and(|range| range.contains(&address)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_of_both_families() {
        let list = ["192.0.2.7", "10.0.0.0/8", " 2001:db8::/32 ", "office", ""].map(str::to_owned);
        for (address, listed) in [
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:192.0.2.7", true),
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(lists(&list, Some(address.parse().unwrap())), listed, "{address}");
        }
        assert!(!lists(&list, None));
    }
}
