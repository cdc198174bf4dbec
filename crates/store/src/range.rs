//! A part of a list in the order of creation: after an entry, or after a number of entries.

use jiff::Timestamp;

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Entries made after this time, or
    pub after: Timestamp,
    /// at this time with a greater identifier.
    pub after_id: String,
    /// Leaving out so many of them.
    pub skip: i64,
    /// At most so many.
    pub limit: i64,
}

impl Range {
    /// The first entries.
    #[must_use]
    pub fn first(limit: i64) -> Self {
        Self { after: Timestamp::UNIX_EPOCH, after_id: String::new(), skip: 0, limit }
    }
}
