//! Works off an import: batch by batch, each a transaction that takes its part of the file away, writes the users, and notes
//! who was refused and how far the import is. A batch that a dead node had begun was not written, and one that was written is not
//! there any more.

use std::sync::Arc;

use keywright_app::{App, AppError, ImportOutcome, ImportedRow, Job, JobFuture, JobHandler, JobKind, JobReport};
use keywright_store::Tx;
use keywright_store::user_jobs::{self, Progress};
use keywright_types::{Connection, Tenant, TenantId};
use serde_json::Value;

use super::import::InputPart;
use super::job;
use super::record::{self, Refusal};
use crate::schema::Schema;

/// Imports users.
pub(crate) const USERS_IMPORT: JobKind =
    JobKind { name: "users-import", delays: &[1, 5, 30, 120, 600, 1800], lease: 300, places: 2 };

/// Batches of one attempt; the rest is a job of its own, so that an attempt ends within its lease and does not hold up the end
/// of the server.
const BATCHES: usize = 20;

/// What is said of an import that went wrong for no reason of the file.
const BROKEN: &str = "The import could not be finished.";
/// What is said of an import whose connection was deleted meanwhile.
const NO_CONNECTION: &str = "The connection does not exist.";

/// Makes the attempts.
pub(crate) struct Import {
    schema: Arc<Schema>,
}

impl Import {
    pub(crate) fn new() -> Self {
        Self { schema: Arc::new(record::schema()) }
    }
}

impl JobHandler for Import {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            let outcome = match job.payload::<String>() {
                Ok(id) => self.work(app, tenant, &id).await.map_err(|error| (error, Some(id))),
                Err(error) => Err((error, None)),
            };
            let Err((error, id)) = outcome else { return JobReport::done() };
            if let Some(id) = id.filter(|_| job.is_last_attempt)
                && let Err(cause) = job::end(app, tenant, &id, job::FAILED, Some(BROKEN)).await
            {
                tracing::warn!(%cause, "an import that failed was not ended");
            }
            JobReport::retry(error.to_string())
        })
    }
}

impl Import {
    async fn work(&self, app: &App, tenant: &TenantId, id: &str) -> Result<(), AppError> {
        let (own, wanted) = (tenant.clone(), id.to_owned());
        let row = app.store().read(move |tx| user_jobs::find(tx, &own, &wanted)).await?;
        let (Some(row), Some(tenant)) = (row.filter(|row| row.status == job::PENDING), app.tenant(tenant).await?)
        else {
            return Ok(());
        };
        if job::is_over(&row, app.now()) {
            return job::end(app, &tenant.id, id, job::FAILED, Some(job::TIMED_OUT)).await;
        }
        let request: Value = serde_json::from_str(&row.request).map_err(AppError::internal)?;
        let connections = app.connections(&tenant.id).await?;
        let wanted = request.get("connection_id").and_then(Value::as_str).unwrap_or_default();
        let Some(connection) = connections.iter().find(|own| own.id == wanted && own.is_database()) else {
            return job::end(app, &tenant.id, id, job::FAILED, Some(NO_CONNECTION)).await;
        };
        let upsert = request.get("upsert").and_then(Value::as_bool).unwrap_or(false);
        let import = Running { app, tenant: &tenant, connection, id, upsert, schema: &self.schema };
        for _ in 0..BATCHES {
            if !import.next_batch().await? {
                return job::end(app, &tenant.id, id, job::COMPLETED, None).await;
            }
        }
        let (queueing, own, id) = (app.clone(), tenant.id.clone(), id.to_owned());
        app.store().write(move |tx| queueing.enqueue(tx, &own, &USERS_IMPORT, &id)).await?;
        app.wake_jobs();
        Ok(())
    }
}

struct Running<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    connection: &'a Connection,
    id: &'a str,
    upsert: bool,
    schema: &'a Arc<Schema>,
}

/// A batch that was read.
struct Batch {
    /// Those that can be written, and each of them as it was sent, to be shown if it is refused.
    rows: Vec<ImportedRow>,
    sent: Vec<String>,
    /// Those that cannot, as the errors have them.
    refused: Vec<Value>,
}

impl Running<'_> {
    /// Does the first batch that is left. `false` when there was none.
    async fn next_batch(&self) -> Result<bool, AppError> {
        let (tenant, id) = (self.tenant.id.clone(), self.id.to_owned());
        let parts = self.app.store().read(move |tx| user_jobs::parts(tx, &tenant, &id, job::INPUT, 1)).await?;
        let Some((name, sealed)) = parts.into_iter().next() else { return Ok(false) };
        let (app, connection, schema) = (self.app.clone(), self.connection.clone(), self.schema.clone());
        let tenant = self.tenant.id.clone();
        let reading = tokio::task::spawn_blocking(move || read(&app, &tenant, &connection, &schema, &sealed));
        let Batch { rows, sent, refused } = reading.await.map_err(AppError::internal)??;
        let (taken, taken_from) = (name.clone(), self.id.to_owned());
        let begin = move |tx: &mut Tx<'_>, tenant: &TenantId| user_jobs::take_part(tx, tenant, &taken_from, &taken);
        let (app, id, errors, now) =
            (self.app.clone(), self.id.to_owned(), job::counterpart(job::ERRORS, &name), self.app.now());
        let finish = move |tx: &mut Tx<'_>, tenant: &TenantId, outcome: &ImportOutcome| {
            let mut refused = refused;
            for (place, conflict) in &outcome.refused {
                let sent = sent.get(*place).map(String::as_str).unwrap_or_default();
                refused.push(record::shown(&masked(sent), &[Refusal::conflict(*conflict)]));
            }
            let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            let progress = Progress {
                inserted: count(outcome.inserted),
                updated: count(outcome.updated),
                failed: count(refused.len()),
            };
            if !refused.is_empty() {
                let content = job::seal(&app, tenant, Value::Array(refused).to_string().as_bytes());
                user_jobs::insert_part(tx, tenant, &id, &errors, &content)?;
            }
            user_jobs::advance(tx, tenant, &id, progress, now)
        };
        // Nothing is written when another node was faster: then the next part is looked for all the same.
        self.app.import_users(self.tenant, self.connection, rows, self.upsert, begin, finish).await?;
        Ok(true)
    }
}

/// A record as it may be shown.
fn masked(sent: &str) -> Value {
    record::masked(&serde_json::from_str(sent).unwrap_or_default())
}

fn read(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    schema: &Schema,
    sealed: &[u8],
) -> Result<Batch, AppError> {
    let content = job::open(app, tenant, sealed)?;
    let part: InputPart<'_> = serde_json::from_slice(&content).map_err(AppError::internal)?;
    let mut batch = Batch { rows: Vec::new(), sent: Vec::new(), refused: Vec::new() };
    let mut repeated = part.repeated.iter().peekable();
    for (place, entry) in part.users.iter().enumerate() {
        let again = repeated.next_if(|(own, _)| *own == place);
        match record::read(app, connection, schema, entry.get())? {
            Err((shown, refusals)) => batch.refused.push(record::shown(&shown, &refusals)),
            Ok(_) if again.is_some() => {
                let rule = again.map_or("CONFLICT", |(_, rule)| rule);
                batch.refused.push(record::shown(&masked(entry.get()), &[Refusal::repeated(rule)]));
            }
            Ok(row) => {
                batch.rows.push(row);
                batch.sent.push(entry.get().to_owned());
            }
        }
    }
    Ok(batch)
}
