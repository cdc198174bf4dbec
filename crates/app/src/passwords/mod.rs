//! Passwords: how they are hashed, and how strong new ones must be.

mod acceptance;
mod dictionary;
mod hashing;
mod imported;
mod personal;
mod policy;
mod stored_hash;
mod workers;

pub use acceptance::PasswordRefusal;
pub(crate) use acceptance::{password_refusal, replace_password};
pub(crate) use hashing::PasswordHasher;
pub use hashing::{HashingCost, HashingLoad};
pub use imported::{ImportedHash, ImportedHashError};
pub use policy::{PasswordCheck, PasswordRule, check_password};
pub(crate) use stored_hash::is_current;
