//! The tenant as it is, by the operations that read it, in the words of files: names in the place of identifiers.

use std::fmt::Write as _;

use http::Method;
use keywright_management::{Administered, Administration};
use serde_json::{Map, Value, json};

use super::kinds::{Document, Filter, Kind};
use crate::Failure;

/// Entries of a page.
const PAGE: usize = 100;

/// Reads and writes the tenant.
pub(super) struct Remote<'a> {
    pub(super) administration: &'a Administration,
}

/// Identifiers of the entries of a type, and their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// The identifier that a name stands for; itself where it stands for none, because files may have identifiers.
    pub(super) fn id<'n>(&'n self, name: &'n str) -> &'n str {
        self.0.iter().find(|(_, own)| own == name).map_or(name, |(id, _)| id)
    }

    /// The name of an identifier; itself where nothing has it.
    pub(super) fn name<'n>(&'n self, id: &'n str) -> &'n str {
        self.0.iter().find(|(own, _)| own == id).map_or(id, |(_, name)| name)
    }
}

impl<'a> Remote<'a> {
    pub(super) fn new(administration: &'a Administration) -> Self {
        Self { administration }
    }

    /// Whether this version has the type.
    pub(super) fn has(&self, kind: &Kind) -> bool {
        self.administration.offers(&Method::GET, kind.path) && self.administration.offers(&Method::POST, kind.path)
    }

    /// Whether this version has the document.
    pub(super) fn has_document(&self, document: &Document) -> bool {
        [Method::GET, Method::PATCH].iter().all(|method| self.administration.offers(method, document.path))
    }

    /// Calls an operation that must not be refused.
    pub(super) async fn read(&self, path: &str, query: Option<&str>) -> Result<Value, Failure> {
        let Administered { status, body } = self.administration.call(&Method::GET, path, query, None).await?;
        if status.is_success() {
            return Ok(body);
        }
        Err(Failure::Tree(format!("GET {path}: {}", body.get("message").and_then(Value::as_str).unwrap_or_default())))
    }

    /// Every entry of a list, as the API has it.
    pub(super) async fn pages(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for page in 0.. {
            let query = format!("page={page}&per_page={PAGE}");
            let entries = match self.read(path, Some(&query)).await? {
                Value::Array(entries) => entries,
                Value::Object(members) => {
                    members.into_values().find_map(|own| own.as_array().cloned()).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            let count = entries.len();
            all.extend(entries);
            if count < PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// Every entry of a type, as the API has it, with its permissions.
    pub(super) async fn list(&self, kind: &Kind) -> Result<Vec<Map<String, Value>>, Failure> {
        let mut found = Vec::new();
        for entry in self.pages(kind.path).await? {
            let Value::Object(mut entry) = entry else { continue };
            if !belongs(kind, &entry) {
                continue;
            }
            if kind.permissions {
                let id = encoded(entry.get(kind.id).and_then(Value::as_str).unwrap_or_default());
                let permissions = self.pages(&format!("{}/{id}/permissions", kind.path)).await?;
                entry.insert("permissions".to_owned(), permissions.iter().map(permission).collect());
            }
            found.push(entry);
        }
        Ok(found)
    }

    /// Identifiers and names of the entries of a type.
    pub(super) async fn names(&self, kind: &Kind) -> Result<Names, Failure> {
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let entries = self.pages(kind.path).await?;
        let pairs = entries.iter().filter_map(|entry| Some((text(entry, kind.id)?, text(entry, "name")?)));
        let mut names = Names(pairs.collect());
        // A name that several have stands for none of them: it would be read as the first.
        let shared: Vec<String> = names
            .0
            .iter()
            .filter(|(id, name)| names.0.iter().any(|(other, same)| other != id && same == name))
            .map(|(_, name)| name.clone())
            .collect();
        names.0.retain(|(_, name)| !shared.contains(name));
        Ok(names)
    }
}

/// Whether an entry of the list is of the type.
fn belongs(kind: &Kind, entry: &Map<String, Value>) -> bool {
    let is = |name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or(false);
    let database = entry.get("strategy").and_then(Value::as_str) == Some("auth0");
    match kind.filter {
        Filter::All => true,
        Filter::NotGlobal => !is("global"),
        Filter::NotSystem => !is("is_system"),
        Filter::Databases => database,
        Filter::NotDatabases => !database,
    }
}

/// What of a permission is configuration.
pub(super) fn permission(entry: &Value) -> Value {
    let member = |name: &str| entry.get(name).cloned().unwrap_or_default();
    json!({
        "permission_name": member("permission_name"),
        "resource_server_identifier": member("resource_server_identifier"),
    })
}

/// An identifier in a path.
pub(super) fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Takes a member out, by the names that lead to it with dots between.
pub(super) fn take(document: &mut Map<String, Value>, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => document.remove(path),
        Some((first, rest)) => take(document.get_mut(first)?.as_object_mut()?, rest),
    }
}

/// Replaces the texts of a member: one, or a list.
pub(super) fn translate(document: &mut Map<String, Value>, member: &str, translation: impl Fn(&str) -> String) {
    match document.get_mut(member) {
        Some(Value::String(text)) => *text = translation(text),
        Some(Value::Array(texts)) => {
            for text in texts.iter_mut() {
                if let Some(own) = text.as_str() {
                    *text = Value::from(translation(own));
                }
            }
        }
        _ => {}
    }
}

/// What an entry is called, in messages and names of files.
pub(super) fn title(kind: &Kind, entry: &Map<String, Value>) -> String {
    let text = |name: &&str| entry.get(*name).and_then(Value::as_str);
    if let Some(name) = text(&"name") {
        return name.to_owned();
    }
    let parts: Vec<&str> = kind.keys.iter().flat_map(|keys| keys.iter()).filter_map(text).collect();
    parts.join(" ")
}
