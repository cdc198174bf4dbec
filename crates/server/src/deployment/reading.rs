//! Reading a tree, in both layouts. What cannot be read is named with its file, and nothing is imported.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::files::{Folder, failure, file_name, is_json};
use super::kind::{FileName, Files, Kind};
use super::kinds::{KINDS, NOT_STORED};
use super::prompt_files;
use super::remote::title;
use super::texts::with_texts;
use super::tree::{Entry, Layout, Tree, object};
use crate::Failure;

/// Whether there is something in a type; an empty list is no reason to refuse anything: exports have one for every type.
fn entries_of(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(all) => all.len(),
        Value::Object(all) => all.len(),
        _ => 1,
    }
}

/// Reads one file with all types.
pub(super) fn yaml(path: &Path, folder: &Folder<'_>) -> Result<Tree, Failure> {
    let text = folder.text(path)?;
    let parsed: Value = serde_saphyr::from_str(&text).map_err(|cause| failure(path, cause))?;
    let mut members = match parsed {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        _ => return Err(failure(path, "not an object with a member for each type")),
    };
    let mut tree = Tree::default();
    // What lies within another type is taken out of it first.
    let mut kinds: Vec<&Kind> = KINDS.iter().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.files.member().len()));
    for kind in kinds {
        let Some(value) = taken(&mut members, kind.files.member()).filter(|value| !value.is_null()) else { continue };
        let entries = match (&kind.files, value) {
            (Files::Each { .. } | Files::List { .. }, Value::Array(all)) => all
                .into_iter()
                .map(|entry| with_texts(folder, kind, Layout::Yaml, None, object(path, kind.name, entry)?))
                .collect::<Result<_, Failure>>()?,
            (Files::Screens, Value::Array(all)) => prompt_files::screens(folder, path, &all)?,
            (Files::Each { .. } | Files::List { .. } | Files::Screens, _) => {
                return Err(failure(path, format!("{} is not a list", kind.name)));
            }
            (Files::One { .. }, value) => vec![object(path, kind.name, value)?],
            (Files::Map { levels, value: name, .. }, value) => {
                mapped(path, kind.name, (levels, name), object(path, kind.name, value)?)?
            }
            (Files::Partials, value) => {
                mapped(path, kind.name, (&["prompt"], "partials"), object(path, kind.name, value)?)?
            }
        };
        put(&mut tree, kind, entries.into_iter().map(|members| Entry { members, file: None }).collect());
    }
    for (name, value) in members {
        // What is left of a type that was taken apart is another type of its own.
        let known = KINDS.iter().any(|kind| kind.files.member().first() == Some(&name.as_str()));
        let found: Vec<(String, usize)> = match &value {
            Value::Object(inner) if known => {
                inner.iter().map(|(member, value)| (format!("{name}.{member}"), entries_of(value))).collect()
            }
            value => vec![(name, entries_of(value))],
        };
        tree.not_stored.extend(found.into_iter().filter(|(_, entries)| *entries > 0));
    }
    Ok(tree)
}

fn put(tree: &mut Tree, kind: &Kind, mut entries: Vec<Entry>) {
    // An object without members says nothing.
    if matches!(kind.files, Files::One { .. }) {
        entries.retain(|entry| !entry.members.is_empty());
    }
    tree.lists.insert(kind.name, entries);
}

fn taken(members: &mut Map<String, Value>, path: &[&str]) -> Option<Value> {
    match path {
        [] => None,
        [name] => members.remove(*name),
        [first, rest @ ..] => taken(members.get_mut(*first)?.as_object_mut()?, rest),
    }
}

