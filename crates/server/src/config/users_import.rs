//! Table `[users_import]`: how large a file of users may be.

use serde::Deserialize;

/// The keys as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersImportSettings {
    max_bytes: u64,
}

/// A file is held in memory while it is taken in.
const MOST: u64 = 1024 * 1024 * 1024;

/// Bytes that a file may have.
pub(super) fn resolve(settings: UsersImportSettings) -> Result<usize, String> {
    let most = settings.max_bytes;
    let size = usize::try_from(most).ok().filter(|_| (1..=MOST).contains(&most));
    size.ok_or_else(|| format!("`users_import.max_bytes` is {most}: write a number of bytes from 1 to {MOST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_neither_nothing_nor_more_than_memory() {
        let read = |max_bytes| resolve(UsersImportSettings { max_bytes });
        assert_eq!(read(512_000), Ok(512_000));
        assert!(read(0).unwrap_err().starts_with("`users_import.max_bytes` is 0: "));
        assert!(read(u64::MAX).is_err());
    }
}
