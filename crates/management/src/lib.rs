//! The Management API v2: the surface that administers a tenant. It never reads a cookie.
//!
//! `operation.rs` says what an operation is, `resources/` has the table of them, and everything else is made from the
//! table: the routes and their checks (`routes.rs`), the OpenAPI document (`openapi.rs`), the reference (`reference.rs`)
//! and the tests of authorization.

mod administration;
mod authentication;
mod body;
mod call;
mod cross_origin;
mod document;
mod documents;
mod error;
mod fields;
mod json;
mod log;
mod openapi;
mod operation;
mod paging;
mod path;
mod projection;
mod query;
mod reference;
mod resources;
mod routes;
mod schema;
mod scopes;
mod sealed;
mod stored_secrets;

use axum::response::{IntoResponse, Response};
use keywright_app::AppError;

pub use administration::{Administered, Administration};
pub use openapi::document as openapi;
pub use reference::pages as reference_pages;
pub use resources::{ImportedBatch, UserImport};
pub use routes::router;
pub use scopes::SCOPES;
pub use stored_secrets::StoredSecrets;

/// Answers a failure that happened before or around an operation, in the shape of this surface.
#[must_use]
pub fn failure(error: AppError) -> Response {
    error::ApiError::from(error).into_response()
}

/// Whether a request sends a file, which may be larger than other bodies. Its body is read by the surface itself, after the
/// token: nobody else makes the server hold so much.
#[must_use]
pub fn takes_file(method: &http::Method, path: &str) -> bool {
    let path = path.strip_prefix(operation::BASE);
    let mut operations = resources::with_files().into_iter();
    path.is_some_and(|path| operations.any(|own| own.0 == *method && own.1 == path))
}

/// Whether a path is one of this surface.
#[must_use]
pub fn owns(path: &str) -> bool {
    path.strip_prefix(operation::BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
