//! RSA keys by which a tenant signs its tokens (§3.5, §6.11): making them, loading them, their public forms.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DistinguishedName, DnType, PKCS_RSA_SHA256, SerialNumber, date_time_ymd};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::encoded_header::EncodedHeaders;
use crate::verifying_key::public_key;
use crate::{Jwk, Random, SigningAlg, VerifyingKey};

/// How long a certificate says that it is valid. Verifiers of tokens do not look at it; rotation is what ends a key.
const CERTIFICATE_YEARS: i32 = 10;

/// Characters of a `kid`, each of them six random bits.
const KID_LENGTH: usize = 21;

/// Why a key cannot be made or used. No variant holds a part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The library could not make the key or its certificate.
    #[error("the key could not be generated")]
    Generation,
    /// The private key is no PKCS#8 key of the expected kind.
    #[error("the private key cannot be read")]
    PrivateKey,
    /// The certificate is no X.509 certificate of an RSA key.
    #[error("the certificate cannot be read")]
    Certificate,
    /// Private key and certificate are not of the same pair.
    #[error("the certificate belongs to another private key")]
    Mismatch,
    /// The modulus has fewer than 2048 bits.
    #[error("the RSA key has fewer than 2048 bits")]
    TooSmall,
    /// A text that is no public key of a kind that signs.
    #[error("the public key cannot be read, or is of another kind")]
    PublicKey,
    /// A private or symmetric key where a public one belongs.
    #[error("this is a private key, or one with a private half")]
    NotPublic,
    /// A shared secret without a single byte.
    #[error("the shared secret is empty")]
    EmptySecret,
}

/// A key that was just made, in the form in which it is stored.
pub struct NewSigningKey {
    /// Key identifier: 21 URL-safe characters.
    pub kid: String,
    /// PKCS#8 in DER. Seal it before it is stored.
    pub private_key: Zeroizing<Vec<u8>>,
    /// Self-signed X.509 certificate in DER.
    pub certificate: Vec<u8>,
}

impl NewSigningKey {
    /// Makes an RSA key of 2048 bits with a self-signed certificate for `common_name` (the tenant's canonical domain),
    /// valid for ten years from the day of `now`. It takes some 200 ms of one processor: not for an async thread.
    pub fn generate_rsa(common_name: &str, now: Timestamp, random: &Random) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        let private_key: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generation)?;
        let private_key = Zeroizing::new(private_key.as_ref().to_vec());
        let certificate = self_signed(common_name, now, &pair, random)?;
        Ok(Self { kid: new_kid(random), private_key, certificate })
    }
}

/// A key identifier that nobody has: 126 random bits.
pub(crate) fn new_kid(random: &Random) -> String {
    random.token(KID_LENGTH).chars().take(KID_LENGTH).collect()
}

impl fmt::Debug for NewSigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewSigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key that was loaded and checked, ready to sign.
pub struct SigningKey {
    kid: String,
    pair: RsaKeyPair,
    certificate: Vec<u8>,
    jwk: Jwk,
    verifying: VerifyingKey,
    headers: EncodedHeaders,
}

impl SigningKey {
    /// Parses a stored key once, so that no signature has to. Fails when the two halves are not of the same pair.
    pub fn load(kid: String, private_key: &[u8], certificate: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(private_key).map_err(|_| KeyError::PrivateKey)?;
        let public = public_key(certificate)?;
        let own = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        if (&own.n, &own.e) != (&public.n, &public.e) {
            return Err(KeyError::Mismatch);
        }
        let jwk = Jwk::rsa(&kid, &public.n, &public.e, certificate);
        let verifying = VerifyingKey::rsa(kid.clone(), &public);
        let headers = EncodedHeaders::of_key(&kid, &[SigningAlg::RS256, SigningAlg::RS512, SigningAlg::PS256]);
        Ok(Self { kid, pair, certificate: certificate.to_vec(), jwk, verifying, headers })
    }

    /// Key identifier, the `kid` of tokens and of the JWKS.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The self-signed certificate, X.509 in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The entry of the JWKS.
    #[must_use]
    pub fn public_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The half that checks this key's signatures.
    #[must_use]
    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    pub(crate) fn headers(&self) -> &EncodedHeaders {
        &self.headers
    }

    /// Signs by RS256, RS512 or PS256; `None` for an algorithm that is not the key's.
    pub(crate) fn sign(&self, algorithm: SigningAlg, message: &[u8]) -> Option<Vec<u8>> {
        match algorithm {
            SigningAlg::RS256 => rsa_signature(&self.pair, &RSA_PKCS1_SHA256, message),
            SigningAlg::PS256 => rsa_signature(&self.pair, &RSA_PSS_SHA256, message),
            SigningAlg::RS512 => rsa_signature(&self.pair, &RSA_PKCS1_SHA512, message),
            SigningAlg::ES256 | SigningAlg::HS256 => None,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

fn rsa_signature(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Option<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, Random::system().generator(), message, &mut signature).ok()?;
    Some(signature)
}

/// Whole days, so that a clock which is some minutes behind finds the certificate valid too.
fn self_signed(common_name: &str, now: Timestamp, pair: &RsaKeyPair, random: &Random) -> Result<Vec<u8>, KeyError> {
    let not_before = now.to_zoned(TimeZone::UTC).date();
    let not_after = not_before.checked_add(CERTIFICATE_YEARS.years()).map_err(|_| KeyError::Generation)?;

    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let midnight =
        |date: Date| date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs());
    params.not_before = midnight(not_before);
    params.not_after = midnight(not_after);
    params.serial_number = Some(serial_number(random));
    let certificate = params.self_signed(&CertifiedPair(pair)).map_err(|_| KeyError::Generation)?;
    Ok(certificate.der().to_vec())
}

/// RFC 5280 section 4.1.2.2: "The serial number MUST be a positive integer". Sixteen octets whose highest bit is off,
/// and the next one on, so that none of them is a leading zero.
fn serial_number(random: &Random) -> SerialNumber {
    let mut serial: [u8; 16] = random.bytes();
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    SerialNumber::from_slice(&serial)
}

/// Lets the certificate be signed by the pair itself, so that its private half is not copied for it.
struct CertifiedPair<'a>(&'a RsaKeyPair);

impl rcgen::PublicKeyData for CertifiedPair<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for CertifiedPair<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        rsa_signature(self.0, &RSA_PKCS1_SHA256, message).ok_or(rcgen::Error::RemoteKeyError)
    }
}
