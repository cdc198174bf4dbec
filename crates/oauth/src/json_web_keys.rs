//! `GET /.well-known/jwks.json` (§6.11).

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use keywright_app::App;
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;

use crate::metadata::cacheable;

/// The public keys of the tenant, the current one first.
pub(crate) async fn get(State(app): State<App>, CurrentTenant(tenant): CurrentTenant, headers: HeaderMap) -> Response {
    let keys = match app.signing_keys(&tenant.id).await {
        Ok(keys) => keys,
        Err(error) => return failure(&app, &headers, &error),
    };
    cacheable(&headers, keys.jwks(!tenant.settings.flags.remove_alg_from_jwks))
}
