//! An API as it is answered and as it is stored (`management-api.md` §3.1).

use keywright_app::{App, AppError};
use keywright_jose::Purpose;
use keywright_store::resource_servers::ResourceServerRow;
use keywright_types::{ResourceServer, TenantId};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// §3.1: tools know the system API by this name, and leave it alone.
const SYSTEM_NAME: &str = "Auth0 Management API";

/// The API with its secret: `signing_secret` is "returned to read:resource_servers".
pub(super) fn show(app: &App, tenant: &TenantId, row: &ResourceServerRow) -> Result<Value, ApiError> {
    let mut document = document(row)?;
    if document.get("is_system") == Some(&json!(true)) {
        document.insert("name".to_owned(), json!(SYSTEM_NAME));
    }
    let secret = app.unsealed(Purpose::ApiSigningSecret, tenant, row.signing_secret.as_deref())?;
    if let Some(secret) = secret {
        document.insert("signing_secret".to_owned(), json!(secret.expose_secret()));
    }
    Ok(Value::Object(document))
}

/// The stored document.
pub(super) fn document(row: &ResourceServerRow) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of API {}: {error}", row.id)).into())
}

/// The API that a document is, and what no description of single members can say of it.
pub(super) fn check(document: &Map<String, Value>) -> Result<ResourceServer, ApiError> {
    let api: ResourceServer = serde_json::from_value(Value::Object(document.clone()))
        .map_err(|error| ApiError::invalid_body("The resource server cannot be read").cause(error))?;
    // §3.1: "≤ token_lifetime". The default of the one must not forbid a shorter one of the other.
    if document.contains_key("token_lifetime_for_web") && api.token_lifetime_for_web > api.token_lifetime {
        return Err(ApiError::invalid_body("token_lifetime_for_web must be less than or equal to token_lifetime"));
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = api.scopes.iter().find(|scope| !seen.insert(&scope.value)) {
        return Err(ApiError::invalid_body(format!("The scope {} comes twice", twice.value)));
    }
    Ok(api)
}
