//! Creating and changing connections (`management-api.md` §4.1, §1.13).

use keywright_store::connections::{self, ConnectionRow};
use keywright_store::{Tx, users};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use super::document::{check, show, stored};
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
    let connection = check(&mut document)?;
    let now = app.now();
    let row = ConnectionRow {
        id,
        name: connection.name,
        strategy: connection.strategy,
        document: Value::Object(document.clone()).to_string(),
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
    Ok(Reply::json(show(&row)?))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let connection = call
        .configure(move |tx, tenant| {
            let mut row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut document = stored(&row)?;
            merge(&fields::all(), &mut document, body);
            check(&mut document)?;
            realms_are_free(tx, tenant, &id, &document)?;
            row.document = Value::Object(document).to_string();
            row.updated_at = now;
            connections::update(tx, tenant, &row)?;
            show(&row)
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
