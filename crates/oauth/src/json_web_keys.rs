//! `GET /.well-known/jwks.json` (§6.11).

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use keywright_app::App;
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;
use serde_json::{Value, json};

use crate::metadata::cacheable;

/// The public keys of the tenant, the current one first.
pub(crate) async fn get(State(app): State<App>, CurrentTenant(tenant): CurrentTenant, headers: HeaderMap) -> Response {
    let keys = match app.signing_keys(&tenant.id).await {
        Ok(keys) => keys,
        Err(error) => return failure(&app, &headers, &error),
    };
    let without_alg = tenant.settings.flags.remove_alg_from_jwks;
    let keys: Vec<Value> = keys
        .public_jwks()
        .filter_map(|jwk| serde_json::to_value(jwk).ok())
        .map(|mut jwk| {
            if let (true, Some(members)) = (without_alg, jwk.as_object_mut()) {
                members.remove("alg");
            }
            jwk
        })
        .collect();
    cacheable(&headers, &json!({ "keys": keys }))
}
