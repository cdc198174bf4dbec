//! The folder of a tree: every address in it stays inside of it.

use std::path::{Component, Path, PathBuf};

use super::keywords::{self, Keywords};
use crate::Failure;

/// Bytes of a file that is read.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A folder, and what replaces markers in its files.
pub(super) struct Folder<'a> {
    pub(super) root: PathBuf,
    pub(super) keywords: &'a Keywords,
}

/// A file that cannot be read or written.
pub(super) fn failure(path: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::Tree(format!("{}: {cause}", path.display()))
}

impl Folder<'_> {
    /// The text of a file, with its markers replaced.
    pub(super) fn text(&self, path: &Path) -> Result<String, Failure> {
        let size = std::fs::metadata(path).map_err(|cause| failure(path, cause))?.len();
        if size > LARGEST {
            return Err(failure(path, format!("the file has more than {LARGEST} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| failure(path, cause))?;
        Ok(keywords::replaced(&text, self.keywords))
    }

    /// The file that an address in a file means, relative to `base`; `None` where there is none.
    ///
    /// # Errors
    /// When it is outside of the folder: a tree from somewhere else must not read what it likes.
    pub(super) fn file(&self, base: &str, address: &str) -> Result<Option<PathBuf>, Failure> {
        let address = address.replace('\\', "/");
        let path = self.root.join(base).join(&address);
        if !path.is_file() {
            return Ok(None);
        }
        let (root, real) = (self.root.canonicalize(), path.canonicalize());
        let inside = matches!((&root, &real), (Ok(root), Ok(real)) if real.starts_with(root));
        if inside { Ok(Some(path)) } else { Err(failure(&path, "the file is outside of the folder")) }
    }

    /// Files with this ending in a folder, or its folders, by name.
    pub(super) fn entries(&self, folder: &str, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Failure> {
        let path = self.root.join(folder);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(|cause| failure(&path, cause))? {
            found.push(entry.map_err(|cause| failure(&path, cause))?.path());
        }
        found.retain(|path| wanted(path));
        found.sort();
        Ok(found)
    }
}

/// Whether a file is JSON.
pub(super) fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json") && path.is_file()
}

/// Writes a file, and the folders that lead to it. `address` is relative to `root` and made by [`file_name`].
pub(super) fn write(root: &Path, address: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(address);
    // A name can lead nowhere else.
    if !Path::new(address).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(failure(&path, "not a name of a file"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| failure(folder, cause))?;
    }
    std::fs::write(&path, text).map_err(|cause| failure(&path, cause))
}

/// A name as the name of a file, as auth0-deploy-cli makes it: `-` for what some system does not allow.
pub(super) fn file_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if "/\\?<>:*|\"".contains(c) || c.is_control() { '-' } else { c }).collect();
    let plain = plain.trim_end_matches(['.', ' ']);
    let end = plain.char_indices().map(|(index, c)| index + c.len_utf8()).take_while(|end| *end <= 200).last();
    match plain.get(..end.unwrap_or(0)) {
        Some("") | None => "undefined".to_owned(),
        Some(name) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lead_nowhere() {
        for (name, file) in [
            ("Web Shop", "Web Shop"),
            ("a/b\\c", "a-b-c"),
            ("../../etc/passwd", "..-..-etc-passwd"),
            ("..", "undefined"),
            ("", "undefined"),
            ("nul\0", "nul-"),
        ] {
            assert_eq!(file_name(name), file);
        }
        assert!(file_name(&"ü".repeat(500)).len() <= 200);
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), "../x", "").is_err() && write(folder.path(), "/x", "").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn addresses_stay_inside_of_the_folder() {
        let (outer, keywords) = (tempfile::tempdir().unwrap(), Keywords::new());
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        let root = outer.path().join("tree");
        std::fs::create_dir_all(root.join("clients")).unwrap();
        std::fs::write(root.join("clients/page.html"), "x").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), root.join("link")).unwrap();
        let folder = Folder { root, keywords: &keywords };
        assert!(folder.file("clients", "./page.html").unwrap().is_some());
        assert!(folder.file("clients", "./other.html").unwrap().is_none());
        for outside in ["../secret", "../tree/../secret", "link"] {
            assert!(folder.file("", outside).is_err(), "{outside}");
        }
    }
}
