//! Settings at fixed addresses: each is set where it differs, and made where it is not there.

use http::Method;
use serde_json::{Map, Value};

use super::comparison::equal;
use super::import::{Import, note_unresolved};
use super::keywords::settle;
use super::kind::Kind;
use super::remote::{take, title};
use super::secrets;
use super::settings::{Found, Place, Settings};
use super::summary::{Outcome, Summary};
use super::tree::Entry;
use crate::Failure;

impl Import<'_> {
    /// Sets the entries of a type.
    pub(super) async fn set(
        &self,
        kind: &Kind,
        settings: Settings,
        entries: Vec<Entry>,
        summary: &mut Summary,
    ) -> Result<(), Failure> {
        let mut seen: Vec<Vec<Option<Value>>> = Vec::new();
        for Entry { members: mut entry, file } in entries {
            let title = title(kind, &entry);
            for path in kind.left_out {
                take(&mut entry, path);
            }
            let own: Vec<Option<Value>> = settings.address().iter().map(|name| entry.get(*name).cloned()).collect();
            let is_second = !own.is_empty() && seen.contains(&own);
            seen.push(own);
            let outcome = if is_second {
                Outcome::Refused("another entry of the files is the same one".to_owned())
            } else {
                self.set_one(kind, settings, &title, entry).await?
            };
            summary.note(kind.name, &Self::shown(&title, file.as_deref(), &outcome), outcome);
        }
        Ok(())
    }

    async fn set_one(
        &self,
        kind: &Kind,
        settings: Settings,
        title: &str,
        mut wanted: Map<String, Value>,
    ) -> Result<Outcome, Failure> {
        let Some(place) = self.remote.place(settings, &wanted).await? else {
            return Ok(Outcome::Refused(format!("this version has no {} of this name", kind.name)));
        };
        for name in settings.address() {
            wanted.remove(*name);
        }
        let found = match self.remote.found(&place, true).await? {
            Found::Nothing => None,
            Found::Members(members) => Some(members),
            Found::Refused(reason) => return Ok(Outcome::Refused(reason)),
        };
        // Secrets of a place that keeps them sealed go with their server alone (`secrets::complete`).
        let there = found.as_ref().filter(|_| !place.seals());
        note_unresolved(kind.name, title, &settle(&mut wanted, there));
        if let Some(found) = found.as_ref().filter(|_| place.seals())
            && wanted.get("name").is_none_or(|name| equal(Some(name), found.get("name")))
        {
            secrets::complete(&mut wanted, found);
        }
        let differs = |name: &str, value: &Value| !equal(Some(value), found.as_ref().and_then(|found| found.get(name)));
        let differing: Vec<String> =
            wanted.iter().filter(|(name, value)| differs(name, value)).map(|(name, _)| name.clone()).collect();
        if differing.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        if let Some(known) = place.members()
            && let Some(name) = wanted.keys().find(|name| !known.contains(&name.as_str()))
        {
            return Ok(Outcome::Refused(format!("there is no member {name}")));
        }
        let (method, path, members) = match (&found, place.creation) {
            (None, Some(path)) => (Method::POST, path.to_owned(), wanted),
            _ => (place.write.0.clone(), place.write.1.clone(), sent(&place, found.as_ref(), wanted, &differing)),
        };
        let body = place.body(members);
        let checked = self.remote.administration.check(&method, &path, Some(&body)).await?;
        if !checked.is_success() {
            return Ok(Outcome::Refused(checked.refusal().to_owned()));
        }
        if self.dry_run {
            return Ok(if found.is_none() { Outcome::Created } else { Outcome::Changed(differing) });
        }
        let done = self.remote.administration.call(&method, &path, None, Some(&body)).await?;
        if !done.is_success() {
            return Ok(Outcome::Refused(done.refusal().to_owned()));
        }
        let Some(before) = found else { return Ok(Outcome::Created) };
        let after = match self.remote.found(&place, true).await? {
            Found::Members(members) => members,
            Found::Nothing | Found::Refused(_) => Map::new(),
        };
        let changed: Vec<String> =
            differing.into_iter().filter(|name| !equal(before.get(name), after.get(name))).collect();
        Ok(if changed.is_empty() { Outcome::Unchanged } else { Outcome::Changed(changed) })
    }
}

/// What is sent: what differs, or all of it where it takes the place of what was there.
fn sent(
    place: &Place,
    found: Option<&Map<String, Value>>,
    mut wanted: Map<String, Value>,
    differing: &[String],
) -> Map<String, Value> {
    if place.is_replaced() {
        let mut whole = found.cloned().unwrap_or_default();
        whole.extend(wanted);
        return whole;
    }
    wanted.retain(|name, _| differing.contains(name));
    wanted
}
