//! What is written of an action: the body of a call, and the secrets that lie sealed beside the rest (`management-api.md` §15.1;
//! limits: `rules-and-actions.md` §3.8).

use keywright_app::{ActionSecrets, AppError};
use keywright_types::{ActionContent, ActionDependency, ActionSecret, ActionTrigger, Timestamp, TriggerReference};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::ApiError;
use crate::schema::formats::URL;
use crate::schema::{
    Member, Schema, anything, boolean, formatted, list, object, one_of, open_object, optional, required, text, text_of,
};

pub(super) fn create_schema() -> Schema {
    let own = vec![
        required("name", name()),
        required("supported_triggers", triggers()),
        optional("deploy", boolean().about("Whether it is deployed at once.")),
    ];
    object([own, members()].concat()).named("ActionCreate")
}

pub(super) fn update_schema() -> Schema {
    let own = vec![optional("name", name()), optional("supported_triggers", triggers())];
    object([own, members()].concat()).sized(1, usize::MAX).named("ActionUpdate")
}

fn name() -> Schema {
    text_of(1, 255).about("The name of an action.")
}

fn triggers() -> Schema {
    // What is answered of triggers may be sent back; it changes nothing.
    let answered = ["status", "default_runtime", "binding_policy"].map(|name| optional(name, text_of(0, 50)));
    let lists = ["runtimes", "compatible_triggers"].map(|name| optional(name, list(anything()).sized(0, 50)));
    let own = vec![required("id", text_of(1, 100)), optional("version", text_of(1, 20))];
    let one = object([own, answered.to_vec(), lists.to_vec()].concat());
    list(one).sized(1, 1).about("The trigger that it is for; never changes.")
}

fn members() -> Vec<Member> {
    let dependency = object(vec![
        required("name", text_of(1, 214)),
        required("version", text_of(1, 100)),
        optional("registry_url", formatted(URL).or_null()),
    ]);
    vec![
        optional("code", text().about("The source code of the action.")),
        optional("dependencies", list(dependency).sized(0, 10).about("Packages of npm that it requires.")),
        optional("runtime", one_of(&ActionTrigger::RUNTIMES).about("The Node runtime.")),
        optional("secrets", secrets_schema()),
        optional("modules", list(open_object()).sized(0, 0).about("There are no modules.")),
    ]
}

/// A list of secrets as it is written.
pub(super) fn secrets_schema() -> Schema {
    let one = object(vec![
        required("name", text_of(1, 128)),
        optional("value", text_of(0, 4096).secret().about("Kept as it is where it is left out.")),
        optional("updated_at", text_of(0, 50).or_null()),
    ]);
    list(one).sized(0, 30).about("Secrets; the list takes the place of the one before.")
}

/// "Actions use nanoseconds" (§1.4).
pub(super) fn nanoseconds(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// The trigger that a body names.
pub(super) fn trigger(body: &Value) -> Result<Option<TriggerReference>, ApiError> {
    let Some(sent) = body.pointer("/supported_triggers/0") else { return Ok(None) };
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let id = text("id").unwrap_or_default();
    let known =
        ActionTrigger::find(id).ok_or_else(|| ApiError::invalid_body(format!("There is no trigger {}", shown(id))))?;
    let version = text("version").unwrap_or(known.current());
    if !known.versions.contains(&version) {
        return Err(ApiError::invalid_body(format!("The trigger {id} has no version {}", shown(version))));
    }
    Ok(Some(TriggerReference { id: id.to_owned(), version: version.to_owned() }))
}

/// The beginning of what was sent.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// Puts what was sent in its place; the secrets are [`written_secrets`].
pub(super) fn write(content: &mut ActionContent, body: &Value) -> Result<(), ApiError> {
    if let Some(reference) = trigger(body)? {
        content.supported_triggers = vec![reference];
    }
    if let Some(code) = body.get("code").and_then(Value::as_str) {
        code.clone_into(&mut content.code);
    }
    if let Some(runtime) = body.get("runtime").and_then(Value::as_str) {
        runtime.clone_into(&mut content.runtime);
    }
    if let Some(sent) = body.get("dependencies") {
        let sent: Vec<ActionDependency> = serde_json::from_value(sent.clone()).map_err(AppError::internal)?;
        if repeated(sent.iter().map(|dependency| dependency.name.as_str())) {
            return Err(ApiError::invalid_body("A dependency is named twice"));
        }
        content.dependencies = sent;
    }
    Ok(())
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::HashSet::new();
    !names.into_iter().all(|name| seen.insert(name))
}

/// The secrets that a body leaves: names with the time of their values, and the values. `None` when it sends none.
///
/// §1.13: "list replaces the previous list; `{name}` without value keeps the stored value, a missing entry is deleted".
pub(super) fn written_secrets(
    body: &Value,
    names: &[ActionSecret],
    values: &ActionSecrets,
    now: Timestamp,
) -> Result<Option<(Vec<ActionSecret>, ActionSecrets)>, ApiError> {
    let Some(sent) = body.get("secrets").and_then(Value::as_array) else { return Ok(None) };
    let name = |entry: &Value| entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let sent_names: Vec<String> = sent.iter().map(name).collect();
    if repeated(sent_names.iter().map(String::as_str)) {
        return Err(ApiError::invalid_body("A secret is named twice"));
    }
    let (mut new_names, mut new_values) = (Vec::new(), ActionSecrets::new());
    for (entry, name) in sent.iter().zip(sent_names) {
        let kept = names.iter().find(|own| own.name == name);
        match (entry.get("value").and_then(Value::as_str), kept) {
            (None, Some(kept)) => {
                new_names.push(kept.clone());
                if let Some(value) = values.get(&name) {
                    new_values.insert(name, value.clone());
                }
            }
            // A name without a value: nothing is known of it, and code that asks for it gets nothing.
            (None, None) => new_names.push(ActionSecret { name, updated_at: nanoseconds(now) }),
            (Some(value), _) => {
                new_names.push(ActionSecret { name: name.clone(), updated_at: nanoseconds(now) });
                new_values.insert(name, SecretString::from(value));
            }
        }
    }
    Ok(Some((new_names, new_values)))
}
