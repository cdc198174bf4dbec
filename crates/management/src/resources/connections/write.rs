//! Creating and changing connections (`management-api.md` §4.1, §1.13).

use keywright_store::connections::{self, ConnectionRow};
use keywright_store::{Tx, users};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use super::document::{check, parts, show, stored};
use super::fields;
use super::list::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge};
use crate::operation::Outcome;

pub(super) async fn create(call: Call) -> Outcome {
    let app = &call.app;
    let mut document = created(&fields::all(), call.members());
    let id = format!("con_{}", app.random().identifier(16));
    document.insert("id".to_owned(), json!(id));
    let name = document.get("name").cloned().unwrap_or_default();
    for (member, default) in [
        ("options", json!({})),
        ("enabled_clients", json!([])),
        ("realms", json!([name])),
        ("is_domain_connection", json!(false)),
        ("authentication", json!({ "active": true })),
        ("connected_accounts", json!({ "active": false })),
    ] {
        document.entry(member).or_insert(default);
    }
    check(app, &call.tenant.id, &Map::new(), &mut document)?;
    let (connection, stored, options) = parts(app, &call.tenant.id, document.clone())?;
    let now = app.now();
    let row = ConnectionRow {
        id,
        name: connection.name,
        strategy: connection.strategy,
        document: stored,
        options: Some(options),
        created_at: now,
        updated_at: now,
    };
    let inserted = row.clone();
    let written = call.configure(move |tx, tenant| {
        realms_are_free(tx, tenant, &inserted.id, &document)?;
        connections::insert(tx, tenant, &inserted)?;
        // The users of a connection that is deleted belong to nobody who takes its name.
        if users::exist_in(tx, tenant, &inserted.name)? {
            return Err(ApiError::conflict("A connection with the same name is being deleted, try again later"));
        }
        Ok(())
    });
    written.await.map_err(|error| {
        error.when("connections_name_key", || {
            ApiError::conflict("A connection with the same name already exists").code("connection_conflict")
        })
    })?;
    Ok(Reply::json(show(app, &call.tenant.id, &row)?))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let app = call.app.clone();
    let connection = call
        .configure(move |tx, tenant| {
            let mut row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut document = stored(&app, tenant, &row)?;
            let before = document.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
            merge(&fields::all(), &mut document, body);
            check(&app, tenant, &before, &mut document)?;
            realms_are_free(tx, tenant, &id, &document)?;
            let (_, stored, options) = parts(&app, tenant, document)?;
            (row.document, row.options) = (stored, Some(options));
            row.updated_at = now;
            connections::update(tx, tenant, &row)?;
            show(&app, tenant, &row)
        })
        .await?;
    Ok(Reply::json(connection))
}

/// §1.10: "There is already another connection with some realms".
fn realms_are_free(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &str,
    document: &Map<String, Value>,
) -> Result<(), ApiError> {
    let Some(Value::Array(realms)) = document.get("realms") else { return Ok(()) };
    for row in connections::list(tx, tenant)?.iter().filter(|row| row.id != id) {
        let other: Value = serde_json::from_str(&row.document).unwrap_or_default();
        let own = other.get("realms").cloned().unwrap_or_else(|| json!([row.name]));
        // The name itself is unique by its own rule.
        let taken = |realm: &Value| own.as_array().is_some_and(|own| own.contains(realm)) && *realm != row.name;
        if realms.iter().any(taken) {
            return Err(ApiError::conflict(
                "There is already another connection with some realms from \"realms\" parameter",
            ));
        }
    }
    Ok(())
}
