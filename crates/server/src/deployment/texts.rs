//! Texts of entries that are files of their own: pages, scripts, mails.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::files::{self, Folder, failure, file_name};
use super::kind::{Kind, Text};
use super::remote::title;
use super::tree::{Layout, object};
use crate::Failure;

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

/// An entry with the texts of its files in the place of their addresses. `name` is that of its file, where it has one.
pub(super) fn with_texts(
    folder: &Folder<'_>,
    kind: &Kind,
    layout: Layout,
    name: Option<&str>,
    entry: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let name = name.map_or_else(|| file_name(&title(kind, &entry)), str::to_owned);
    let mut entry = Value::Object(entry);
    for text in kind.texts {
        let base = layout.of(&text.bases).replace("{name}", &name);
        let beside = match (text.beside && layout == Layout::Folders, text.member) {
            (true, [member]) => {
                let file = folder.file("", &layout.of(&text.files).replace("{name}", &name))?;
                if let (Some(_), Some(members)) = (&file, entry.as_object_mut()) {
                    members.entry((*member).to_owned()).or_insert_with(|| Value::from(""));
                }
                file
            }
            _ => None,
        };
        let mut found = Vec::new();
        places(&mut entry, text.member, "", &mut found);
        for (_, value) in found {
            let Some(address) = value.as_str().filter(|text| !text.contains(['\n', '<'])) else { continue };
            let named = if address.is_empty() { None } else { folder.file(&base, address)? };
            if let Some(path) = named.as_ref().or(beside.as_ref()) {
                *value = Value::from(folder.text(path)?);
            } else if address.starts_with("./") {
                return Err(failure(&folder.root.join(&base).join(address), "there is no such file"));
            }
        }
    }
    object(&folder.root, kind.name, entry)
}

/// An entry with addresses in the place of its texts, which become files.
pub(super) fn without_texts(
    root: &Path,
    kind: &Kind,
    layout: Layout,
    name: &str,
    entry: Map<String, Value>,
    written: &mut BTreeSet<String>,
) -> Result<Map<String, Value>, Failure> {
    let mut entry = Value::Object(entry);
    for Text { member, files, bases, .. } in kind.texts {
        let pattern = |all: &[&'static str; 2]| layout.of(all).replace("{name}", name);
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
