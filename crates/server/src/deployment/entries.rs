//! Entries with identifiers: an entry is found by what makes it the same one, made where it is not there, and changed where it
//! differs. What belongs to it and cannot be done undoes the rest: nothing of an entry is written by halves.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use keywright_management::Administered;
use serde_json::{Map, Value, json};

use super::comparison::{equal, same};
use super::import::{Import, note_unresolved};
use super::keywords::settle;
use super::kind::{Filter, Kind, Parts, Resource};
use super::parts::{self, PartNames, Planned, Step};
use super::remote::{Names, encoded, take, title, translate};
use super::rule_order;
use super::secrets;
use super::summary::{Outcome, Summary};
use super::tree::Entry;
use crate::Failure;

/// An entry of a file, as it is to be.
struct Wanted {
    title: String,
    members: Map<String, Value>,
    parts: Map<String, Value>,
}

impl Import<'_> {
    /// Makes and changes the entries of a type; the identifiers of those that are to stay.
    pub(super) async fn list(
        &self,
        kind: &Kind,
        resource: &Resource,
        entries: Vec<Entry>,
        (names, planned): (&BTreeMap<&str, Names>, &Planned),
        summary: &mut Summary,
    ) -> Result<BTreeSet<String>, Failure> {
        let existing = self.remote.list(kind, resource).await?;
        let part_names = PartNames::read(&self.remote, kind.parts, names.get("clients"), planned).await?;
        let disputed = rule_order::disputed(kind, &entries);
        let mut rules = rule_order::Places::new(kind, &entries);
        let mut kept = BTreeSet::new();
        for Entry { members: mut entry, file } in entries {
            let title = title(kind, &entry);
            for path in kind.left_out {
                take(&mut entry, path);
            }
            for reference in kind.references {
                if let Some(names) = names.get(reference.to) {
                    translate(&mut entry, reference.member, |name| names.id(name).to_owned());
                }
            }
            for part in parts::not_stored(kind.parts, &mut entry) {
                let reason = format!("this version of Keywright does not store {part}: they were not imported");
                summary.note(kind.name, &title, Outcome::Refused(reason));
            }
            let found: Vec<&Map<String, Value>> = same(kind, &existing, &entry);
            let unresolved = settle(&mut entry, found.first().copied().filter(|_| found.len() == 1));
            note_unresolved(kind.name, &title, &unresolved);
            let id =
                |one: &Map<String, Value>| one.get(resource.id).and_then(Value::as_str).unwrap_or_default().to_owned();
            // All of them stay, whatever becomes of the entry.
            let is_new = found.iter().filter(|one| kept.insert(id(one))).count() == found.len();
            let order = entry.get("order").and_then(Value::as_i64).filter(|_| kind.name == "rules");
            let outcome = match (part_names.wanted(kind.parts, &mut entry), found.as_slice()) {
                (Err(reason), _) => Outcome::Refused(reason),
                (_, [_, _, ..]) => {
                    Outcome::Refused(format!("{} of them have this name: say which by {}", found.len(), resource.id))
                }
                (_, [_]) if !is_new => Outcome::Refused("another entry of the files is the same one".to_owned()),
                _ if order.is_some_and(|order| disputed.contains(&order)) => {
                    Outcome::Refused("another rule of the files has the same order".to_owned())
                }
                (Ok(parts), found) => {
                    let wanted = Wanted { title: title.clone(), members: entry, parts };
                    rules.make_room(self, found.first().map(|one| id(one)).as_deref(), order).await?;
                    let outcome = match found.first() {
                        None => self.create(kind, resource, wanted, &mut kept).await?,
                        Some(one) => self.update(kind, resource, &id(one), one, wanted).await?,
                    };
                    rules.settle(self, matches!(outcome, Outcome::Refused(_))).await?;
                    outcome
                }
            };
            summary.note(kind.name, &Self::shown(&title, file.as_deref(), &outcome), outcome);
        }
        for (name, outcome) in rules.moved() {
            summary.note(kind.name, &name, outcome);
        }
        Ok(kept)
    }

    async fn create(
        &self,
        kind: &Kind,
        resource: &Resource,
        wanted: Wanted,
        kept: &mut BTreeSet<String>,
    ) -> Result<Outcome, Failure> {
        let Wanted { members: mut entry, mut parts, .. } = wanted;
        // An identifier of another tenant, for an entry that has to be told from others of its name.
        entry.remove(resource.id);
        if kind.parts == Parts::Action {
            parts::complete_action(&mut entry, None);
            let deploys = parts.remove("deployed") == Some(json!(true));
            entry.insert("deploy".to_owned(), json!(deploys));
        }
        let body = Value::Object(entry);
        let steps = parts::plan(kind.parts, &Map::new(), &parts);
        let checked = self.remote.administration.check(&Method::POST, resource.path, Some(&body)).await?;
        if !checked.is_success() {
            return Ok(Outcome::Refused(checked.refusal().to_owned()));
        }
        if let Some(reason) = self.refused(resource, "new", &steps).await? {
            return Ok(Outcome::Refused(reason));
        }
        if self.dry_run {
            return Ok(Outcome::Created);
        }
        let made = self.remote.administration.call(&Method::POST, resource.path, None, Some(&body)).await?;
        if !made.is_success() {
            return Ok(Outcome::Refused(made.refusal().to_owned()));
        }
        let id = made.body.get(resource.id).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(reason) = self.take_steps(resource, &id, steps).await? {
            let path = format!("{}/{}", resource.path, encoded(&id));
            self.remote.administration.call(&Method::DELETE, &path, resource.deletion, None).await?;
            return Ok(Outcome::Refused(reason));
        }
        kept.insert(id);
        Ok(Outcome::Created)
    }

    async fn update(
        &self,
        kind: &Kind,
        resource: &Resource,
        id: &str,
        found: &Map<String, Value>,
        wanted: Wanted,
    ) -> Result<Outcome, Failure> {
        let Wanted { title, members: mut entry, parts } = wanted;
        entry.remove(resource.id);
        match kind.parts {
            Parts::Action => parts::complete_action(&mut entry, Some(found)),
            Parts::PhoneProvider if equal(entry.get("name"), found.get("name")) => secrets::complete(&mut entry, found),
            _ => {}
        }
        if resource.filter == Filter::Databases {
            keep_options(&mut entry, found);
        }
        // What can be set once must be what it is.
        let pattern = format!("{}/{{id}}", resource.path);
        let changeable = self.remote.administration.members(&Method::PATCH, &pattern).unwrap_or_default();
        let settable = self.remote.administration.members(&Method::POST, resource.path).unwrap_or_default();
        let fixed: Vec<&str> = settable.into_iter().filter(|name| !changeable.contains(name)).collect();
        let other =
            fixed.iter().find(|name| entry.get(**name).is_some_and(|value| !equal(Some(value), found.get(**name))));
        if let Some(name) = other {
            return Ok(Outcome::Refused(format!("{name} cannot be changed")));
        }
        entry.retain(|name, value| !fixed.contains(&name.as_str()) && !equal(Some(value), found.get(name)));
        let mut before = found.clone();
        if kind.parts == Parts::Action && !entry.is_empty() {
            before.insert("deployed".to_owned(), json!(false));
        }
        let steps = parts::plan(kind.parts, &before, &parts);
        if let Some(reason) = self.refused(resource, id, &steps).await? {
            return Ok(Outcome::Refused(reason));
        }
        let outcome = self.change(kind, resource, id, found, entry).await?;
        if steps.is_empty() || matches!(outcome, Outcome::Refused(_)) {
            return Ok(outcome);
        }
        let mut members = if let Outcome::Changed(members) = outcome { members } else { Vec::new() };
        let written = members.clone();
        for step in &steps {
            if !members.iter().any(|own| own == step.member) {
                members.push(step.member.to_owned());
            }
        }
        if self.dry_run {
            return Ok(Outcome::Changed(members));
        }
        if let Some(reason) = self.take_steps(resource, id, steps).await? {
            self.undo(kind, resource, id, found, &written).await?;
            return Ok(Outcome::Refused(format!("{title} stays as it was: {reason}")));
        }
        Ok(Outcome::Changed(members))
    }

    /// Changes the members that differ. What the API makes of them is compared as well: a file need not say everything.
    async fn change(
        &self,
        kind: &Kind,
        resource: &Resource,
        id: &str,
        found: &Map<String, Value>,
        differing: Map<String, Value>,
    ) -> Result<Outcome, Failure> {
        if differing.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let members: Vec<String> = differing.keys().cloned().collect();
        let path = format!("{}/{}", resource.path, encoded(id));
        let body = Value::Object(if resource.whole { self.whole(resource, found, differing) } else { differing });
        let checked = self.remote.administration.check(&Method::PATCH, &path, Some(&body)).await?;
        if !checked.is_success() {
            return Ok(Outcome::Refused(checked.refusal().to_owned()));
        }
        if self.dry_run {
            return Ok(Outcome::Changed(members));
        }
        let answer = self.remote.administration.call(&Method::PATCH, &path, None, Some(&body)).await?;
        if !answer.is_success() {
            return Ok(Outcome::Refused(answer.refusal().to_owned()));
        }
        let Administered { body: answer, .. } = answer;
        // Secrets are not answered, and were compared before.
        let is_secret = |name: &str| {
            matches!((kind.parts, name), (Parts::Action, "secrets") | (Parts::PhoneProvider, "credentials"))
        };
        let changed: Vec<String> =
            members.into_iter().filter(|name| is_secret(name) || !equal(answer.get(name), found.get(name))).collect();
        Ok(if changed.is_empty() { Outcome::Unchanged } else { Outcome::Changed(changed) })
    }

    /// What is there, with what differs.
    fn whole(
        &self,
        resource: &Resource,
        found: &Map<String, Value>,
        differing: Map<String, Value>,
    ) -> Map<String, Value> {
        let pattern = format!("{}/{{id}}", resource.path);
        let taken = self.remote.administration.members(&Method::PATCH, &pattern).unwrap_or_default();
        let mut whole = found.clone();
        whole.retain(|name, _| taken.contains(&name.as_str()));
        whole.extend(differing);
        whole
    }

    /// Why one of the calls would be refused, as far as that can be said without the database.
    async fn refused(&self, resource: &Resource, id: &str, steps: &[Step]) -> Result<Option<String>, Failure> {
        for step in steps {
            let path = format!("{}/{}{}", resource.path, encoded(id), step.path);
            let checked = self.remote.administration.check(&step.method, &path, step.body.as_ref()).await?;
            if !checked.is_success() {
                return Ok(Some(checked.refusal().to_owned()));
            }
        }
        Ok(None)
    }

    /// Makes the calls one after another; why one was refused.
    async fn take_steps(&self, resource: &Resource, id: &str, steps: Vec<Step>) -> Result<Option<String>, Failure> {
        for Step { method, path, body, .. } in steps {
            let path = format!("{}/{}{path}", resource.path, encoded(id));
            let done = self.remote.administration.call(&method, &path, None, body.as_ref()).await?;
            if !done.is_success() {
                return Ok(Some(done.refusal().to_owned()));
            }
        }
        Ok(None)
    }

    /// Makes an entry what it was before: the members that were written, and its parts.
    async fn undo(
        &self,
        kind: &Kind,
        resource: &Resource,
        id: &str,
        before: &Map<String, Value>,
        written: &[String],
    ) -> Result<(), Failure> {
        if !written.is_empty() {
            let old = written.iter().map(|name| (name.clone(), before.get(name).cloned().unwrap_or_default()));
            let body =
                Value::Object(if resource.whole { self.whole(resource, before, Map::new()) } else { old.collect() });
            let path = format!("{}/{}", resource.path, encoded(id));
            self.remote.administration.call(&Method::PATCH, &path, None, Some(&body)).await?;
        }
        let now = self.remote.list(kind, resource).await?;
        if let Some(now) = now.iter().find(|own| own.get(resource.id).and_then(Value::as_str) == Some(id)) {
            let back = parts::plan(kind.parts, now, before);
            self.take_steps(resource, id, back).await?;
        }
        Ok(())
    }

    /// `--delete`: what the files do not have. Whoever administers the tenant stays.
    pub(super) async fn remove_others(
        &self,
        kind: &Kind,
        resource: &Resource,
        kept: &BTreeSet<String>,
        summary: &mut Summary,
    ) -> Result<(), Failure> {
        let administrators: BTreeSet<String> = self
            .remote
            .pages("/client-grants")
            .await?
            .iter()
            .filter(|grant| grant.get("audience").and_then(Value::as_str) == Some(self.management_audience))
            .filter_map(|grant| Some(grant.get("client_id")?.as_str()?.to_owned()))
            .collect();
        for entry in self.remote.list(kind, resource).await? {
            let id = entry.get(resource.id).and_then(Value::as_str).unwrap_or_default();
            let audience = entry.get("audience").and_then(Value::as_str);
            if kept.contains(id) || administrators.contains(id) || audience == Some(self.management_audience) {
                continue;
            }
            let path = format!("{}/{}", resource.path, encoded(id));
            let outcome = if self.dry_run {
                Outcome::Deleted
            } else {
                let done = self.remote.administration.call(&Method::DELETE, &path, resource.deletion, None).await?;
                if done.is_success() { Outcome::Deleted } else { Outcome::Refused(done.refusal().to_owned()) }
            };
            summary.note(kind.name, &title(kind, &entry), outcome);
        }
        Ok(())
    }
}

/// Options of a database are replaced as a whole; those that files never have stay.
fn keep_options(entry: &mut Map<String, Value>, found: &Map<String, Value>) {
    if let (Some(Value::Object(options)), Some(Value::Object(there))) = (entry.get_mut("options"), found.get("options"))
    {
        for (name, value) in there {
            options.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}
