//! What the master key and every data key are: thirty-two secret bytes from which other keys are derived.
//!
//! HKDF-SHA256 (RFC 5869) derives one key for each kind (seal, digest, token, …), name and owner. Sealing is AES-256-GCM
//! under a random nonce; because each derived key has one purpose and one tenant, the bound of 2³² values for each key
//! (NIST SP 800-38D, section 8.3) counts per tenant and purpose.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::Random;

/// The bytes, and what HKDF makes of them once and for all.
pub(crate) struct RootKey {
    bytes: Zeroizing<[u8; 32]>,
    root: hkdf::Prk,
}

/// What a derived key does. Two algorithms never get the same key.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Values in the database, cookies and links.
    Seal,
    /// Digests that are stored in place of secrets.
    Digest,
    /// Compact JWE tokens.
    Token,
    /// Data keys in the database, under the master key.
    DataKey,
    /// The name of a master key, by which people tell it from another one.
    Fingerprint,
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"seal",
            Self::Digest => b"digest",
            Self::Token => b"token",
            Self::DataKey => b"data-key",
            Self::Fingerprint => b"fingerprint",
        }
    }

    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [Self::Seal, Self::Digest, Self::Token, Self::DataKey, Self::Fingerprint];
}

impl RootKey {
    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let root = extract(bytes.as_slice());
        Self { bytes, root }
    }

    pub(crate) fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.bytes
    }

    /// The owner comes last and neither kind nor name contain a slash, so that no two derivations share their `info`.
    #[expect(clippy::expect_used, reason = "HKDF fails only for outputs of more than 255 digests")]
    pub(crate) fn derive<L: hkdf::KeyType, K>(
        &self,
        kind: Kind,
        name: &str,
        owner: &str,
        length: L,
        into_key: impl FnOnce(hkdf::Okm<'_, L>) -> K,
    ) -> K {
        let info = [b"keywright/1/", kind.label(), b"/", name.as_bytes(), b"/", owner.as_bytes()];
        into_key(self.root.expand(&info, length).expect("a key is shorter than 255 digests"))
    }

    pub(crate) fn aead(&self, kind: Kind, name: &str, owner: &str) -> LessSafeKey {
        self.derive(kind, name, owner, &AES_256_GCM, |material| LessSafeKey::new(UnboundKey::from(material)))
    }

    /// Appends nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes) to `sealed`.
    ///
    /// # Panics
    ///
    /// When the plaintext is longer than AES-GCM allows (64 GiB).
    #[expect(clippy::expect_used, reason = "only a plaintext of 64 GiB could fail")]
    pub(crate) fn seal(
        &self,
        kind: Kind,
        name: &str,
        owner: &str,
        plaintext: &[u8],
        random: &Random,
        sealed: &mut Vec<u8>,
    ) {
        let nonce: [u8; NONCE_LEN] = random.bytes();
        // At once, so that no copy of the plaintext is left behind.
        sealed.reserve(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(plaintext);
        let (_, text) = sealed.split_at_mut(start);
        let tag = self
            .aead(kind, name, owner)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), additional_data(name, owner), text)
            .expect("the plaintext is shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
    }

    /// Decrypts what [`seal`](Self::seal) gave for the same kind, name and owner; `None` for everything else.
    pub(crate) fn open(&self, kind: Kind, name: &str, owner: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = Zeroizing::new(text.to_vec());
        let aead = self.aead(kind, name, owner);
        let length = aead.open_in_place(nonce, additional_data(name, owner), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

/// RFC 5869 section 2.2: "if not provided, [the salt] is set to a string of `HashLen` zeros". A salt would add nothing to
/// a secret that is uniformly random already.
fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret)
}

/// Binds name and owner once more, so that a mistake in the derivation alone could not mix them up.
fn additional_data(name: &str, owner: &str) -> Aad<Vec<u8>> {
    Aad::from([name.as_bytes(), b"\0", owner.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Purpose;

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
        let root = RootKey::new(Zeroizing::new([1; 32]));
        let mut keys = HashSet::new();
        let names: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.label()).chain(["", "1", "2"]).collect();
        for kind in Kind::ALL {
            for name in &names {
                for owner in ["", "a", "b", "a/b"] {
                    let mut bytes = [0; 32];
                    root.derive(kind, name, owner, Length(32), |okm| okm.fill(&mut bytes).unwrap());
                    assert!(keys.insert(bytes), "{name} {owner}");
                }
            }
        }
    }
}
