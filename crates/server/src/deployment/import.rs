//! `keywright import`: makes the tenant what the files say. An entry is found by what makes it the same one; what differs is
//! changed, what is not there is made, and nothing is deleted unless that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::Method;
use keywright_management::Administered;
use serde_json::{Map, Value, json};

use super::keywords;
use super::kinds::{DOCUMENTS, KINDS, Kind};
use super::remote::{Names, Remote, encoded, permission, take, title, translate};
use super::tree::Tree;
use crate::Failure;

/// One import.
pub(super) struct Import<'a> {
    pub(super) remote: Remote<'a>,
    /// Whoever may use this administers the tenant.
    pub(super) management_audience: &'a str,
    pub(super) dry_run: bool,
    pub(super) delete: bool,
}

/// What became of the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) created: usize,
    pub(super) changed: usize,
    pub(super) deleted: usize,
    pub(super) unchanged: usize,
    pub(super) refused: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, changed, deleted, unchanged, refused } = self;
        if created + changed + deleted + refused == 0 {
            return write!(formatter, "no changes ({unchanged} entries are as in the files)");
        }
        write!(
            formatter,
            "{created} created, {changed} changed, {deleted} deleted, {unchanged} unchanged, {refused} refused"
        )
    }
}

/// What became of one entry.
enum Outcome {
    Created,
    Changed(Vec<String>),
    Deleted,
    Unchanged,
    Refused(String),
}

