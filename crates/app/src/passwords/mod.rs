//! Passwords: how they are hashed, and how strong new ones must be.

mod hashing;
mod policy;

pub use hashing::{HashingCost, PasswordHasher};
pub use policy::{PasswordCheck, PasswordRule, check_password};
