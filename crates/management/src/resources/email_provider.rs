//! `/emails/provider`: where a tenant's mails go (`management-api.md` §11). Passwords and keys are sealed and never answered.

use keywright_app::AppError;
use keywright_app::mail::{EMAIL_HEADERS, EMAIL_PROVIDER, is_sender};
use keywright_jose::Purpose;
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use keywright_types::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, create_schema, created, field, merge, update_schema};
use crate::operation::{Operation, Outcome, Resource};
use crate::projection::{self, Projection};
use crate::schema::{Schema, boolean, integer, object, one_of, open_object, optional, text_of};

const ABOUT: &str = "\
The mail server of a tenant: see [Mail](../../guides/mail.md#a-mail-server-of-a-tenant). With `smtp` the tenant's mails go to its
own server, by TLS, and only if that server may be reached from here. The names of other services are checked and stored, and have
no effect: the mails then go by the operator's server, as they do without a provider and with `enabled: false`. `custom` needs an
Action, which there is none for, and is refused.

`credentials` are answered without passwords and keys. A `PATCH` with `credentials` that leave the password out keeps the one that
is stored, unless server, port or user are others: then it has to be sent again. `headers` of `settings` are added to mails by
`smtp`; everything else in `settings` is stored.";

/// What each service needs, and may have besides.
const SERVICES: [(&str, &[&str], &[&str]); 9] = [
    ("mailgun", &["api_key", "domain"], &["region"]),
    ("mandrill", &["api_key"], &[]),
    ("sendgrid", &["api_key"], &[]),
    ("resend", &["api_key"], &[]),
    ("ses", &["accessKeyId", "secretAccessKey", "region"], &[]),
    ("sparkpost", &["api_key"], &["region"]),
    ("smtp", &["smtp_host", "smtp_port"], &["smtp_user", "smtp_pass"]),
    ("azure_cs", &["connectionString"], &[]),
    ("ms365", &["tenantId", "clientId", "clientSecret"], &[]),
];

/// What of the credentials is answered.
const PUBLIC: [&str; 5] = ["smtp_host", "smtp_port", "smtp_user", "domain", "region"];

pub(super) fn resource() -> Resource {
    let fields = fields();
    let answer = || answer_schema(&fields).named("EmailProvider");
    let path = "/emails/provider";
    Resource {
        name: "emails",
        title: "E-mail provider",
        about: ABOUT,
        operations: vec![
            Operation::get(path, "Get the email provider")
                .scopes(&["read:email_provider"])
                .query(projection::parameters())
                .answers(answer())
                .handled_by(get),
            Operation::post(path, "Configure the email provider")
                .scopes(&["create:email_provider"])
                .body(create_schema(&fields).named("EmailProviderCreate"))
                .answers(answer())
                .handled_by(create),
            Operation::patch(path, "Update the email provider")
                .scopes(&["update:email_provider"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("EmailProviderUpdate"))
                .answers(answer())
                .handled_by(update),
            Operation::delete(path, "Delete the email provider").scopes(&["delete:email_provider"]).handled_by(delete),
        ],
    }
}

fn fields() -> Vec<Field> {
    let names: Vec<&'static str> = SERVICES.iter().map(|(name, ..)| *name).chain(["custom"]).collect();
    let headers = EMAIL_HEADERS.map(|name| optional(name, one_line(200))).to_vec();
    let settings = object(vec![
        optional("headers", object(headers)),
        optional("message", open_object().about("Settings of the service.")),
    ]);
    vec![
        field("name", one_of(&names).about("Name of the email provider.")).required(),
        field("enabled", boolean().about("Whether the provider is used.")),
        field(
            "default_from_address",
            text_of(3, 320).or_null().about("Email address to use as \"from\" when no other address is specified."),
        ),
        field("credentials", credentials().about("Credentials required to use the provider.")).required(),
        field("settings", settings.or_null().about("Specific provider setting.")),
    ]
}

/// A text for a header: WB-10, "Header values from settings are validated on write".
fn one_line(longest: usize) -> Schema {
    text_of(0, longest).pattern("^[^\\x00-\\x1f\\x7f]*$")
}

fn credentials() -> Schema {
    let secret = |name| optional(name, one_line(4_096).secret());
    object(vec![
        optional("smtp_host", text_of(1, 255).pattern("^[A-Za-z0-9.:_-]+$").about("Name of the server.")),
        optional("smtp_port", integer(1, 65_535).about("465 is TLS from the start; any other is STARTTLS.")),
        optional("smtp_user", one_line(255)),
        secret("smtp_pass"),
        secret("api_key"),
        optional("domain", one_line(255)),
        optional("region", one_line(50).or_null()),
        secret("accessKeyId"),
        secret("secretAccessKey"),
        secret("connectionString"),
        secret("tenantId"),
        secret("clientId"),
        secret("clientSecret"),
    ])
}

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("There is not a configured email provider").code("inexistent_email_provider")
}

/// The document without its secrets, and the secrets.
type Parts = (Map<String, Value>, Map<String, Value>);

fn parts(mut document: Map<String, Value>) -> Parts {
    let credentials = match document.remove("credentials") {
        Some(Value::Object(credentials)) => credentials,
        _ => Map::new(),
    };
    let (public, secret) = credentials.into_iter().partition(|(name, _)| PUBLIC.contains(&name.as_str()));
    document.insert("credentials".to_owned(), Value::Object(public));
    (document, secret)
}

