//! P-256 keys by which a tenant signs tokens of APIs and applications that ask for ES256 (§3.5; TK-10).

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use crate::encoded_header::EncodedHeaders;
use crate::signing_key::new_kid;
use crate::{Jwk, KeyError, Random, SigningAlg, VerifyingKey};

/// A key that was just made, in the form in which it is stored.
pub struct NewEcSigningKey {
    /// Key identifier: 21 URL-safe characters.
    pub kid: String,
    /// PKCS#8 in DER, with the public key. Seal it before it is stored.
    pub private_key: Zeroizing<Vec<u8>>,
}

impl NewEcSigningKey {
    /// Makes a key; fast, unlike RSA.
    pub fn generate(random: &Random) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError::Generation)?;
        let private_key = pair.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
        Ok(Self { kid: new_kid(random), private_key: Zeroizing::new(private_key.as_ref().to_vec()) })
    }
}

impl fmt::Debug for NewEcSigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewEcSigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key that was loaded and checked, ready to sign.
pub struct EcSigningKey {
    kid: String,
    pair: EcdsaKeyPair,
    jwk: Jwk,
    verifying: VerifyingKey,
    headers: EncodedHeaders,
}

impl EcSigningKey {
    /// Parses a stored key once. Fails for a key on another curve.
    pub fn load(kid: String, private_key: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_key)
            .map_err(|_| KeyError::PrivateKey)?;
        // SEC 1 section 2.3.3: an uncompressed point is 04, then X and Y, of 32 bytes each on this curve.
        let point = pair.public_key().as_ref();
        let (x, y) = point
            .strip_prefix(&[4])
            .filter(|coordinates| coordinates.len() == 64)
            .and_then(|coordinates| coordinates.split_at_checked(32))
            .ok_or(KeyError::PrivateKey)?;
        let jwk = Jwk::ec(&kid, x, y);
        let verifying = VerifyingKey::ec(kid.clone(), point);
        let headers = EncodedHeaders::of_key(&kid, &[SigningAlg::ES256]);
        Ok(Self { kid, pair, jwk, verifying, headers })
    }

    /// Key identifier, the `kid` of tokens and of the JWKS.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
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

    /// RFC 7518 section 3.4: "the octet sequence [...] of R and S", 64 bytes, not ASN.1.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature = self.pair.sign(Random::system().generator(), message).ok()?;
        Some(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for EcSigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EcSigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
