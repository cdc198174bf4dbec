//! The tenant as it is, by the operations that read it, in the words of files: names in the place of identifiers.

use std::fmt::Write as _;

use http::Method;
use keywright_management::{Administered, Administration, StoredSecrets};
use serde_json::{Map, Value, json};

use super::kind::{Filter, Kind, Listing, Parts, Resource};
use super::parts;
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
    /// Of pairs of identifiers and names.
    pub(super) fn of(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self(pairs.collect())
    }

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
    pub(super) fn has(&self, resource: &Resource) -> bool {
        self.administration.offers(&Method::POST, resource.path)
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
        self.pages_of(path, "").await
    }

    /// The same with further parameters.
    pub(super) async fn pages_of(&self, path: &str, parameters: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for page in 0.. {
            let query = format!("page={page}&per_page={PAGE}&{parameters}");
            let entries = entries(self.read(path, Some(query.trim_end_matches('&'))).await?);
            let count = entries.len();
            all.extend(entries);
            if count < PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// Every entry of a type, as the API has it, with its parts in the words of files.
    pub(super) async fn list(&self, kind: &Kind, resource: &Resource) -> Result<Vec<Map<String, Value>>, Failure> {
        let all = match resource.listing {
            Listing::Pages => self.pages(resource.path).await?,
            Listing::Whole => entries(self.read(resource.path, None).await?),
            Listing::Only(path) => {
                let found = self.administration.call(&Method::GET, path, None, None).await?;
                if found.is_success() { vec![found.body] } else { Vec::new() }
            }
        };
        let mut found = Vec::new();
        for entry in all {
            let Value::Object(mut entry) = entry else { continue };
            if !belongs(resource, &entry) {
                continue;
            }
            self.add_parts(kind, resource, &mut entry).await?;
            found.push(entry);
        }
        Ok(found)
    }

    async fn add_parts(&self, kind: &Kind, resource: &Resource, entry: &mut Map<String, Value>) -> Result<(), Failure> {
        let id = entry.get(resource.id).and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = format!("{}/{}", resource.path, encoded(&id));
        match kind.parts {
            Parts::Nothing => {}
            Parts::Permissions => {
                let permissions = self.pages(&format!("{path}/permissions")).await?;
                entry.insert("permissions".to_owned(), permissions.iter().map(permission).collect());
            }
            Parts::Organization => {
                for (member, list) in [("connections", "connections"), ("client_grants", "client-grants")] {
                    entry.insert(member.to_owned(), Value::Array(self.pages(&format!("{path}/{list}")).await?));
                }
            }
            Parts::Action => {
                let stored = self.administration.stored_secrets(StoredSecrets::Action(&id)).await?;
                parts::show_action(entry, &stored);
            }
            Parts::PhoneProvider => {
                let stored = self.administration.stored_secrets(StoredSecrets::PhoneProvider).await?;
                entry.insert("credentials".to_owned(), Value::Object(stored));
            }
        }
        Ok(())
    }

    /// Identifiers and names of the entries of a type.
    pub(super) async fn names(&self, resource: &Resource) -> Result<Names, Failure> {
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let entries = self.pages(resource.path).await?;
        let pairs = entries.iter().filter_map(|entry| Some((text(entry, resource.id)?, text(entry, "name")?)));
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

/// The entries of an answer, whatever is around them.
fn entries(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(entries) => entries,
        Value::Object(members) => members.into_values().find_map(|own| own.as_array().cloned()).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Whether an entry of the list is of the type.
fn belongs(resource: &Resource, entry: &Map<String, Value>) -> bool {
    let is = |name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or(false);
    let database = entry.get("strategy").and_then(Value::as_str) == Some("auth0");
    match resource.filter {
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
    called(kind, entry, " ")
}

/// The same, with something else between its parts.
pub(super) fn called(kind: &Kind, entry: &Map<String, Value>, between: &str) -> String {
    let parts: Vec<&str> = kind.called.iter().filter_map(|name| entry.get(*name)?.as_str()).collect();
    parts.join(between)
}
