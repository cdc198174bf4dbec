//! A tenant's signing keys: those that are loaded here, their making and their rotation (architecture §5, TK-06).

mod key_set;
mod new_keys;
mod rotation;

pub use key_set::KeySet;
pub(crate) use new_keys::NewKeys;
pub use rotation::{KeyRotation, KeyRotationError, PUBLISHED_BEFORE_USE, SigningKeyInfo};
