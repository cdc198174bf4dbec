//! What belongs to an entry and has operations of its own: permissions of roles, connections and client grants of organizations,
//! whether an action is deployed. A plan is made of what is to be before anything is written.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value, json};

use super::comparison::equal;
use super::kind::Parts;
use super::remote::{Names, Remote, encoded, permission};
use super::tree::Tree;
use crate::Failure;

/// One call, below the path of the entry.
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// The member that it is about.
    pub(super) member: &'static str,
}

/// What names of files stand for in parts.
#[derive(Default)]
pub(super) struct PartNames {
    connections: Names,
    clients: Names,
    /// Identifier, application and API of every client grant.
    grants: Vec<(String, String, String)>,
    /// Names of connections that the import would make, and applications with a grant that it would make.
    planned: Planned,
}

/// What an import that changes nothing would have made before: connections and applications with client grants, by their names.
#[derive(Clone, Default)]
pub(super) struct Planned {
    connections: BTreeSet<String>,
    clients: BTreeSet<String>,
}

impl Planned {
    /// Of the files.
    pub(super) fn of(tree: &Tree) -> Self {
        let names = |kind: &str, member: &str| -> Vec<String> {
            let entries = tree.lists.get(kind).into_iter().flatten();
            entries.filter_map(|entry| entry.members.get(member)?.as_str().map(str::to_owned)).collect()
        };
        let connections = [names("databases", "name"), names("connections", "name")].concat();
        Self {
            connections: connections.into_iter().collect(),
            clients: names("clientGrants", "client_id").into_iter().collect(),
        }
    }
}

/// Identifier of what is planned.
const PLANNED: &str = "planned";

/// Members of organizations that this version does not store.
const NOT_STORED: [&str; 2] = ["clients", "discovery_domains"];
/// Members of a connection of an organization that are said by the API alone.
const ANSWERED: [&str; 2] = ["connection", "connection_id"];

impl PartNames {
    pub(super) async fn read(
        remote: &Remote<'_>,
        parts: Parts,
        clients: Option<&Names>,
        planned: &Planned,
    ) -> Result<Self, Failure> {
        if parts != Parts::Organization {
            return Ok(Self::default());
        }
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let connections = remote.pages("/connections").await?;
        let grants = remote.pages("/client-grants").await?;
        Ok(Self {
            connections: Names::of(connections.iter().map(|own| (text(own, "id"), text(own, "name")))),
            clients: clients.cloned().unwrap_or_default(),
            planned: planned.clone(),
            grants: grants.iter().map(|own| (text(own, "id"), text(own, "client_id"), text(own, "audience"))).collect(),
        })
    }

    /// The parts of an entry of a file, in the words of the API.
    pub(super) fn wanted(&self, parts: Parts, entry: &mut Map<String, Value>) -> Result<Map<String, Value>, String> {
        let mut wanted: Map<String, Value> =
            parts.members().iter().filter_map(|name| Some(((*name).to_owned(), entry.remove(*name)?))).collect();
        wanted.retain(|_, value| !value.is_null());
        if parts == Parts::Organization {
            if let Some(connections) = wanted.get_mut("connections") {
                *connections =
                    list(connections).into_iter().map(|own| self.connection(own)).collect::<Result<_, _>>()?;
            }
            if let Some(grants) = wanted.get_mut("client_grants") {
                *grants = list(grants).iter().map(|own| self.grant(own)).collect::<Result<_, _>>()?;
            }
        }
        Ok(wanted)
    }

    fn connection(&self, mut own: Value) -> Result<Value, String> {
        let members = own.as_object_mut().ok_or("an entry of connections is not an object")?;
        let name = members.remove("name");
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        let id = match self.connections.id(name) {
            id if id != name => id,
            _ if self.planned.connections.contains(name) => PLANNED,
            _ => return Err(format!("there is no connection {name}")),
        };
        members.insert("connection_id".to_owned(), json!(id));
        members.remove("connection");
        Ok(own)
    }

