//! The file of an export: an address that works for a minute and for whoever has it, because programs fetch it without a token
//! (`management-api.md` §6.4, "signed URL valid 60 s").

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use keywright_app::{App, AppError};
use keywright_jose::Purpose;
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_types::{Tenant, TenantId};
use keywright_web::CurrentTenant;
use serde::Deserialize;
use serde_json::Value;

use super::job;
use crate::error::{ApiError, NO_STORE};

/// The path; the token is in the query, because paths are logged.
const PATH: &str = "/user-exports";
/// Seconds that an address works.
const LIFETIME: i64 = 60;

/// The route of the file.
pub(crate) fn routes() -> Router<App> {
    Router::new().route(PATH, get(download))
}

/// An address of the file of this job. The token is sealed for the tenant: it cannot be made or read by anybody else.
pub(super) fn location(app: &App, tenant: &Tenant, job_id: &str) -> String {
    let text = serde_json::json!([job_id, app.now().as_second()]).to_string();
    let token = app.data_keys().seal_text(Purpose::ExportLocation, &tenant.id, text.as_bytes(), app.random());
    format!("{}?token={token}", tenant.url(PATH))
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    token: String,
}

async fn download(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let token = query.map(|Query(Parameters { token })| token).unwrap_or_default();
    match found(&app, &tenant.id, &token).await {
        Ok(row) => file(app, tenant.id.clone(), row),
        Err(error) => error.into_response(),
    }
}

async fn found(app: &App, tenant: &TenantId, token: &str) -> Result<UserJobRow, ApiError> {
    let refused = || ApiError::forbidden("The location of the export has expired or is not valid");
    let opened = app.data_keys().open_text(Purpose::ExportLocation, tenant, token).ok_or_else(refused)?;
    let (id, made_at): (String, i64) = serde_json::from_slice(&opened).map_err(|_| refused())?;
    if app.now().as_second().saturating_sub(made_at) >= LIFETIME {
        return Err(refused());
    }
    let tenant = tenant.clone();
    let row = app.store().read(move |tx| user_jobs::find(tx, &tenant, &id)).await.map_err(AppError::from)?;
    row.filter(|row| row.kind == job::EXPORT && row.status == job::COMPLETED).ok_or_else(refused)
}

/// The parts, one after another, each read when the one before was sent.
fn file(app: App, tenant: TenantId, row: UserJobRow) -> Response {
    let request: Value = serde_json::from_str(&row.request).unwrap_or_default();
    let kind = if request.get("format").and_then(Value::as_str) == Some("csv") { "csv" } else { "json" };
    let disposition = format!("attachment; filename=\"{}.{kind}.gz\"", row.job_id);
    let id = row.job_id;
    let parts = stream::try_unfold(job::OUTPUT.0.to_owned(), move |after| {
        let (app, tenant, id) = (app.clone(), tenant.clone(), id.clone());
        async move {
            let own = tenant.clone();
            let read = app.store().read(move |tx| user_jobs::parts(tx, &own, &id, (&after, job::OUTPUT.1), 1));
            let Some((name, sealed)) = read.await.map_err(AppError::from)?.into_iter().next() else { return Ok(None) };
            Ok::<_, AppError>(Some((Bytes::from(job::open(&app, &tenant, &sealed)?), name)))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/gzip".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (StatusCode::OK, [NO_STORE], headers, Body::from_stream(parts)).into_response()
}
