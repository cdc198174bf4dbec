//! A connection as it is stored and as it is answered (`management-api.md` §4.2).

use keywright_app::AppError;
use keywright_store::connections::ConnectionRow;
use keywright_types::Connection;
use serde_json::{Map, Value, json};

use super::database;
use crate::error::ApiError;
use crate::schema::Problem;

/// The stored document.
pub(super) fn stored(row: &ConnectionRow) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of connection {}: {error}", row.id)).into())
}

/// The connection as it is answered.
pub(super) fn show(row: &ConnectionRow) -> Result<Map<String, Value>, ApiError> {
    let mut document = stored(row)?;
    for (name, default) in [
        ("options", json!({})),
        ("enabled_clients", json!([])),
        ("realms", json!([row.name])),
        ("is_domain_connection", json!(false)),
    ] {
        document.entry(name).or_insert(default);
    }
    Ok(document)
}

/// Completes and checks the options, which depend on the strategy, and reads the connection that the document is.
pub(super) fn check(document: &mut Map<String, Value>) -> Result<Connection, ApiError> {
    if document.get("strategy") == Some(&json!("auth0")) {
        let options = document.entry("options").or_insert_with(|| json!({}));
        let problems = database::schema().problems(options);
        if !problems.is_empty() {
            let below = |problem: Problem| {
                let path =
                    if problem.path.is_empty() { "options".to_owned() } else { format!("options.{}", problem.path) };
                Problem { path, ..problem }
            };
            let problems: Vec<Problem> = problems.into_iter().map(below).collect();
            return Err(ApiError::invalid("Payload", "invalid_body", &problems));
        }
        database::schema().without_unset(options);
        if let Some(options) = options.as_object_mut() {
            if let Some(message) = database::conflict(options) {
                return Err(ApiError::invalid_body(message));
            }
            database::complete(options);
        }
    }
    serde_json::from_value(Value::Object(document.clone()))
        .map_err(|error| ApiError::invalid_body("The options are not those of the strategy").cause(error))
}
