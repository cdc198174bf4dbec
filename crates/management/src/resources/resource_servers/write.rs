//! Creating, changing and deleting APIs (`management-api.md` §3.1, §1.14).

use keywright_jose::Purpose;
use keywright_store::client_grants;
use keywright_store::resource_servers::{self, ResourceServerRow};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::answer::{check, document, show};
use super::fields;
use super::list::{find, missing};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge};
use crate::operation::Outcome;

/// What can be changed of the Management API itself.
const SYSTEM_MEMBERS: [&str; 2] = ["token_lifetime", "skip_consent_for_verifiable_first_party_clients"];

pub(super) async fn create(call: Call) -> Outcome {
    let app = &call.app;
    let mut body = created(&fields::all(), call.members());
    let secret = signing_secret(&mut body);
    for (name, default) in [
        ("allow_offline_access", json!(false)),
        ("skip_consent_for_verifiable_first_party_clients", json!(false)),
        ("signing_alg", json!("RS256")),
        ("token_lifetime", json!(86_400)),
        ("subject_type_authorization", json!({})),
    ] {
        body.entry(name).or_insert(default);
    }
    complete_policies(&mut body);
    if !body.contains_key("token_lifetime_for_web") {
        let lifetime = body.get("token_lifetime").and_then(Value::as_i64).unwrap_or(86_400);
        body.insert("token_lifetime_for_web".to_owned(), json!(lifetime.min(7_200)));
    }
    // §1.4: 24 hexadecimal digits.
    let id = app.random().hex(12);
    body.insert("id".to_owned(), json!(id));
    let api = check(&body)?;
    if api.identifier == call.tenant.management_audience() || api.identifier == call.tenant.userinfo_audience() {
        return Err(ApiError::bad_request("The selected identifier is reserved."));
    }
    let secret = match (api.signing_alg.as_str(), secret) {
        ("HS256", None) => Some(SecretString::from(app.random().identifier(32))),
        (_, secret) => secret,
    };
    let now = app.now();
    let row = ResourceServerRow {
        id,
        identifier: api.identifier,
        document: Value::Object(body).to_string(),
        signing_secret: secret.map(|secret| app.sealed(Purpose::ApiSigningSecret, &call.tenant.id, &secret)),
        created_at: now,
        updated_at: now,
    };
    let inserted = row.clone();
    let written = call.configure(move |tx, tenant| Ok(resource_servers::insert(tx, tenant, &inserted)?)).await;
    written.map_err(|error| {
        error.when("resource_servers_identifier_key", || {
            ApiError::conflict("A resource server with the same identifier already exists")
                .code("resource_server_conflict")
        })
    })?;
    show(app, &call.tenant.id, &row).map(Reply::json)
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, mut body, app, now) = (call.path("id").to_owned(), call.members(), call.app.clone(), call.app.now());
    let secret = signing_secret(&mut body);
    let api = call
        .configure(move |tx, tenant| {
            let mut row = find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut document = document(&row)?;
            let system = document.get("is_system") == Some(&json!(true));
            if system && (secret.is_some() || body.keys().any(|name| !SYSTEM_MEMBERS.contains(&name.as_str()))) {
                return Err(ApiError::bad_request("System resource servers cannot be patched."));
            }
            let shortens = body.contains_key("token_lifetime") && !body.contains_key("token_lifetime_for_web");
            merge(&fields::all(), &mut document, body);
            complete_policies(&mut document);
            if shortens {
                // The shorter lifetime of the two follows; it was not sent, so that it cannot be wrong.
                let lifetime = document.get("token_lifetime").and_then(Value::as_i64).unwrap_or(86_400);
                let web = document.get("token_lifetime_for_web").and_then(Value::as_i64).unwrap_or(7_200);
                document.insert("token_lifetime_for_web".to_owned(), json!(web.min(lifetime)));
            }
            let api = check(&document)?;
            let secret = match (api.signing_alg.as_str(), secret) {
                ("HS256", None) if row.signing_secret.is_none() => {
                    Some(SecretString::from(app.random().identifier(32)))
                }
                (_, secret) => secret,
            };
            row.document = Value::Object(document).to_string();
            row.updated_at = now;
            let replaced = secret.map(|secret| app.sealed(Purpose::ApiSigningSecret, tenant, &secret));
            row.signing_secret = replaced.or(row.signing_secret);
            resource_servers::update(tx, tenant, &row)?;
            show(&app, tenant, &row)
        })
        .await?;
    Ok(Reply::json(api))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| {
        // §1.9: "DELETE of a missing object: 204 (idempotent)".
        let Some(row) = find(tx, tenant, &id)? else { return Ok(()) };
        if document(&row)?.get("is_system") == Some(&json!(true)) {
            return Err(ApiError::bad_request("System resource servers cannot be deleted."));
        }
        // §1.14. Permissions go by their foreign keys.
        client_grants::delete_for_audience(tx, tenant, &row.identifier)?;
        resource_servers::delete(tx, tenant, &row.id)?;
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

fn signing_secret(body: &mut Map<String, Value>) -> Option<SecretString> {
    match body.remove("signing_secret") {
        Some(Value::String(secret)) => Some(SecretString::from(secret)),
        _ => None,
    }
}

/// The policies that were not sent have their defaults.
fn complete_policies(document: &mut Map<String, Value>) {
    if let Some(policies) = document.get_mut("subject_type_authorization").and_then(Value::as_object_mut) {
        policies.entry("user").or_insert_with(|| json!({ "policy": "allow_all" }));
        policies.entry("client").or_insert_with(|| json!({ "policy": "require_client_grant" }));
    }
}
