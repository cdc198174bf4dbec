//! The Management API over HTTP, in this process: the tree mirrors the URLs. Tokens come from `keywright_oauth`, as in the
//! server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod authentication;
mod authorization;
mod caller;
mod client_grants;
mod clients;
mod common;
mod connections;
mod document;
mod every_field;
mod identities;
mod log;
mod resource_servers;
mod roles;
mod sessions;
mod signing_keys;
mod tenancy;
mod tenant_settings;
mod user_blocks;
mod user_search;
mod users;

use axum::Router;
use keywright_app::App;

/// The routes under test.
fn routes(app: &App) -> Router<App> {
    keywright_management::router(app).merge(keywright_oauth::router(app)).merge(keywright_login::router(app))
}
