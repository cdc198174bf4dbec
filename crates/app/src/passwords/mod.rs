//! Passwords: how they are hashed, and how strong new ones must be.

mod hashing;
mod imported;
mod policy;
mod stored_hash;
mod workers;

pub(crate) use hashing::PasswordHasher;
pub use hashing::{HashingCost, HashingLoad};
pub use imported::{ImportedHash, ImportedHashError};
pub use policy::{PasswordCheck, PasswordRule, check_password};
pub(crate) use stored_hash::is_current;