    fn grant(&self, own: &Value) -> Result<Value, String> {
        let text = |name: &str| own.get(name).and_then(Value::as_str);
        let name = text("client_id").unwrap_or_default();
        let client = self.clients.id(name);
        let of_client = self.grants.iter().filter(|(_, own, _)| own == client);
        let fitting: Vec<_> =
            of_client.filter(|(.., audience)| text("audience").is_none_or(|own| own == audience)).collect();
        match fitting.as_slice() {
            [(id, ..)] => Ok(json!({ "id": id })),
            [] if self.planned.clients.contains(name) => Ok(json!({ "id": PLANNED })),
            [] => Err(format!("there is no client grant of {name}")),
            _ => Err(format!("{name} has several client grants: say which by audience")),
        }
    }

    /// The parts of an organization in the words of files.
    pub(super) fn shown(&self, entry: &mut Map<String, Value>) {
        if let Some(Value::Array(connections)) = entry.get_mut("connections") {
            for own in connections.iter_mut().filter_map(Value::as_object_mut) {
                let name = own.get("connection").and_then(|own| own.get("name")).cloned();
                own.retain(|member, _| !ANSWERED.contains(&member.as_str()));
                own.insert("name".to_owned(), name.unwrap_or_default());
            }
            connections.sort_by_key(ToString::to_string);
        }
        if let Some(Value::Array(grants)) = entry.get_mut("client_grants") {
            for own in grants.iter_mut() {
                let text = |name: &str| own.get(name).and_then(Value::as_str).unwrap_or_default();
                let (client, audience) = (text("client_id"), text("audience"));
                let name = self.clients.name(client);
                let several = self.grants.iter().filter(|(_, own, _)| own == client).count() > 1;
                *own = if several {
                    json!({ "client_id": name, "audience": audience })
                } else {
                    json!({ "client_id": name })
                };
            }
            grants.sort_by_key(ToString::to_string);
        }
    }
}

/// What of an organization's file is not stored.
pub(super) fn not_stored(parts: Parts, entry: &mut Map<String, Value>) -> Vec<&'static str> {
    if parts != Parts::Organization {
        return Vec::new();
    }
    let some = |value: &Value| value.as_array().is_some_and(|all| !all.is_empty());
    NOT_STORED.into_iter().filter(|name| entry.remove(*name).is_some_and(|value| some(&value))).collect()
}

/// The calls that make the parts `before` what is `wanted`. A member that is not wanted stays as it is.
pub(super) fn plan(parts: Parts, before: &Map<String, Value>, wanted: &Map<String, Value>) -> Vec<Step> {
    let pair = |name: &str| Some((before.get(name).map(list).unwrap_or_default(), list(wanted.get(name)?)));
    let mut steps = Vec::new();
    let mut step = |method, path: String, body, member| steps.push(Step { method, path, body, member });
    match parts {
        Parts::Permissions => {
            let Some((before, wanted)) = pair("permissions") else { return steps };
            let set = |all: Vec<Value>| -> Vec<Value> { all.iter().map(permission).collect() };
            let (before, wanted) = (set(before), set(wanted));
            let without = |all: &[Value], others: &[Value]| -> Vec<Value> {
                all.iter().filter(|own| !others.contains(own)).cloned().collect()
            };
            for (method, permissions) in
                [(Method::POST, without(&wanted, &before)), (Method::DELETE, without(&before, &wanted))]
            {
                if !permissions.is_empty() {
                    let body = json!({ "permissions": permissions });
                    step(method, "/permissions".to_owned(), Some(body), "permissions");
                }
            }
        }
        Parts::Organization => {
            if let Some((before, wanted)) = pair("connections") {
                let id = |own: &Value| own.get("connection_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                for own in &wanted {
                    let there = before.iter().find(|other| id(other) == id(own));
                    let Some(there) = there else {
                        step(Method::POST, "/connections".to_owned(), Some(writable(own, true)), "connections");
                        continue;
                    };
                    let body = writable(own, false);
                    let changes = body.as_object().into_iter().flatten();
                    if changes.into_iter().any(|(name, value)| !equal(Some(value), there.get(name))) {
                        step(Method::PATCH, format!("/connections/{}", encoded(&id(own))), Some(body), "connections");
                    }
                }
                for own in before.iter().filter(|own| !wanted.iter().any(|other| id(other) == id(own))) {
                    step(Method::DELETE, format!("/connections/{}", encoded(&id(own))), None, "connections");
                }
            }
            if let Some((before, wanted)) = pair("client_grants") {
                let id = |own: &Value| own.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                for own in wanted.iter().filter(|own| !before.iter().any(|other| id(other) == id(own))) {
                    let body = json!({ "grant_id": id(own) });
                    step(Method::POST, "/client-grants".to_owned(), Some(body), "client_grants");
                }
                for own in before.iter().filter(|own| !wanted.iter().any(|other| id(other) == id(own))) {
                    step(Method::DELETE, format!("/client-grants/{}", encoded(&id(own))), None, "client_grants");
                }
            }
        }
        Parts::Action
            if wanted.get("deployed") == Some(&json!(true)) && before.get("deployed") != Some(&json!(true)) =>
        {
            step(Method::POST, "/deploy".to_owned(), None, "deployed");
        }
        Parts::Action | Parts::Nothing | Parts::PhoneProvider => {}
    }
    steps
}

