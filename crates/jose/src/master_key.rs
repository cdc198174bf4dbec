//! The instance's master key: seals what the store keeps encrypted and digests what it keeps hashed.
//!
//! HKDF-SHA256 (RFC 5869) derives one key for each kind (seal, digest, token), purpose and tenant. A value can thus not
//! be moved to another column or another tenant. Sealing is AES-256-GCM under a random nonce; because the key is the
//! tenant's own, the bound of 2³² values for each key (NIST SP 800-38D, section 8.3) counts per tenant and purpose.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_types::TenantId;
use secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{Digest, Purpose, Random};

/// Thirty-two secret bytes from which all other keys of the instance are derived.
///
/// Whoever has the key and the database can read everything in it, whoever loses the key can read nothing any more.
pub struct MasterKey {
    bytes: Zeroizing<[u8; 32]>,
    root: hkdf::Prk,
}

/// Why a text is no master key. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MasterKeyError {
    /// There are other characters than those of base64, or its padding is wrong.
    #[error("the master key is not base64")]
    NotBase64,
    /// The number of decoded bytes is wrong.
    #[error("the master key has {0} bytes, 32 are needed")]
    Length(usize),
}

impl MasterKey {
    /// A new key, for the first start of an instance.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        Self::from_bytes(Zeroizing::new(random.bytes()))
    }

    /// Reads what [`to_base64`](Self::to_base64) or `openssl rand -base64 32` wrote; white space around it is ignored.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let decoded = STANDARD.decode(text.trim()).map(Zeroizing::new).map_err(|_| MasterKeyError::NotBase64)?;
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map_err(|_| MasterKeyError::Length(decoded.len()))?;
        Ok(Self::from_bytes(Zeroizing::new(bytes)))
    }

    /// The key in base64 (standard alphabet, padded), to be kept in a file or an environment variable.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.bytes.as_slice()).into()
    }

    /// Encrypts `plaintext`: nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
    ///
    /// # Panics
    ///
    /// When the plaintext is longer than AES-GCM allows (64 GiB).
    #[must_use]
    #[expect(clippy::expect_used, reason = "only a plaintext of 64 GiB could fail")]
    pub fn seal(&self, purpose: Purpose, tenant: &TenantId, plaintext: &[u8], random: &Random) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random.bytes();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, text) = sealed.split_at_mut(NONCE_LEN);
        let tag = self
            .aead(Kind::Seal, purpose, tenant)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), additional_data(purpose, tenant), text)
            .expect("the plaintext is shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Decrypts what [`seal`](Self::seal) gave for the same purpose and tenant; `None` for everything else.
    #[must_use]
    pub fn open(&self, purpose: Purpose, tenant: &TenantId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = Zeroizing::new(text.to_vec());
        let length = self
            .aead(Kind::Seal, purpose, tenant)
            .open_in_place(nonce, additional_data(purpose, tenant), &mut opened)
            .ok()?
            .len();
        opened.truncate(length);
        Some(opened)
    }

    /// [`seal`](Self::seal) as base64url without padding, for cookies and links.
    #[must_use]
    pub fn seal_text(&self, purpose: Purpose, tenant: &TenantId, plaintext: &[u8], random: &Random) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(purpose, tenant, plaintext, random))
    }

    /// Decrypts what [`seal_text`](Self::seal_text) gave. Only the one canonical spelling is accepted.
    #[must_use]
    pub fn open_text(&self, purpose: Purpose, tenant: &TenantId, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.open(purpose, tenant, &URL_SAFE_NO_PAD.decode(sealed).ok()?)
    }

    /// HMAC-SHA256 of a secret, to be stored in its place. The same value has another digest in every tenant.
    #[must_use]
    pub fn digest(&self, purpose: Purpose, tenant: &TenantId, value: &[u8]) -> Digest {
        let key: hmac::Key =
            self.derive(Kind::Digest, purpose, tenant, hmac::HMAC_SHA256, |material| hmac::Key::from(material));
        let tag = hmac::sign(&key, value);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Digest::new(bytes)
    }

    /// The key of compact JWE tokens; apart from the one of [`seal`](Self::seal), whose nonces it must not share.
    pub(crate) fn token_key(&self, purpose: Purpose, tenant: &TenantId) -> LessSafeKey {
        self.aead(Kind::Token, purpose, tenant)
    }

    fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        let root = extract(bytes.as_slice());
        Self { bytes, root }
    }

    fn aead(&self, kind: Kind, purpose: Purpose, tenant: &TenantId) -> LessSafeKey {
        self.derive(kind, purpose, tenant, &AES_256_GCM, |material| LessSafeKey::new(UnboundKey::from(material)))
    }

    /// The tenant comes last and neither kind nor label contain a slash, so that no two derivations share their `info`.
    #[expect(clippy::expect_used, reason = "HKDF fails only for outputs of more than 255 digests")]
    fn derive<L: hkdf::KeyType, K>(
        &self,
        kind: Kind,
        purpose: Purpose,
        tenant: &TenantId,
        length: L,
        into_key: impl FnOnce(hkdf::Okm<'_, L>) -> K,
    ) -> K {
        let info = [b"keywright/1/", kind.label(), b"/", purpose.label().as_bytes(), b"/", tenant.as_str().as_bytes()];
        into_key(self.root.expand(&info, length).expect("a key is shorter than 255 digests"))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// What a derived key does. Two algorithms never get the same key.
#[derive(Clone, Copy)]
enum Kind {
    Seal,
    Digest,
    Token,
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"seal",
            Self::Digest => b"digest",
            Self::Token => b"token",
        }
    }
}

/// RFC 5869 section 2.2: "if not provided, [the salt] is set to a string of `HashLen` zeros". A salt would add nothing to
/// a secret that is uniformly random already.
fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret)
}

/// Binds purpose and tenant once more, so that a mistake in the derivation alone could not mix them up.
fn additional_data(purpose: Purpose, tenant: &TenantId) -> Aad<Vec<u8>> {
    Aad::from([purpose.label().as_bytes(), b"\0", tenant.as_str().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::purpose;

    struct Length(usize);

    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    /// RFC 5869 appendix A.3: "Test with SHA-256 and zero-length salt/info".
    #[test]
    fn derivation_is_hkdf_sha256_without_a_salt() {
        let mut okm = [0; 42];
        extract(&[0x0b; 22]).expand(&[], Length(42)).unwrap().fill(&mut okm).unwrap();
        let expected = [
            0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1,
            0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d, 0x9d, 0x20, 0x13, 0x95,
            0xfa, 0xa4, 0xb6, 0x1a, 0x96, 0xc8,
        ];
        assert_eq!(okm, expected);
    }

    #[test]
    fn no_two_derived_keys_are_equal() {
        let master = MasterKey::from_bytes(Zeroizing::new([1; 32]));
        let mut keys = HashSet::new();
        for kind in [Kind::Seal, Kind::Digest, Kind::Token] {
            for purpose in purpose::ALL {
                for tenant in ["", "a", "b", "a/b"] {
                    let mut bytes = [0; 32];
                    master
                        .derive(kind, purpose, &TenantId::new(tenant), Length(32), |okm| okm.fill(&mut bytes).unwrap());
                    assert!(keys.insert(bytes), "{purpose:?} {tenant}");
                }
            }
        }
    }
}
