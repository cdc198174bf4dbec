//! Settings of rules (`management-api.md` §15.2): "values never returned".

use keywright_jose::Purpose;
use keywright_store::rules::{self, RuleConfigRow};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::path::checked;
use crate::schema::text_of;

/// What a rule can write behind `configuration.`, and what else Auth0's own tools have written there.
const KEY: &str = "^[A-Za-z0-9_\\-@*+:]*$";
const MOST_SETTINGS: usize = 1000;

pub(super) async fn list(call: Call) -> Outcome {
    let rows = call.read(|tx, tenant| Ok(rules::list_configs(tx, tenant)?)).await?;
    Ok(Reply::json(rows.iter().map(|row| json!({ "key": row.name })).collect::<Vec<Value>>()))
}

pub(super) async fn put(call: Call) -> Outcome {
    let key = checked(&call, "key", &text_of(1, 127).pattern(KEY).about("Key of the rules config variable."))?;
    let value = call.text("value").unwrap_or_default().to_owned();
    let sealed = call.app.sealed(Purpose::RuleConfig, &call.tenant.id, &SecretString::from(value.clone()));
    let row = RuleConfigRow { name: key.clone(), value: sealed, updated_at: call.app.now() };
    call.configure(move |tx, tenant| {
        let others = rules::list_configs(tx, tenant)?;
        if others.len() >= MOST_SETTINGS && !others.iter().any(|other| other.name == row.name) {
            return Err(ApiError::too_many_entities());
        }
        Ok(rules::put_config(tx, tenant, &row)?)
    })
    .await?;
    Ok(Reply::json(json!({ "key": key, "value": value })))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let key = call.path("key").to_owned();
    call.configure(move |tx, tenant| Ok(rules::delete_config(tx, tenant, &key)?)).await?;
    Ok(Reply::empty())
}