/// What of a connection of an organization can be written.
fn writable(own: &Value, with_id: bool) -> Value {
    let mut body = own.clone();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, value| !value.is_null() && (with_id || !ANSWERED.contains(&name.as_str())));
        members.remove("connection");
    }
    body
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// An action as files have it: whether all of it is deployed, and its secrets by name with their values.
pub(super) fn show_action(entry: &mut Map<String, Value>, stored: &Map<String, Value>) {
    let deployed = entry.get("all_changes_deployed") == Some(&json!(true));
    entry.insert("deployed".to_owned(), json!(deployed));
    if let Some(Value::Array(secrets)) = entry.get_mut("secrets") {
        for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
            let name = secret.get("name").and_then(Value::as_str).unwrap_or_default();
            let value = stored.get(name).cloned();
            secret.remove("updated_at");
            secret.extend(value.map(|value| ("value".to_owned(), value)));
        }
    }
    sort_secrets(entry);
}

/// An action of a file as it is compared: a secret without a value is the one that is stored, of a trigger its version counts.
pub(super) fn complete_action(wanted: &mut Map<String, Value>, found: Option<&Map<String, Value>>) {
    let stored = found.and_then(|found| found.get("secrets")).map(list).unwrap_or_default();
    if let Some(Value::Array(secrets)) = wanted.get_mut("secrets") {
        for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
            secret.remove("updated_at");
            if secret.get("value").is_none_or(Value::is_null) {
                secret.remove("value");
                let kept = stored.iter().find(|own| own.get("name") == secret.get("name"));
                secret.extend(kept.and_then(|own| Some(("value".to_owned(), own.get("value")?.clone()))));
            }
        }
    }
    sort_secrets(wanted);
    if let Some(Value::Array(triggers)) = wanted.get_mut("supported_triggers") {
        for trigger in triggers.iter_mut().filter_map(Value::as_object_mut) {
            trigger.retain(|name, _| ["id", "version"].contains(&name.as_str()));
        }
    }
}

fn sort_secrets(entry: &mut Map<String, Value>) {
    if let Some(Value::Array(secrets)) = entry.get_mut("secrets") {
        secrets.sort_by_key(|secret| secret.get("name").map(ToString::to_string));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("not an object: {value}") };
        members
    }

    #[test]
    fn a_plan_does_what_differs() {
        let steps = |parts, before: Value, wanted: Value| -> Vec<String> {
            let all = plan(parts, &object(before), &object(wanted));
            all.iter().map(|step| format!("{} {}", step.method, step.path)).collect()
        };
        let connection = |id: &str, button: bool| json!({ "connection_id": id, "show_as_button": button });
        let before = json!({ "connections": [connection("a", true), connection("b", true), connection("c", true)] });
        let wanted = json!({ "connections": [connection("a", true), connection("b", false), connection("d", true)] });
        let all = steps(Parts::Organization, before.clone(), wanted);
        assert_eq!(all, ["PATCH /connections/b", "POST /connections", "DELETE /connections/c"]);
        assert!(steps(Parts::Organization, before.clone(), json!({})).is_empty(), "what is not said stays");
        assert!(steps(Parts::Organization, before.clone(), before).is_empty());
        let deployed = |own: bool| json!({ "deployed": own });
        assert_eq!(steps(Parts::Action, deployed(false), deployed(true)), ["POST /deploy"]);
        assert!(steps(Parts::Action, deployed(true), deployed(false)).is_empty());
    }
}
