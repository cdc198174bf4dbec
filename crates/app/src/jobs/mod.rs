//! Background jobs: logout tokens, mails and whatever else must not hold up an answer, and must not get lost either.
//!
//! A job is queued in the transaction of what causes it ([`App::enqueue`]), so that it exists exactly when its cause does.
//! It is run at least once, by one node at a time: a node takes it for the time of its kind's lease, and when that node dies
//! another one takes it over. What fails is tried again after the kind's delays, then kept as failed.
//!
//! Each kind has its own places, so that receivers that do not answer hold up their own kind only.

mod runner;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use keywright_jose::Purpose;
use keywright_store::jobs::{self, JobRow};
use keywright_store::logs::LogRow;
use keywright_store::{StoreError, Tx};
use keywright_types::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::{App, AppError};

/// A kind of job and how it is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobKind {
    /// Name in the database; never changed, because an update must find the jobs of the version before.
    pub name: &'static str,
    /// Seconds to wait after the first, second, … failed attempt. There is one attempt more than delays.
    pub delays: &'static [i64],
    /// Seconds after which a node that has not answered for a job counts as dead. Longer than any attempt takes.
    pub lease: i64,
    /// How many run at the same time on one node.
    pub places: usize,
}

/// One attempt at a job.
#[derive(Clone)]
pub struct Job {
    /// Identifier; stays the same for all attempts, so a receiver can recognise a repetition.
    pub id: String,
    /// Number of this attempt, from 1.
    pub attempt: usize,
    /// Whether a failure now is the end of it.
    pub is_last_attempt: bool,
    /// When it was queued.
    pub queued_at: Timestamp,
    payload: Vec<u8>,
}

impl Job {
    /// What it is about, as it was given to [`App::enqueue`].
    ///
    /// # Errors
    /// When it is of another shape: a defect, or the work of a version that is too new.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        serde_json::from_slice(&self.payload).map_err(AppError::internal)
    }
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, or there is nothing to do any more.
    Done,
    /// It may succeed later.
    Retry,
    /// It will never succeed.
    GiveUp,
}

/// What a handler says about an attempt.
pub struct JobReport {
    verdict: Verdict,
    failure: String,
    entry: Option<LogRow>,
}

impl JobReport {
    /// Done.
    #[must_use]
    pub fn done() -> Self {
        Self { verdict: Verdict::Done, failure: String::new(), entry: None }
    }

    /// To be tried again, unless this was the last attempt. `failure` is for operators: no secret, nothing personal.
    #[must_use]
    pub fn retry(failure: impl Into<String>) -> Self {
        Self { verdict: Verdict::Retry, failure: failure.into(), entry: None }
    }

    /// Never to be tried again.
    #[must_use]
    pub fn give_up(failure: impl Into<String>) -> Self {
        Self { verdict: Verdict::GiveUp, failure: failure.into(), entry: None }
    }

    /// With an entry for the tenant log, written together with the result ([`App::log_row`]).
    #[must_use]
    pub fn logged(self, entry: LogRow) -> Self {
        Self { entry: Some(entry), ..self }
    }
}

/// The answer of a handler, in the making.
pub type JobFuture<'a> = Pin<Box<dyn Future<Output = JobReport> + Send + 'a>>;

/// Does the jobs of one kind. An attempt must end by itself within the kind's lease, and be harmless when it is made twice.
pub trait JobHandler: Send + Sync {
    /// Makes one attempt.
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a>;
}

/// A kind and who does its jobs.
type Registered = (JobKind, Arc<dyn JobHandler>);

/// The handlers of this instance, and the bell that wakes its runner.
#[derive(Default)]
pub(crate) struct Jobs {
    handlers: RwLock<BTreeMap<&'static str, Registered>>,
    bell: Notify,
}

impl Jobs {
    fn handlers(&self) -> Vec<Registered> {
        self.handlers.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl App {
    /// Has `handler` do the jobs of `kind` on this node. Called while the instance is put together; a node takes no job of a
    /// kind that it has no handler for.
    pub fn handle_jobs(&self, kind: JobKind, handler: Arc<dyn JobHandler>) {
        let mut handlers = self.jobs().handlers.write().unwrap_or_else(PoisonError::into_inner);
        handlers.insert(kind.name, (kind, handler));
    }

    /// Queues a job in the transaction of its cause, to be run at once. Call [`App::wake_jobs`] after the commit.
    pub fn enqueue<P: Serialize>(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        kind: &JobKind,
        payload: &P,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let plain = serde_json::to_vec(payload).map_err(|error| StoreError::Engine(format!("a job: {error}")))?;
        let row = JobRow {
            job_id: self.random().hex(16),
            kind: kind.name.to_owned(),
            payload: self.data_keys().seal(Purpose::Job, tenant, &plain, self.random()),
            attempts: 0,
            created_at: now,
            run_at: now,
            claim: None,
            failed_at: None,
            failure: None,
        };
        jobs::insert(tx, tenant, &row)
    }

    /// Tells the runner of this node that there is something to do; it would find out by itself within a second.
    pub fn wake_jobs(&self) {
        self.jobs().bell.notify_one();
    }
}

impl JobKind {
    /// When to try again after attempt number `attempt` failed; `None` when there is no further attempt.
    fn delay_after(&self, attempt: usize) -> Option<SignedDuration> {
        self.delays.get(attempt.saturating_sub(1)).map(|seconds| SignedDuration::from_secs(*seconds))
    }
}
