//! The protocol over HTTP, in this process: the tree mirrors the URLs. Pages come from `keywright_login`, as in the server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod code_flow;

use axum::Router;
use keywright_app::App;

/// The routes under test.
fn routes(app: &App) -> Router<App> {
    keywright_oauth::router(app).merge(keywright_login::routes())
}
