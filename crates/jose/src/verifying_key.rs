//! The half of a key that checks signatures. It carries the algorithms it may be used with (TK-01).

use std::fmt;

use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::{KeyError, SharedSecret};

/// Smallest modulus that is accepted, in bytes: 2048 bits (TK-10, NIST SP 800-131A).
const MIN_MODULUS_LENGTH: usize = 256;

/// A key for [`verify`](crate::verify).
pub struct VerifyingKey {
    kid: Option<String>,
    algorithms: &'static [Algorithm],
    key: DecodingKey,
}

impl VerifyingKey {
    /// The RSA key of a certificate, good for RS256, RS512 and PS256.
    ///
    /// Only the key is taken from the certificate: nobody vouches for a self-signed one, and its dates mean nothing here.
    /// Fails when the certificate cannot be read, or its key is no RSA key of 2048 bits or more.
    pub fn from_certificate(kid: String, certificate: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::rsa(kid, &public_key(certificate)?))
    }

    /// The shared secret of an API or application, good for HS256. Tokens signed by it have no `kid`.
    ///
    /// Fails when the secret is empty.
    pub fn from_secret(secret: &SharedSecret) -> Result<Self, KeyError> {
        if secret.bytes().is_empty() {
            return Err(KeyError::EmptySecret);
        }
        Ok(Self { kid: None, algorithms: &[Algorithm::HS256], key: DecodingKey::from_secret(secret.bytes()) })
    }

    /// Key identifier; `None` for a shared secret.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn rsa(kid: String, public: &RsaPublicKeyComponents<Vec<u8>>) -> Self {
        Self {
            kid: Some(kid),
            algorithms: &[Algorithm::RS256, Algorithm::RS512, Algorithm::PS256],
            key: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
        }
    }

    /// A point on P-256, uncompressed (SEC 1 section 2.3.3): good for ES256 alone.
    pub(crate) fn ec(kid: String, point: &[u8]) -> Self {
        Self { kid: Some(kid), algorithms: &[Algorithm::ES256], key: DecodingKey::from_ec_der(point) }
    }

    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        self.algorithms
    }

    pub(crate) fn decoding_key(&self) -> &DecodingKey {
        &self.key
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifyingKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Reads modulus and exponent out of a certificate.
pub(crate) fn public_key(certificate: &[u8]) -> Result<RsaPublicKeyComponents<Vec<u8>>, KeyError> {
    let certificate = CertificateDer::from(certificate);
    let certificate = EndEntityCert::try_from(&certificate).map_err(|_| KeyError::Certificate)?;
    let public = PublicKey::from_der(&certificate.subject_public_key_info()).map_err(|_| KeyError::Certificate)?;
    let components = RsaPublicKeyComponents::from(&public);
    if components.n.len() < MIN_MODULUS_LENGTH {
        return Err(KeyError::TooSmall);
    }
    Ok(components)
}
