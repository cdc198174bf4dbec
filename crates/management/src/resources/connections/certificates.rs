//! What the server reads out of the certificate of a SAML identity provider (`management-api.md` §4.6): "RO computed: `expires`,
//! `subject`, `thumbprints[]` (SHA-1) from the cert".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywright_jose::certificate::fingerprint;
use keywright_types::Timestamp;
use serde_json::{Map, Value, json};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::error::ApiError;

/// Members that are computed.
const COMPUTED: [&str; 3] = ["expires", "subject", "thumbprints"];

/// Sets what follows from the certificate; nothing where there is none.
pub(super) fn describe(options: &mut Map<String, Value>) -> Result<(), ApiError> {
    for name in COMPUTED {
        options.remove(name);
    }
    let sent = ["signingCert", "cert"].into_iter().find_map(|name| {
        let text = options.get(name)?.as_str().filter(|text| !text.is_empty())?;
        Some((name, text.to_owned()))
    });
    let Some((name, text)) = sent else { return Ok(()) };
    let unreadable = || ApiError::invalid_body(format!("options.{name} is not an X.509 certificate in PEM or base64"));
    let der = der(&text).ok_or_else(unreadable)?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unreadable())?;
    let expires = Timestamp::from_second(certificate.validity().not_after.timestamp()).map_err(|_| unreadable())?;
    let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let thumbprint = fingerprint(&der).replace(':', "").to_lowercase();
    options.insert("expires".to_owned(), json!(format!("{expires:.3}")));
    options.insert("subject".to_owned(), name.map_or_else(|| json!({}), |name| json!({ "commonName": name })));
    options.insert("thumbprints".to_owned(), json!([thumbprint]));
    Ok(())
}

/// PEM, PEM in base64, or DER in base64.
fn der(text: &str) -> Option<Vec<u8>> {
    let from_pem = |bytes: &[u8]| parse_x509_pem(bytes).ok().map(|(_, pem)| pem.contents);
    if text.contains("-----BEGIN") {
        return from_pem(text.as_bytes());
    }
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(packed).ok()?;
    if bytes.starts_with(b"-----BEGIN") { from_pem(&bytes) } else { Some(bytes) }
}
