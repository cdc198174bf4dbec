//! Creating, changing and deleting applications (`management-api.md` §2.1, §1.13, §1.14).

use jiff::SignedDuration;
use keywright_app::{GLOBAL_CLIENT, ProvisioningError};
use keywright_jose::Purpose;
use keywright_store::clients::{self, ClientRow};
use keywright_store::{Tx, client_credentials, connections, grants, refresh_tokens};
use keywright_types::{TenantId, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::answer::{self, Presentation, Visibility};
use super::list::{is_global, missing};
use super::{addons, checks, credentials, fields};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge};
use crate::operation::Outcome;

pub(super) async fn create(call: Call) -> Outcome {
    let app = &call.app;
    let mut document = created(&fields::all(), call.members());
    checks::with_defaults(&mut document);
    let client_id = app.random().identifier(32);
    document.insert("client_id".to_owned(), json!(client_id));
    let keys = credentials::taken_out(&call, &client_id, &mut document)?;
    let addons = addons::taken_out(app, &call.tenant.id, false, &mut document);
    let client = checks::check(&document)?;
    if client.name == GLOBAL_CLIENT {
        return Err(ApiError::invalid_body(format!("The name {GLOBAL_CLIENT} is reserved")));
    }
    // §1.4: 64 characters of those that every encoding of HTTP Basic leaves alone.
    let secret = SecretString::from(app.random().identifier(64));
    let now = app.now();
    let row = ClientRow {
        client_id,
        name: client.name.clone(),
        document: Value::Object(document.clone()).to_string(),
        secret: Some(app.sealed(Purpose::ClientSecret, &call.tenant.id, &secret)),
        addons,
        created_at: now,
        updated_at: now,
    };
    let enabled = call.tenant.settings.flags.other.get("enable_client_connections") != Some(&json!(false));
    let inserted = row.clone();
    call.configure(move |tx, tenant| {
        unique_aliases(tx, tenant, &inserted.client_id, &document)?;
        clients::insert(tx, tenant, &inserted)?;
        for key in &keys {
            client_credentials::insert(tx, tenant, key).map_err(credentials::refused)?;
        }
        // §4.7: "a newly created client is enabled for all existing connections".
        if enabled {
            change_connections(tx, tenant, now, |clients| clients.push(json!(inserted.client_id)))?;
        }
        Ok(())
    })
    .await?;
    // §2.4: "POST /clients answers always include client_secret".
    Presentation::of(app, &call.tenant, Visibility::Keys, None).await?.show(&row).map(Reply::json)
}

pub(super) async fn update(call: Call) -> Outcome {
    let presentation = Presentation::of(&call.app, &call.tenant, Visibility::of_writer(&call.bearer), None).await?;
    let (id, mut body, app, now) = (call.path("id").to_owned(), call.members(), call.app.clone(), call.app.now());
    let secret = match body.remove("client_secret") {
        Some(Value::String(secret)) => Some(SecretString::from(secret)),
        _ => None,
    };
    let client = call
        .configure(move |tx, tenant| {
            let mut row = clients::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut document = answer::document(&row)?;
            addons::put_back(&app, tenant, row.addons.as_deref(), &mut document)?;
            let sent = body.clone();
            merge(&fields::all(), &mut document, body);
            checks::end_refresh_tokens(&mut document, &sent);
            if !is_global(&row) && document.get("name").and_then(Value::as_str) == Some(GLOBAL_CLIENT) {
                return Err(ApiError::invalid_body(format!("The name {GLOBAL_CLIENT} is reserved")));
            }
            if is_global(&row) && sent.keys().any(|name| !GLOBAL_MEMBERS.contains(&name.as_str())) {
                return Err(ApiError::bad_request("Global client cannot be patched."));
            }
            row.addons = addons::taken_out(&app, tenant, row.addons.is_some(), &mut document);
            let client = checks::check(&document)?;
            credentials::all_known(tx, tenant, &client)?;
            unique_aliases(tx, tenant, &id, &document)?;
            row.name = client.name;
            row.document = Value::Object(document).to_string();
            row.updated_at = now;
            if let Some(secret) = secret {
                app.replace_client_secret(tx, tenant, &id, &secret)?;
                row.secret = Some(app.sealed(Purpose::ClientSecret, tenant, &secret));
            }
            clients::update(tx, tenant, &row)?;
            presentation.show(&row)
        })
        .await?;
    Ok(Reply::json(client))
}

