//! `POST /jobs/users-imports`: takes the file, looks for entries that come twice, and stores it sealed, in parts that are
//! batches of the import.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use http::StatusCode;
use keywright_app::{App, AppError};
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_store::{StoreError, Tx};
use keywright_types::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::import_run::USERS_IMPORT;
use super::job;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

/// Users of a batch, at most.
const BATCH: usize = 500;
/// Bytes of the users of a batch, from which on it has no further one.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that are stored by one transaction: a large file must not hold up everybody else.
const STORED_AT_ONCE: usize = 16;

/// What is said of a file that is no array of JSON.
const UNREADABLE: &str = "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";

/// A part of a file, in the order of the file.
#[derive(Serialize, Deserialize)]
pub(super) struct InputPart<'a> {
    /// Places in `users` of entries that came before in the file, and the rule that they break.
    pub(super) repeated: Vec<(usize, Cow<'a, str>)>,
    /// The entries as they were sent.
    #[serde(borrow)]
    pub(super) users: Vec<&'a RawValue>,
}

/// What makes two entries the same user. An entry whose members are of other types is refused by its schema later.
#[derive(Deserialize)]
struct Identifiers<'a> {
    #[serde(borrow, default)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    username: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    user_id: Option<Cow<'a, str>>,
}

/// The file, read and sealed.
struct Stored {
    total: usize,
    parts: Vec<(String, Vec<u8>)>,
}

pub(super) async fn create(call: Call) -> Outcome {
    let connection = job::connection(&call, call.text("connection_id").unwrap_or_default()).await?;
    if !connection.is_database() {
        return Err(ApiError::bad_request("Users can only be imported into database connections."));
    }
    let flag = |name: &str, or: bool| call.body.get(name).and_then(Value::as_bool).unwrap_or(or);
    let mut request = Map::from_iter([
        ("connection_id".to_owned(), json!(connection.id)),
        ("connection".to_owned(), json!(connection.name)),
        ("upsert".to_owned(), json!(flag("upsert", false))),
        ("send_completion_email".to_owned(), json!(flag("send_completion_email", true))),
    ]);
    if let Some(name) = call.text("external_id") {
        request.insert("external_id".to_owned(), json!(name));
    }
    let (app, tenant, file) = (call.app.clone(), call.tenant.id.clone(), call.file.clone());
    // A file of some megabytes takes a while.
    let stored = tokio::task::spawn_blocking(move || split(&app, &tenant, &file)).await.map_err(AppError::internal)?;
    let row = match &stored {
        Some(stored) => job::new(&call.app, job::IMPORT, &request, i64::try_from(stored.total).unwrap_or(i64::MAX)),
        None => UserJobRow {
            status: job::FAILED.to_owned(),
            details: Some(UNREADABLE.to_owned()),
            ..job::new(&call.app, job::IMPORT, &request, 0)
        },
    };
    let shown = job::show(&row)?;
    let id = row.job_id.clone();
    if let Err(error) = store(&call, row, stored.map(|stored| stored.parts)).await {
        // What was stored of it by transactions before. When this fails too, it times out.
        let tenant = call.tenant.id.clone();
        let _ = call.app.store().write(move |tx| user_jobs::delete(tx, &tenant, &id)).await;
        return Err(error);
    }
    call.app.wake_jobs();
    Ok(Reply::json(shown))
}

/// Stores a job with its parts, and queues it with the last of them.
async fn store(call: &Call, row: UserJobRow, parts: Option<Vec<(String, Vec<u8>)>>) -> Result<(), ApiError> {
    let Some(mut parts) = parts else { return call.write(move |tx, tenant| begin(tx, tenant, &row, false)).await };
    let (id, now) = (row.job_id.clone(), row.created_at);
    let mut first = Some(row);
    loop {
        let rest = parts.split_off(parts.len().min(STORED_AT_ONCE));
        let (batch, job_id, beginning) = (std::mem::replace(&mut parts, rest), id.clone(), first.take());
        let insert = move |tx: &mut Tx<'_>, tenant: &TenantId| {
            if let Some(row) = beginning {
                job::time_out(tx, tenant, now)?;
                begin(tx, tenant, &row, true)?;
            }
            for (name, content) in &batch {
                user_jobs::insert_part(tx, tenant, &job_id, name, content)?;
            }
            Ok::<_, ApiError>(())
        };
        if parts.is_empty() {
            let (app, id) = (call.app.clone(), id.clone());
            let queue = move |tx: &mut Tx<'_>, tenant: &TenantId| {
                insert(tx, tenant)?;
                Ok(app.enqueue(tx, tenant, &USERS_IMPORT, &id)?)
            };
            return call.write(queue).await;
        }
        let tenant = call.tenant.id.clone();
        call.app.store().write(move |tx| insert(tx, &tenant)).await?;
    }
}

/// "At most two concurrent import jobs per tenant": whoever gets one of the places, by a unique index.
fn begin(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserJobRow, with_place: bool) -> Result<(), ApiError> {
    if !with_place {
        return Ok(user_jobs::insert(tx, tenant, row)?);
    }
    for slot in 1..=job::PLACES {
        let taking = UserJobRow { slot: Some(slot), ..row.clone() };
        match tx.savepoint(|tx| user_jobs::insert(tx, tenant, &taking)) {
            Err(StoreError::Conflict { constraint }) if constraint == "user_jobs_slot_key" => {}
            inserted => return Ok(inserted?),
        }
    }
    let message = "There are 2 active import users jobs, please wait until some of them are finished and try again";
    Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).code("too_many_requests"))
}

/// The entries of a file in batches, sealed; `None` when it is no array.
fn split(app: &App, tenant: &TenantId, file: &Bytes) -> Option<Stored> {
    // Some programs begin files with a mark.
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let entries: Vec<&RawValue> = serde_json::from_slice(text).ok()?;
    let (mut seen, mut parts) = (HashSet::new(), Vec::new());
    let mut entries = entries.into_iter().peekable();
    let mut total = 0;
    while entries.peek().is_some() {
        let mut part = InputPart { repeated: Vec::new(), users: Vec::new() };
        let mut bytes = 0;
        while part.users.len() < BATCH && bytes < BATCH_BYTES {
            let Some(entry) = entries.next() else { break };
            if let Some(rule) = repeats(entry.get(), &mut seen) {
                part.repeated.push((part.users.len(), Cow::Borrowed(rule)));
            }
            bytes += entry.get().len();
            part.users.push(entry);
        }
        total += part.users.len();
        let content = serde_json::to_vec(&part).ok()?;
        parts.push((job::part(job::INPUT, u64::try_from(parts.len()).ok()?), job::seal(app, tenant, &content)));
    }
    Some(Stored { total, parts })
}

/// Which rule an entry breaks by being the same user as one before.
pub(super) fn repeats(entry: &str, seen: &mut HashSet<(&'static str, String)>) -> Option<&'static str> {
    let Identifiers { email, username, user_id } = serde_json::from_str(entry).ok()?;
    let lower = |text: Cow<'_, str>| text.trim().to_lowercase();
    let mut broken = None;
    for (rule, value) in [
        ("CONFLICT_EMAIL", email.map(lower)),
        ("CONFLICT_USERNAME", username.map(lower)),
        ("CONFLICT", user_id.map(Cow::into_owned)),
    ] {
        if let Some(value) = value
            && !seen.insert((rule, value))
        {
            broken = broken.or(Some(rule));
        }
    }
    broken
}
