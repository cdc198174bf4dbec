//! `GET /health`: whether this node can answer requests. It belongs to no tenant and is asked under any host name.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use keywright_app::{App, AppError};
use serde_json::json;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/health", get(health))
}

/// 200 only when the database answers and its data keys are known; 503 otherwise, with the cause in the log alone.
async fn health(State(app): State<App>) -> Response {
    let asked: Result<(), AppError> =
        app.store().read(|tx| keywright_store::config::current(tx).map(drop).map_err(AppError::from)).await;
    let body = |text: &str| ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": text })));
    // Without a data key that others seal with, it would answer nothing.
    let ready = match asked {
        Ok(()) => app.follow_data_keys().await,
        Err(cause) => Err(cause),
    };
    match ready {
        Ok(()) => body("ok").into_response(),
        Err(cause) => {
            tracing::warn!(%cause, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], body("unavailable")).into_response()
        }
    }
}