/// §2.6: what tools change of the application that is none.
const GLOBAL_MEMBERS: [&str; 3] = ["custom_login_page", "custom_login_page_on", "custom_login_page_preview"];

pub(super) async fn delete(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    call.configure(move |tx, tenant| {
        // §1.9: "DELETE of a missing object: 204 (idempotent)".
        let Some(row) = clients::find(tx, tenant, &id)? else { return Ok(()) };
        if is_global(&row) {
            return Err(ApiError::bad_request("Global client cannot be deleted."));
        }
        // §1.14. Client grants, credentials and secrets go by their foreign keys.
        grants::delete_for_client(tx, tenant, &id)?;
        refresh_tokens::revoke_for_client(tx, tenant, &id, now)?;
        change_connections(tx, tenant, now, |clients| clients.retain(|own| own.as_str() != Some(&id)))?;
        clients::delete(tx, tenant, &id)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

/// §2.1: "old secret invalid at once; not for private_key_jwt-only clients".
pub(super) async fn rotate_secret(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let wanted = id.clone();
    let row = call.read(move |tx, tenant| clients::find(tx, tenant, &wanted)?.ok_or_else(missing)).await?;
    if is_global(&row) {
        return Err(ApiError::bad_request("Global client has no secret."));
    }
    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
    if document.get("client_authentication_methods").is_some() {
        return Err(ApiError::bad_request("The client authenticates without a secret.").code("operation_not_supported"));
    }
    match call.app.rotate_client_secret(&call.tenant.id, &id, SignedDuration::ZERO).await {
        Ok(_) => {}
        Err(ProvisioningError::NotFound) => return Err(missing()),
        Err(ProvisioningError::App(error)) => return Err(error.into()),
        Err(error) => return Err(keywright_app::AppError::internal(error).into()),
    }
    let presentation = Presentation::of(&call.app, &call.tenant, Visibility::Keys, None).await?;
    let shown = call.read(move |tx, tenant| presentation.show(&clients::find(tx, tenant, &id)?.ok_or_else(missing)?));
    Ok(Reply::json(shown.await?))
}

/// §1.10: "Another client exists with the same alias".
fn unique_aliases(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    document: &Map<String, Value>,
) -> Result<(), ApiError> {
    let Some(Value::Array(aliases)) = document.get("client_aliases").filter(|own| **own != json!([])) else {
        return Ok(());
    };
    for row in clients::list(tx, tenant)?.iter().filter(|row| row.client_id != client_id) {
        let other: Value = serde_json::from_str(&row.document).unwrap_or_default();
        let taken = other.get("client_aliases").and_then(Value::as_array);
        if taken.is_some_and(|taken| taken.iter().any(|alias| aliases.contains(alias))) {
            return Err(ApiError::conflict("Another client exists with the same alias"));
        }
    }
    Ok(())
}

/// Changes the list of enabled applications in every connection where that changes anything.
fn change_connections(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    now: Timestamp,
    mut change: impl FnMut(&mut Vec<Value>),
) -> Result<(), ApiError> {
    for mut row in connections::list(tx, tenant)? {
        let mut document: Map<String, Value> = serde_json::from_str(&row.document).unwrap_or_default();
        let enabled = document.entry("enabled_clients").or_insert_with(|| json!([]));
        let Some(clients) = enabled.as_array_mut() else { continue };
        let before = clients.len();
        change(clients);
        if clients.len() != before {
            row.document = Value::Object(document).to_string();
            row.updated_at = now;
            connections::update(tx, tenant, &row)?;
        }
    }
    Ok(())
}
