//! Takes jobs that are due and has them done: all the time on a server, by hand in a test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use keywright_jose::Purpose;
use keywright_store::jobs::{self, JobRow};
use keywright_store::{StoreError, logs};
use keywright_types::TenantId;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::{Job, JobHandler, JobKind, JobReport, Verdict};
use crate::sessions::later;
use crate::{App, AppError};

/// How often the database is asked for jobs of other nodes and for repetitions.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long attempts that have begun may take to end when the server stops. What is cut off is taken over after its lease.
const GRACE: Duration = Duration::from_secs(5);

/// A job that is this node's for now.
struct Claimed {
    kind: JobKind,
    handler: Arc<dyn JobHandler>,
    tenant: TenantId,
    claim: String,
    row: JobRow,
}

impl App {
    /// Does jobs until `stop`, then lets those that have begun end.
    pub async fn run_jobs(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut running: JoinSet<()> = JoinSet::new();
        let mut places: BTreeMap<&'static str, Arc<Semaphore>> = BTreeMap::new();
        loop {
            for (kind, handler) in self.jobs().handlers() {
                let places = places.entry(kind.name).or_insert_with(|| Arc::new(Semaphore::new(kind.places))).clone();
                match self.claim(kind, &handler, places.available_permits()).await {
                    Ok(claimed) => {
                        for job in claimed {
                            // Freed when the attempt ends, also by a panic: then the job comes back after its lease.
                            let (app, place) = (self.clone(), places.clone().try_acquire_owned());
                            running.spawn(async move {
                                app.attempt(job).await;
                                drop(place);
                            });
                        }
                    }
                    // A database that is gone comes back by itself.
                    Err(cause) => tracing::warn!(%cause, kind = kind.name, "jobs were not taken"),
                }
            }
            tokio::select! {
                () = &mut stop => break,
                Some(_) = running.join_next() => {}
                () = self.jobs().bell.notified() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
        let ending = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ending).await.is_err() {
            tracing::warn!("background jobs were cut off; they are taken up again");
        }
    }

    /// Does every job that is due now, until none is left, and says how many attempts that were. For tests and tools, which
    /// have no runner.
    pub async fn run_due_jobs(&self) -> Result<usize, AppError> {
        let mut attempts = 0;
        loop {
            let before = attempts;
            for (kind, handler) in self.jobs().handlers() {
                let claimed = self.claim(kind, &handler, kind.places).await?;
                attempts += claimed.len();
                let mut running: JoinSet<()> = JoinSet::new();
                for job in claimed {
                    let app = self.clone();
                    running.spawn(async move { app.attempt(job).await });
                }
                while running.join_next().await.is_some() {}
            }
            if attempts == before {
                return Ok(attempts);
            }
        }
    }

    async fn claim(&self, kind: JobKind, handler: &Arc<dyn JobHandler>, free: usize) -> Result<Vec<Claimed>, AppError> {
        // What another node has queued may be sealed with a data key that is new here.
        self.follow_data_keys().await?;
        let now = self.now();
        if free == 0 || !self.store().read(move |tx| jobs::is_due(tx, kind.name, now)).await? {
            return Ok(Vec::new());
        }
        let claim = self.random().hex(16);
        let (name, lost_at) = (claim.clone(), later(now, SignedDuration::from_secs(kind.lease)));
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let rows = self.store().write(move |tx| jobs::claim(tx, kind.name, now, &name, lost_at, limit)).await?;
        let claimed = |(tenant, row)| Claimed { kind, handler: handler.clone(), tenant, claim: claim.clone(), row };
        Ok(rows.into_iter().map(claimed).collect())
    }

    /// One attempt, as a span of its own: it belongs to no request.
    async fn attempt(&self, claimed: Claimed) {
        let span = tracing::info_span!(
            "background job",
            otel.name = %format_args!("job {}", claimed.kind.name),
            job.kind = claimed.kind.name,
            job.id = claimed.row.job_id,
            job.attempt = claimed.row.attempts,
            job.result = Empty,
        );
        self.run_claimed(claimed).instrument(span).await;
    }

    async fn run_claimed(&self, claimed: Claimed) {
        let report = match self.opened(&claimed) {
            // Each of its attempts ended with a node: it may be the reason.
            Some(job) if job.attempt > claimed.kind.delays.len() + 1 => JobReport::give_up("no attempt came to an end"),
            Some(job) => claimed.handler.run(self, &claimed.tenant, &job).await,
            None => JobReport::give_up("the payload does not open: none of the data keys fits"),
        };
        let kind = claimed.kind.name;
        let result = match report.verdict {
            Verdict::Done => "done",
            Verdict::Retry => "retry",
            Verdict::GiveUp => "given_up",
        };
        tracing::Span::current().record("job.result", result);
        metrics::counter!("keywright_job_attempts_total", "kind" => kind, "result" => result).increment(1);
        if report.verdict != Verdict::Done {
            let (job, attempt, cause) = (&claimed.row.job_id, claimed.row.attempts, &report.failure);
            tracing::warn!(kind, job, attempt, cause, "a background job failed");
        }
        // Without this the job is run again after its lease: at least once, not exactly once.
        if let Err(cause) = self.settle(claimed, report).await {
            tracing::warn!(%cause, kind, "the result of a background job was not recorded");
        }
    }

    fn opened(&self, Claimed { kind, tenant, row, .. }: &Claimed) -> Option<Job> {
        let attempt = usize::try_from(row.attempts).unwrap_or(1);
        Some(Job {
            id: row.job_id.clone(),
            attempt,
            is_last_attempt: kind.delay_after(attempt).is_none(),
            queued_at: row.created_at,
            payload: self.data_keys().open(Purpose::Job, tenant, &row.payload)?.to_vec(),
        })
    }

    /// Writes down how it went, with the entry of the tenant log; nothing, when another node has taken the job over.
    async fn settle(&self, claimed: Claimed, report: JobReport) -> Result<(), StoreError> {
        let now = self.now();
        let Claimed { kind, tenant, claim, row, .. } = claimed;
        let delay = kind.delay_after(usize::try_from(row.attempts).unwrap_or(1));
        let run = move |tx: &mut keywright_store::Tx<'_>| {
            let (id, failure) = (&row.job_id, report.failure.as_str());
            let ours = match (report.verdict, delay) {
                (Verdict::Done, _) => jobs::complete(tx, &tenant, id, &claim)?,
                (Verdict::Retry, Some(delay)) => jobs::retry(tx, &tenant, id, &claim, later(now, delay), failure)?,
                (Verdict::Retry | Verdict::GiveUp, _) => jobs::give_up(tx, &tenant, id, &claim, now, failure)?,
            };
            match &report.entry {
                Some(entry) if ours => logs::insert(tx, &tenant, entry),
                _ => Ok(()),
            }
        };
        self.store().write(run).await
    }
}