fn property(reason: &str, name: &str) -> ApiError {
    ApiError::invalid_body(format!("Payload validation error: '{reason}: {name}' on property credentials."))
}

/// What no description of the members says: each service has credentials of its own.
fn check((document, secrets): &Parts) -> Result<(), ApiError> {
    let name = document.get("name").and_then(Value::as_str).unwrap_or_default();
    let Some((_, required, may)) = SERVICES.iter().find(|(own, ..)| *own == name) else {
        return Err(ApiError::bad_request("There is no deployed action for the trigger custom-email-provider.")
            .code("custom_email_provider_deployed_action_not_found"));
    };
    let public = document.get("credentials").and_then(Value::as_object);
    let has = |name: &str| secrets.contains_key(name) || public.is_some_and(|own| own.contains_key(name));
    if let Some(name) = required.iter().find(|name| !has(name)) {
        return Err(property("Missing required property", name));
    }
    let known = |name: &&String| !required.contains(&name.as_str()) && !may.contains(&name.as_str());
    if let Some(name) = secrets.keys().chain(public.into_iter().flat_map(Map::keys)).find(known) {
        return Err(property("Additional properties not allowed", name));
    }
    match document.get("default_from_address").and_then(Value::as_str) {
        Some(from) if !is_sender(from) => Err(ApiError::invalid_body("default_from_address is not an email address")),
        _ => Ok(()),
    }
}

fn row(call: &Call, tenant: &TenantId, (document, secrets): &Parts) -> TenantDocumentRow {
    let now = call.app.now();
    let text = SecretString::from(Value::Object(secrets.clone()).to_string());
    TenantDocumentRow {
        kind: EMAIL_PROVIDER.to_owned(),
        name: String::new(),
        document: Value::Object(document.clone()).to_string(),
        secrets: Some(call.app.sealed(Purpose::TenantDocument, tenant, &text)),
        created_at: now,
        updated_at: now,
    }
}

fn document(row: &TenantDocumentRow) -> Result<Map<String, Value>, ApiError> {
    Ok(serde_json::from_str(&row.document).map_err(AppError::internal)?)
}

fn secrets(call: &Call, tenant: &TenantId, row: &TenantDocumentRow) -> Result<Map<String, Value>, ApiError> {
    match call.app.unsealed(Purpose::TenantDocument, tenant, row.secrets.as_deref())? {
        Some(text) => Ok(serde_json::from_str(text.expose_secret()).map_err(AppError::internal)?),
        None => Ok(Map::new()),
    }
}

/// "without `fields` only `name, enabled`".
async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let found = call.read(|tx, tenant| Ok(tenant_documents::find(tx, tenant, EMAIL_PROVIDER, "")?)).await?;
    let mut provider = document(&found.ok_or_else(missing)?)?;
    if !call.query.has("fields") {
        provider.retain(|name, _| ["name", "enabled"].contains(&name.as_str()));
    }
    Ok(Reply::json(projection.apply(provider)))
}

async fn create(call: Call) -> Outcome {
    let mut body = created(&fields(), call.members());
    body.entry("enabled").or_insert(json!(true));
    let parts = parts(body);
    check(&parts)?;
    let (inner, kept) = (call.clone(), parts.clone());
    call.configure(move |tx, tenant| {
        if let Some(old) = tenant_documents::find(tx, tenant, EMAIL_PROVIDER, "")? {
            let name = document(&old)?.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(ApiError::conflict(format!("An email provider is already configured: {name}")));
        }
        Ok(tenant_documents::insert(tx, tenant, &row(&inner, tenant, &kept))?)
    })
    .await?;
    Ok(Reply::json(Value::Object(parts.0)))
}

async fn update(call: Call) -> Outcome {
    let body = call.members();
    let inner = call.clone();
    let changed = call.configure(move |tx, tenant| {
        let old = tenant_documents::find(tx, tenant, EMAIL_PROVIDER, "")?.ok_or_else(missing)?;
        let (before, kept) = (document(&old)?, secrets(&inner, tenant, &old)?);
        let mut after = before.clone();
        let sends_credentials = body.contains_key("credentials");
        merge(&fields(), &mut after, body);
        let renamed = before.get("name") != after.get("name");
        if renamed && !sends_credentials {
            return Err(ApiError::invalid_body("Payload validation error: 'Missing required property: credentials'."));
        }
        let (after, mut sent) = parts(after);
        if !renamed {
            let had = before.get("credentials");
            let same = had == after.get("credentials");
            // FE-05: what was given to one server is not shown to another.
            if !same && kept.contains_key("smtp_pass") && !sent.contains_key("smtp_pass") {
                return Err(property("Missing required property", "smtp_pass"));
            }
            for (name, value) in kept {
                sent.entry(name).or_insert(value);
            }
        }
        let parts = (after, sent);
        check(&parts)?;
        tenant_documents::put(tx, tenant, &row(&inner, tenant, &parts))?;
        Ok(parts.0)
    });
    Ok(Reply::json(Value::Object(changed.await?)))
}

async fn delete(call: Call) -> Outcome {
    call.configure(|tx, tenant| Ok(tenant_documents::delete(tx, tenant, EMAIL_PROVIDER, "")?)).await?;
    Ok(Reply::empty())
}
