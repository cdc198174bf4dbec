//! The development certificate authority: HTTPS from the first start, because Auth0's SDKs refuse plain HTTP (OP-04).
//!
//! The authority is made once in the data directory and trusted once by the developer. The server's own certificate is
//! issued anew at each start and lives in memory: it always fits the domain and never comes near its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::data_directory::{DataDirectory, DataError};
use crate::tls::server_config;

/// File with the authority's certificate, for people and their tools.
const CERTIFICATE: &str = "ca.pem";
/// File with the authority's private key, for the owner only.
const PRIVATE_KEY: &str = "ca-key.pem";

/// The authority of one data directory.
pub(crate) struct Authority {
    key: KeyPair,
    certificate: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// The directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A key that cannot be read, or a domain that no certificate can name.
    #[error("the development certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate that was just made does not serve.
    #[error("the development certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl Authority {
    /// The authority of `directory`, made when there is none.
    pub(crate) fn open(directory: &DataDirectory, now: Timestamp) -> Result<Self, AuthorityError> {
        let kept = directory.read_or_create(PRIVATE_KEY, || {
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(|key| key.serialize_pem())
        })?;
        let key = KeyPair::from_pem(&kept.text)?;
        let certificate = directory.path().join(CERTIFICATE);
        // A certificate beside a key that was lost belongs to nobody.
        if kept.is_new || !certificate.exists() {
            let pem = authority_params(&key, now).self_signed(&key)?.pem();
            directory.write(CERTIFICATE, &pem)?;
        }
        Ok(Self { key, certificate })
    }

    /// Where the certificate is.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// TLS for `host` and the loopback names, by a leaf that was issued now.
    pub(crate) fn server_config(&self, host: &str, now: Timestamp) -> Result<Arc<ServerConfig>, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuer = Issuer::new(authority_params(&self.key, now), &self.key);
        let leaf = leaf_params(host, now)?.signed_by(&key, &issuer)?;
        let private_key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        Ok(server_config(vec![leaf.der().clone()], private_key)?)
    }
}

/// The authority is always the same for one key: its name comes from the key, so that two authorities of one machine
/// do not look alike in a trust store.
fn authority_params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let fingerprint = params.key_identifier(key).first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    name(&mut params, &format!("Keywright development CA {fingerprint:08x}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, now, 10.years());
    params
}

/// RFC 6125 §6.4.4: names are matched against subjectAltName; rustls refuses an authority as a server's own certificate.
fn leaf_params(host: &str, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    // An IPv6 address has brackets in a URL and none in a certificate.
    let host = host.trim_matches(['[', ']']);
    let mut names = vec![host.to_owned()];
    names.extend(["localhost", "127.0.0.1", "::1"].into_iter().filter(|name| *name != host).map(str::to_owned));
    let mut params = CertificateParams::new(names)?;
    name(&mut params, host);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, now, 1.year());
    Ok(params)
}

fn name(params: &mut CertificateParams, common_name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Keywright");
    params.distinguished_name.push(DnType::CommonName, common_name);
}

/// From yesterday, for clients whose clock is behind, for `lifetime`.
fn valid(params: &mut CertificateParams, now: Timestamp, lifetime: Span) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let date = |date: jiff::civil::Date| {
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = date(today.saturating_sub(1.day()));
    params.not_after = date(today.saturating_add(lifetime));
}

#[cfg(test)]
mod tests {
    use rcgen::SanType;

    use super::*;

    #[test]
    fn a_leaf_names_its_host_and_loopback_once() {
        let now = "2026-02-28T12:00:00Z".parse().unwrap();
        let names = |host: &str| leaf_params(host, now).unwrap().subject_alt_names;
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let ip = |address: &str| SanType::IpAddress(address.parse().unwrap());
        assert_eq!(names("localhost"), [dns("localhost"), ip("127.0.0.1"), ip("::1")]);
        assert_eq!(names("[::1]"), [ip("::1"), dns("localhost"), ip("127.0.0.1")]);
        assert_eq!(names("192.0.2.1"), [ip("192.0.2.1"), dns("localhost"), ip("127.0.0.1"), ip("::1")]);
    }

    #[test]
    fn lifetimes_are_counted_from_today() {
        let now = "2028-02-29T23:59:59Z".parse().unwrap();
        let leaf = leaf_params("localhost", now).unwrap();
        assert_eq!(leaf.not_before, rcgen::date_time_ymd(2028, 2, 28));
        assert_eq!(leaf.not_after, rcgen::date_time_ymd(2029, 2, 28));
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        assert_eq!(authority_params(&key, now).not_after, rcgen::date_time_ymd(2038, 2, 28));
    }

    #[test]
    fn an_authority_without_its_certificate_makes_it_again_and_one_without_its_key_is_new() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let parent = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(parent.path()).unwrap();
        let read = || std::fs::read_to_string(parent.path().join(CERTIFICATE)).unwrap();
        let first = Authority::open(&directory, now).unwrap().key.serialize_pem();
        let certificate = read();
        std::fs::remove_file(parent.path().join(CERTIFICATE)).unwrap();
        assert_eq!(Authority::open(&directory, now).unwrap().key.serialize_pem(), first);
        std::fs::remove_file(parent.path().join(PRIVATE_KEY)).unwrap();
        assert_ne!(Authority::open(&directory, now).unwrap().key.serialize_pem(), first);
        assert_ne!(read(), certificate, "the certificate belongs to the new key");
    }
}
