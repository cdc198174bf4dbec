//! Creating, changing and deleting client grants (`management-api.md` §3.2).

use keywright_store::client_grants::{self, ClientGrantRow};
use keywright_store::{clients, resource_servers};
use keywright_types::{ClientGrant, Tenant};
use serde_json::{Map, Value, json};

use super::fields;
use super::list::{document, missing, show};
use crate::authentication::Bearer;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge};
use crate::operation::Outcome;

pub(super) async fn create(call: Call) -> Outcome {
    let mut body = created(&fields(), call.members());
    body.entry("scope").or_insert_with(|| json!([]));
    body.entry("subject_type").or_insert_with(|| json!("client"));
    let id = format!("cgr_{}", call.app.random().identifier(16));
    body.insert("id".to_owned(), json!(id));
    let grant = read(&body)?;
    own_scopes_only(&call.tenant, &call.bearer, &grant)?;
    let row = ClientGrantRow {
        id,
        client_id: grant.client_id,
        audience: grant.audience,
        subject_type: grant.subject_type.as_str().to_owned(),
        document: Value::Object(body).to_string(),
        created_at: call.app.now(),
    };
    let inserted = row.clone();
    let written = call.configure(move |tx, tenant| {
        if clients::find(tx, tenant, &inserted.client_id)?.is_none() {
            return Err(ApiError::not_found("The client does not exist").code("inexistent_client"));
        }
        if resource_servers::find_by_identifier(tx, tenant, &inserted.audience)?.is_none() {
            return Err(ApiError::not_found("The resource server does not exist").code("inexistent_resource_server"));
        }
        Ok(client_grants::insert(tx, tenant, &inserted)?)
    });
    let taken =
        || ApiError::conflict(format!("A client grant already exists between {} and {}", row.client_id, row.audience));
    written.await.map_err(|error| error.when("client_grants_subject_key", taken))?;
    show(&row).map(Reply::json)
}

pub(super) async fn update(call: Call) -> Outcome {
    let (id, body) = (call.path("id").to_owned(), call.members());
    let (tenant, bearer) = (call.tenant.clone(), call.bearer.clone());
    let grant = call
        .configure(move |tx, id_of_tenant| {
            let mut row = client_grants::find_by_id(tx, id_of_tenant, &id)?.ok_or_else(missing)?;
            let mut document = document(&row)?;
            let before = read(&document)?;
            merge(&fields(), &mut document, body);
            let grant = read(&document)?;
            // Who leaves the scopes as they are, or takes some away, grants nothing.
            if grant.allow_all_scopes && !before.allow_all_scopes
                || grant.scope.iter().any(|scope| !before.scope.contains(scope))
            {
                own_scopes_only(&tenant, &bearer, &grant)?;
            }
            row.document = Value::Object(document).to_string();
            client_grants::update(tx, id_of_tenant, &row)?;
            show(&row)
        })
        .await?;
    Ok(Reply::json(grant))
}

pub(super) async fn delete(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    // §1.9: "DELETE of a missing object: 204 (idempotent)".
    call.configure(move |tx, tenant| Ok(client_grants::delete(tx, tenant, &id)?)).await?;
    Ok(Reply::empty())
}

fn read(document: &Map<String, Value>) -> Result<ClientGrant, ApiError> {
    serde_json::from_value(Value::Object(document.clone()))
        .map_err(|error| ApiError::invalid_body("The client grant cannot be read").cause(error))
}

/// TN-03: "nobody can grant what they do not hold". Of other APIs nobody holds anything here.
fn own_scopes_only(tenant: &Tenant, bearer: &Bearer, grant: &ClientGrant) -> Result<(), ApiError> {
    if grant.audience != tenant.management_audience() {
        return Ok(());
    }
    let lacks = |scope: &&str| !bearer.scopes.contains(scope);
    let wanted: Vec<&str> = if grant.allow_all_scopes {
        crate::SCOPES.iter().copied().filter(lacks).collect()
    } else {
        grant.scope.iter().map(String::as_str).filter(lacks).collect()
    };
    if wanted.is_empty() {
        return Ok(());
    }
    let named = wanted.iter().take(10).copied().collect::<Vec<_>>().join(",");
    let message = format!("Scopes of the Management API can only be granted by who has them: {named}");
    Err(ApiError::forbidden(message).code("insufficient_scope"))
}
