//! The instance's data keys: they seal what the store keeps encrypted and digest what it keeps hashed (ST-03).
//!
//! There is one generation that seals, and there may be others that only open what was sealed before. From each a key of its
//! own is derived for every purpose and tenant (`root_key.rs`), so that a value cannot be moved to another column or another
//! tenant. Digests come from a key apart, the *lookup key*, which stays: a digest cannot be made again without what was
//! digested (docs/decisions/0011).
//!
//! A sealed value names its generation in four bytes in front of the nonce, except for those of generation 1, which are as
//! they were before there were generations.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_types::TenantId;
use zeroize::Zeroizing;

use crate::root_key::{Kind, RootKey};
use crate::{Digest, Purpose, Random};

/// Thirty-two secret bytes from which keys for purposes and tenants are derived.
pub struct DataKey(RootKey);

impl DataKey {
    /// A new key.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        Self::from_bytes(Zeroizing::new(random.bytes()))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(RootKey::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        self.0.bytes()
    }

    fn open(&self, purpose: Purpose, tenant: &TenantId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(Kind::Seal, purpose.label(), tenant.as_str(), sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey(…)")
    }
}

/// First bytes of a sealed value that names its generation; the number (big endian) follows.
const MARK: [u8; 2] = *b"KW";

/// Bytes of mark, nonce and tag.
const LONGEST_HEAD: usize = 4 + 12 + 16;

/// The generation whose values carry no mark.
const UNMARKED: u16 = 1;

/// A data key with its number.
type Generation = (u16, Arc<DataKey>);

/// The data keys that an instance works with.
pub struct DataKeys {
    lookup: Arc<DataKey>,
    /// Seals.
    current: Generation,
    /// Open what they sealed; the current one is not among them.
    others: Vec<Generation>,
}

/// What has to happen to a stored value so that the current generation alone opens it.
pub enum Resealing {
    /// Nothing.
    Current,
    /// This takes its place.
    Anew(Vec<u8>),
    /// No generation opens it.
    Unreadable,
}

impl DataKeys {
    /// `current` seals, `others` open what they sealed; `lookup` digests.
    #[must_use]
    pub fn new(lookup: Arc<DataKey>, current: (u16, Arc<DataKey>), others: Vec<(u16, Arc<DataKey>)>) -> Self {
        let others = others.into_iter().filter(|(generation, _)| *generation != current.0).collect();
        Self { lookup, current, others }
    }

    /// One key for everything, as generation 1.
    #[must_use]
    pub fn only(key: DataKey) -> Self {
        let key = Arc::new(key);
        Self::new(Arc::clone(&key), (UNMARKED, key), Vec::new())
    }

    /// The generation that seals.
    #[must_use]
    pub fn current(&self) -> u16 {
        self.current.0
    }

    /// Encrypts `plaintext`: the mark (4 bytes, from generation 2 on) ‖ nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
    ///
    /// # Panics
    ///
    /// When the plaintext is longer than AES-GCM allows (64 GiB).
    #[must_use]
    pub fn seal(&self, purpose: Purpose, tenant: &TenantId, plaintext: &[u8], random: &Random) -> Vec<u8> {
        let (generation, key) = &self.current;
        let mut sealed = Vec::with_capacity(LONGEST_HEAD + plaintext.len());
        if *generation != UNMARKED {
            sealed.extend_from_slice(&MARK);
            sealed.extend_from_slice(&generation.to_be_bytes());
        }
        key.0.seal(Kind::Seal, purpose.label(), tenant.as_str(), plaintext, random, &mut sealed);
        sealed
    }

    /// Decrypts what [`seal`](Self::seal) gave for the same purpose and tenant; `None` for everything else.
    #[must_use]
    pub fn open(&self, purpose: Purpose, tenant: &TenantId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.open_by(purpose, tenant, sealed).map(|(_, opened)| opened)
    }

