//! Versions of actions: deploying, looking at them, going back (`management-api.md` §15.1; `rules-and-actions.md` §3.1).

use keywright_app::{App, AppError};
use keywright_store::Tx;
use keywright_store::action_versions::{self, ActionVersionRow};
use keywright_store::actions::{self, ActionRow};
use keywright_types::TenantId;
use serde_json::Value;

use super::{action, answer, pages};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

/// `rules-and-actions.md` §3.8: "50 versions per Action (oldest unused dropped)".
const MOST_VERSIONS: usize = 50;

fn missing() -> ApiError {
    ApiError::not_found("That version does not exist.")
}

/// Makes a version of the draft and deploys it.
pub(super) fn deploy_draft(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &mut ActionRow,
) -> Result<ActionVersionRow, ApiError> {
    if answer::content(&row.document)?.code.trim().is_empty() {
        return Err(ApiError::invalid_body("An action without code cannot be deployed"));
    }
    let content = (row.document.clone(), row.secrets.clone());
    deploy_content(app, tx, tenant, row, content)
}

/// The secrets come as they lie: sealed for the tenant, not for the row.
fn deploy_content(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &mut ActionRow,
    (document, secrets): (String, Option<Vec<u8>>),
) -> Result<ActionVersionRow, ApiError> {
    let version = ActionVersionRow {
        version_id: app.random().uuid(),
        action_id: row.action_id.clone(),
        number: action_versions::last_number(tx, tenant, &row.action_id)?.unwrap_or(0) + 1,
        document,
        secrets,
        created_at: app.now(),
    };
    action_versions::insert(tx, tenant, &version)?;
    row.deployed_version = Some(version.version_id.clone());
    actions::update(tx, tenant, row)?;
    for old in action_versions::list(tx, tenant, &row.action_id)?.iter().skip(MOST_VERSIONS) {
        action_versions::delete(tx, tenant, &old.version_id)?;
    }
    Ok(version)
}

pub(super) async fn deploy(call: Call) -> Outcome {
    let (id, app) = (call.path("id").to_owned(), call.app.clone());
    let shown = call
        .configure(move |tx, tenant| {
            let mut row = actions::find(tx, tenant, &id)?.ok_or_else(action::missing)?;
            let version = deploy_draft(&app, tx, tenant, &mut row)?;
            // §15.1: the answer has "deployed:false", the next read says that it is.
            answer::version(&version, false, &row)
        })
        .await?;
    Ok(Reply::json(shown))
}

/// "rollback = copies it into a *new* version"; it "also brings back old secrets".
pub(super) async fn deploy_again(call: Call) -> Outcome {
    let (id, wanted, app) = (call.path("id").to_owned(), call.path("version").to_owned(), call.app.clone());
    let updates_draft = call.body.get("update_draft").and_then(Value::as_bool).unwrap_or(false);
    let shown = call
        .configure(move |tx, tenant| {
            let mut row = actions::find(tx, tenant, &id)?.ok_or_else(action::missing)?;
            let old = action_versions::find(tx, tenant, &id, &wanted)?.ok_or_else(missing)?;
            if updates_draft {
                (row.document, row.secrets) = (old.document.clone(), old.secrets.clone());
                row.updated_at = app.now();
            }
            let version = deploy_content(&app, tx, tenant, &mut row, (old.document, old.secrets))?;
            answer::version(&version, false, &row)
        })
        .await?;
    Ok(Reply::json(shown))
}

pub(super) async fn list(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let all = call
        .read(move |tx, tenant| {
            let row = actions::find(tx, tenant, &id)?.ok_or_else(action::missing)?;
            let versions = action_versions::list(tx, tenant, &id)?;
            versions.iter().map(|version| answer::version(version, is_deployed(&row, version), &row)).collect()
        })
        .await;
    let all: Vec<Value> = all?;
    Ok(pages::reply(&call, "versions", all))
}

pub(super) async fn get(call: Call) -> Outcome {
    let (id, wanted) = (call.path("id").to_owned(), call.path("version").to_owned());
    let shown = call
        .read(move |tx, tenant| {
            let row = actions::find(tx, tenant, &id)?.ok_or_else(action::missing)?;
            let version = action_versions::find(tx, tenant, &id, &wanted)?.ok_or_else(missing)?;
            answer::version(&version, is_deployed(&row, &version), &row)
        })
        .await?;
    Ok(Reply::json(shown))
}

fn is_deployed(row: &ActionRow, version: &ActionVersionRow) -> bool {
    row.deployed_version.as_ref() == Some(&version.version_id)
}

/// For documents that are made here.
pub(super) fn text(value: &Value) -> Result<String, ApiError> {
    Ok(serde_json::to_string(value).map_err(AppError::internal)?)
}
