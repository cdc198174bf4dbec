//! Deleting a connection, and with it its users in the background (`management-api.md` §1.14).

use http::StatusCode;
use keywright_app::{AccountError, App, AppError, Caller, Job, JobFuture, JobHandler, JobKind, JobReport};
use keywright_store::{connections, users};
use keywright_types::TenantId;
use serde_json::json;

use super::list::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

/// Removes the users of a connection that is gone.
pub(crate) const CONNECTION_DELETION: JobKind =
    JobKind { name: "connection-deletion", delays: &[5, 30, 120, 600, 3600, 3600, 3600], lease: 300, places: 1 };

/// Users that are removed in one attempt; the rest is a job of its own, so that an attempt ends within its lease.
const BATCH: i64 = 500;

pub(super) async fn delete(call: Call) -> Outcome {
    let (id, app) = (call.path("id").to_owned(), call.app.clone());
    let deleted = call
        .configure(move |tx, tenant| {
            let Some(row) = connections::find(tx, tenant, &id)? else { return Ok(false) };
            connections::delete(tx, tenant, &id)?;
            app.enqueue(tx, tenant, &CONNECTION_DELETION, &row.name)?;
            Ok(true)
        })
        .await?;
    if !deleted {
        // "204 when nothing to delete".
        return Ok(Reply::empty().with_status(StatusCode::NO_CONTENT));
    }
    call.app.wake_jobs();
    Ok(Reply::json(json!({ "deleted_at": format!("{:.3}", call.app.now()) })))
}

/// `DELETE /connections/{id}/users?email=`: "database connections only".
pub(super) async fn delete_user(call: Call) -> Outcome {
    let (id, email) = (call.path("id").to_owned(), call.query.text("email").unwrap_or_default().to_lowercase());
    let user = call
        .read(move |tx, tenant| {
            let row = connections::find(tx, tenant, &id)?.ok_or_else(missing)?;
            if row.strategy != "auth0" {
                return Err(ApiError::bad_request("Users can only be deleted from database connections."));
            }
            Ok(users::find_by_email(tx, tenant, &row.name, &email)?.map(|row| row.user_id))
        })
        .await?;
    if let Some(user) = user {
        match call.app.delete_user(&call.tenant, &user, &call.caller).await {
            Ok(()) | Err(AccountError::NotFound) => {}
            Err(AccountError::App(error)) => return Err(error.into()),
            Err(error) => return Err(AppError::internal(error).into()),
        }
    }
    Ok(Reply::empty())
}

/// Makes the attempts.
pub(crate) struct Deletion;

impl JobHandler for Deletion {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            match remove(app, tenant, job).await {
                Ok(()) => JobReport::done(),
                Err(error) => JobReport::retry(error.to_string()),
            }
        })
    }
}

async fn remove(app: &App, tenant: &TenantId, job: &Job) -> Result<(), AppError> {
    let name: String = job.payload()?;
    let Some(tenant) = app.tenant(tenant).await? else { return Ok(()) };
    let (id, wanted) = (tenant.id.clone(), name.clone());
    let batch = app.store().read(move |tx| users::list_of_connection(tx, &id, &wanted, BATCH)).await?;
    let caller = Caller { hostname: tenant.domain.clone(), ..Caller::default() };
    for user in &batch {
        match app.delete_user(&tenant, user, &caller).await {
            Ok(()) | Err(AccountError::NotFound) => {}
            Err(error) => return Err(AppError::internal(error)),
        }
    }
    if i64::try_from(batch.len()).unwrap_or(BATCH) == BATCH {
        let (app_of_job, id) = (app.clone(), tenant.id);
        app.store().write(move |tx| app_of_job.enqueue(tx, &id, &CONNECTION_DELETION, &name)).await?;
        app.wake_jobs();
    }
    Ok(())
}
