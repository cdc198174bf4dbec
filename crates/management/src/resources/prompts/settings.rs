//! `/prompts` itself: stored (`management-api.md` §10.3).

use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::fields::{Field, answer_schema, field, merge};
use crate::operation::Outcome;
use crate::schema::{Schema, boolean, one_of};

const KIND: &str = "prompts";

fn fields() -> Vec<Field> {
    vec![
        field("universal_login_experience", one_of(&["new", "classic"]).about("Stored.")),
        field("identifier_first", boolean().or_null().about("Stored.")),
        field("webauthn_platform_first_factor", boolean().or_null().about("Stored.")),
    ]
}

pub(super) fn schema() -> Schema {
    answer_schema(&fields()).named("PromptSettings")
}

pub(super) fn update_schema() -> Schema {
    crate::fields::update_schema(&fields()).named("PromptSettingsUpdate")
}

fn shown(mut document: Map<String, Value>) -> Value {
    document.entry("universal_login_experience").or_insert(json!("new"));
    for name in ["identifier_first", "webauthn_platform_first_factor"] {
        document.entry(name).or_insert(json!(false));
    }
    Value::Object(document)
}

pub(super) async fn get(call: Call) -> Outcome {
    let found = call.read(|tx, tenant| document::find(tx, tenant, KIND, "")).await?;
    Ok(Reply::json(shown(found.map(|own| own.document).unwrap_or_default())))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (body, now) = (call.members(), call.app.now());
    let changed = call
        .configure(move |tx, tenant| {
            let mut own = document::find(tx, tenant, KIND, "")?.unwrap_or_else(|| Stored::new("", Map::new(), now));
            merge(&fields(), &mut own.document, body);
            own.updated_at = now;
            document::put(tx, tenant, KIND, &own)?;
            Ok(own.document)
        })
        .await?;
    Ok(Reply::json(shown(changed)))
}
