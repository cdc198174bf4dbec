//! `/playground`: a page on which newcomers walk through the device flow and the code flow, on the real endpoints of their
//! tenant. 404 unless the tenant has switched it on.
//!
//! The page is an application like every other: what it does, it does in the visitor's browser, as a public client, without any
//! right of its own. No cookie is read for it, and none is set.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use keywright_app::App;
use keywright_web::page::{Language, Shell, respond};
use keywright_web::{CurrentTenant, tenancy};

use crate::pages::PlaygroundPage;

/// Where it is; also the callback of its code flow.
pub const PATH: &str = "/playground";

/// `GET /playground`
pub(crate) async fn get(State(app): State<App>, CurrentTenant(tenant): CurrentTenant) -> Response {
    let Some(playground) = tenant.settings.playground.as_ref().filter(|own| own.enabled) else {
        return tenancy::nothing_here();
    };
    let page = PlaygroundPage {
        shell: Shell { language: Language::En, ..tenancy::shell(&app, &tenant, None) },
        issuer: tenant.issuer(),
        client_id: playground.client_id.clone(),
        audience: playground.audience.clone(),
        scope: playground.scopes().to_owned(),
    };
    respond(StatusCode::OK, &page)
}