/// Entries of an object of objects.
fn mapped(
    path: &Path,
    what: &str,
    (levels, value): (&[&str], &str),
    members: Map<String, Value>,
) -> Result<Vec<Map<String, Value>>, Failure> {
    let [level, rest @ ..] = levels else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    for (name, own) in members {
        let below = if rest.is_empty() {
            vec![Map::from_iter([(value.to_owned(), own)])]
        } else {
            mapped(path, what, (rest, value), object(path, what, own)?)?
        };
        for mut entry in below {
            entry.insert((*level).to_owned(), Value::from(name.as_str()));
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Reads a folder with a folder for each type.
pub(super) fn folders(folder: &Folder<'_>) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    for kind in KINDS {
        if let Some((own, names)) = kind.files.folder() {
            if folder.root.join(own).is_dir() {
                put(&mut tree, kind, each(folder, kind, own, names)?);
            }
        } else if let Some(file) = kind.files.file() {
            let path = folder.root.join(format!("{file}.json"));
            if path.is_file() {
                let file = Some(format!("{file}.json"));
                let entries = whole(folder, kind, &path)?;
                put(
                    &mut tree,
                    kind,
                    entries.into_iter().map(|members| Entry { members, file: file.clone() }).collect(),
                );
            }
        }
    }
    let known = |name: &str| {
        let of = |address: &str| address.split('/').next() == Some(name);
        KINDS
            .iter()
            .any(|kind| kind.files.folder().is_some_and(|(own, _)| of(own)) || kind.files.file().is_some_and(of))
    };
    for path in folder.entries("", Path::is_dir)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let files = folder.entries(&name, is_json)?;
        if !known(&name) && !files.is_empty() {
            let called = NOT_STORED.iter().find(|(_, folder)| *folder == name).map(|(own, _)| (*own).to_owned());
            tree.not_stored.insert(called.unwrap_or(name), files.len());
        } else if !KINDS.iter().any(|kind| kind.files.folder().is_some_and(|(own, _)| own == name)) {
            // A folder of files that are a type each.
            let stems = files.iter().filter_map(|path| path.file_stem()?.to_str());
            let addresses = stems.map(|stem| format!("{name}/{stem}"));
            let unknown =
                addresses.filter(|address| !KINDS.iter().any(|kind| kind.files.file() == Some(address.as_str())));
            tree.not_stored.extend(unknown.map(|address| (address, 1)));
        }
    }
    Ok(tree)
}

/// A file of JSON.
pub(super) fn json(folder: &Folder<'_>, path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&folder.text(path)?).map_err(|cause| failure(path, cause))
}

/// The entries of a type with a file for each.
fn each(folder: &Folder<'_>, kind: &Kind, own: &str, names: FileName) -> Result<Vec<Entry>, Failure> {
    let paths: Vec<PathBuf> = match names {
        FileName::Database => {
            let folders = folder.entries(own, Path::is_dir)?;
            folders.into_iter().map(|path| path.join("database.json")).filter(|path| path.is_file()).collect()
        }
        _ => folder.entries(own, is_json)?,
    };
    let mut entries = Vec::new();
    for path in paths {
        let address = path.strip_prefix(&folder.root).unwrap_or(&path);
        let address: Vec<&str> = address.iter().filter_map(|part| part.to_str()).collect();
        let address = address.join("/");
        // Another type's file lies in this folder.
        if KINDS.iter().any(|kind| kind.files.file().is_some_and(|file| format!("{file}.json") == address)) {
            continue;
        }
        let members = object(&path, "the file", json(folder, &path)?)?;
        if members.is_empty() {
            continue;
        }
        let named = if names == FileName::Database { path.parent() } else { Some(path.as_path()) };
        let stem = named.and_then(|path| if names == FileName::Database { path.file_name() } else { path.file_stem() });
        let stem = stem.and_then(|name| name.to_str()).map(str::to_owned);
        let name = stem.unwrap_or_else(|| file_name(&title(kind, &members)));
        let members = with_texts(folder, kind, Layout::Folders, Some(&name), members)?;
        entries.push(Entry { members, file: Some(address) });
    }
    Ok(entries)
}

/// The entries of a type with one file for all.
fn whole(folder: &Folder<'_>, kind: &Kind, path: &Path) -> Result<Vec<Map<String, Value>>, Failure> {
    let value = json(folder, path)?;
    match (&kind.files, value) {
        (Files::List { .. }, Value::Array(all)) => {
            all.into_iter().map(|entry| object(path, kind.name, entry)).collect()
        }
        (Files::List { .. }, _) => Err(failure(path, "not a list")),
        (Files::One { within, .. }, value) => {
            let mut members = object(path, "the file", value)?;
            match within {
                [] => Ok(vec![members]),
                within => match taken(&mut members, within) {
                    Some(own) => Ok(vec![object(path, kind.name, own)?]),
                    None => Ok(Vec::new()),
                },
            }
        }
        (Files::Map { levels, value: name, .. }, value) => {
            mapped(path, kind.name, (levels, name), object(path, "the file", value)?)
        }
        (Files::Partials, value) => {
            let partials = prompt_files::partials(folder, path, object(path, "the file", value)?)?;
            mapped(path, kind.name, (&["prompt"], "partials"), partials)
        }
        (Files::Each { .. } | Files::Screens, _) => Ok(Vec::new()),
    }
}
