//! Actions that nobody waits for: after a sign-up, and after a change of a password (R §1). Queued in the transaction of what they
//! are about, so that they run exactly when it happened.

use keywright_rules::{ActionsOutcome, FailureKind, ScriptFailure, Trigger};
use keywright_store::{StoreError, Tx};
use keywright_types::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::Journal;
use super::scripts::Actions;
use crate::{App, AppError, Caller, Job, JobFuture, JobHandler, JobKind, JobReport, LogEvent, LogType};

/// Longer than a pass may take. A pass that ran is not repeated, whatever came of it; only one that found no place is.
pub(crate) const SCRIPTS: JobKind = JobKind { name: "scripts", delays: &[5, 30, 300], lease: 120, places: 8 };

/// The Actions of a trigger, still to be run.
#[derive(Clone, Serialize, Deserialize)]
pub struct QueuedActions {
    trigger: String,
    event: Value,
    user_id: Option<String>,
    client_id: Option<String>,
    ip: Option<std::net::IpAddr>,
    user_agent: Option<String>,
    hostname: String,
}

impl App {
    /// The Actions of `trigger` with this event, to be queued by [`App::queue_actions`]; `None` when none are bound.
    pub(crate) async fn actions_to_queue(
        &self,
        tenant: &TenantId,
        trigger: Trigger,
        caller: &Caller,
        client_id: Option<&str>,
        event: impl FnOnce() -> Result<Value, AppError>,
    ) -> Result<Option<QueuedActions>, AppError> {
        if !self.has_actions(tenant, trigger).await? {
            return Ok(None);
        }
        let event = event()?;
        let user_id = event.pointer("/user/user_id").and_then(Value::as_str).map(str::to_owned);
        Ok(Some(QueuedActions {
            trigger: trigger.id().to_owned(),
            event,
            user_id,
            client_id: client_id.map(str::to_owned),
            ip: caller.ip,
            user_agent: caller.user_agent.clone(),
            hostname: caller.hostname.clone(),
        }))
    }

    /// Queues them. Call [`App::wake_jobs`] after the commit.
    pub fn queue_actions(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        actions: Option<&QueuedActions>,
    ) -> Result<(), StoreError> {
        match actions {
            Some(actions) => self.enqueue(tx, tenant, &SCRIPTS, actions),
            None => Ok(()),
        }
    }
}

/// Runs what was queued.
pub(crate) struct Background;

impl JobHandler for Background {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            match run(app, tenant, job).await {
                Ok(report) => report,
                Err(error) => JobReport::retry(error.to_string()),
            }
        })
    }
}

async fn run(app: &App, tenant: &TenantId, job: &Job) -> Result<JobReport, AppError> {
    let queued: QueuedActions = job.payload()?;
    let Some(trigger) = Trigger::of_id(&queued.trigger) else { return Ok(JobReport::give_up("no such trigger")) };
    let Some(tenant) = app.tenant(tenant).await? else { return Ok(JobReport::done()) };
    let bound = app.bound_actions(&tenant.id, trigger.id()).await?;
    if bound.is_empty() {
        return Ok(JobReport::done());
    }
    let caller = Caller { ip: queued.ip, user_agent: queued.user_agent, hostname: queued.hostname };
    let mut event = LogEvent::new(LogType::FailedScript, &caller);
    if let Some(user_id) = &queued.user_id {
        event = event.user_id(user_id);
    }
    if let Some(client_id) = &queued.client_id {
        event = event.client_id(client_id);
    }
    let journal = Journal::of_actions(event, &caller, trigger, bound.iter().map(|action| action.name.clone()));
    let outcome = app.actions_pass(&tenant, &bound, Actions::of(trigger, queued.event), &journal).await?;
    Ok(match outcome {
        Err(ScriptFailure { kind: FailureKind::Busy | FailureKind::Unavailable, message, .. }) => {
            JobReport::retry(message)
        }
        // A failure is in the tenant log, and running it again would do twice what it did before it failed.
        Err(_) | Ok(ActionsOutcome { .. }) => JobReport::done(),
    })
}
