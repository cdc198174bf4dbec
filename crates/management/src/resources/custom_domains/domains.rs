//! Creating, reading and changing custom domains (`management-api.md` §13).

use http::StatusCode;
use keywright_app::AppError;
use keywright_store::Tx;
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use super::{PAGING, fields};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge, names};
use crate::operation::Outcome;
use crate::paging::{Found, Position};
use crate::projection::Projection;

/// Kind of the stored documents; their names are the identifiers.
const KIND: &str = "custom-domain";
/// So many of a tenant.
const MOST: usize = 100;

/// §1.9.
fn missing(id: &str) -> ApiError {
    let shown: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    ApiError::new(StatusCode::NOT_FOUND, format!("The custom domain {shown} does not exist"))
        .code("inexistent_custom_domain")
}

fn document(row: &TenantDocumentRow) -> Result<Map<String, Value>, ApiError> {
    Ok(serde_json::from_str(&row.document).map_err(AppError::internal)?)
}

fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<TenantDocumentRow, ApiError> {
    tenant_documents::find(tx, tenant, KIND, id)?.ok_or_else(|| missing(id))
}

/// "bare array; `{custom_domains,next}` when `take`/`from`", whatever else is asked for.
pub(super) async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields()))?;
    let rows = call.read(|tx, tenant| Ok(tenant_documents::list(tx, tenant, KIND)?)).await?;
    let shown = |row: &TenantDocumentRow| {
        let place = Position { created_at: row.created_at, id: row.name.clone() };
        Ok((place, projection.apply(document(row)?)))
    };
    let mut all = rows.iter().map(shown).collect::<Result<Vec<_>, ApiError>>()?;
    all.sort_by(|(one, _), (other, _)| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    if !call.query.has("take") && !call.query.has("from") {
        return Ok(Reply::json(all.into_iter().map(|(_, domain)| domain).collect::<Vec<_>>()));
    }
    let page = PAGING.page(&call, "/custom-domains")?;
    let found = Found::of_all(all, &page);
    Ok(PAGING.reply(&call, "/custom-domains", &page, found))
}

pub(super) async fn create(call: Call) -> Outcome {
    let (app, now) = (&call.app, call.app.now());
    let mut body = created(&fields(), call.members());
    body.remove("verification_method");
    let domain = body.get("domain").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let id = format!("cd_{}", app.random().identifier(16));
    let method = json!({
        "name": "TXT", "record": app.random().token(24), "domain": format!("_cf-custom-hostname.{domain}"),
    });
    for (name, value) in [
        ("custom_domain_id", json!(id)),
        ("domain", json!(domain)),
        ("primary", json!(false)),
        ("is_default", json!(false)),
        ("status", json!("pending_verification")),
        ("verification", json!({ "methods": [method], "status": "pending" })),
        ("created_at", json!(format!("{now:.3}"))),
    ] {
        body.insert(name.to_owned(), value);
    }
    body.entry("tls_policy").or_insert(json!("recommended"));
    let row = TenantDocumentRow {
        kind: KIND.to_owned(),
        name: id,
        document: Value::Object(body.clone()).to_string(),
        secrets: None,
        created_at: now,
        updated_at: now,
    };
    call.configure(move |tx, tenant| {
        // All changes of configuration are made one after another: what is read here stays true.
        let others = tenant_documents::list(tx, tenant, KIND)?;
        for other in &others {
            if document(other)?.get("domain") == Some(&json!(domain)) {
                return Err(ApiError::conflict("Custom domain already exists.").code("custom_domain_conflict"));
            }
        }
        if others.len() >= MOST {
            let message = "You reached the limit of entities of this type for this tenant.";
            return Err(ApiError::forbidden(message).code("too_many_entities"));
        }
        Ok(tenant_documents::insert(tx, tenant, &row)?)
    })
    .await?;
    Ok(Reply::json(Value::Object(body)))
}

pub(super) async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let found = call.read(move |tx, tenant| document(&find(tx, tenant, &id)?)).await?;
    Ok(Reply::json(Value::Object(found)))
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, body, now) = (call.path("id").to_owned(), call.members(), call.app.now());
    let changed = call
        .configure(move |tx, tenant| {
            let mut row = find(tx, tenant, &id)?;
            let mut document = document(&row)?;
            merge(&fields(), &mut document, body);
            row.document = Value::Object(document.clone()).to_string();
            row.updated_at = now;
            tenant_documents::put(tx, tenant, &row)?;
            Ok(document)
        })
        .await?;
    Ok(Reply::json(Value::Object(changed)))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.configure(move |tx, tenant| Ok(tenant_documents::delete(tx, tenant, KIND, &id)?)).await?;
    Ok(Reply::empty())
}

/// Nothing is looked up, so that nothing is found: the domain stays as it is.
pub(super) async fn verify(call: Call) -> Outcome {
    get(call).await
}

pub(super) async fn test(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    call.read(move |tx, tenant| find(tx, tenant, &id)).await?;
    Ok(Reply::json(json!({ "success": false, "message": "This server does not answer at custom domains." })))
}

pub(super) async fn default(call: Call) -> Outcome {
    Ok(Reply::json(json!({ "domain": call.tenant.domain })))
}

/// §1.10: no domain is verified here, but for the tenant's own, which is the default already.
pub(super) async fn set_default(call: Call) -> Outcome {
    if call.text("domain") == Some(&call.tenant.domain) {
        return Ok(Reply::json(json!({ "domain": call.tenant.domain })));
    }
    Err(ApiError::bad_request("The domain must be verified before it can be set as default."))
}
