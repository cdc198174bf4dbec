//! `GET /.well-known/jwks.json` (§6.11).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use keywright_app::App;
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;
use serde_json::{Value, json};

/// The public keys of the tenant, the current one first.
pub(crate) async fn get(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    headers: http::HeaderMap,
) -> Response {
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
    let cache = HeaderValue::from_static("public, max-age=15, stale-while-revalidate=15, stale-if-error=86400");
    ([(header::CACHE_CONTROL, cache)], axum::Json(json!({ "keys": keys }))).into_response()
}
