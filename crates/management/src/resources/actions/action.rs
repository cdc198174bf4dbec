//! Actions themselves: the drafts (`management-api.md` §15.1).

use keywright_app::{ActionSecrets, App, AppError};
use keywright_store::action_versions::ActionVersionRow;
use keywright_store::actions::{self, ActionRow};
use keywright_store::{Tx, action_bindings, action_versions};
use keywright_types::{ActionContent, ActionTrigger, TenantId};
use serde_json::Value;

use super::{answer, content, pages, versions};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

/// `rules-and-actions.md` §3.8: "100 per tenant".
const MOST_ACTIONS: i64 = 100;

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("That action does not exist.")
}

/// §1.10: "treat equal name+trigger as 409".
fn taken(error: ApiError) -> ApiError {
    error.when("actions_name_key", || ApiError::conflict("An action of this trigger with the same name already exists"))
}

/// The version of `row` that is deployed.
pub(super) fn deployed(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &ActionRow,
) -> Result<Option<ActionVersionRow>, ApiError> {
    let Some(version) = &row.deployed_version else { return Ok(None) };
    Ok(action_versions::find(tx, tenant, &row.action_id, version)?)
}

pub(super) async fn list(call: Call) -> Outcome {
    let text = |name: &str| call.query.text(name).map(str::to_owned);
    let (trigger, named) = (text("triggerId"), text("actionName"));
    let (deployed, installed) = (call.query.flag("deployed"), call.query.flag("installed"));
    let (rows, versions) =
        call.read(|tx, tenant| Ok((actions::list(tx, tenant)?, action_versions::list_deployed(tx, tenant)?))).await?;
    let wanted = |row: &&ActionRow| {
        trigger.as_ref().is_none_or(|trigger| row.trigger_id == *trigger)
            && named.as_ref().is_none_or(|named| row.name == *named)
            && deployed.is_none_or(|deployed| row.deployed_version.is_some() == deployed)
            && installed != Some(true)
    };
    let shown = |row: &ActionRow| answer::action(row, versions.iter().find(|own| own.action_id == row.action_id));
    let all: Vec<Value> = rows.iter().filter(wanted).map(shown).collect::<Result<_, _>>()?;
    Ok(pages::reply(&call, "actions", all))
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let shown = call
        .read(move |tx, tenant| {
            let row = actions::find(tx, tenant, &id)?.ok_or_else(missing)?;
            answer::action(&row, deployed(tx, tenant, &row)?.as_ref())
        })
        .await?;
    Ok(Reply::json(shown))
}

pub(super) async fn create(call: Call) -> Outcome {
    let (app, now, body) = (call.app.clone(), call.app.now(), call.body.clone());
    let mut new = ActionContent {
        runtime: ActionTrigger::RUNTIMES.first().copied().unwrap_or_default().to_owned(),
        ..ActionContent::default()
    };
    content::write(&mut new, &body)?;
    let mut row = ActionRow {
        action_id: app.random().uuid(),
        name: call.text("name").unwrap_or_default().to_owned(),
        trigger_id: new.supported_triggers.first().map(|own| own.id.clone()).unwrap_or_default(),
        deployed_version: None,
        document: String::new(),
        secrets: None,
        created_at: now,
        updated_at: now,
    };
    if let Some((names, values)) = content::written_secrets(&body, &[], &ActionSecrets::new(), now)? {
        new.secrets = names;
        row.secrets = app.sealed_action_secrets(&call.tenant.id, &values);
    }
    row.document = serde_json::to_string(&new).map_err(AppError::internal)?;
    let deploys = body.get("deploy").and_then(Value::as_bool).unwrap_or(false);
    let written = call.configure(move |tx, tenant| {
        if actions::count(tx, tenant)? >= MOST_ACTIONS {
            return Err(ApiError::too_many_entities());
        }
        actions::insert(tx, tenant, &row)?;
        let version = if deploys { Some(versions::deploy_draft(&app, tx, tenant, &mut row)?) } else { None };
        answer::action(&row, version.as_ref())
    });
    Ok(Reply::json(written.await.map_err(taken)?))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, app, body) = (call.path("id").to_owned(), call.app.clone(), call.body.clone());
    let written = call.configure(move |tx, tenant| {
        let mut row = actions::find(tx, tenant, &id)?.ok_or_else(missing)?;
        change(&app, tenant, &mut row, &body)?;
        actions::update(tx, tenant, &row)?;
        answer::action(&row, deployed(tx, tenant, &row)?.as_ref())
    });
    Ok(Reply::json(written.await.map_err(taken)?))
}

fn change(app: &App, tenant: &TenantId, row: &mut ActionRow, body: &Value) -> Result<(), ApiError> {
    let now = app.now();
    let mut draft = answer::content(&row.document)?;
    content::write(&mut draft, body)?;
    if draft.supported_triggers.iter().any(|own| own.id != row.trigger_id) {
        return Err(ApiError::invalid_body("The trigger of an action never changes"));
    }
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut row.name);
    }
    let values = app.unsealed_action_secrets(tenant, row.secrets.as_deref())?;
    if let Some((names, values)) = content::written_secrets(body, &draft.secrets, &values, now)? {
        draft.secrets = names;
        row.secrets = app.sealed_action_secrets(tenant, &values);
    }
    row.document = serde_json::to_string(&draft).map_err(AppError::internal)?;
    row.updated_at = now;
    Ok(())
}

/// §1.14: "refused while bound (400) unless `?force=true`".
pub(super) async fn delete(call: Call) -> Outcome {
    let (id, force) = (call.path("id").to_owned(), call.query.flag("force").unwrap_or(false));
    call.configure(move |tx, tenant| {
        if force {
            action_bindings::delete_for_action(tx, tenant, &id)?;
        } else if action_bindings::count_for_action(tx, tenant, &id)? > 0 {
            return Err(ApiError::bad_request(
                "The action is bound to a trigger. Remove the binding first, or delete it with force=true.",
            ));
        }
        if actions::delete(tx, tenant, &id)? { Ok(()) } else { Err(missing()) }
    })
    .await?;
    Ok(Reply::empty())
}

/// Nothing runs yet.
pub(super) async fn test(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.read(move |tx, tenant| actions::find(tx, tenant, &id)?.ok_or_else(missing)).await?;
    Err(ApiError::not_enabled())
}

/// Nothing ran yet.
pub(super) async fn execution(_: Call) -> Outcome {
    Err(ApiError::not_found("That execution does not exist."))
}