    /// What to put in the place of a stored value.
    #[must_use]
    pub fn reseal(&self, purpose: Purpose, tenant: &TenantId, sealed: &[u8], random: &Random) -> Resealing {
        // Opened in any case: its first bytes alone prove nothing.
        match self.open_by(purpose, tenant, sealed) {
            Some((generation, _)) if generation == self.current.0 => Resealing::Current,
            Some((_, opened)) => Resealing::Anew(self.seal(purpose, tenant, &opened, random)),
            None => Resealing::Unreadable,
        }
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

    /// HMAC-SHA256 of a secret, to be stored in its place. The same value has another digest in every tenant, and the same
    /// one in every generation.
    #[must_use]
    pub fn digest(&self, purpose: Purpose, tenant: &TenantId, value: &[u8]) -> Digest {
        let root = &self.lookup.0;
        let key: hmac::Key =
            root.derive(Kind::Digest, purpose.label(), tenant.as_str(), hmac::HMAC_SHA256, |material| {
                hmac::Key::from(material)
            });
        let tag = hmac::sign(&key, value);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Digest::new(bytes)
    }

    /// Generations that tokens are made and accepted with, the current one first.
    pub(crate) fn generations(&self) -> impl Iterator<Item = u16> {
        std::iter::once(self.current.0).chain(self.others.iter().map(|(generation, _)| *generation))
    }

    /// The key of compact JWE tokens of a generation; apart from the one of [`seal`](Self::seal), whose nonces it must not
    /// share. `None` for a generation that is not there any more.
    pub(crate) fn token_key(&self, generation: u16, purpose: Purpose, tenant: &TenantId) -> Option<LessSafeKey> {
        Some(self.key(generation)?.0.aead(Kind::Token, purpose.label(), tenant.as_str()))
    }

    fn key(&self, wanted: u16) -> Option<&DataKey> {
        let mut all = std::iter::once(&self.current).chain(&self.others);
        all.find(|(generation, _)| *generation == wanted).map(|(_, key)| &**key)
    }

    fn open_by(&self, purpose: Purpose, tenant: &TenantId, sealed: &[u8]) -> Option<(u16, Zeroizing<Vec<u8>>)> {
        if let Some((generation, value)) = marked(sealed)
            && let Some(opened) = self.key(generation).and_then(|key| key.open(purpose, tenant, value))
        {
            return Some((generation, opened));
        }
        // Also for one whose random nonce happens to begin as a mark does.
        self.key(UNMARKED)?.open(purpose, tenant, sealed).map(|opened| (UNMARKED, opened))
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKeys(…)")
    }
}

/// The generation that a value names, and what follows.
fn marked(sealed: &[u8]) -> Option<(u16, &[u8])> {
    let rest = sealed.strip_prefix(&MARK)?;
    let (generation, value) = rest.split_first_chunk::<2>()?;
    let generation = u16::from_be_bytes(*generation);
    // Generation 1 has one spelling: without the mark.
    (generation > UNMARKED).then_some((generation, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One value in four thousand millions of generation 1 looks as if it had a mark.
    #[test]
    fn a_nonce_that_looks_like_a_mark_does_no_harm() {
        let (random, tenant) = (Random::system(), TenantId::new("t"));
        let first = Arc::new(DataKey::generate(&random));
        let aead = first.0.aead(Kind::Seal, Purpose::Job.label(), tenant.as_str());
        let mut nonce = [7; 12];
        nonce[..4].copy_from_slice(&[b'K', b'W', 0, 2]);
        let aad = aws_lc_rs::aead::Aad::from([Purpose::Job.label().as_bytes(), b"\0", b"t"].concat());
        let mut text = b"plaintext".to_vec();
        let unique = aws_lc_rs::aead::Nonce::assume_unique_for_key(nonce);
        aead.seal_in_place_append_tag(unique, aad, &mut text).unwrap();
        let sealed = [&nonce[..], &text].concat();

        let second = Arc::new(DataKey::generate(&random));
        let keys = DataKeys::new(Arc::clone(&first), (2, second), vec![(1, first)]);
        assert_eq!(keys.open(Purpose::Job, &tenant, &sealed).unwrap().as_slice(), b"plaintext");
        assert!(matches!(keys.reseal(Purpose::Job, &tenant, &sealed, &random), Resealing::Anew(_)));
    }
}
