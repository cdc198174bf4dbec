//! `keywright export`: what the tenant has, in the words of files. What no operation would take back is not in it, and no secret.

use std::collections::BTreeMap;

use http::Method;
use keywright_management::StoredSecrets;
use serde_json::{Map, Value, json};

use super::import::is_referenced;
use super::kind::{Access, Kind, Parts, Resource};
use super::kinds::KINDS;
use super::parts::{PartNames, Planned};
use super::remote::{Names, Remote, take, title, translate};
use super::secrets;
use super::settings::{Found, Settings};
use super::tree::{Entry, Tree};
use crate::Failure;

/// Everything that this version can export.
pub(super) async fn tree(remote: &Remote<'_>) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    let mut names: BTreeMap<&str, Names> = BTreeMap::new();
    for kind in KINDS {
        let mut exported = match &kind.access {
            Access::Settings(own) => settings(remote, kind, *own).await?,
            Access::Resource(resource) if remote.has(resource) => {
                if is_referenced(kind) {
                    names.insert(kind.name, remote.names(resource).await?);
                }
                let part_names = PartNames::read(remote, kind.parts, names.get("clients"), &Planned::default()).await?;
                let entries = remote.list(kind, resource).await?;
                let shown = |entry| as_exported(remote, kind, resource, (&names, &part_names), entry);
                entries.into_iter().map(shown).collect()
            }
            Access::Resource(_) => continue,
        };
        exported.sort_by_cached_key(|entry| (title(kind, entry), Value::Object(entry.clone()).to_string()));
        tree.lists.insert(kind.name, exported.into_iter().map(|members| Entry { members, file: None }).collect());
    }
    Ok(tree)
}

/// An entry without what is in no file, with names in the place of identifiers.
fn as_exported(
    remote: &Remote<'_>,
    kind: &Kind,
    resource: &Resource,
    (names, part_names): (&BTreeMap<&str, Names>, &PartNames),
    mut entry: Map<String, Value>,
) -> Map<String, Value> {
    // Where a name is not enough to find it again, the identifier goes with it.
    let id = entry.get(resource.id).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = entry.get("name").and_then(Value::as_str).unwrap_or_default();
    let keeps_id = kind.keys.first().is_some_and(|first| *first == [resource.id])
        && names.get(kind.name).is_some_and(|names| names.name(&id) != own);
    for path in kind.left_out.iter().chain(kind.elsewhere) {
        take(&mut entry, path);
    }
    let taken = |method, path: &str| remote.administration.members(&method, path).unwrap_or_default();
    let mut writable = taken(Method::POST, resource.path);
    writable.extend(taken(Method::PATCH, &format!("{}/{{id}}", resource.path)));
    entry.retain(|name, _| writable.contains(&name.as_str()) || kind.parts.members().contains(&name.as_str()));
    if keeps_id {
        entry.insert(resource.id.to_owned(), Value::from(id));
    }
    for reference in kind.references {
        let Some(names) = names.get(reference.to) else { continue };
        translate(&mut entry, reference.member, |id| names.name(id).to_owned());
        if let Some(Value::Array(all)) = entry.get_mut(reference.member) {
            all.sort_by_key(ToString::to_string);
        }
    }
    match kind.parts {
        Parts::Permissions => {
            if let Some(Value::Array(permissions)) = entry.get_mut("permissions") {
                permissions.sort_by_key(ToString::to_string);
            }
        }
        Parts::Organization => part_names.shown(&mut entry),
        Parts::Action => {
            if let Some(Value::Array(all)) = entry.get_mut("secrets") {
                all.iter_mut().filter_map(Value::as_object_mut).for_each(|own| own.retain(|name, _| name == "name"));
            }
        }
        Parts::PhoneProvider => {
            let service = entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(Value::Object(credentials)) = entry.get_mut("credentials") {
                secrets::mark(StoredSecrets::PhoneProvider, &service, credentials);
            }
        }
        Parts::Nothing => {}
    }
    // Secrets of other systems become markers, as in the tool: a file with them is no file for a repository.
    let strategy = entry.get("strategy").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::Object(options)) = entry.get_mut("options") {
        secrets::mark_answered(&[kind.name, &strategy], options);
    }
    entry
}

/// Settings that are there: what the operation that sets them would take.
async fn settings(remote: &Remote<'_>, kind: &Kind, settings: Settings) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut all = Vec::new();
    for address in remote.addresses(settings).await? {
        let Some(place) = remote.place(settings, &address).await? else { continue };
        let Found::Members(mut members) = remote.found(&place, false).await? else { continue };
        if place.members().is_none() && !matches!(settings, Settings::Pages | Settings::Factors) {
            let taken = remote.administration.members(&place.write.0, &place.write.1).unwrap_or_default();
            if !taken.is_empty() {
                members.retain(|name, _| taken.contains(&name.as_str()));
            }
        }
        for path in kind.left_out.iter().chain(kind.elsewhere) {
            take(&mut members, path);
        }
        // An object without members, or a member without a value, says nothing.
        members.retain(|_, value| !value.is_null() && *value != json!({}));
        let runs_nothing = settings == Settings::Triggers && members.get("bindings") == Some(&json!([]));
        if members.is_empty() || runs_nothing {
            continue;
        }
        remote.markers(&place, &mut members).await?;
        let of: Vec<&str> = address.values().filter_map(Value::as_str).collect();
        secrets::mark_answered(&[&["guardian"], of.as_slice()].concat(), &mut members);
        members.extend(address.clone());
        all.push(members);
    }
    Ok(all)
}
