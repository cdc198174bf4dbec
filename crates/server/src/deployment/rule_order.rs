//! Places of rules. Two rules never have the same one (`management-api.md` §15.2), so that a rule can only take the place of another
//! when that one has gone; rules of the files have places of their own afterwards.

use http::Method;
use serde_json::{Value, json};

use super::import::Import;
use super::kind::Kind;
use super::remote::encoded;
use super::summary::Outcome;
use super::tree::Entry;
use crate::Failure;

const RULES: &str = "/rules";

/// Places that several rules of the files want.
pub(super) fn disputed(kind: &Kind, entries: &[Entry]) -> Vec<i64> {
    if kind.name != "rules" {
        return Vec::new();
    }
    let orders: Vec<i64> = entries.iter().filter_map(|entry| entry.members.get("order")?.as_i64()).collect();
    orders.iter().filter(|own| orders.iter().filter(|other| other == own).count() > 1).copied().collect()
}

/// Rules that had to go.
pub(super) struct Places {
    /// Names of the rules that the files have a place for.
    of_files: Vec<String>,
    /// The one that went for the entry that is written: its identifier, its name, and where it was.
    last: Option<(String, String, i64)>,
    /// Those that are in no file.
    moved: Vec<String>,
}

impl Places {
    pub(super) fn new(kind: &Kind, entries: &[Entry]) -> Self {
        let name = |entry: &Entry| {
            entry.members.get("order").filter(|order| order.is_number())?;
            entry.members.get("name").and_then(Value::as_str).map(str::to_owned)
        };
        let of_files = if kind.name == "rules" { entries.iter().filter_map(name).collect() } else { Vec::new() };
        Self { of_files, last: None, moved: Vec::new() }
    }

    /// Moves the rule that is at a place to the end, unless it is the one that is to be there.
    pub(super) async fn make_room(
        &mut self,
        import: &Import<'_>,
        id: Option<&str>,
        order: Option<i64>,
    ) -> Result<(), Failure> {
        let Some(order) = order.filter(|_| !import.dry_run) else { return Ok(()) };
        let rules = import.remote.pages(RULES).await?;
        let place = |rule: &Value| rule.get("order").and_then(Value::as_i64).unwrap_or_default();
        let text = |rule: &Value, name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let there = rules.iter().find(|rule| place(rule) == order && Some(text(rule, "id").as_str()) != id);
        let Some(there) = there else { return Ok(()) };
        let last = rules.iter().map(place).max().unwrap_or_default();
        let (id, name) = (text(there, "id"), text(there, "name"));
        if set(import, &id, last.saturating_add(1)).await? {
            self.last = Some((id, name, order));
        }
        Ok(())
    }

    /// When the entry was refused, the rule that went for it goes back.
    pub(super) async fn settle(&mut self, import: &Import<'_>, refused: bool) -> Result<(), Failure> {
        let Some((id, name, order)) = self.last.take() else { return Ok(()) };
        if refused {
            set(import, &id, order).await?;
        } else if !self.of_files.contains(&name) {
            self.moved.push(name);
        }
        Ok(())
    }

    /// Rules that are in no file and run later now.
    pub(super) fn moved(self) -> Vec<(String, Outcome)> {
        self.moved.into_iter().map(|name| (name, Outcome::Changed(vec!["order".to_owned()]))).collect()
    }
}

async fn set(import: &Import<'_>, id: &str, order: i64) -> Result<bool, Failure> {
    let body = json!({ "order": order });
    let path = format!("{RULES}/{}", encoded(id));
    Ok(import.remote.administration.call(&Method::PATCH, &path, None, Some(&body)).await?.is_success())
}
