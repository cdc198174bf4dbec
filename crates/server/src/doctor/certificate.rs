//! The certificate of the listener: how long it is valid, and whether it names the tenants' domains.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;
use x509_parser::parse_x509_certificate;

use super::Finding;

/// Time before the end at which somebody should act.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

pub(super) fn examine(path: &Path, domains: &[String], now: Timestamp) -> Vec<Finding> {
    let unreadable = |cause: String| {
        let advice = "put the PEM chain there, leaf first";
        vec![Finding::fail("certificate", format!("{} cannot be read: {cause}", path.display()), advice)]
    };
    let leaf = match CertificateDer::from_pem_file(path) {
        Ok(leaf) => leaf,
        Err(cause) => return unreadable(cause.to_string()),
    };
    let mut findings = match validity(&leaf, now) {
        Ok(finding) => vec![finding],
        Err(cause) => return unreadable(cause),
    };
    let foreign: Vec<&str> = domains.iter().map(String::as_str).filter(|domain| !names(&leaf, domain)).collect();
    findings.push(if foreign.is_empty() {
        Finding::ok("certificate names", format!("covers {} domains of tenants", domains.len()))
    } else {
        let advice = "get a certificate with these names, or let a proxy with one end TLS";
        Finding::fail("certificate names", format!("does not name {}", foreign.join(", ")), advice)
    });
    findings
}

fn validity(leaf: &CertificateDer<'_>, now: Timestamp) -> Result<Finding, String> {
    let (_, certificate) = parse_x509_certificate(leaf).map_err(|cause| cause.to_string())?;
    let end =
        Timestamp::from_second(certificate.validity().not_after.timestamp()).map_err(|cause| cause.to_string())?;
    let begin =
        Timestamp::from_second(certificate.validity().not_before.timestamp()).map_err(|cause| cause.to_string())?;
    let text = format!("valid until {end}");
    let left = end.duration_since(now);
    Ok(if now < begin {
        Finding::fail("certificate", format!("not valid before {begin}"), "check this machine's clock")
    } else if left.is_negative() {
        Finding::fail("certificate", format!("expired at {end}"), "renew it and restart the server")
    } else if left < SOON {
        Finding::warn("certificate", text, "renew it and restart the server")
    } else {
        Finding::ok("certificate", text)
    })
}

/// RFC 9525: the names in the certificate against the host of a tenant's domain.
fn names(leaf: &CertificateDer<'_>, domain: &str) -> bool {
    let Ok(url) = url::Url::parse(&format!("https://{domain}/")) else { return false };
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let (Ok(certificate), Ok(name)) = (EndEntityCert::try_from(leaf), ServerName::try_from(host)) else { return false };
    certificate.verify_is_valid_for_subject_name(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    /// Valid from 2026-01-01 to 2026-02-01, for `login.example.com` and `*.tenants.example.com`.
    fn certificate() -> tempfile::NamedTempFile {
        let names = ["login.example.com", "*.tenants.example.com"].map(str::to_owned);
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 2, 1);
        let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), certificate.pem()).unwrap();
        file
    }

    fn verdicts(domains: &[&str], now: &str) -> Vec<Verdict> {
        let domains: Vec<String> = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let file = certificate();
        examine(file.path(), &domains, now.parse().unwrap()).into_iter().map(|finding| finding.status).collect()
    }

    #[test]
    fn is_valid_for_a_while_and_for_every_tenant() {
        use Verdict::{Fail, Ok, Warn};
        let ours = ["login.example.com", "a.tenants.example.com:8443"];
        assert_eq!(verdicts(&ours, "2026-01-02T00:00:00Z"), [Ok, Ok]);
        assert_eq!(verdicts(&ours, "2026-01-25T00:00:00Z"), [Warn, Ok]);
        assert_eq!(verdicts(&ours, "2026-02-02T00:00:00Z"), [Fail, Ok]);
        assert_eq!(verdicts(&ours, "2025-12-31T00:00:00Z"), [Fail, Ok]);
        assert_eq!(verdicts(&["other.example.com"], "2026-01-02T00:00:00Z"), [Ok, Fail]);
        let gone = examine(Path::new("/nowhere.pem"), &[], "2026-01-02T00:00:00Z".parse().unwrap());
        assert!(gone[0].message.contains("/nowhere.pem"));
    }
}
