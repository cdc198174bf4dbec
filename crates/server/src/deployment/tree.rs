//! A tree of files: one `tenant.yaml`, or a folder for each type with a file for each entry. Texts such as pages and scripts are
//! files of their own in both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::files::{self, Folder, failure, file_name, is_json};
use super::keywords::Keywords;
use super::kinds::{DOCUMENTS, Document, FileName, KINDS, Kind, Text};
use super::remote::title;
use crate::Failure;

/// What is in the files. A type that is not there is left alone by an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree {
    /// Entries, by the name of the type.
    pub(super) lists: BTreeMap<&'static str, Vec<Map<String, Value>>>,
    /// Documents, by the name of the file.
    pub(super) documents: BTreeMap<&'static str, Map<String, Value>>,
    /// Types of the files that this version does not know.
    pub(super) unknown: BTreeSet<String>,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Yaml,
    Folders,
}

impl Layout {
    fn index(self) -> usize {
        usize::from(self == Self::Folders)
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Reads a tree.
pub(super) fn read(path: &Path, keywords: &Keywords) -> Result<Tree, Failure> {
    if path.is_dir() {
        return read_folders(&Folder { root: path.to_owned(), keywords });
    }
    let root = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    read_yaml(path, &Folder { root: root.to_owned(), keywords })
}

fn read_yaml(path: &Path, folder: &Folder<'_>) -> Result<Tree, Failure> {
    let text = folder.text(path)?;
    let parsed: Value = serde_saphyr::from_str(&text).map_err(|cause| failure(path, cause))?;
    let mut members = match parsed {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        _ => return Err(failure(path, "not an object with a member for each type")),
    };
    let mut tree = Tree::default();
    for kind in KINDS {
        let Some(entries) = members.remove(kind.name).filter(|entries| !entries.is_null()) else { continue };
        let entries =
            entries.as_array().cloned().ok_or_else(|| failure(path, format!("{} is not a list", kind.name)))?;
        let entries = entries.into_iter().map(|entry| object(path, kind.name, entry)).collect::<Result<Vec<_>, _>>()?;
        let entries = entries.into_iter().map(|entry| with_texts(folder, kind, Layout::Yaml, entry));
        tree.lists.insert(kind.name, entries.collect::<Result<_, _>>()?);
    }
    for document in DOCUMENTS {
        if let Some(found) = taken(&mut members, document.members).filter(|found| !found.is_null()) {
            tree.documents.insert(document.file, object(path, document.file, found)?);
        }
    }
    // An empty list is no reason to refuse anything: exports have one for every type.
    let something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        _ => true,
    };
    tree.unknown = members.into_iter().filter(|(_, value)| something(value)).map(|(name, _)| name).collect();
    Ok(tree)
}

fn object(path: &Path, what: &str, value: Value) -> Result<Map<String, Value>, Failure> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(failure(path, format!("an entry of {what} is not an object"))),
    }
}

fn taken(members: &mut Map<String, Value>, path: &[&str]) -> Option<Value> {
    match path {
        [] => None,
        [name] => members.remove(*name),
        [first, rest @ ..] => taken(members.get_mut(*first)?.as_object_mut()?, rest),
    }
}

fn read_folders(folder: &Folder<'_>) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    let json = |path: &Path| -> Result<Map<String, Value>, Failure> {
        let parsed: Value = serde_json::from_str(&folder.text(path)?).map_err(|cause| failure(path, cause))?;
        object(path, "the file", parsed)
    };
    for kind in KINDS {
        if !folder.root.join(kind.folder).is_dir() {
            continue;
        }
        let paths: Vec<PathBuf> = match kind.file {
            FileName::Database => {
                let folders = folder.entries(kind.folder, Path::is_dir)?;
                folders.into_iter().map(|path| path.join("database.json")).filter(|path| path.is_file()).collect()
            }
            FileName::Json | FileName::Grant => folder.entries(kind.folder, is_json)?,
        };
        let mut entries = Vec::new();
        for path in paths {
            let entry = json(&path)?;
            if !entry.is_empty() {
                entries.push(with_texts(folder, kind, Layout::Folders, entry)?);
            }
        }
        tree.lists.insert(kind.name, entries);
    }
    for document in DOCUMENTS {
        let path = folder.root.join(format!("{}.json", document.file));
        if path.is_file() {
            tree.documents.insert(document.file, json(&path)?);
        }
    }
    let known = |name: &str| {
        KINDS.iter().any(|kind| kind.folder == name)
            || DOCUMENTS.iter().any(|document| document.file.split('/').next() == Some(name))
    };
    for path in folder.entries("", Path::is_dir)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let somewhere = folder.entries(&name, is_json)?;
        if !known(&name) && !somewhere.is_empty() {
            tree.unknown.insert(name);
        }
    }
    Ok(tree)
}

/// Visits the places of a text in an entry: the value, and what `*` stands for.
fn places<'v>(value: &'v mut Value, path: &[&str], star: &str, found: &mut Vec<(String, &'v mut Value)>) {
    match (path, value) {
        ([], value) => found.push((star.to_owned(), value)),
        (["*", rest @ ..], Value::Object(members)) => {
            for (name, value) in members.iter_mut() {
                places(value, rest, name, found);
            }
        }
        ([name, rest @ ..], Value::Object(members)) => {
            if let Some(value) = members.get_mut(*name) {
                places(value, rest, star, found);
            }
        }
        _ => {}
    }
}

