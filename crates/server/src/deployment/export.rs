//! `keywright export`: what the tenant has, in the words of files. What no operation would take back is not in it.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value};

use super::kinds::{DOCUMENTS, KINDS, Kind};
use super::remote::{Names, Remote, take, title, translate};
use super::tree::Tree;
use crate::Failure;

/// Everything that this version can export.
pub(super) async fn tree(remote: &Remote<'_>) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    let mut names: BTreeMap<&str, Names> = BTreeMap::new();
    for kind in KINDS.iter().filter(|kind| remote.has(kind)) {
        let entries = remote.list(kind).await?;
        names.insert(kind.name, remote.names(kind).await?);
        let mut exported: Vec<Map<String, Value>> =
            entries.into_iter().map(|entry| as_exported(remote, kind, &names, entry)).collect();
        exported.sort_by_cached_key(|entry| (title(kind, entry), Value::Object(entry.clone()).to_string()));
        tree.lists.insert(kind.name, exported);
    }
    for document in DOCUMENTS.iter().filter(|document| remote.has_document(document)) {
        let Value::Object(mut found) = remote.read(document.path, None).await? else { continue };
        for path in document.left_out {
            take(&mut found, path);
        }
        if let Some(taken) = remote.administration.members(&Method::PATCH, document.path).filter(|all| !all.is_empty())
        {
            found.retain(|name, _| taken.contains(&name.as_str()));
        }
        // "clearTenantFlags": an object without members says nothing.
        found.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
        tree.documents.insert(document.file, found);
    }
    Ok(tree)
}

/// An entry without what is in no file, with names in the place of identifiers.
pub(super) fn as_exported(
    remote: &Remote<'_>,
    kind: &Kind,
    names: &BTreeMap<&str, Names>,
    mut entry: Map<String, Value>,
) -> Map<String, Value> {
    // Where a name is not enough to find it again, the identifier goes with it.
    let id = entry.get(kind.id).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = entry.get("name").and_then(Value::as_str).unwrap_or_default();
    let keeps_id = kind.keys.first().is_some_and(|first| *first == [kind.id])
        && names.get(kind.name).is_some_and(|names| names.name(&id) != own);
    for path in kind.left_out {
        take(&mut entry, path);
    }
    let taken = |method, path: &str| remote.administration.members(&method, path).unwrap_or_default();
    let mut writable = taken(Method::POST, kind.path);
    writable.extend(taken(Method::PATCH, &format!("{}/{{id}}", kind.path)));
    entry.retain(|name, _| writable.contains(&name.as_str()) || (kind.permissions && name == "permissions"));
    if keeps_id {
        entry.insert(kind.id.to_owned(), Value::from(id));
    }
    for reference in kind.references {
        let Some(names) = names.get(reference.to) else { continue };
        translate(&mut entry, reference.member, |id| names.name(id).to_owned());
        if let Some(Value::Array(all)) = entry.get_mut(reference.member) {
            all.sort_by_key(ToString::to_string);
        }
    }
    if let Some(Value::Array(permissions)) = entry.get_mut("permissions") {
        permissions.sort_by_key(ToString::to_string);
    }
    mask(kind, &mut entry);
    entry
}

/// Secrets of other systems become markers, as in the tool: a file with them is no file for a repository.
fn mask(kind: &Kind, entry: &mut Map<String, Value>) {
    let strategy = entry.get("strategy").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(options) = entry.get_mut("options").and_then(Value::as_object_mut) else { return };
    for name in ["client_secret", "app_secret", "twilio_token", "bindPassword"] {
        if options.get(name).is_some_and(Value::is_string) {
            let marker = format!("##{}_{}_{}##", kind.name, strategy, name).to_uppercase().replace('-', "_");
            options.insert(name.to_owned(), Value::from(marker));
        }
    }
}
