//! Writing a tree, in both layouts.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::files::{self, file_name};
use super::kind::{FileName, Files, Kind, SCREENS};
use super::kinds::KINDS;
use super::prompt_files;
use super::remote::{called, title};
use super::texts::without_texts;
use super::tree::{Entry, Layout, Tree};
use crate::Failure;

/// One document with all types, and how many texts were written beside it.
pub(super) fn yaml(root: &Path, tree: &Tree) -> Result<(Value, usize), Failure> {
    let mut written = BTreeSet::new();
    let mut members = Map::new();
    for kind in KINDS {
        let Some(entries) = tree.lists.get(kind.name) else { continue };
        let value = match &kind.files {
            Files::Each { .. } | Files::List { .. } => {
                let mut all = Vec::new();
                for (entry, name) in entries.iter().zip(names(kind, tree, entries)) {
                    let members = entry.members.clone();
                    all.push(Value::Object(without_texts(root, kind, Layout::Yaml, &name, members, &mut written)?));
                }
                Value::Array(all)
            }
            Files::Screens => {
                let mut all = Vec::new();
                for (entry, name) in entries.iter().zip(names(kind, tree, entries)) {
                    let address = format!("{SCREENS}/{name}.json");
                    json(root, &address, &Value::Object(entry.members.clone()))?;
                    written.insert(address);
                    let text = |name: &str| entry.members.get(name).and_then(Value::as_str).unwrap_or_default();
                    all.push((text("prompt").to_owned(), text("screen").to_owned(), name));
                }
                prompt_files::screens_list(&all)
            }
            Files::One { .. } => match entries.first() {
                Some(entry) => Value::Object(entry.members.clone()),
                None => continue,
            },
            Files::Map { levels, value, .. } => Value::Object(nested(levels, value, entries)),
            Files::Partials => Value::Object(nested(&["prompt"], "partials", entries)),
        };
        put(&mut members, kind.files.member(), value);
    }
    Ok((Value::Object(members), written.len()))
}

/// Puts a value where `path` leads to; an object joins the one that is there.
fn put(members: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => match (members.get_mut(*name), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more),
            (_, value) => drop(members.insert((*name).to_owned(), value)),
        },
        [first, rest @ ..] => {
            let inner = members.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// An object of objects of entries.
fn nested(levels: &[&str], value: &str, entries: &[Entry]) -> Map<String, Value> {
    let mut all = Map::new();
    for Entry { members, .. } in entries {
        let path: Vec<&str> = levels.iter().filter_map(|level| members.get(*level)?.as_str()).collect();
        put(&mut all, &path, members.get(value).cloned().unwrap_or_default());
    }
    all
}

/// Names of the files of entries: two names of entries may be one as names of files.
fn names(kind: &Kind, tree: &Tree, entries: &[Entry]) -> Vec<String> {
    let own = kind.files.folder().map(|(_, names)| names);
    let mut taken = BTreeSet::new();
    let mut all = Vec::new();
    for Entry { members, .. } in entries {
        let plain = file_name(&match own {
            Some(FileName::Grant) => grant_name(tree, members),
            Some(FileName::Joined(between)) => called(kind, members, between),
            Some(FileName::Fixed(name)) => name.to_owned(),
            Some(FileName::Json | FileName::Database) | None => title(kind, members),
        });
        let mut name = plain.clone();
        // Some systems do not tell capital letters from small ones.
        for number in 2.. {
            if taken.insert(name.to_lowercase()) {
                break;
            }
            name = format!("{plain} {number}");
        }
        all.push(name);
    }
    all
}

/// Files in a folder for each type; how many.
pub(super) fn folders(root: &Path, tree: &Tree) -> Result<usize, Failure> {
    let mut written = BTreeSet::new();
    // Types may share a file.
    let mut documents: Vec<(&str, Value)> = Vec::new();
    for kind in KINDS {
        let Some(entries) = tree.lists.get(kind.name) else { continue };
        if let Some((folder, file)) = kind.files.folder() {
            for (entry, name) in entries.iter().zip(names(kind, tree, entries)) {
                let address = match file {
                    FileName::Database => format!("{folder}/{name}/database.json"),
                    _ => format!("{folder}/{name}.json"),
                };
                let members = entry.members.clone();
                let members = without_texts(root, kind, Layout::Folders, &name, members, &mut written)?;
                json(root, &address, &Value::Object(members))?;
                written.insert(address);
            }
            continue;
        }
        let (Some(file), first) = (kind.files.file(), entries.first()) else { continue };
        let value = match (&kind.files, first) {
            (Files::List { .. }, _) => entries.iter().map(|entry| Value::Object(entry.members.clone())).collect(),
            (Files::One { within, .. }, Some(entry)) => {
                let mut whole = Map::new();
                let own = Value::Object(entry.members.clone());
                if within.is_empty() {
                    own
                } else {
                    put(&mut whole, within, own);
                    Value::Object(whole)
                }
            }
            (Files::Map { levels, value, .. }, _) => Value::Object(nested(levels, value, entries)),
            (Files::Partials, _) => {
                let (value, files) = prompt_files::write_partials(root, &nested(&["prompt"], "partials", entries))?;
                written.extend((0..files).map(|number| format!("{file} {number}")));
                value
            }
            _ => continue,
        };
        match (documents.iter_mut().find(|(own, _)| *own == file), value) {
            (Some((_, Value::Object(own))), Value::Object(more)) => own.extend(more),
            (_, value) => documents.push((file, value)),
        }
    }
    for (file, value) in documents {
        let address = format!("{file}.json");
        json(root, &address, &value)?;
        written.insert(address);
    }
    Ok(written.len())
}

/// `APPLICATION-API`.
fn grant_name(tree: &Tree, grant: &Map<String, Value>) -> String {
    let text = |name: &str| grant.get(name).and_then(Value::as_str).unwrap_or_default();
    let apis = tree.lists.get("resourceServers").into_iter().flatten().map(|entry| &entry.members);
    let own = |api: &&Map<String, Value>| api.get("identifier").and_then(Value::as_str) == Some(text("audience"));
    let api = apis.into_iter().find(own).and_then(|api| api.get("name")).and_then(Value::as_str);
    format!("{}-{}", text("client_id"), api.unwrap_or(text("audience")))
}

fn json(root: &Path, address: &str, value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    files::write(root, address, &format!("{text}\n"))
}
