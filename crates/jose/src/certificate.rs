//! Forms in which a certificate is handed out (§6.11): PEM (RFC 7468), PKCS #7 (RFC 2315) and a fingerprint.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use yasna::Tag;
use yasna::models::ObjectIdentifier;

/// RFC 7468 section 2: "each line […] exactly 64 characters except for the final line".
const LINE: usize = 64;

/// `pkcs7-signedData` and `pkcs7-data` (RFC 2315 section 14).
const SIGNED_DATA: [u64; 7] = [1, 2, 840, 113_549, 1, 7, 2];
const DATA: [u64; 7] = [1, 2, 840, 113_549, 1, 7, 1];

/// The certificate between `BEGIN CERTIFICATE` and `END CERTIFICATE`.
#[must_use]
pub fn pem(certificate: &[u8]) -> String {
    block("CERTIFICATE", certificate)
}

/// A PKCS #7 message without content and without signers, which holds the certificate, in PEM.
///
/// RFC 2315 section 9: such a message is "a means of disseminating certificates".
#[must_use]
pub fn pkcs7_pem(certificate: &[u8]) -> String {
    let message = yasna::construct_der(|writer| {
        writer.write_sequence(|content_info| {
            content_info.next().write_oid(&ObjectIdentifier::from_slice(&SIGNED_DATA));
            content_info.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|signed_data| {
                    signed_data.next().write_u8(1);
                    signed_data.next().write_set(|_digest_algorithms| {});
                    signed_data.next().write_sequence(|content| {
                        content.next().write_oid(&ObjectIdentifier::from_slice(&DATA));
                    });
                    signed_data.next().write_tagged_implicit(Tag::context(0), |writer| {
                        writer.write_set(|certificates| certificates.next().write_der(certificate));
                    });
                    signed_data.next().write_set(|_signers| {});
                });
            });
        });
    });
    block("PKCS7", &message)
}

/// SHA-1 of the certificate, as `AB:CD:…`.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::with_capacity(59);
    for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref() {
        let separator = if text.is_empty() { "" } else { ":" };
        let _infallible = write!(text, "{separator}{byte:02X}");
    }
    text
}

fn block(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(LINE) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + "-----END " + label + "-----\n"
}
