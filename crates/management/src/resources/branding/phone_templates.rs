//! Templates of phone messages: stored (`management-api.md` §10.2).

use http::StatusCode;
use keywright_store::{Tx, tenant_documents};
use keywright_types::{Tenant, TenantId};
use serde_json::{Value, json};

use super::phone_providers::{missing, name_of};
use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, create_schema, created, field, merge, update_schema};
use crate::json::set;
use crate::operation::{Operation, Outcome};
use crate::query::parameter;
use crate::schema::{boolean, object, one_of, optional, text, text_of};

/// Their name is their type.
const KIND: &str = "phone-template";
const TYPES: &[&str] = &["otp_verify", "otp_enroll", "change_password", "blocked_account", "password_breach"];

pub(super) fn operations() -> Vec<Operation> {
    let fields = fields();
    let answer = || answer_schema(&fields).named("PhoneTemplate");
    vec![
        Operation::get("/branding/phone/templates", "List phone templates")
            .scopes(&["read:phone_templates"])
            .query([parameter("disabled", boolean().about("Whether templates that are disabled are listed too."))])
            .answers(super::named_list("templates", answer()))
            .handled_by(list),
        Operation::post("/branding/phone/templates", "Create a phone template")
            .scopes(&["create:phone_templates"])
            .body(create_schema(&fields).named("PhoneTemplateCreate"))
            .answers(answer())
            .handled_by(create),
        Operation::get("/branding/phone/templates/{id}", "Get a phone template")
            .scopes(&["read:phone_templates"])
            .answers(answer())
            .handled_by(get),
        Operation::patch("/branding/phone/templates/{id}", "Update a phone template")
            .scopes(&["update:phone_templates"])
            .body(update_schema(&fields).sized(1, usize::MAX).named("PhoneTemplateUpdate"))
            .answers(answer())
            .handled_by(update),
        Operation::delete("/branding/phone/templates/{id}", "Delete a phone template")
            .scopes(&["delete:phone_templates"])
            .handled_by(delete),
        Operation::patch("/branding/phone/templates/{id}/reset", "Reset a phone template")
            .scopes(&["update:phone_templates"])
            .answers(answer())
            .handled_by(reset),
        Operation::post("/branding/phone/templates/{id}/try", "Try a phone template")
            .scopes(&["create:phone_templates"])
            .body(object(vec![optional("to", text_of(0, 50)), optional("delivery_method", one_of(&["text", "voice"]))]))
            .status(StatusCode::ACCEPTED)
            .handled_by(try_it),
    ]
}

fn fields() -> Vec<Field> {
    let words = || text_of(0, 4096);
    let body = object(vec![optional("text", words()), optional("voice", words())]);
    let content = object(vec![
        optional("syntax", one_of(&["liquid"])),
        optional("from", text_of(0, 1000).or_null()),
        optional("body", body),
    ]);
    vec![
        field("id", text()).read_only(),
        field("tenant", text()).read_only(),
        field("type", one_of(TYPES).about("What it says; never changes.")).required().create_only(),
        field("channel", text()).read_only(),
        field("customizable", boolean()).read_only(),
        field("disabled", boolean().about("Whether it is switched off.")),
        field("content", content.about("What is sent.")).merged(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
    ]
}

fn shown(tenant: &Tenant, own: &Stored) -> Value {
    let mut value = Value::Object(own.document.clone());
    set(&mut value, "tenant", json!(name_of(tenant)));
    set(&mut value, "channel", json!("phone"));
    set(&mut value, "customizable", json!(true));
    set(&mut value, "created_at", json!(format!("{:.3}", own.created_at)));
    set(&mut value, "updated_at", json!(format!("{:.3}", own.updated_at)));
    value
}

fn found(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Stored, ApiError> {
    let is_it = |own: &Stored| own.document.get("id").and_then(Value::as_str) == Some(id);
    document::list(tx, tenant, KIND)?.into_iter().find(is_it).ok_or_else(missing)
}

async fn list(call: Call) -> Outcome {
    let all = call.read(|tx, tenant| document::list(tx, tenant, KIND)).await?;
    let switched_off = |own: &Stored| own.document.get("disabled") == Some(&json!(true));
    let wanted = all.iter().filter(|own| call.query.flag("disabled").unwrap_or(true) || !switched_off(own));
    let templates: Vec<Value> = wanted.map(|own| shown(&call.tenant, own)).collect();
    Ok(Reply::json(json!({ "templates": templates })))
}

async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let own = call.read(move |tx, tenant| found(tx, tenant, &id)).await?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn create(call: Call) -> Outcome {
    let mut document = created(&fields(), call.members());
    document.insert("id".to_owned(), json!(format!("tem_{}", call.app.random().identifier(22))));
    document.entry("disabled").or_insert(json!(false));
    document.entry("content").or_insert(json!({ "syntax": "liquid" }));
    let own = Stored::new(call.text("type").unwrap_or_default(), document, call.app.now());
    let inserted = own.clone();
    let written = call.configure(move |tx, tenant| Ok(document::insert(tx, tenant, KIND, &inserted)?));
    written.await.map_err(|error| {
        error.when("tenant_documents_pkey", || ApiError::conflict("A template of this type already exists"))
    })?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn update(call: Call) -> Outcome {
    let body = call.members();
    change(call, move |own| merge(&fields(), &mut own.document, body)).await
}

/// Nothing is left of what was written.
async fn reset(call: Call) -> Outcome {
    change(call, |own| {
        own.document.insert("content".to_owned(), json!({ "syntax": "liquid" }));
    })
    .await
}

async fn change(call: Call, change: impl FnOnce(&mut Stored) + Send + 'static) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let own = call
        .configure(move |tx, tenant| {
            let mut own = found(tx, tenant, &id)?;
            change(&mut own);
            own.updated_at = now;
            document::put(tx, tenant, KIND, &own)?;
            Ok(own)
        })
        .await?;
    Ok(Reply::json(shown(&call.tenant, &own)))
}

async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| {
        let own = found(tx, tenant, &id)?;
        Ok(tenant_documents::delete(tx, tenant, KIND, &own.name)?)
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
