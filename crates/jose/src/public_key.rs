//! Public keys of others: what an application registers to authenticate with, and the key inside a `DPoP` proof.
//!
//! RSA of 2048 to 8192 bits, P-256 and P-384; from a JSON Web Key (RFC 7517) or from PEM (`management-api.md` §2.8: public
//! key or X.509 certificate). A key knows the algorithms that it is good for (TK-01).

use aws_lc_rs::rsa::{PublicEncryptingKey, PublicKey as RsaPublicKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use rustls_pki_types::CertificateDer;
use serde_json::{Map, Value, json};
use webpki::EndEntityCert;

use crate::unique_members::UniqueMembers;
use crate::{AssertionAlg, JwtError, KeyError, sha256};

/// Longest text of a key that is read, in bytes (`management-api.md` §2.8: "≤4096"); a JSON Web Key may carry a chain.
const LONGEST_KEY: usize = 8192;

/// Bytes of the smallest and the largest RSA modulus.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// RFC 5480 section 2: `SubjectPublicKeyInfo` of an uncompressed point on a named curve, up to the point itself. DER has
/// one spelling for it.
const P256_INFO: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
const P384_INFO: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00, 0x04,
];

/// A public key of somebody else.
#[derive(Clone, Debug)]
pub struct PublicKey(Material);

#[derive(Clone, Debug)]
enum Material {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Coordinates, each of the curve's full length.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
}

impl Curve {
    const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Bytes of a coordinate.
    const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

impl PublicKey {
    /// Reads a JSON Web Key. Fails for a key with a private half, for another use than signatures, and for what is too
    /// short, too long or not on its curve.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        // RFC 7518 sections 6.2.2, 6.3.2 and 6.4: the members of private and symmetric keys. Whoever sends one has made a
        // mistake that must not go on unnoticed.
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|member| jwk.contains_key(*member)) {
            return Err(KeyError::NotPublic);
        }
        // RFC 7517 section 4.2.
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return Err(KeyError::PublicKey);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            let encoded = text(name).filter(|encoded| encoded.len() <= LONGEST_KEY);
            encoded.and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok()).ok_or(KeyError::PublicKey)
        };
        match (text("kty"), text("crv")) {
            (Some("RSA"), _) => Self::rsa(bytes("n")?, bytes("e")?),
            (Some("EC"), Some("P-256")) => Self::ec(Curve::P256, bytes("x")?, bytes("y")?),
            (Some("EC"), Some("P-384")) => Self::ec(Curve::P384, bytes("x")?, bytes("y")?),
            _ => Err(KeyError::PublicKey),
        }
    }

    /// Reads the first block of a PEM text: `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`. Of a certificate only the key
    /// counts.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.len() > LONGEST_KEY {
            return Err(KeyError::PublicKey);
        }
        let block = pem::parse(text).map_err(|_| KeyError::PublicKey)?;
        match block.tag() {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::from_der(block.contents()),
            "CERTIFICATE" => {
                let certificate = CertificateDer::from(block.contents());
                let certificate = EndEntityCert::try_from(&certificate).map_err(|_| KeyError::Certificate)?;
                Self::from_der(&certificate.subject_public_key_info())
            }
            tag if tag.ends_with("PRIVATE KEY") => Err(KeyError::NotPublic),
            _ => Err(KeyError::PublicKey),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        for (info, curve) in [(P256_INFO, Curve::P256), (P384_INFO, Curve::P384)] {
            if let Some(point) = der.strip_prefix(info) {
                let (x, y) = point.split_at_checked(curve.size()).ok_or(KeyError::PublicKey)?;
                return Self::ec(curve, x.to_vec(), y.to_vec());
            }
        }
        let key = RsaPublicKey::from_der(der).map_err(|_| KeyError::PublicKey)?;
        let components = RsaPublicKeyComponents::<Vec<u8>>::from(&key);
        Self::rsa(components.n, components.e)
    }

    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyError> {
        let trimmed = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
        let (n, e) = (trimmed(n), trimmed(e));
        if n.len() < *MODULUS.start() {
            return Err(KeyError::TooSmall);
        }
        if n.len() > *MODULUS.end() {
            return Err(KeyError::PublicKey);
        }
        // The library checks modulus and exponent when it loads them.
        let loaded: Result<PublicEncryptingKey, _> = RsaPublicKeyComponents { n: &n, e: &e }.try_into();
        loaded.map_err(|_| KeyError::PublicKey)?;
        Ok(Self(Material::Rsa { n, e }))
    }

    fn ec(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Self, KeyError> {
        // RFC 7518 section 6.2.1.2: "The length of this octet string MUST be the full size of a coordinate".
        if x.len() != curve.size() || y.len() != curve.size() {
            return Err(KeyError::PublicKey);
        }
        let parsed = match curve {
            Curve::P256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(&x, &y)),
            Curve::P384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(&x, &y)),
        };
        parsed.map_err(|_| KeyError::PublicKey)?;
        Ok(Self(Material::Ec { curve, x, y }))
    }

    /// The algorithms that a key of this kind is good for.
    #[must_use]
    pub fn algorithms(&self) -> &'static [AssertionAlg] {
        match &self.0 {
            Material::Rsa { .. } => {
                &[AssertionAlg::RS256, AssertionAlg::RS384, AssertionAlg::PS256, AssertionAlg::PS384]
            }
            Material::Ec { curve: Curve::P256, .. } => &[AssertionAlg::ES256],
            Material::Ec { curve: Curve::P384, .. } => &[AssertionAlg::ES384],
        }
    }

    /// The members that make the key, in the order of RFC 7638 section 3.2: "lexicographically".
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        match &self.0 {
            Material::Rsa { n, e } => {
                json!({ "e": URL_SAFE_NO_PAD.encode(e), "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n) })
            }
            Material::Ec { curve, x, y } => {
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                json!({ "crv": curve.name(), "kty": "EC", "x": x, "y": y })
            }
        }
    }

    /// RFC 7638: SHA-256 of the key's members in base64url, 43 characters.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // Spelt out, so that no setting of a JSON library can change the order or add a space.
        let text = match &self.0 {
            Material::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, URL_SAFE_NO_PAD.encode(e), URL_SAFE_NO_PAD.encode(n))
            }
            Material::Ec { curve, x, y } => {
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, curve.name())
            }
        };
        URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()))
    }

    /// Checks the signature of a compact JWS by exactly this algorithm and gives its claims. The header was read before.
    pub(crate) fn signed_claims(&self, token: &str, algorithm: AssertionAlg) -> Result<Map<String, Value>, JwtError> {
        if !self.algorithms().contains(&algorithm) {
            return Err(JwtError::WrongAlgorithm);
        }
        // The library would ask the wall clock and its own rules; what counts is checked by the callers.
        let mut validation = Validation::new(algorithm.algorithm());
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        match jsonwebtoken::decode::<UniqueMembers>(token, &self.decoding_key(), &validation) {
            Ok(decoded) => Ok(decoded.claims.0),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => Err(JwtError::BadSignature),
            Err(_) => Err(JwtError::Malformed),
        }
    }

    fn decoding_key(&self) -> DecodingKey {
        match &self.0 {
            Material::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            // The library hands the point on as it is.
            Material::Ec { x, y, .. } => DecodingKey::from_ec_der(&point(x, y)),
        }
    }
}

