//! What a refresh token looks like (§4.1 "Value").
//!
//! `v1.` and base64url of: family (16 bytes), generation (4 bytes), keyed digest of both (32 bytes). The digest makes a
//! token unguessable and proves that it once was one of ours, so the store keeps one row for a whole family, and no
//! token at all: the row's generation says which token is good. The successor of a token is a function of the family and
//! the next generation, so a client that lost an answer and asks again within the leeway gets the same successor instead
//! of a second live branch (RT-02).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::App;
use keywright_jose::{Digest, Purpose};
use keywright_types::TenantId;

const PREFIX: &str = "v1.";
const FAMILY: usize = 16;
const GENERATION: usize = 4;
const DIGEST: usize = 32;

/// A refresh token that was made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    /// Key of the family's row: base64url of 16 random bytes.
    pub(crate) family_id: String,
    /// How often the family was rotated before this token.
    pub(crate) generation: i64,
}

impl RefreshToken {
    /// A new family.
    pub(crate) fn first(app: &App) -> Self {
        Self { family_id: app.random().token(FAMILY), generation: 0 }
    }

    /// The token as it is sent; `None` for a family id that was not made here, or after four thousand million rotations.
    pub(crate) fn seal(&self, app: &App, tenant: &TenantId) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(&self.family_id).ok().filter(|family| family.len() == FAMILY)?;
        bytes.extend(u32::try_from(self.generation).ok()?.to_be_bytes());
        let digest = app.data_keys().digest(Purpose::RefreshToken, tenant, &bytes);
        bytes.extend(digest.as_bytes());
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a token. TK-04: the whole digest is compared, in constant time, and only the canonical encoding is read.
    pub(crate) fn open(app: &App, tenant: &TenantId, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        if bytes.len() != FAMILY + GENERATION + DIGEST {
            return None;
        }
        let (message, digest) = bytes.split_at_checked(FAMILY + GENERATION)?;
        if Digest::from_slice(digest)? != app.data_keys().digest(Purpose::RefreshToken, tenant, message) {
            return None;
        }
        let (family, generation) = message.split_at_checked(FAMILY)?;
        let generation = u32::from_be_bytes(generation.try_into().ok()?);
        Some(Self { family_id: URL_SAFE_NO_PAD.encode(family), generation: generation.into() })
    }
}
