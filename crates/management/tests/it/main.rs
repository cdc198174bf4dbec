//! The Management API over HTTP, in this process: the tree mirrors the URLs. Tokens come from `keywright_oauth`, as in the
//! server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod actions;
mod authentication;
mod authorization;
mod branding;
mod caller;
mod client_grants;
mod clients;
mod common;
mod connections;
mod custom_domains;
mod document;
mod documents;
mod email_provider;
mod email_templates;
mod every_field;
mod identities;
mod jobs;
mod log;
mod not_there_yet;
mod organizations;
mod prompts;
mod resource_servers;
mod roles;
mod rules;
mod scripts;
mod sessions;
mod signing_keys;
mod tenancy;
mod tenant_settings;
mod tickets;
mod user_blocks;
mod user_search;
mod users;

use axum::Router;
use keywright_app::App;

/// The routes under test.
fn routes(app: &App) -> Router<App> {
    keywright_management::router(app).merge(keywright_oauth::router(app)).merge(keywright_login::router(app))
}

/// The program of a worker that runs scripts of tenants.
#[test]
#[ignore = "the program of a worker for scripts"]
fn script_worker() {
    keywright_testkit::become_script_worker();
}
