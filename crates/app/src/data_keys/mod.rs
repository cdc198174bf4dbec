//! The instance's data keys: those that are loaded here, their start, rotation and end (ST-03).
//!
//! What is secret in the database is sealed with a data key, and the data keys are sealed with the master key of the
//! configuration. So the master key can be changed by sealing a few rows again (`opening.rs`), and a data key by announcing
//! a new generation (`rotation.rs`), sealing everything stored with it (`resealing.rs`) and erasing the old one.
//!
//! A node never seals with a generation that another node may not know: a generation is announced [`ANNOUNCED_BEFORE_USE`]
//! before it is used, and a node answers no request before it knows what was announced (`ring.rs`).

mod opening;
mod resealing;
mod ring;
mod rotation;

use jiff::SignedDuration;
use keywright_jose::MasterKey;

pub use opening::OpenError;
pub(crate) use opening::{Opening, open};
pub use resealing::ResealingReport;
pub(crate) use ring::Ring;
pub use rotation::{DataKeyInfo, DataKeyRotation, DataKeyRotationError, DataKeyState};

/// How long a generation is announced before it seals. A node hears of it within a second, or answers no request (ST-02); the
/// rest is for clocks.
pub const ANNOUNCED_BEFORE_USE: SignedDuration = SignedDuration::from_secs(60);

/// How long after its first use no node seals with the one before any more: that is for clocks, and for writes under way.
const SETTLED_AFTER_USE: SignedDuration = SignedDuration::from_secs(60);

/// The master key of the configuration, and those it has replaced.
pub struct MasterKeys {
    /// Seals the data keys.
    pub current: MasterKey,
    /// May have sealed them before.
    pub previous: Vec<MasterKey>,
}

impl MasterKeys {
    /// A master key that has replaced none.
    #[must_use]
    pub fn only(current: MasterKey) -> Self {
        Self { current, previous: Vec::new() }
    }

    /// The key with this fingerprint.
    fn named(&self, fingerprint: &str) -> Option<&MasterKey> {
        self.all().find(|key| key.fingerprint() == fingerprint)
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}
