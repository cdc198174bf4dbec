//! Protection of logins against guessed passwords (§7.9, `management-api.md` §14.1; LG-07, LG-08).
//!
//! Everything is counted in the database, before a password is looked at and by conditional writes: whatever the number of
//! nodes and of requests at once, no more passwords are tried than the tenant allows. A right password takes back what its
//! attempt counted.

mod allowlist;
mod counting;
mod unblock;

pub(crate) use counting::{Counted, Counting, Origin};
pub use counting::{PasswordProof, THROTTLED_STAGES};
pub(crate) use unblock::UNBLOCK;
pub use unblock::{AccountBlock, clear_login_failures};