/// An entry with the texts of its files in the place of their addresses.
fn with_texts(
    folder: &Folder<'_>,
    kind: &Kind,
    layout: Layout,
    entry: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let name = file_name(&title(kind, &entry));
    let mut entry = Value::Object(entry);
    for text in kind.texts {
        let base = text.bases.get(layout.index()).copied().unwrap_or_default().replace("{name}", &name);
        let mut found = Vec::new();
        places(&mut entry, text.member, "", &mut found);
        for (_, value) in found {
            let Some(address) = value.as_str().filter(|text| !text.is_empty() && !text.contains(['\n', '<'])) else {
                continue;
            };
            if let Some(path) = folder.file(&base, address)? {
                *value = Value::from(folder.text(&path)?);
            } else if address.starts_with("./") {
                return Err(failure(&folder.root.join(&base).join(address), "there is no such file"));
            }
        }
    }
    object(&folder.root, kind.name, entry)
}

/// Writes a tree: to a file when the path is one of YAML, else into a folder. Says how many files that are.
pub(super) fn write(path: &Path, tree: &Tree) -> Result<usize, Failure> {
    if is_yaml(path) {
        let root = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut written = BTreeSet::new();
        let yaml = yaml(root, tree, &mut written)?;
        let text = serde_saphyr::to_string(&yaml).map_err(|cause| failure(path, cause))?;
        std::fs::create_dir_all(root).map_err(|cause| failure(root, cause))?;
        std::fs::write(path, text).map_err(|cause| failure(path, cause))?;
        return Ok(written.len() + 1);
    }
    write_folders(path, tree)
}

fn yaml(root: &Path, tree: &Tree, written: &mut BTreeSet<String>) -> Result<Value, Failure> {
    let mut members = Map::new();
    for kind in KINDS {
        let Some(entries) = tree.lists.get(kind.name) else { continue };
        let mut named = Vec::new();
        for entry in entries {
            let name = file_name(&title(kind, entry));
            named.push(Value::Object(without_texts(root, kind, Layout::Yaml, &name, entry.clone(), written)?));
        }
        members.insert(kind.name.to_owned(), Value::Array(named));
    }
    for document in DOCUMENTS {
        if let Some(found) = tree.documents.get(document.file) {
            put(&mut members, document.members, Value::Object(found.clone()));
        }
    }
    Ok(Value::Object(members))
}

fn put(members: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(members.insert((*name).to_owned(), value)),
        [first, rest @ ..] => {
            let inner = members.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

fn write_folders(root: &Path, tree: &Tree) -> Result<usize, Failure> {
    let mut written = BTreeSet::new();
    for kind in KINDS {
        let Some(entries) = tree.lists.get(kind.name) else { continue };
        for entry in entries {
            let mut name = file_name(&match kind.file {
                FileName::Grant => grant_name(tree, entry),
                FileName::Json | FileName::Database => title(kind, entry),
            });
            // Two names may be one as names of files.
            let plain = name.clone();
            let place = |name: &str| match kind.file {
                FileName::Database => format!("{}/{name}/database.json", kind.folder),
                FileName::Json | FileName::Grant => format!("{}/{name}.json", kind.folder),
            };
            for number in 2.. {
                if !written.contains(&place(&name)) {
                    break;
                }
                name = format!("{plain} {number}");
            }
            let address = place(&name);
            let entry = without_texts(root, kind, Layout::Folders, &name, entry.clone(), &mut written)?;
            json(root, &address, &Value::Object(entry))?;
            written.insert(address);
        }
    }
    for document in DOCUMENTS {
        if let Some(found) = tree.documents.get(document.file) {
            let address = address_of(document);
            json(root, &address, &Value::Object(found.clone()))?;
            written.insert(address);
        }
    }
    Ok(written.len())
}

fn address_of(document: &Document) -> String {
    format!("{}.json", document.file)
}

/// `APPLICATION-API`.
fn grant_name(tree: &Tree, grant: &Map<String, Value>) -> String {
    let text = |name: &str| grant.get(name).and_then(Value::as_str).unwrap_or_default();
    let apis = tree.lists.get("resourceServers").into_iter().flatten();
    let own = |api: &&Map<String, Value>| api.get("identifier").and_then(Value::as_str) == Some(text("audience"));
    let api = apis.into_iter().find(own).and_then(|api| api.get("name")).and_then(Value::as_str);
    format!("{}-{}", text("client_id"), api.unwrap_or(text("audience")))
}

fn json(root: &Path, address: &str, value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    files::write(root, address, &format!("{text}\n"))
}

/// An entry with addresses in the place of its texts, which become files.
fn without_texts(
    root: &Path,
    kind: &Kind,
    layout: Layout,
    name: &str,
    entry: Map<String, Value>,
    written: &mut BTreeSet<String>,
) -> Result<Map<String, Value>, Failure> {
    let mut entry = Value::Object(entry);
    for Text { member, files, bases } in kind.texts {
        let pattern =
            |all: &[&'static str; 2]| all.get(layout.index()).copied().unwrap_or_default().replace("{name}", name);
        let mut found = Vec::new();
        places(&mut entry, member, "", &mut found);
        for (star, value) in found {
            let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { continue };
            let address = pattern(files).replace("{member}", &file_name(&star));
            files::write(root, &address, text)?;
            let base = pattern(bases);
            let relative = address.strip_prefix(&format!("{base}/")).unwrap_or(&address);
            let relative = Value::from(format!("./{relative}"));
            written.insert(address.clone());
            *value = relative;
        }
    }
    object(root, kind.name, entry)
}
