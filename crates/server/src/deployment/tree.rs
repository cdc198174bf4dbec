//! A tree of files: one `tenant.yaml`, or a folder for each type with a file for each entry. Texts such as pages and scripts are
//! files of their own in both. `reading.rs` and `writing.rs` are the two ways, `texts.rs` the texts, `prompt_files.rs` what lies in
//! files like nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::files::{Folder, failure};
use super::keywords::Keywords;
use super::{reading, writing};
use crate::Failure;

/// What is in the files. A type that is not there is left alone by an import.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// Entries, by the name of the type.
    pub(super) lists: BTreeMap<&'static str, Vec<Entry>>,
    /// Types of the files that this version does not store, with their entries.
    pub(super) not_stored: BTreeMap<String, usize>,
}

/// An entry of a type.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) members: Map<String, Value>,
    /// Its file, relative to the root, where it has one of its own.
    pub(super) file: Option<String>,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Yaml,
    Folders,
}

impl Layout {
    /// Of the two values for a layout, its own.
    pub(super) fn of(self, both: &[&'static str; 2]) -> &'static str {
        let [yaml, folders] = both;
        if self == Self::Yaml { yaml } else { folders }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a tree.
pub(super) fn read(path: &Path, keywords: &Keywords) -> Result<Tree, Failure> {
    if path.is_dir() {
        return reading::folders(&Folder { root: path.to_owned(), keywords });
    }
    reading::yaml(path, &Folder { root: folder_of(path).to_owned(), keywords })
}

/// Writes a tree: to a file when the path is one of YAML, else into a folder. Says how many files that are.
pub(super) fn write(path: &Path, tree: &Tree) -> Result<usize, Failure> {
    if is_yaml(path) {
        let root = folder_of(path);
        let (yaml, texts) = writing::yaml(root, tree)?;
        let text = serde_saphyr::to_string(&yaml).map_err(|cause| failure(path, cause))?;
        std::fs::create_dir_all(root).map_err(|cause| failure(root, cause))?;
        std::fs::write(path, text).map_err(|cause| failure(path, cause))?;
        return Ok(texts + 1);
    }
    writing::folders(path, tree)
}

/// The members of an object.
pub(super) fn object(path: &Path, what: &str, value: Value) -> Result<Map<String, Value>, Failure> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(failure(path, format!("an entry of {what} is not an object"))),
    }
}
