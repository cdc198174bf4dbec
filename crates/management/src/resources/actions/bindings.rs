//! What runs at a trigger, in its order (`management-api.md` §15.1, §1.13: "PATCH replaces the whole ordered list").

use keywright_app::{App, AppError};
use keywright_store::Tx;
use keywright_store::action_bindings::{self, ActionBindingRow};
use keywright_store::actions::{self, ActionRow};
use keywright_types::{ActionSecret, ActionTrigger, BindingPolicy, TenantId};
use serde_json::{Value, json};

use super::{action, answer, content, pages, versions};
use crate::call::Call;
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::schema::{Schema, list as list_of, object, one_of, optional, required, text_of};

/// `rules-and-actions.md` §3.8: "20 Actions per trigger".
const MOST_BINDINGS: usize = 20;

pub(super) fn schema() -> Schema {
    let reference = object(vec![
        required("type", one_of(&["action_id", "action_name", "binding_id"])),
        required("value", text_of(1, 255)),
    ]);
    let one = object(vec![
        required("ref", reference.about("Which action.")),
        optional("display_name", text_of(0, 255).about("Name of the binding; the action's when it is left out.")),
        optional("secrets", content::secrets_schema()),
    ]);
    let all = list_of(one).sized(0, MOST_BINDINGS).about("What runs, in its order.");
    object(vec![required("bindings", all)]).named("ActionBindings")
}

fn trigger(call: &Call) -> Result<&'static ActionTrigger, ApiError> {
    ActionTrigger::find(call.path("trigger")).ok_or_else(|| ApiError::not_found("That trigger does not exist."))
}

fn shown(tx: &mut Tx<'_>, tenant: &TenantId, trigger: &ActionTrigger) -> Result<Vec<Value>, ApiError> {
    let mut all = Vec::new();
    for row in action_bindings::list(tx, tenant, trigger.id)? {
        let bound = actions::find(tx, tenant, &row.action_id)?.ok_or_else(action::missing)?;
        let shown = answer::action(&bound, action::deployed(tx, tenant, &bound)?.as_ref())?;
        all.push(answer::binding(&row, &shown)?);
    }
    Ok(all)
}

pub(super) async fn list(call: Call) -> Outcome {
    let trigger = trigger(&call)?;
    let all = call.read(move |tx, tenant| shown(tx, tenant, trigger)).await?;
    Ok(pages::reply(&call, "bindings", all))
}

pub(super) async fn replace(call: Call) -> Outcome {
    let (trigger, app) = (trigger(&call)?, call.app.clone());
    let sent = call.body.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    if trigger.binding_policy == BindingPolicy::EntityBound && !sent.is_empty() {
        return Err(ApiError::invalid_body(format!("The trigger {} has no list of bindings", trigger.id)));
    }
    let all = call
        .configure(move |tx, tenant| {
            let before = action_bindings::list(tx, tenant, trigger.id)?;
            let mut rows = Vec::new();
            for (position, sent) in (0..).zip(&sent) {
                let action = referenced(tx, tenant, trigger, &before, sent)?;
                if rows.iter().any(|row: &ActionBindingRow| row.action_id == action.action_id) {
                    return Err(ApiError::invalid_body("An action is bound twice"));
                }
                rows.push(binding(&app, tenant, &before, &action, (position, sent))?);
            }
            action_bindings::replace(tx, tenant, trigger.id, &rows)?;
            shown(tx, tenant, trigger)
        })
        .await?;
    Ok(pages::reply(&call, "bindings", all))
}

/// The action that an entry means: it is of this trigger, and deployed.
fn referenced(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    trigger: &ActionTrigger,
    before: &[ActionBindingRow],
    sent: &Value,
) -> Result<ActionRow, ApiError> {
    let text = |pointer: &str| sent.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let value = text("/ref/value");
    let found = match text("/ref/type") {
        "action_name" => actions::find_by_name(tx, tenant, trigger.id, value)?,
        "binding_id" => match before.iter().find(|row| row.binding_id == value) {
            Some(row) => actions::find(tx, tenant, &row.action_id)?,
            None => return Err(ApiError::not_found("That binding does not exist.")),
        },
        _ => actions::find(tx, tenant, value)?,
    };
    let action = found.ok_or_else(action::missing)?;
    if action.trigger_id != trigger.id {
        let name = content::shown(&action.name);
        return Err(ApiError::invalid_body(format!("The action {name} is not for the trigger {}", trigger.id)));
    }
    if action.deployed_version.is_none() {
        let name = content::shown(&action.name);
        return Err(ApiError::invalid_body(format!("The action {name} must be deployed before it can be bound")));
    }
    Ok(action)
}

/// The row of an entry. One that was bound before keeps its identifier.
fn binding(
    app: &App,
    tenant: &TenantId,
    before: &[ActionBindingRow],
    action: &ActionRow,
    (position, sent): (i64, &Value),
) -> Result<ActionBindingRow, ApiError> {
    let now = app.now();
    let old = before.iter().find(|row| row.action_id == action.action_id);
    let document: Value = match old {
        Some(row) => serde_json::from_str(&row.document).map_err(AppError::internal)?,
        None => json!({}),
    };
    let names = document.get("secrets").cloned().unwrap_or_else(|| json!([]));
    let names: Vec<ActionSecret> = serde_json::from_value(names).map_err(AppError::internal)?;
    let values = app.unsealed_action_secrets(tenant, old.and_then(|row| row.secrets.as_deref()))?;
    let (names, secrets) = match content::written_secrets(sent, &names, &values, now)? {
        Some((names, values)) => (names, app.sealed_action_secrets(tenant, &values)),
        None => (names, old.and_then(|row| row.secrets.clone())),
    };
    let display_name = sent.get("display_name").and_then(Value::as_str).filter(|name| !name.is_empty());
    Ok(ActionBindingRow {
        binding_id: old.map_or_else(|| app.random().uuid(), |row| row.binding_id.clone()),
        trigger_id: action.trigger_id.clone(),
        position,
        action_id: action.action_id.clone(),
        display_name: display_name.unwrap_or(&action.name).to_owned(),
        document: versions::text(&json!({ "secrets": names }))?,
        secrets,
        created_at: old.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}
