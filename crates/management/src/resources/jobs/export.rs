//! `POST /jobs/users-exports`, and the work: users in the order of creation, batch by batch, each a compressed part of the
//! result. Where to go on is moved in the transaction that stores the part, so that no user is missing or comes twice.

use keywright_app::{App, AppError, Job, JobFuture, JobHandler, JobKind, JobReport};
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_store::{Range, StoreError, Tx, users};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::export_format::{self, Format};
use super::job;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;
use crate::resources::users::show;

/// Exports users.
pub(crate) const USERS_EXPORT: JobKind =
    JobKind { name: "users-export", delays: &[1, 5, 30, 120, 600, 1800], lease: 300, places: 2 };

/// Users that are read by one step.
const BATCH: i64 = 500;
/// Steps of one attempt.
const STEPS: usize = 40;

const BROKEN: &str = "The export could not be finished.";

pub(super) async fn create(call: Call) -> Outcome {
    let mut request = Map::from_iter([("format".to_owned(), json!(call.text("format").unwrap_or("json")))]);
    let mut single = None;
    if let Some(id) = call.text("connection_id") {
        let connection = job::connection(&call, id).await?;
        request.insert("connection_id".to_owned(), json!(connection.id));
        request.insert("connection".to_owned(), json!(connection.name));
        single = Some(connection.name);
    }
    for name in ["limit", "fields"] {
        if let Some(value) = call.body.get(name) {
            request.insert(name.to_owned(), value.clone());
        }
    }
    // What cannot be exported is refused now and not by a job that fails.
    Format::of(&request).map_err(ApiError::invalid_body)?;
    let limit = call.body.get("limit").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let app = call.app.clone();
    let row = call
        .write(move |tx, tenant| {
            // Of one connection it is not known before all users were looked at.
            let total = users::count(tx, tenant)?;
            let total = if single.is_some() { total } else { total.min(limit) };
            let row = job::new(&app, job::EXPORT, &request, total);
            job::time_out(tx, tenant, app.now())?;
            user_jobs::insert(tx, tenant, &row)?;
            app.enqueue(tx, tenant, &USERS_EXPORT, &row.job_id)?;
            Ok(row)
        })
        .await?;
    call.app.wake_jobs();
    Ok(Reply::json(job::show(&row)?))
}

/// Makes the attempts.
pub(crate) struct Export;

impl JobHandler for Export {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            let outcome = match job.payload::<String>() {
                Ok(id) => work(app, tenant, &id).await.map_err(|error| (error, Some(id))),
                Err(error) => Err((error, None)),
            };
            let Err((error, id)) = outcome else { return JobReport::done() };
            if let Some(id) = id.filter(|_| job.is_last_attempt)
                && let Err(cause) = job::end(app, tenant, &id, job::FAILED, Some(BROKEN)).await
            {
                tracing::warn!(%cause, "an export that failed was not ended");
            }
            JobReport::retry(error.to_string())
        })
    }
}

async fn find(app: &App, tenant: &TenantId, id: &str) -> Result<Option<UserJobRow>, AppError> {
    let (tenant, id) = (tenant.clone(), id.to_owned());
    let row = app.store().read(move |tx| user_jobs::find(tx, &tenant, &id)).await?;
    Ok(row.filter(|row| row.status == job::PENDING))
}

async fn work(app: &App, tenant: &TenantId, id: &str) -> Result<(), AppError> {
    for _ in 0..STEPS {
        let Some(row) = find(app, tenant, id).await? else { return Ok(()) };
        if job::is_over(&row, app.now()) {
            return job::end(app, tenant, id, job::FAILED, Some(job::TIMED_OUT)).await;
        }
        if !step(app, tenant, row).await? {
            return job::end(app, tenant, id, job::COMPLETED, None).await;
        }
    }
    let (queueing, own, id) = (app.clone(), tenant.clone(), id.to_owned());
    app.store().write(move |tx| queueing.enqueue(tx, &own, &USERS_EXPORT, &id)).await?;
    app.wake_jobs();
    Ok(())
}

/// Where an export goes on.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Place {
    /// Number of the next part.
    part: u64,
    /// Users that are in the parts before.
    exported: i64,
    /// The last user that was looked at: creation in milliseconds, and identifier.
    created_at: i64,
    user_id: String,
}

/// Writes one part. `false` when there is nothing left.
async fn step(app: &App, tenant: &TenantId, row: UserJobRow) -> Result<bool, AppError> {
    let request: Map<String, Value> = serde_json::from_str(&row.request).map_err(AppError::internal)?;
    let place: Place = if row.reached.is_empty() {
        Place { created_at: Timestamp::UNIX_EPOCH.as_millisecond(), ..Place::default() }
    } else {
        serde_json::from_str(&row.reached).map_err(AppError::internal)?
    };
    let limit = request.get("limit").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let left = usize::try_from(limit.saturating_sub(place.exported)).unwrap_or(0);
    let after = Timestamp::from_millisecond(place.created_at).map_err(AppError::internal)?;
    let range = Range { after, after_id: place.user_id.clone(), skip: 0, limit: BATCH };
    let connection = request.get("connection").and_then(Value::as_str).map(str::to_owned);
    let id = tenant.clone();
    let read = app.store().read(move |tx| {
        let page = users::page(tx, &id, &range)?;
        let wanted = page.iter().filter(|row| connection.as_ref().is_none_or(|name| row.connection == *name));
        let profiles = wanted.take(left).map(|row| show(tx, &id, row)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, ApiError>((page, profiles))
    });
    let (page, profiles) = read.await.map_err(|error| AppError::internal(error.message()))?;
    // A table has its head also when nobody is in it.
    let beginning = place.part == 0;
    if (page.is_empty() || left == 0) && !beginning {
        return Ok(false);
    }
    let next = Place {
        part: place.part + 1,
        created_at: page.last().map_or(place.created_at, |row| row.created_at.as_millisecond()),
        user_id: page.last().map_or_else(String::new, |row| row.user_id.clone()),
        exported: 0,
    };
    let looked_at = i64::try_from(page.len()).unwrap_or(BATCH);
    let format = Format::of(&request).map_err(AppError::internal)?;
    let formatting = tokio::task::spawn_blocking(move || {
        let text = format.text(&profiles, beginning);
        Ok::<_, AppError>((profiles.len(), export_format::compressed(text.as_bytes()).map_err(AppError::internal)?))
    });
    let (count, content) = formatting.await.map_err(AppError::internal)??;
    let next = Place { exported: place.exported.saturating_add(i64::try_from(count).unwrap_or(BATCH)), ..next };
    let content = job::seal(app, tenant, &content);
    let (own, now, name) = (tenant.clone(), app.now(), job::part(job::OUTPUT, place.part));
    let to = serde_json::to_string(&next).map_err(AppError::internal)?;
    let write = move |tx: &mut Tx<'_>| {
        // Another node was faster, or the job has ended: this part is not needed.
        if user_jobs::reach(tx, &own, &row.job_id, (&row.reached, &to), looked_at, now)? {
            user_jobs::insert_part(tx, &own, &row.job_id, &name, &content)?;
        }
        Ok::<_, StoreError>(())
    };
    app.store().write(write).await?;
    Ok(true)
}
