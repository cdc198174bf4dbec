//! A connection as it is stored and as it is answered (`management-api.md` §4.2).

use keywright_app::{App, AppError};
use keywright_store::connections::ConnectionRow;
use keywright_types::{Connection, TenantId};
use serde_json::{Map, Value, json};

use super::{database, options, strategies};
use crate::error::ApiError;
use crate::schema::Problem;

/// The stored document with all of its options.
pub(super) fn stored(app: &App, tenant: &TenantId, row: &ConnectionRow) -> Result<Map<String, Value>, ApiError> {
    let mut document: Map<String, Value> = serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of connection {}: {error}", row.id)))?;
    if let Value::Object(own) = document.entry("options").or_insert_with(|| json!({})) {
        options::put_back(app, tenant, own, row.options.as_deref())?;
        if row.strategy == "auth0" {
            // One that the program itself made is answered with the defaults of one that was made over this API.
            database::complete(own);
        }
    }
    Ok(document)
}

/// The connection as it is answered.
pub(super) fn show(app: &App, tenant: &TenantId, row: &ConnectionRow) -> Result<Map<String, Value>, ApiError> {
    let mut document = stored(app, tenant, row)?;
    for (name, default) in
        [("enabled_clients", json!([])), ("realms", json!([row.name])), ("is_domain_connection", json!(false))]
    {
        document.entry(name).or_insert(default);
    }
    if let Some(Value::Object(own)) = document.get_mut("options") {
        options::hide_configuration(app, tenant, &row.id, own);
    }
    Ok(document)
}

/// Completes and checks the options, which depend on the strategy. `before` are those that the connection has, none of a new one.
pub(super) fn check(
    app: &App,
    tenant: &TenantId,
    before: &Map<String, Value>,
    document: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let text = |document: &Map<String, Value>, name: &str| {
        document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (strategy, id) = (text(document, "strategy"), text(document, "id"));
    let schema = strategies::options(&strategy);
    let own = document.entry("options").or_insert_with(|| json!({}));
    let problems = schema.problems(own);
    if !problems.is_empty() {
        let below = |problem: Problem| {
            let path = if problem.path.is_empty() { "options".to_owned() } else { format!("options.{}", problem.path) };
            Problem { path, ..problem }
        };
        let problems: Vec<Problem> = problems.into_iter().map(below).collect();
        return Err(ApiError::invalid("Payload", "invalid_body", &problems));
    }
    schema.without_unset(own);
    if let Value::Object(own) = own {
        options::keep_configuration(app, tenant, &id, before, own)?;
        strategies::complete(&strategy, own)?;
    }
    Ok(())
}

/// The document and the sealed options as they are stored, and the connection that the rest of the program reads in them.
pub(super) fn parts(
    app: &App,
    tenant: &TenantId,
    mut document: Map<String, Value>,
) -> Result<(Connection, String, Vec<u8>), ApiError> {
    let strategy = document.get("strategy").and_then(Value::as_str).unwrap_or_default().to_owned();
    let sealed = match document.get_mut("options") {
        Some(Value::Object(own)) => options::taken_out(app, tenant, &strategy, own),
        _ => Vec::new(),
    };
    let connection = serde_json::from_value(Value::Object(document.clone()))
        .map_err(|error| ApiError::invalid_body("The options are not those of the strategy").cause(error))?;
    Ok((connection, Value::Object(document).to_string(), sealed))
}