impl Import<'_> {
    pub(super) async fn run(self, mut tree: Tree) -> Result<Summary, Failure> {
        let mut summary = Summary::default();
        for name in std::mem::take(&mut tree.unknown) {
            summary.note(
                &name,
                "",
                Outcome::Refused("keywright import does not know this type: auth0-deploy-cli imports it".to_owned()),
            );
        }
        let mut names: BTreeMap<&str, Names> = BTreeMap::new();
        let mut present: Vec<(&Kind, BTreeSet<String>)> = Vec::new();
        for kind in KINDS.iter().filter(|kind| self.remote.has(kind)) {
            if let Some(entries) = tree.lists.remove(kind.name) {
                present.push((kind, self.list(kind, entries, &names, &mut summary).await?));
            }
            names.insert(kind.name, self.remote.names(kind).await?);
        }
        for document in DOCUMENTS {
            let Some(mut wanted) = tree.documents.remove(document.file) else { continue };
            let outcome = if self.remote.has_document(document) {
                for path in document.left_out {
                    take(&mut wanted, path);
                }
                let unresolved = without_unresolved(&mut wanted);
                note_unresolved(document.file, "", &unresolved);
                let Value::Object(found) = self.remote.read(document.path, None).await? else { continue };
                self.change(document.path, document.path, &found, wanted).await?
            } else {
                Outcome::Refused("this version has no such document".to_owned())
            };
            summary.note(document.file, "", outcome);
        }
        if self.delete {
            // Those who refer to others go first.
            for (kind, wanted) in present.iter().rev() {
                self.remove_others(kind, wanted, &mut summary).await?;
            }
        }
        Ok(summary)
    }

    /// Makes and changes the entries of a type; the identifiers of those that are to stay.
    async fn list(
        &self,
        kind: &Kind,
        entries: Vec<Map<String, Value>>,
        names: &BTreeMap<&str, Names>,
        summary: &mut Summary,
    ) -> Result<BTreeSet<String>, Failure> {
        let existing = self.remote.list(kind).await?;
        let mut kept = BTreeSet::new();
        for mut entry in entries {
            let title = title(kind, &entry);
            for path in kind.left_out {
                take(&mut entry, path);
            }
            for reference in kind.references {
                if let Some(names) = names.get(reference.to) {
                    translate(&mut entry, reference.member, |name| names.id(name).to_owned());
                }
            }
            let unresolved = without_unresolved(&mut entry);
            note_unresolved(kind.name, &title, &unresolved);
            let found: Vec<&Map<String, Value>> = same(kind, &existing, &entry);
            let outcome = match found.as_slice() {
                [] => self.create(kind, entry, &mut kept).await?,
                [one] => {
                    let id = one.get(kind.id).and_then(Value::as_str).unwrap_or_default();
                    if kept.insert(id.to_owned()) {
                        self.update(kind, id, one, entry).await?
                    } else {
                        Outcome::Refused("another entry of the files is the same one".to_owned())
                    }
                }
                several => {
                    kept.extend(several.iter().filter_map(|one| Some(one.get(kind.id)?.as_str()?.to_owned())));
                    Outcome::Refused(format!("{} of them have this name: say which by {}", several.len(), kind.id))
                }
            };
            summary.note(kind.name, &title, outcome);
        }
        Ok(kept)
    }

    async fn create(
        &self,
        kind: &Kind,
        mut entry: Map<String, Value>,
        kept: &mut BTreeSet<String>,
    ) -> Result<Outcome, Failure> {
        let permissions = if kind.permissions { entry.remove("permissions") } else { None };
        // An identifier of another tenant, for an entry that has to be told from others of its name.
        if kind.keys.len() > 1 {
            entry.remove(kind.id);
        }
        let body = Value::Object(entry);
        if self.dry_run {
            let checked = self.remote.administration.check(&Method::POST, kind.path, Some(&body)).await?;
            return Ok(if checked.is_success() {
                Outcome::Created
            } else {
                Outcome::Refused(checked.refusal().to_owned())
            });
        }
        let made = self.remote.administration.call(&Method::POST, kind.path, None, Some(&body)).await?;
        if !made.is_success() {
            return Ok(Outcome::Refused(made.refusal().to_owned()));
        }
        let id = made.body.get(kind.id).and_then(Value::as_str).unwrap_or_default().to_owned();
        kept.insert(id.clone());
        if let Some(permissions) = permissions
            && let Some(refusal) = self.permissions(kind, &id, &Value::Array(Vec::new()), &permissions).await?.1
        {
            return Ok(Outcome::Refused(format!("made, but its permissions were not: {refusal}")));
        }
        Ok(Outcome::Created)
    }

    async fn update(
        &self,
        kind: &Kind,
        id: &str,
        found: &Map<String, Value>,
        mut entry: Map<String, Value>,
    ) -> Result<Outcome, Failure> {
        let pattern = format!("{}/{{id}}", kind.path);
        let permissions = if kind.permissions { entry.remove("permissions") } else { None };
        entry.remove(kind.id);
        // What can be set once must be what it is.
        let changeable = self.remote.administration.members(&Method::PATCH, &pattern).unwrap_or_default();
        let settable = self.remote.administration.members(&Method::POST, kind.path).unwrap_or_default();
        let fixed: Vec<&str> = settable.into_iter().filter(|name| !changeable.contains(name)).collect();
        let other =
            fixed.iter().find(|name| entry.get(**name).is_some_and(|value| !equal(Some(value), found.get(**name))));
        if let Some(name) = other {
            return Ok(Outcome::Refused(format!("{name} cannot be changed")));
        }
        entry.retain(|name, _| !fixed.contains(&name.as_str()));
        let outcome = self.change(&format!("{}/{}", kind.path, encoded(id)), &pattern, found, entry).await?;
        let Some(permissions) = permissions.filter(|_| !matches!(outcome, Outcome::Refused(_))) else {
            return Ok(outcome);
        };
        let before = found.get("permissions").cloned().unwrap_or_default();
        match self.permissions(kind, id, &before, &permissions).await? {
            (_, Some(refusal)) => Ok(Outcome::Refused(refusal)),
            (false, None) => Ok(outcome),
            (true, None) => {
                let mut members = if let Outcome::Changed(members) = outcome { members } else { Vec::new() };
                members.push("permissions".to_owned());
                Ok(Outcome::Changed(members))
            }
        }
    }

    /// Changes the members that differ. What the API makes of them is compared as well: a file need not say everything.
    async fn change(
        &self,
        path: &str,
        pattern: &str,
        found: &Map<String, Value>,
        mut wanted: Map<String, Value>,
    ) -> Result<Outcome, Failure> {
        debug_assert!(self.remote.administration.offers(&Method::PATCH, pattern), "{pattern}");
        wanted.retain(|name, value| !equal(Some(value), found.get(name)));
        if wanted.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let members: Vec<String> = wanted.keys().cloned().collect();
        let body = Value::Object(wanted);
        if self.dry_run {
            let checked = self.remote.administration.check(&Method::PATCH, path, Some(&body)).await?;
            return Ok(if checked.is_success() {
                Outcome::Changed(members)
            } else {
                Outcome::Refused(checked.refusal().to_owned())
            });
        }
        let Administered { status, body: answer } =
            self.remote.administration.call(&Method::PATCH, path, None, Some(&body)).await?;
        if !status.is_success() {
            let message = answer.get("message").and_then(Value::as_str).unwrap_or_default();
            return Ok(Outcome::Refused(message.to_owned()));
        }
        let changed: Vec<String> =
            members.into_iter().filter(|name| !equal(answer.get(name), found.get(name))).collect();
        Ok(if changed.is_empty() { Outcome::Unchanged } else { Outcome::Changed(changed) })
    }

    /// Gives and takes permissions: whether there was anything to do, and why it was refused.
    async fn permissions(
        &self,
        kind: &Kind,
        id: &str,
        before: &Value,
        wanted: &Value,
    ) -> Result<(bool, Option<String>), Failure> {
        let set = |value: &Value| -> Vec<Value> { value.as_array().into_iter().flatten().map(permission).collect() };
        let (before, wanted) = (set(before), set(wanted));
        let added: Vec<&Value> = wanted.iter().filter(|own| !before.contains(own)).collect();
        let removed: Vec<&Value> = before.iter().filter(|own| !wanted.contains(own)).collect();
        let path = format!("{}/{}/permissions", kind.path, encoded(id));
        for (method, permissions) in [(Method::POST, &added), (Method::DELETE, &removed)] {
            if permissions.is_empty() {
                continue;
            }
            let body = json!({ "permissions": permissions });
            let administration = self.remote.administration;
            let done = if self.dry_run {
                administration.check(&method, &path, Some(&body)).await?
            } else {
                administration.call(&method, &path, None, Some(&body)).await?
            };
            if !done.is_success() {
                return Ok((true, Some(done.refusal().to_owned())));
            }
        }
        Ok((!added.is_empty() || !removed.is_empty(), None))
    }

    /// `--delete`: what the files do not have. Whoever administers the tenant stays.
    async fn remove_others(&self, kind: &Kind, kept: &BTreeSet<String>, summary: &mut Summary) -> Result<(), Failure> {
        let administrators: BTreeSet<String> = self
            .remote
            .pages("/client-grants")
            .await?
            .iter()
            .filter(|grant| grant.get("audience").and_then(Value::as_str) == Some(self.management_audience))
            .filter_map(|grant| Some(grant.get("client_id")?.as_str()?.to_owned()))
            .collect();
        for entry in self.remote.list(kind).await? {
            let id = entry.get(kind.id).and_then(Value::as_str).unwrap_or_default();
            let audience = entry.get("audience").and_then(Value::as_str);
            if kept.contains(id) || administrators.contains(id) || audience == Some(self.management_audience) {
                continue;
            }
            let path = format!("{}/{}", kind.path, encoded(id));
            let outcome = if self.dry_run {
                Outcome::Deleted
            } else {
                let done = self.remote.administration.call(&Method::DELETE, &path, None, None).await?;
                if done.is_success() { Outcome::Deleted } else { Outcome::Refused(done.refusal().to_owned()) }
            };
            summary.note(kind.name, &title(kind, &entry), outcome);
        }
        Ok(())
    }
}

