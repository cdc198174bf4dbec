//! A job as it is stored and answered: its identifier, its parts, how far it is, and when it is over.

use keywright_app::{App, AppError};
use keywright_jose::Purpose;
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_store::{StoreError, Tx};
use keywright_types::{Connection, TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::download;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

pub(super) const IMPORT: &str = "users_import";
pub(super) const EXPORT: &str = "users_export";
pub(super) const VERIFICATION: &str = "verification_email";

pub(super) const PENDING: &str = "pending";
pub(super) const COMPLETED: &str = "completed";
pub(super) const FAILED: &str = "failed";

/// Jobs of one kind that a tenant has at the same time.
pub(super) const PLACES: i64 = 2;
/// "jobs time out after 2 h", in seconds.
const TIMEOUT: i64 = 2 * 60 * 60;
/// What is said of a job that did.
pub(super) const TIMED_OUT: &str = "The job was not finished within two hours.";

/// Parts of a job by what they are: names between these two. Letters and digits alone, because databases sort everything else
/// by rules of a language.
pub(super) const INPUT: (&str, &str) = ("input", "inputs");
pub(super) const ERRORS: (&str, &str) = ("error", "errors");
pub(super) const OUTPUT: (&str, &str) = ("output", "outputs");

/// The name of a part.
pub(super) fn part((kind, _): (&'static str, &'static str), number: u64) -> String {
    format!("{kind}{number:012}")
}

/// The same part of another kind: what became of what was read.
pub(super) fn counterpart((kind, _): (&'static str, &'static str), name: &str) -> String {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    format!("{kind}{digits}")
}

/// Parts hold password hashes and people's data.
pub(super) fn seal(app: &App, tenant: &TenantId, content: &[u8]) -> Vec<u8> {
    app.data_keys().seal(Purpose::UserJobPart, tenant, content, app.random())
}

/// What [`seal`] sealed.
pub(super) fn open(app: &App, tenant: &TenantId, sealed: &[u8]) -> Result<Vec<u8>, AppError> {
    let opened = app.data_keys().open(Purpose::UserJobPart, tenant, sealed);
    opened.map(|content| content.to_vec()).ok_or_else(|| AppError::internal("a part of a job does not open"))
}

/// A job that begins.
pub(super) fn new(app: &App, kind: &'static str, request: &Map<String, Value>, total: i64) -> UserJobRow {
    let now = app.now();
    UserJobRow {
        job_id: format!("job_{}", app.random().identifier(16)),
        kind: kind.to_owned(),
        status: PENDING.to_owned(),
        request: Value::Object(request.clone()).to_string(),
        slot: None,
        total,
        done: 0,
        inserted: 0,
        updated: 0,
        failed: 0,
        reached: String::new(),
        details: None,
        created_at: now,
        updated_at: now,
    }
}

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("The job does not exist").code("inexistent_job")
}

/// The job of the path. One that is over has not been swept yet.
pub(super) async fn of(call: &Call) -> Result<UserJobRow, ApiError> {
    let id = call.path("id").to_owned();
    let mut row = call.read(move |tx, tenant| user_jobs::find(tx, tenant, &id)?.ok_or_else(missing)).await?;
    if row.status == PENDING && is_over(&row, call.app.now()) {
        FAILED.clone_into(&mut row.status);
        row.details = Some(TIMED_OUT.to_owned());
    }
    Ok(row)
}

/// Whether its time is over.
pub(super) fn is_over(row: &UserJobRow, now: Timestamp) -> bool {
    now.as_second().saturating_sub(row.created_at.as_second()) >= TIMEOUT
}

/// Ends jobs of the tenant whose time is over, so that their places are free and what they were to read is gone.
pub(super) fn time_out(tx: &mut Tx<'_>, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
    let until = Timestamp::from_second(now.as_second().saturating_sub(TIMEOUT)).unwrap_or(now);
    for id in user_jobs::time_out(tx, tenant, until, TIMED_OUT, now)? {
        user_jobs::remove_parts(tx, tenant, &id, INPUT)?;
    }
    Ok(())
}

/// Ends a job, and removes what it was to read.
pub(super) async fn end(
    app: &App,
    tenant: &TenantId,
    id: &str,
    status: &'static str,
    details: Option<&'static str>,
) -> Result<(), AppError> {
    let (tenant, id, now) = (tenant.clone(), id.to_owned(), app.now());
    let ended = app.store().write(move |tx| {
        user_jobs::end(tx, &tenant, &id, status, details, now)?;
        user_jobs::remove_parts(tx, &tenant, &id, INPUT)?;
        Ok::<_, StoreError>(())
    });
    Ok(ended.await?)
}

/// The database connection with this identifier.
pub(super) async fn connection(call: &Call, id: &str) -> Result<Connection, ApiError> {
    let all = call.app.connections(&call.tenant.id).await?;
    let found = all.iter().find(|connection| connection.id == id);
    let missing = || ApiError::bad_request("The connection does not exist.").code("inexistent_connection");
    found.cloned().ok_or_else(missing)
}

pub(super) async fn get(call: Call) -> Outcome {
    let row = of(&call).await?;
    Ok(Reply::json(progress(&call, &row)?))
}

/// What is answered when a job begins.
pub(super) fn show(row: &UserJobRow) -> Result<Map<String, Value>, ApiError> {
    let request: Result<Map<String, Value>, _> = serde_json::from_str(&row.request);
    let mut shown = request.map_err(|error| AppError::internal(format!("the request of a job: {error}")))?;
    for (name, value) in [
        ("id", json!(row.job_id)),
        ("type", json!(row.kind)),
        ("status", json!(row.status)),
        ("created_at", json!(format!("{:.3}", row.created_at))),
    ] {
        shown.insert(name.to_owned(), value);
    }
    Ok(shown)
}

/// The same with how far it is.
fn progress(call: &Call, row: &UserJobRow) -> Result<Map<String, Value>, ApiError> {
    let mut shown = show(row)?;
    let mut set = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    let percentage = match row.status.as_str() {
        COMPLETED => 100,
        _ if row.total > 0 => (row.done.saturating_mul(100) / row.total).clamp(0, 99),
        _ => 0,
    };
    set("percentage_done", json!(percentage));
    if row.status == PENDING {
        let spent = row.updated_at.as_second().saturating_sub(row.created_at.as_second()).max(0);
        let left = row.total.saturating_sub(row.done).max(0);
        set("time_left_seconds", json!(if row.done > 0 { spent.saturating_mul(left) / row.done } else { 0 }));
    }
    if let Some(details) = &row.details {
        set("status_details", json!(details));
    }
    if row.kind == IMPORT && row.status == COMPLETED {
        let UserJobRow { total, inserted, updated, failed, .. } = row;
        set("summary", json!({ "failed": failed, "updated": updated, "inserted": inserted, "total": total }));
    }
    if row.kind == EXPORT && row.status == COMPLETED {
        set("location", json!(download::location(&call.app, &call.tenant, &row.job_id)));
    }
    Ok(shown)
}
