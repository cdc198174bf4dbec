//! The protocol over HTTP, in this process: the tree mirrors the URLs. Pages come from `keywright_login`, as in the server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod access_tokens;
mod account_changes;
mod authorize;
mod code_flow;
mod conformance;
mod cookies;
mod cross_origin;
mod data_keys;
mod database_outage;
mod database_users;
mod device;
mod discovery;
mod dpop;
mod expect;
mod forgeries;
mod id_tokens;
mod key_holder;
mod keys;
mod languages;
mod logout;
mod organization_prompts;
mod organizations;
mod outcome;
mod par;
mod rate_limits;
mod rbac;
mod received;
mod registration;
mod revocation;
mod secrecy;
mod sessions;
mod sizes;
mod soak;
mod tenancy;
mod token;
mod userinfo;
mod web_surface;

use axum::Router;
use keywright_app::App;

/// The routes under test.
fn routes(app: &App) -> Router<App> {
    keywright_oauth::router(app).merge(keywright_login::router(app))
}
