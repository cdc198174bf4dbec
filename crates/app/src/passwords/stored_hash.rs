//! What can stand in a user's row: a hash of ours, or one that was imported (LG-06).

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2};

use super::imported::ImportedHash;
use crate::AppError;

/// A hash that can be verified.
#[expect(clippy::large_enum_variant, reason = "one lives for the time of one verification")]
pub(super) enum StoredHash {
    /// Made here, from the password in NFC.
    Own(PasswordHash),
    /// Made elsewhere.
    Imported(ImportedHash),
}

/// Reads the column. Imported hashes were checked at import; one that does not parse is an inconsistency of the database.
pub(super) fn parse(stored: &str) -> Result<StoredHash, AppError> {
    if is_current(stored) {
        return PasswordHash::new(stored).map(StoredHash::Own).map_err(AppError::internal);
    }
    ImportedHash::parse(stored).map(StoredHash::Imported).map_err(AppError::internal)
}

/// Whether a hash is of the algorithm that new ones have. Others are replaced at the next login.
pub(crate) fn is_current(stored: &str) -> bool {
    stored.strip_prefix('$').is_some_and(|rest| rest.split('$').next() == Some(Algorithm::Argon2id.as_str()))
}

impl StoredHash {
    /// Whether it was made of `password` (in NFC); an imported one also of the password as it was `entered`.
    pub(super) fn verify(&self, password: &str, entered: &str) -> bool {
        match self {
            Self::Own(hash) => Argon2::default().verify_password(password.as_bytes(), hash).is_ok(),
            Self::Imported(hash) => {
                // Which form the other system hashed is not known.
                hash.verify(entered) || (entered != password && hash.verify(password))
            }
        }
    }
}