/// SEC 1 section 2.3.3: an uncompressed point.
fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[0x04], x, y].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwk(value: Value) -> Result<PublicKey, KeyError> {
        let Value::Object(members) = value else { unreachable!() };
        PublicKey::from_jwk(&members)
    }

    /// RFC 7638 section 3.1.
    fn rfc_7638() -> Value {
        json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        })
    }

    #[test]
    fn the_thumbprint_of_rfc_7638() {
        let key = jwk(rfc_7638()).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(jwk(key.to_jwk()).unwrap().thumbprint(), key.thumbprint());
        assert_eq!(key.algorithms().len(), 4);
    }

    /// RFC 9449 section 4.1 shows the key, section 6.1 its thumbprint.
    #[test]
    fn the_thumbprint_of_rfc_9449() {
        let key = jwk(json!({
            "kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "crv": "P-256"
        }));
        let key = key.unwrap();
        assert_eq!(key.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(key.algorithms(), [AssertionAlg::ES256]);
    }

    #[test]
    fn tk_10_keys_that_are_no_public_signing_key_are_refused() {
        let good = rfc_7638();
        let with = |name: &str, value: Value| {
            let mut changed = good.clone();
            changed[name] = value;
            jwk(changed).map(drop)
        };
        assert_eq!(with("d", json!("AQAB")), Err(KeyError::NotPublic));
        assert_eq!(with("k", json!("AQAB")), Err(KeyError::NotPublic));
        assert_eq!(with("use", json!("enc")), Err(KeyError::PublicKey));
        assert_eq!(with("kty", json!("oct")), Err(KeyError::PublicKey));
        assert_eq!(with("kty", json!("EC")), Err(KeyError::PublicKey));
        assert_eq!(with("n", json!("AQAB")), Err(KeyError::TooSmall));
        assert_eq!(with("n", json!(URL_SAFE_NO_PAD.encode(vec![0xff; 1025]))), Err(KeyError::PublicKey));
        assert_eq!(with("e", json!("AA")), Err(KeyError::PublicKey));
        assert_eq!(with("e", json!(3)), Err(KeyError::PublicKey));
        assert_eq!(with("use", json!("sig")), Ok(()));
        let point = |crv: &str, x: &str| jwk(json!({ "kty": "EC", "crv": crv, "x": x, "y": x })).map(drop);
        let zeros = URL_SAFE_NO_PAD.encode([1; 32]);
        assert_eq!(point("P-256", &zeros), Err(KeyError::PublicKey), "not on the curve");
        assert_eq!(point("P-256", "AQ"), Err(KeyError::PublicKey));
        assert_eq!(point("P-521", &zeros), Err(KeyError::PublicKey));
        assert_eq!(point("secp256k1", &zeros), Err(KeyError::PublicKey));
    }

    #[test]
    fn private_and_broken_pem_is_refused() {
        let block = |tag: &str| pem::encode(&pem::Pem::new(tag, vec![0x30, 0x00]));
        assert_eq!(PublicKey::from_pem(&block("PRIVATE KEY")).map(drop), Err(KeyError::NotPublic));
        assert_eq!(PublicKey::from_pem(&block("EC PRIVATE KEY")).map(drop), Err(KeyError::NotPublic));
        assert_eq!(PublicKey::from_pem(&block("PUBLIC KEY")).map(drop), Err(KeyError::PublicKey));
        assert_eq!(PublicKey::from_pem(&block("CERTIFICATE")).map(drop), Err(KeyError::Certificate));
        assert_eq!(PublicKey::from_pem("nothing").map(drop), Err(KeyError::PublicKey));
        assert_eq!(PublicKey::from_pem(&"x".repeat(9000)).map(drop), Err(KeyError::PublicKey));
        let short = [P256_INFO, &[1; 20]].concat();
        let short = pem::encode(&pem::Pem::new("PUBLIC KEY", short));
        assert_eq!(PublicKey::from_pem(&short).map(drop), Err(KeyError::PublicKey));
    }
}
