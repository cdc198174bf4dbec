//! How screens are rendered by others: stored (`management-api.md` §10.3).

use keywright_types::Timestamp;
use serde_json::{Map, Value, json};

use super::{READ, UPDATE, configs, names};
use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome};
use crate::paging::{Found, Paging, Position};
use crate::projection::{self, Projection};
use crate::query::parameter;
use crate::schema::{
    Member, Schema, any_of, anything, boolean, list as list_of, object, one_of, open_object, optional, required, text,
    text_of,
};

const KIND: &str = "rendering";
const PAGING: Paging = Paging::numbered("configs");
/// Bytes of the settings of a screen.
const LONGEST: usize = 32 * 1024;

pub(super) fn operations() -> Vec<Operation> {
    let screens = names::screens();
    let bulk = [vec![required("prompt", one_of(names::prompts())), required("screen", one_of(&screens))], members()];
    vec![
        Operation::get("/prompts/rendering", "List settings of rendering")
            .scopes(READ)
            .query(projection::parameters())
            .query(PAGING.parameters())
            .query([
                parameter("prompt", text_of(1, 100).about("Only settings of this prompt.")),
                parameter("screen", text_of(1, 100).about("Only settings of this screen.")),
                parameter("rendering_mode", one_of(&["standard", "advanced"]).about("Only settings of this mode.")),
            ])
            .answers(any_of(vec![PAGING.answer(&answer()), configs(answer())]))
            .handled_by(list),
        Operation::patch("/prompts/rendering", "Update settings of rendering")
            .scopes(UPDATE)
            .body(configs_of(object(bulk.concat())))
            .answers(configs(answer()))
            .handled_by(update_many),
        Operation::get("/prompts/{prompt}/screen/{screen}/rendering", "Get settings of rendering of a screen")
            .scopes(READ)
            .answers(answer())
            .handled_by(get),
        Operation::patch("/prompts/{prompt}/screen/{screen}/rendering", "Update settings of rendering of a screen")
            .scopes(UPDATE)
            .body(object(members()).sized(1, usize::MAX).named("RenderingUpdate"))
            .answers(answer())
            .handled_by(update),
    ]
}

fn configs_of(item: Schema) -> Schema {
    object(vec![required("configs", list_of(item).sized(1, 20))])
}

fn members() -> Vec<Member> {
    vec![
        optional("rendering_mode", one_of(&["standard", "advanced"]).about("Stored.")),
        optional("context_configuration", list_of(text_of(1, 200)).sized(0, 100).or_null()),
        optional("default_head_tags_disabled", boolean().or_null()),
        optional("use_page_template", boolean().or_null()),
        optional("head_tags", list_of(open_object()).sized(0, 50).or_null()),
        optional("filters", open_object().or_null()),
    ]
}

fn answer() -> Schema {
    let own = ["tenant", "prompt", "screen"].map(|name| optional(name, text())).to_vec();
    let rest = ["context_configuration", "default_head_tags_disabled", "use_page_template", "head_tags", "filters"];
    let rest = rest.map(|name| optional(name, anything())).to_vec();
    object([own, vec![optional("rendering_mode", text())], rest].concat()).named("Rendering")
}

fn name(prompt: &str, screen: &str) -> String {
    format!("{prompt}/{screen}")
}

/// What is answered of a screen, also of one that was never set.
fn shown(call: &Call, prompt: &str, screen: &str, document: Map<String, Value>) -> Map<String, Value> {
    let mut document = document;
    let tenant = call.tenant.domain.split(['.', ':']).next().unwrap_or_default();
    for (name, value) in [("tenant", tenant), ("prompt", prompt), ("screen", screen)] {
        document.insert(name.to_owned(), json!(value));
    }
    for (name, value) in [
        ("rendering_mode", json!("standard")),
        ("context_configuration", json!([])),
        ("default_head_tags_disabled", json!(false)),
        ("head_tags", json!([])),
    ] {
        document.entry(name).or_insert(value);
    }
    document
}

async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let page = PAGING.page(&call, "/prompts/rendering")?;
    let all = call.read(|tx, tenant| document::list(tx, tenant, KIND)).await?;
    let mut items = Vec::new();
    for own in all {
        let Some((prompt, screen)) = own.name.split_once('/') else { continue };
        let value = shown(&call, prompt, screen, own.document.clone());
        let asked = |name: &str| call.query.text(name).is_none_or(|text| value.get(name) == Some(&json!(text)));
        if ["prompt", "screen", "rendering_mode"].into_iter().all(asked) {
            let place = Position { created_at: Timestamp::UNIX_EPOCH, id: own.name.clone() };
            items.push((place, projection.apply(value)));
        }
    }
    let with_totals = page.with_total();
    let mut reply = PAGING.reply(&call, "/prompts/rendering", &page, Found::of_all(items, &page));
    // §16: an object in any case.
    if !with_totals {
        reply.body = reply.body.map(|items| json!({ "configs": items }));
    }
    Ok(reply)
}

async fn get(call: Call) -> Outcome {
    let (prompt, screen) = (names::prompt(&call)?, names::screen(&call)?);
    let found = call.read(move |tx, tenant| document::find(tx, tenant, KIND, &name(prompt, screen))).await?;
    let document = found.map(|own| own.document).unwrap_or_default();
    Ok(Reply::json(Value::Object(shown(&call, prompt, screen, document))))
}

async fn update(call: Call) -> Outcome {
    let (prompt, screen) = (names::prompt(&call)?, names::screen(&call)?);
    let mut body = call.members();
    body.insert("prompt".to_owned(), json!(prompt));
    body.insert("screen".to_owned(), json!(screen));
    let changed = write(&call, vec![body]).await?;
    Ok(Reply::json(changed.into_iter().next().unwrap_or_default()))
}

async fn update_many(call: Call) -> Outcome {
    let sent = call.body.get("configs").and_then(Value::as_array).cloned().unwrap_or_default();
    let bodies = sent.iter().filter_map(Value::as_object).cloned().collect();
    let changed = write(&call, bodies).await?;
    Ok(Reply::json(json!({ "configs": changed })))
}

/// All of them or none. Members that are sent are replaced; `null` unsets one.
async fn write(call: &Call, bodies: Vec<Map<String, Value>>) -> Result<Vec<Value>, ApiError> {
    let now = call.app.now();
    let written = call
        .configure(move |tx, tenant| {
            let mut written = Vec::new();
            for mut body in bodies {
                let mut text = |name: &str| match body.remove(name) {
                    Some(Value::String(text)) => text,
                    _ => String::new(),
                };
                let (prompt, screen) = (text("prompt"), text("screen"));
                let name = name(&prompt, &screen);
                let found = document::find(tx, tenant, KIND, &name)?;
                let mut own = found.unwrap_or_else(|| Stored::new(&name, Map::new(), now));
                for (member, value) in body {
                    if value.is_null() {
                        own.document.remove(&member);
                    } else {
                        own.document.insert(member, value);
                    }
                }
                if Value::Object(own.document.clone()).to_string().len() > LONGEST {
                    return Err(ApiError::invalid_body(format!("The settings of {name} are too long")));
                }
                own.updated_at = now;
                document::put(tx, tenant, KIND, &own)?;
                written.push((prompt, screen, own.document));
            }
            Ok(written)
        })
        .await?;
    let all = written.into_iter();
    Ok(all.map(|(prompt, screen, document)| Value::Object(shown(call, &prompt, &screen, document))).collect())
}
