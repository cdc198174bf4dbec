//! Passwords: how they are hashed, and how strong new ones must be.

mod hashing;
mod policy;

pub(crate) use hashing::PasswordHasher;
pub use hashing::{HashingCost, HashingLoad};
pub use policy::{PasswordCheck, PasswordRule, check_password};