impl Summary {
    /// Prints what became of an entry, and counts it.
    fn note(&mut self, kind: &str, title: &str, outcome: Outcome) {
        let (count, what, more) = match outcome {
            Outcome::Created => (&mut self.created, "created", String::new()),
            Outcome::Changed(members) => (&mut self.changed, "changed", format!(": {}", members.join(", "))),
            Outcome::Deleted => (&mut self.deleted, "deleted", String::new()),
            Outcome::Unchanged => (&mut self.unchanged, "unchanged", String::new()),
            Outcome::Refused(reason) => (&mut self.refused, "refused", format!(": {reason}")),
        };
        *count += 1;
        println!("{what:<10}{kind} {title}{more}");
    }
}

/// The entries that are the same one, by the first key that the entry has.
fn same<'e>(
    kind: &Kind,
    existing: &'e [Map<String, Value>],
    entry: &Map<String, Value>,
) -> Vec<&'e Map<String, Value>> {
    for key in kind.keys {
        let value = |entry: &Map<String, Value>, name: &str| match name {
            // Of the kind that files of versions before mean.
            "subject_type" => Some(entry.get(name).cloned().unwrap_or_else(|| Value::from("client"))),
            name => entry.get(name).cloned(),
        };
        if key.iter().any(|name| value(entry, name).is_none()) {
            continue;
        }
        let found: Vec<_> =
            existing.iter().filter(|own| key.iter().all(|name| value(own, name) == value(entry, name))).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether two values are the same configuration: what is `null` is not there, an order of names means nothing.
fn equal(one: Option<&Value>, other: Option<&Value>) -> bool {
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    match (one, other) {
        (one, other) if absent(one) || absent(other) => absent(one) && absent(other),
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            one.keys().chain(other.keys()).all(|name| equal(one.get(name), other.get(name)))
        }
        (Some(Value::Number(one)), Some(Value::Number(other))) => one == other || one.as_f64() == other.as_f64(),
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            one.len() == other.len() && {
                let in_order = one.iter().zip(other).all(|(one, other)| equal(Some(one), Some(other)));
                let texts = one.iter().chain(other).all(Value::is_string);
                in_order
                    || (texts && one.iter().all(|own| other.contains(own)) && other.iter().all(|own| one.contains(own)))
            }
        }
        (one, other) => one == other,
    }
}

