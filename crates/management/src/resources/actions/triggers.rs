//! The list of triggers (`management-api.md` §15.1).

use keywright_types::ActionTrigger;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::operation::Outcome;
use crate::schema::{Schema, anything, list as list_of, object, optional, required, text};

pub(super) fn answer() -> Schema {
    let texts = ["id", "version", "status", "default_runtime", "binding_policy"].map(|name| optional(name, text()));
    let lists = vec![optional("runtimes", list_of(text())), optional("compatible_triggers", list_of(anything()))];
    object(vec![required("triggers", list_of(object([texts.to_vec(), lists].concat())))])
}

pub(super) async fn list(_: Call) -> Outcome {
    let mut triggers: Vec<Value> = Vec::new();
    for trigger in &ActionTrigger::ALL {
        for version in trigger.versions.iter().rev() {
            let is_current = *version == trigger.current();
            let runtimes: &[&str] =
                if is_current { &["node22", "node18"] } else { &["node22", "node18", "node16", "node12"] };
            triggers.push(json!({
                "id": trigger.id,
                "version": version,
                "status": if is_current { "CURRENT" } else { "DEPRECATED" },
                "runtimes": runtimes,
                "default_runtime": "node22",
                "binding_policy": trigger.binding_policy.as_str(),
                "compatible_triggers": [],
            }));
        }
    }
    Ok(Reply::json(json!({ "triggers": triggers })))
}
