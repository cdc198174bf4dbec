//! The public half of a signing key as JSON Web Key (RFC 7517), with the members and their order of §6.11.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::SigningAlg;

/// One entry of `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Jwk {
    /// An RSA key.
    Rsa(RsaJwk),
    /// A key on the curve P-256.
    Ec(EcJwk),
}

/// An RSA key (RFC 7518 section 6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RsaJwk {
    /// `RS256`, although the key also signs by PS256 and RS512.
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

/// A key on P-256 (RFC 7518 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EcJwk {
    /// `ES256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<SigningAlg>,
    /// Always `EC`.
    pub kty: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub use_: &'static str,
    /// Always `P-256`.
    pub crv: &'static str,
    /// First coordinate, 32 bytes in base64url.
    pub x: String,
    /// Second coordinate, 32 bytes in base64url.
    pub y: String,
    /// Key identifier, as in the header of tokens.
    pub kid: String,
}

impl Jwk {
    pub(crate) fn rsa(kid: &str, modulus: &[u8], exponent: &[u8], certificate: &[u8]) -> Self {
        Self::Rsa(RsaJwk {
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
        })
    }

    /// RFC 7518 section 6.2.1.2: "The length of this octet string MUST be the full size of a coordinate for the curve".
    pub(crate) fn ec(kid: &str, x: &[u8], y: &[u8]) -> Self {
        Self::Ec(EcJwk {
            alg: Some(SigningAlg::ES256),
            kty: "EC",
            use_: "sig",
            crv: "P-256",
            x: URL_SAFE_NO_PAD.encode(x),
            y: URL_SAFE_NO_PAD.encode(y),
            kid: kid.to_owned(),
        })
    }

    /// Key identifier, as in the header of tokens.
    #[must_use]
    pub fn kid(&self) -> &str {
        match self {
            Self::Rsa(key) => &key.kid,
            Self::Ec(key) => &key.kid,
        }
    }

    /// The same entry without `alg`, for a tenant with `remove_alg_from_jwks`: a verifier that holds `alg` against the
    /// token's takes PS256 and RS512 only so.
    #[must_use]
    pub fn without_alg(&self) -> Self {
        match self.clone() {
            Self::Rsa(key) => Self::Rsa(RsaJwk { alg: None, ..key }),
            Self::Ec(key) => Self::Ec(EcJwk { alg: None, ..key }),
        }
    }
}
