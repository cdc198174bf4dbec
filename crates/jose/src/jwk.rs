//! The public half of a signing key as JSON Web Key (RFC 7517), with the members and their order of §6.11.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::SigningAlg;

/// One entry of `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `RS256`. The tenant's flag `remove_alg_from_jwks` drops it: set it to `None` then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<SigningAlg>,
    /// Always `RSA`.
    pub kty: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub use_: &'static str,
    /// Modulus, big-endian, in base64url.
    pub n: String,
    /// Public exponent, big-endian, in base64url.
    pub e: String,
    /// Key identifier, as in the header of tokens.
    pub kid: String,
    /// SHA-1 of the certificate, in base64url.
    pub x5t: String,
    /// The certificate in base64 with padding: standard alphabet, unlike everything else in here.
    pub x5c: Vec<String>,
}

impl Jwk {
    pub(crate) fn rsa(kid: &str, modulus: &[u8], exponent: &[u8], certificate: &[u8]) -> Self {
        Self {
            alg: Some(SigningAlg::RS256),
            kty: "RSA",
            use_: "sig",
            // RFC 7518 section 6.3.1.1: "represented as a Base64urlUInt-encoded value", so without a leading zero octet.
            n: URL_SAFE_NO_PAD.encode(modulus),
            e: URL_SAFE_NO_PAD.encode(exponent),
            kid: kid.to_owned(),
            // RFC 7517 section 4.8: "a base64url-encoded SHA-1 thumbprint (a.k.a. digest) of the DER encoding".
            x5t: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate)),
            // RFC 7517 section 4.7: "a base64-encoded (Section 4 of [RFC4648] -- not base64url-encoded) DER" value.
            x5c: vec![STANDARD.encode(certificate)],
        }
    }
}
