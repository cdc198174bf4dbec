//! The running instance on a real database, without HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod configuration_changes;
mod data_keys;
mod extensibility;
mod jobs;
mod new_passwords;
mod tenant_log;
mod users;

use axum::Router;
use keywright_app::App;

/// No routes: these tests call the app itself.
fn no_routes(_: &App) -> Router<App> {
    Router::new()
}