/// Takes out what still has a marker: the value that is there stays. Says where, and which.
fn without_unresolved(entry: &mut Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    entry.retain(|name, value| keep_resolved(name, value, &mut found));
    found
}

fn keep_resolved(path: &str, value: &mut Value, found: &mut Vec<String>) -> bool {
    match value {
        Value::String(text) if keywords::is_unresolved(text) => {
            found.push(format!("{path} ({text})"));
            false
        }
        Value::Array(values) => {
            values.retain_mut(|value| keep_resolved(path, value, found));
            true
        }
        Value::Object(members) => {
            members.retain(|name, value| keep_resolved(&format!("{path}.{name}"), value, found));
            true
        }
        _ => true,
    }
}

fn note_unresolved(kind: &str, title: &str, unresolved: &[String]) {
    for place in unresolved {
        println!("left out  {kind} {title}: {place} is not in the environment");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_the_same_configuration() {
        let same = |one: Value, other: Value| equal(Some(&one), Some(&other));
        assert!(same(json!({ "a": null, "b": 1 }), json!({ "b": 1.0 })));
        assert!(same(json!(["a", "b"]), json!(["b", "a"])));
        assert!(!same(json!(["a", "a"]), json!(["b", "a"])));
        assert!(!same(json!([1, 2]), json!([2, 1])));
        assert!(!same(json!({ "a": {} }), json!({ "a": { "b": 1 } })));
        assert!(equal(None, Some(&Value::Null)) && !equal(None, Some(&json!(false))));
    }

    #[test]
    fn values_that_the_environment_lacks_are_left_out() {
        let mut entry = json!({ "a": "##X##", "b": { "c": "@@Y@@", "d": 1 }, "e": ["x", "##Z##"] });
        let members = entry.as_object_mut().unwrap();
        assert_eq!(without_unresolved(members), ["a (##X##)", "b.c (@@Y@@)", "e (##Z##)"]);
        assert_eq!(entry, json!({ "b": { "d": 1 }, "e": ["x"] }));
    }
}
