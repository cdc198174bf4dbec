//! Key `trusted_proxies`: peers that end TLS in front of the server and whose forwarding headers are believed.

use keywright_web::TrustedProxies;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Reads a list from the file, or text with commas from the environment.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TrustedProxies, D::Error> {
    deserializer.deserialize_any(Entries)
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = TrustedProxies;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of addresses or networks, such as [\"192.0.2.7\", \"10.0.0.0/8\"]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TrustedProxies, E> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        TrustedProxies::parse(entries).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TrustedProxies, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element::<String>()? {
            entries.push(entry);
        }
        TrustedProxies::parse(entries.iter().map(String::as_str)).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_json(json: &str) -> Result<TrustedProxies, String> {
        read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_a_list_and_text_with_commas() {
        for both in [r#"["10.0.0.0/8", "::1"]"#, r#""10.0.0.0/8, ::1""#] {
            let proxies = from_json(both).unwrap();
            assert!(proxies.contains("10.200.3.4".parse().unwrap()), "{both}");
            assert!(proxies.contains("::1".parse().unwrap()), "{both}");
            assert!(!proxies.contains("11.0.0.1".parse().unwrap()), "{both}");
        }
        assert!(from_json("[]").unwrap().is_empty() && from_json("\"\"").unwrap().is_empty());
    }

    #[test]
    fn op_01_a_name_is_refused_by_itself() {
        assert!(from_json(r#"["10.0.0.0/8", "proxy.internal"]"#).unwrap_err().contains("\"proxy.internal\""));
    }
}
