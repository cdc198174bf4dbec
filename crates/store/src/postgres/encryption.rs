//! Encryption of the connection to PostgreSQL: when it must be there, and whose certificates count (decision 0009).
//!
//! What leaves the machine is encrypted and the server proves its name, unless the operator says `sslmode=disable`. The
//! client library knows only some of libpq's modes, and falls back to plain text when it was not told otherwise; so
//! `sslmode` and `sslrootcert` are taken out of the URL here and decided here.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::Host;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// What the URL says of encryption.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    mode: Option<Cow<'a, str>>,
    roots: Option<Cow<'a, str>>,
}

/// Takes `sslmode` and `sslrootcert` out of the query of `url`. Returns the URL without them.
pub(super) fn split(url: &str) -> Result<(String, Asked<'_>), StoreError> {
    // The client library's parser ends the credentials at the first `@`, and so does this one: a `?` in a password is none.
    let host = url.find('@').map_or(0, |at| at + 1);
    let Some(start) = url.get(host..).and_then(|rest| rest.find('?')).map(|question| host + question) else {
        return Ok((url.to_owned(), Asked::default()));
    };
    let (rest, query) = url.split_at(start);
    let mut asked = Asked::default();
    let mut others = Vec::new();
    for parameter in query.trim_start_matches('?').split('&') {
        let (place, value) = match parameter.split_once('=') {
            Some(("sslmode", value)) => (&mut asked.mode, value),
            Some(("sslrootcert", value)) => (&mut asked.roots, value),
            _ => {
                others.push(parameter);
                continue;
            }
        };
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| refused("sslmode or sslrootcert in the PostgreSQL URL is not UTF-8"))?;
        if place.replace(value).is_some() {
            return Err(refused("sslmode or sslrootcert is twice in the PostgreSQL URL"));
        }
    }
    let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
    Ok((format!("{rest}{query}"), asked))
}

impl Asked<'_> {
    /// How to encrypt connections to the hosts of `config`; `None` for plain text.
    pub(super) fn connector(&self, config: &Config) -> Result<Option<MakeRustlsConnect>, StoreError> {
        if !self.encrypts(stays_on_this_machine(config))? {
            return Ok(None);
        }
        let roots = match self.roots.as_deref() {
            None | Some("system") => system_roots()?,
            Some(path) => roots_in(path)?,
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = client.map_err(|error| refused(&format!("TLS cannot be set up: {error}")))?;
        let mut client = client.with_root_certificates(roots).with_no_client_auth();
        // Servers from version 17 want it when TLS begins without a question (sslnegotiation=direct).
        client.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Some(MakeRustlsConnect::new(client)))
    }

    /// Whether a connection is encrypted, which always means that certificate and name are verified.
    fn encrypts(&self, local: bool) -> Result<bool, StoreError> {
        match self.mode.as_deref() {
            Some("require" | "verify-ca" | "verify-full") => Ok(true),
            Some("disable") => Ok(false),
            Some("allow" | "prefer") if local => Ok(false),
            // Whoever is on the path decides whether the server seems to support TLS.
            Some("allow" | "prefer") => Err(refused(
                "sslmode=prefer and sslmode=allow may send passwords and data unencrypted; use sslmode=verify-full, or \
                 sslmode=disable where the network itself is protected",
            )),
            // Naming roots makes sense only with encryption.
            None => Ok(!local || self.roots.is_some()),
            Some(_) => Err(refused("unknown sslmode in the PostgreSQL URL; use verify-full or disable")),
        }
    }
}

/// Whether every host is this machine: a socket in the file system or a loopback address.
fn stays_on_this_machine(config: &Config) -> bool {
    let is_loopback = |address: &IpAddr| address.to_canonical().is_loopback();
    // Where there are addresses, they are connected to; the host is only the name that is verified.
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address| is_loopback(&address))
        }
    })
}

/// The authorities this machine trusts. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
fn system_roots() -> Result<RootCertStore, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(refused(
            "this machine has no certificates of authorities to verify PostgreSQL by; install them (ca-certificates) or \
             add sslrootcert=PATH to the URL",
        ));
    }
    Ok(roots)
}

