//! Providers of phone messages: stored with sealed credentials (`management-api.md` §10.2).

use http::StatusCode;
use keywright_app::App;
use keywright_jose::Purpose;
use keywright_store::{Tx, tenant_documents};
use keywright_types::{Tenant, TenantId};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, create_schema, created, field, merge, update_schema};
use crate::json::set;
use crate::operation::{Operation, Outcome};
use crate::query::parameter;
use crate::schema::{boolean, list as list_of, object, one_of, optional, text, text_of};

const KIND: &str = "phone-provider";

pub(super) fn operations() -> Vec<Operation> {
    let fields = fields();
    let answer = || answer_schema(&fields).named("PhoneProvider");
    let disabled = || parameter("disabled", boolean().about("Whether providers that are disabled are listed too."));
    vec![
        Operation::get("/branding/phone/providers", "List phone providers")
            .scopes(&["read:phone_providers"])
            .query([disabled()])
            .answers(super::named_list("providers", answer()))
            .handled_by(list),
        Operation::post("/branding/phone/providers", "Create a phone provider")
            .scopes(&["create:phone_providers"])
            .body(create_schema(&fields).named("PhoneProviderCreate"))
            .answers(answer())
            .handled_by(create),
        Operation::get("/branding/phone/providers/{id}", "Get a phone provider")
            .scopes(&["read:phone_providers"])
            .answers(answer())
            .handled_by(get),
        Operation::patch("/branding/phone/providers/{id}", "Update a phone provider")
            .scopes(&["update:phone_providers"])
            .body(update_schema(&fields).sized(1, usize::MAX).named("PhoneProviderUpdate"))
            .answers(answer())
            .handled_by(update),
        Operation::delete("/branding/phone/providers/{id}", "Delete a phone provider")
            .scopes(&["delete:phone_providers"])
            .handled_by(delete),
        Operation::post("/branding/phone/providers/{id}/try", "Try a phone provider")
            .scopes(&["create:phone_providers"])
            .body(object(vec![optional("to", text_of(0, 50)), optional("delivery_method", one_of(&["text", "voice"]))]))
            .status(StatusCode::ACCEPTED)
            .handled_by(try_it),
    ]
}

fn fields() -> Vec<Field> {
    let configuration = object(vec![
        optional("sid", text_of(0, 1000)),
        optional("default_from", text_of(0, 1000).or_null()),
        optional("mssid", text_of(0, 1000).or_null()),
        optional("delivery_methods", list_of(one_of(&["text", "voice"])).sized(1, 2).unique()),
    ]);
    let credentials = object(vec![optional("auth_token", text_of(0, 1000))]);
    vec![
        field("id", text()).read_only(),
        field("tenant", text()).read_only(),
        field("name", one_of(&["twilio", "custom"]).about("Who sends messages.")).required(),
        field("channel", text()).read_only(),
        field("disabled", boolean().about("Whether it is switched off.")),
        field("configuration", configuration.about("Settings; replaced as a whole.")),
        field("credentials", credentials.secret().about("Sealed; kept where they are left out.")).write_only(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
    ]
}

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("Notification Resource not found")
}

fn shown(tenant: &Tenant, own: &Stored) -> Value {
    let mut value = Value::Object(own.document.clone());
    set(&mut value, "tenant", json!(name_of(tenant)));
    set(&mut value, "channel", json!("phone"));
    set(&mut value, "created_at", json!(format!("{:.3}", own.created_at)));
    set(&mut value, "updated_at", json!(format!("{:.3}", own.updated_at)));
    value
}

/// The first label of the domain is what Auth0 calls the tenant.
pub(super) fn name_of(tenant: &Tenant) -> &str {
    tenant.domain.split(['.', ':']).next().unwrap_or_default()
}

/// A tenant has one: its name is empty, its identifier is a member.
fn found(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Stored, ApiError> {
    let is_it = |own: &Stored| own.document.get("id").and_then(Value::as_str) == Some(id);
    document::find(tx, tenant, KIND, "")?.filter(is_it).ok_or_else(missing)
}

/// Takes the credentials out of the document and puts them, sealed, beside it.
fn seal(app: &App, tenant: &TenantId, own: &mut Stored) {
    if let Some(credentials) = own.document.remove("credentials") {
        own.secrets = Some(app.sealed(Purpose::TenantDocument, tenant, &SecretString::from(credentials.to_string())));
    }
}

async fn list(call: Call) -> Outcome {
    let own = call.read(|tx, tenant| document::find(tx, tenant, KIND, "")).await?;
    let switched_off = |own: &Stored| own.document.get("disabled") == Some(&json!(true));
    let wanted = own.filter(|own| call.query.flag("disabled").unwrap_or(true) || !switched_off(own));
    let providers: Vec<Value> = wanted.iter().map(|own| shown(&call.tenant, own)).collect();
    Ok(Reply::json(json!({ "providers": providers })))
}

async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let own = call.read(move |tx, tenant| found(tx, tenant, &id)).await?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn create(call: Call) -> Outcome {
    let mut document = created(&fields(), call.members());
    document.insert("id".to_owned(), json!(format!("pro_{}", call.app.random().identifier(22))));
    document.entry("disabled").or_insert(json!(false));
    let mut own = Stored::new("", document, call.app.now());
    seal(&call.app, &call.tenant.id, &mut own);
    let inserted = own.clone();
    let written = call.configure(move |tx, tenant| Ok(document::insert(tx, tenant, KIND, &inserted)?));
    written.await.map_err(|error| {
        error.when("tenant_documents_pkey", || ApiError::conflict("A phone provider is already configured"))
    })?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn update(call: Call) -> Outcome {
    let (id, app, body) = (call.path("id").to_owned(), call.app.clone(), call.members());
    let own = call
        .configure(move |tx, tenant| {
            let mut own = found(tx, tenant, &id)?;
            merge(&fields(), &mut own.document, body);
            seal(&app, tenant, &mut own);
            own.updated_at = app.now();
            document::put(tx, tenant, KIND, &own)?;
            Ok(own)
        })
        .await?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| {
        found(tx, tenant, &id)?;
        Ok(tenant_documents::delete(tx, tenant, KIND, "")?)
    })
    .await?;
    Ok(Reply::empty())
}

/// Nothing sends messages yet.
async fn try_it(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.read(move |tx, tenant| found(tx, tenant, &id)).await?;
    Err(ApiError::not_enabled())
}
