//! Rules themselves (`management-api.md` §15.2; `rules-and-actions.md` §2.1).

use keywright_store::rules::{self, RuleRow};
use keywright_types::Timestamp;
use serde_json::{Map, Value, json};

use super::PAGING;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{Field, field, names};
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;
use crate::schema::{boolean, integer, one_of, text, text_of};

/// §15.2: letters, digits, space and hyphen; no space or hyphen at an end.
const NAME: &str = "^[a-zA-Z0-9]([ \\-a-zA-Z0-9]*[a-zA-Z0-9])?$";
/// Places of rules end here; one that is added last has to find one.
const LAST_PLACE: i64 = i32::MAX as i64;
const MOST_RULES: usize = 1000;

pub(super) fn fields() -> Vec<Field> {
    let stages = one_of(&["login_success", "login_failure", "pre_authorize"]);
    vec![
        field("id", text()).read_only(),
        field("name", text_of(1, 255).pattern(NAME).about("Name of this rule.")).required(),
        field("script", text_of(1, 100_000).about("Code to be executed when this rule runs.")).required(),
        field("order", integer(0, LAST_PLACE).about("Lower runs first; last when it is left out.")),
        field("enabled", boolean().about("Whether it runs.")),
        field("stage", stages.about("When it runs; only login_success will have an effect.")).create_only(),
    ]
}

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("The rule does not exist").code("inexistent_rule")
}

/// §1.10: "name or order taken".
fn taken(error: ApiError) -> ApiError {
    let conflict = |message| move || ApiError::conflict(message).code("rule_conflict");
    error
        .when("rules_name_key", conflict("A rule with the same name already exists"))
        .when("rules_position_key", conflict("A rule with the same order already exists"))
}

fn shown(row: &RuleRow) -> Map<String, Value> {
    let shown = json!({
        "id": row.rule_id, "name": row.name, "script": row.script, "order": row.position, "enabled": row.enabled,
        "stage": row.stage,
    });
    shown.as_object().cloned().unwrap_or_default()
}

pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields()))?;
    let page = PAGING.page(&call, "/rules")?;
    let enabled = call.query.flag("enabled");
    let rows = call.read(|tx, tenant| Ok(rules::list(tx, tenant)?)).await?;
    let wanted = rows.iter().filter(|row| enabled.is_none_or(|enabled| row.enabled == enabled));
    // They come in the order in which they run; their places only have to keep it.
    let place = |index: usize| Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
    let items = wanted.enumerate().map(|(index, row)| (place(index), projection.apply(shown(row)))).collect();
    Ok(PAGING.reply(&call, "/rules", &page, Found::of_all(items, &page)))
}

pub(super) async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields()))?;
    let id = call.path("id").to_owned();
    let row = call.read(move |tx, tenant| rules::find(tx, tenant, &id)?.ok_or_else(missing)).await?;
    Ok(Reply::json(projection.apply(shown(&row))))
}

pub(super) async fn create(call: Call) -> Outcome {
    let (now, body) = (call.app.now(), call.body.clone());
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let order = body.get("order").and_then(Value::as_i64);
    let mut row = RuleRow {
        rule_id: format!("rul_{}", call.app.random().identifier(16)),
        name: text("name").unwrap_or_default(),
        position: 0,
        enabled: body.get("enabled").and_then(Value::as_bool).unwrap_or(true),
        stage: text("stage").unwrap_or_else(|| "login_success".to_owned()),
        script: text("script").unwrap_or_default(),
        created_at: now,
        updated_at: now,
    };
    let written = call.configure(move |tx, tenant| {
        let others = rules::list(tx, tenant)?;
        if others.len() >= MOST_RULES {
            return Err(ApiError::too_many_entities());
        }
        let last = others.last().map_or(0, |row| row.position);
        row.position = order.unwrap_or(last.saturating_add(1));
        if row.position > LAST_PLACE {
            return Err(ApiError::invalid_body("There is no order after that of the last rule"));
        }
        rules::insert(tx, tenant, &row)?;
        Ok(row)
    });
    let row = written.await.map_err(taken)?;
    Ok(Reply::json(Value::Object(shown(&row))))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, now, body) = (call.path("id").to_owned(), call.app.now(), call.body.clone());
    let written = call.configure(move |tx, tenant| {
        let mut row = rules::find(tx, tenant, &id)?.ok_or_else(missing)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        row.name = text("name").unwrap_or(row.name);
        row.script = text("script").unwrap_or(row.script);
        row.position = body.get("order").and_then(Value::as_i64).unwrap_or(row.position);
        row.enabled = body.get("enabled").and_then(Value::as_bool).unwrap_or(row.enabled);
        row.updated_at = now;
        rules::update(tx, tenant, &row)?;
        Ok(row)
    });
    let row = written.await.map_err(taken)?;
    Ok(Reply::json(Value::Object(shown(&row))))
}

/// §1.9: "DELETE of a missing object: 204 (idempotent) for […] rules".
pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| Ok(rules::delete(tx, tenant, &id)?)).await?;
    Ok(Reply::empty())
}