/// The authorities in a PEM file.
fn roots_in(path: &str) -> Result<RootCertStore, StoreError> {
    let failed = |detail: &dyn std::fmt::Display| refused(&format!("sslrootcert={path}: {detail}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    if roots.is_empty() { Err(failed(&"no certificate in this file")) } else { Ok(roots) }
}

fn refused(why: &str) -> StoreError {
    StoreError::Engine(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(url: &str) -> Result<bool, StoreError> {
        let (rest, asked) = split(url)?;
        asked.encrypts(stays_on_this_machine(&rest.parse().unwrap()))
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_disabled() {
        let here = [
            "postgres://u:p@localhost/d",
            "postgres://u:p@LOCALHOST:5433/d",
            "postgres://u:p@127.0.0.1/d",
            "postgres://u:p@127.8.8.8,localhost/d",
            "postgres://u:p@[::1]/d",
            "postgres://u:p@[::ffff:127.0.0.1]/d",
            "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/d",
            "postgres:///d?host=/var/run/postgresql",
            "postgres://u:p@db.example.com/d?hostaddr=127.0.0.1",
        ];
        let away = [
            "postgres://u:p@db.example.com/d",
            "postgres://u:p@10.0.0.1/d",
            "postgres://u:p@[fd00::1]/d",
            "postgres://u:p@0.0.0.0/d",
            "postgres://u:p@localhost.example.com/d",
            "postgres://u:p@localhost,db.example.com/d",
            "postgres://u:p@%2Fvar%2Frun%2Fpostgresql,db.example.com/d",
            "postgres://u:p@localhost/d?hostaddr=10.0.0.1",
            "postgres://localhost@db.example.com/d",
            "postgres://u:p?x=@db.example.com/d",
        ];
        let with = |url: &str, parameter: &str| {
            let mark = if url.rsplit('@').next().unwrap_or_default().contains('?') { '&' } else { '?' };
            decided(&format!("{url}{mark}{parameter}"))
        };
        for (urls, local) in [(&here[..], true), (&away[..], false)] {
            for url in urls {
                assert_eq!(decided(url), Ok(!local), "{url}");
                for (mode, expected) in [
                    ("disable", Ok(false)),
                    ("require", Ok(true)),
                    ("verify-ca", Ok(true)),
                    ("verify-full", Ok(true)),
                    ("allow", if local { Ok(false) } else { Err(()) }),
                    ("prefer", if local { Ok(false) } else { Err(()) }),
                    ("verify-none", Err(())),
                    ("", Err(())),
                ] {
                    let result = with(url, &format!("sslmode={mode}"));
                    assert_eq!(result.map_err(drop), expected, "{url} {mode}");
                }
                assert_eq!(with(url, "sslrootcert=/ca.pem"), Ok(true), "{url}");
            }
        }
        let told = decided("postgres://u:secret@db.example.com/d?sslmode=prefer").unwrap_err().to_string();
        assert!(told.contains("sslmode=verify-full") && told.contains("sslmode=disable"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn our_parameters_are_taken_out_of_the_url() {
        let asked = |mode: Option<&'static str>, roots: Option<&'static str>| Asked {
            mode: mode.map(Cow::Borrowed),
            roots: roots.map(Cow::Borrowed),
        };
        for (url, rest, expected) in [
            ("postgres://h/d", "postgres://h/d", asked(None, None)),
            ("postgres://h/d?sslmode=require", "postgres://h/d", asked(Some("require"), None)),
            (
                "postgres://h/d?application_name=a&sslrootcert=%2Fa%20b.pem&sslmode=disable&port=1",
                "postgres://h/d?application_name=a&port=1",
                asked(Some("disable"), Some("/a b.pem")),
            ),
            // Part of the password, in the eyes of the client library too.
            ("postgres://u:p?sslmode=disable@h/d", "postgres://u:p?sslmode=disable@h/d", asked(None, None)),
        ] {
            assert_eq!(split(url), Ok((rest.to_owned(), expected)), "{url}");
        }
        for url in ["postgres://h/d?sslmode=require&sslmode=disable", "postgres://h/d?sslmode=%FF"] {
            assert!(split(url).is_err(), "{url}");
        }
    }

    #[test]
    fn roots_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let message = || roots_in(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(message().contains("ca.pem"), "{}", message());
        std::fs::write(&path, "not a certificate").unwrap();
        assert!(message().contains("no certificate in this file"), "{}", message());
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(message().contains("ca.pem"), "{}", message());
    }
}
