//! The data directory of `keywright dev`: what makes a second start the same as the first.
//!
//! Files appear whole or not at all, and two servers that start at once agree on them. Everything but the authority's
//! certificate is readable by its owner only.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory that this server may write to.
pub(crate) struct DataDirectory {
    path: PathBuf,
    /// Deletes the directory when the server ends (`--ephemeral`).
    ephemeral: Option<TempDir>,
}

/// A file of the directory.
pub(super) struct Kept {
    /// Its text.
    pub(super) text: String,
    /// Whether this call made it.
    pub(super) is_new: bool,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {cause}", path.display())]
pub(crate) struct DataError {
    path: PathBuf,
    cause: String,
}

impl DataDirectory {
    /// Opens `path`, and makes it, for its owner only, when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let failed = failure(path);
        create_private(path).map_err(&failed)?;
        // Others are told this path, and may stand in another directory.
        let path = fs::canonicalize(path).map_err(&failed)?;
        let directory = Self { path, ephemeral: None };
        // It holds keys, and by default it stands in somebody's project.
        directory.read_or_create(".gitignore", || Ok::<_, DataError>("*\n".to_owned()))?;
        Ok(directory)
    }

    /// A new directory that is gone when the value is dropped.
    pub(crate) fn ephemeral() -> Result<Self, DataError> {
        let directory =
            tempfile::Builder::new().prefix("keywright-").tempdir().map_err(failure(&std::env::temp_dir()))?;
        Ok(Self { path: directory.path().to_owned(), ephemeral: Some(directory) })
    }

    /// Deletes the directory now, if it is ephemeral.
    pub(crate) fn close(self) -> Result<(), DataError> {
        let failed = failure(&self.path);
        self.ephemeral.map_or(Ok(()), TempDir::close).map_err(failed)
    }

    /// Absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file `name`, which is `new()` when there is none yet. Whoever comes first decides.
    pub(super) fn read_or_create<E: std::fmt::Display>(
        &self,
        name: &str,
        new: impl FnOnce() -> Result<String, E>,
    ) -> Result<Kept, DataError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(Kept { text, is_new: false }),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(failure(&path)(cause)),
        }
        let text = new().map_err(|cause| DataError { path: path.clone(), cause: cause.to_string() })?;
        match self.temporary(&text)?.persist_noclobber(&path) {
            Ok(_) => Ok(Kept { text, is_new: true }),
            Err(other) if other.error.kind() == ErrorKind::AlreadyExists => {
                let text = fs::read_to_string(&path).map_err(failure(&path))?;
                Ok(Kept { text, is_new: false })
            }
            Err(other) => Err(failure(&path)(other.error)),
        }
    }

    /// Writes a file that anybody may read, in place of one of that name.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), DataError> {
        let path = self.path.join(name);
        let file = self.temporary(text)?.persist(&path).map_err(|error| failure(&path)(error.error))?;
        make_readable(&file).map_err(failure(&path))
    }

    /// A file beside the others with `text` in it, for its owner only.
    fn temporary(&self, text: &str) -> Result<tempfile::NamedTempFile, DataError> {
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(failure(&self.path))
    }
}

fn failure(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path = path.to_owned();
    move |cause| DataError { path: path.clone(), cause: cause.to_string() }
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn make_readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn the_first_text_stays() {
        let parent = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(&parent.path().join("a/b")).unwrap();
        let first = directory.read_or_create("x", || Ok::<_, Infallible>("first".to_owned())).unwrap();
        assert!(first.is_new);
        let second = directory.read_or_create("x", || Ok::<_, Infallible>("second".to_owned())).unwrap();
        assert_eq!((second.text.as_str(), second.is_new), ("first", false));
    }

    #[cfg(unix)]
    #[test]
    fn op_02_secrets_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(&parent.path().join("data")).unwrap();
        directory.read_or_create("secret", || Ok::<_, Infallible>(String::new())).unwrap();
        directory.write("public", "").unwrap();
        assert_eq!(mode(directory.path()), 0o700);
        assert_eq!(mode(&directory.path().join("secret")), 0o600);
        assert_eq!(mode(&directory.path().join("public")), 0o644);
    }

    #[test]
    fn an_ephemeral_directory_goes_with_all_that_is_in_it() {
        let directory = DataDirectory::ephemeral().unwrap();
        let path = directory.path().to_owned();
        directory.write("public", "").unwrap();
        directory.close().unwrap();
        assert!(!path.exists());
        let dropped = DataDirectory::ephemeral().unwrap().path().to_owned();
        assert!(!dropped.exists());
    }
}
