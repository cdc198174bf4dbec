//! Table `[egress]`: what requests to other servers may reach inside the own network, and whose certificates count.

use std::path::PathBuf;

use keywright_app::{EgressOptions, Exceptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Exceptions and authorities.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EgressSettings {
    /// Addresses, ranges and names of hosts.
    #[serde(default, deserialize_with = "read")]
    allow: Exceptions,
    /// PEM file with further certificate authorities.
    ca_certificates: Option<PathBuf>,
}

impl EgressSettings {
    pub(super) fn resolve(&self) -> Result<EgressOptions, String> {
        let path = self.ca_certificates.as_ref().filter(|path| !path.as_os_str().is_empty());
        let roots = match path {
            Some(path) => {
                let shown = path.display();
                let certificates = CertificateDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|cause| format!("`egress.ca_certificates`: {shown} cannot be read: {cause}"))?;
                if certificates.is_empty() {
                    return Err(format!("`egress.ca_certificates`: there is no certificate in {shown}"));
                }
                certificates
            }
            None => Vec::new(),
        };
        Ok(EgressOptions { exceptions: self.allow.clone(), roots, ..EgressOptions::default() })
    }
}

/// Reads a list from the file, or text with commas from the environment.
fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Exceptions, D::Error> {
    deserializer.deserialize_any(Entries)
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Exceptions;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of addresses, networks or host names, such as [\"10.0.0.0/8\", \"hooks.internal\"]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Exceptions, E> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Exceptions::parse(entries).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Exceptions, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element::<String>()? {
            entries.push(entry);
        }
        Exceptions::parse(entries.iter().map(String::as_str)).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_json(json: &str) -> Result<Exceptions, String> {
        read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    #[test]
    fn eg_01_exceptions_are_a_list_or_text_with_commas() {
        let expected = Exceptions::parse(["10.0.0.0/8", "hooks.internal"]).unwrap();
        for both in [r#"["10.0.0.0/8", "hooks.internal"]"#, r#""10.0.0.0/8, hooks.internal""#] {
            assert_eq!(from_json(both).unwrap(), expected, "{both}");
        }
        assert!(from_json(r#"["10.0.0.0/99"]"#).unwrap_err().contains("\"10.0.0.0/99\""));
    }

    #[test]
    fn op_01_authorities_that_cannot_be_read_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (path, expected) in
            [(file.path().to_owned(), "there is no certificate"), ("/nowhere.pem".into(), "cannot be read")]
        {
            let settings = EgressSettings { allow: Exceptions::default(), ca_certificates: Some(path) };
            let error = settings.resolve().err().unwrap();
            assert!(error.starts_with("`egress.ca_certificates`") && error.contains(expected), "{error}");
        }
    }
}
