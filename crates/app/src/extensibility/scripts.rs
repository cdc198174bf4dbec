//! The engine of this instance, and passes of it with their entries in the tenant log.

use std::sync::Arc;

use async_trait::async_trait;
use keywright_rules::{
    ActionScript, ActionsOutcome, ActionsPass, Engine, FailureKind, HostError, HostRequest, HostResponse, Report,
    RuleScript, RulesOutcome, RulesPass, ScriptClock, ScriptFailure, Trigger,
};
use keywright_types::{Tenant, TenantId};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::background::{Background, SCRIPTS};
use super::host::TenantHost;
use super::journal::Journal;
use super::stored::{BoundAction, RuleSet};
use crate::{App, AppError};

/// Answers requests of scripts to the hosts of this instance, inside of it (E §5.10).
#[async_trait]
pub trait OwnHosts: Send + Sync {
    /// The answer of the tenant's own surfaces; `request` is to its host.
    async fn answer(&self, tenant: &Tenant, request: &HostRequest) -> Result<HostResponse, HostError>;
}

impl App {
    /// Has scripts of tenants run by this engine. Called while the instance is put together; without it every flow that has a
    /// script fails.
    pub fn run_scripts_with(&self, engine: Engine) {
        // The first one counts; there is no second.
        let _ = self.script_engine_cell().set(engine);
        self.handle_jobs(SCRIPTS, Arc::new(Background));
    }

    /// Has requests of scripts to the tenant's own hosts answered inside the instance.
    pub fn answer_scripts_with(&self, hosts: Arc<dyn OwnHosts>) {
        let _ = self.own_hosts_cell().set(hosts);
    }

    /// Whether anything runs after a login. Two reads of the cache.
    pub async fn has_login_scripts(&self, tenant: &TenantId) -> Result<bool, AppError> {
        Ok(!self.rule_set(tenant).await?.rules.is_empty() || self.has_actions(tenant, Trigger::PostLogin).await?)
    }

    /// Whether Actions are bound to a trigger. One read of the cache.
    pub(crate) async fn has_actions(&self, tenant: &TenantId, trigger: Trigger) -> Result<bool, AppError> {
        Ok(!self.bound_actions(tenant, trigger.id()).await?.is_empty())
    }

    /// Runs the Rules of a login.
    pub(crate) async fn rules_pass(
        &self,
        tenant: &Tenant,
        set: &RuleSet,
        user: Value,
        context: Value,
        journal: &Journal,
    ) -> Result<Result<RulesOutcome, ScriptFailure>, AppError> {
        let Some(engine) = self.script_engine_cell().get() else {
            return self.without_engine(tenant, journal).await;
        };
        // A signature for each login would cost more than most Rules.
        let management = if set.rules.iter().any(|rule| rule.script.contains("auth0")) {
            Some(self.management_access(tenant).await?)
        } else {
            None
        };
        let configuration: Map<String, Value> =
            set.configuration.iter().map(|(name, value)| (name.clone(), value.expose_secret().into())).collect();
        let rules = set.rules.iter();
        let pass = RulesPass {
            rules: rules
                .map(|rule| RuleScript { id: rule.id.clone(), name: rule.name.clone(), script: rule.script.clone() })
                .collect(),
            user,
            context,
            configuration,
            management,
            clock: ScriptClock::from(self.now().as_millisecond()),
        };
        // Rules are told of the roles in `context`.
        let host = Arc::new(TenantHost::new(self, tenant, &journal.caller, None));
        let report = engine.run_rules(tenant.id.as_str(), pass, host).await;
        self.journaled(tenant, journal, report, |_| None).await
    }

    /// Runs the Actions of a trigger. `event` has no secrets; each Action gets its own.
    pub(crate) async fn actions_pass(
        &self,
        tenant: &Tenant,
        actions: &[BoundAction],
        pass: Actions,
        journal: &Journal,
    ) -> Result<Result<ActionsOutcome, ScriptFailure>, AppError> {
        let Some(engine) = self.script_engine_cell().get() else {
            return self.without_engine(tenant, journal).await;
        };
        let Actions { trigger, event, resume, state, executed_rules } = pass;
        let organization = event.pointer("/organization/id").and_then(Value::as_str).map(str::to_owned);
        let scripts = actions.iter().map(|action| ActionScript {
            id: action.action_id.clone(),
            name: action.name.clone(),
            code: action.code.clone(),
            secrets: action
                .secrets
                .iter()
                .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
                .collect(),
            modules: Vec::new(),
        });
        let pass = ActionsPass {
            trigger,
            actions: scripts.collect(),
            event,
            resume,
            state,
            executed_rules,
            clock: ScriptClock::from(self.now().as_millisecond()),
        };
        let host = Arc::new(TenantHost::new(self, tenant, &journal.caller, organization));
        let report = engine.run_actions(tenant.id.as_str(), pass, host).await;
        self.journaled(tenant, journal, report, |outcome| outcome.error.as_ref()).await
    }

    /// Writes what the scripts wrote and why they failed, before their result has an effect. What they write after it is
    /// added behind the answer.
    async fn journaled<T: Send>(
        &self,
        tenant: &Tenant,
        journal: &Journal,
        report: Report<T>,
        error: impl Fn(&T) -> Option<&ScriptFailure> + Send,
    ) -> Result<Result<T, ScriptFailure>, AppError> {
        let Report { result, console, background, .. } = report;
        let failure = match &result {
            Ok(outcome) => error(outcome),
            Err(failure) => Some(failure),
        };
        if let Some(entry) = journal.failure(failure) {
            self.log(&tenant.id, entry).await?;
        }
        if let Some(entry) = journal.output(&console) {
            self.log(&tenant.id, entry).await?;
        }
        let (app, id, journal) = (self.clone(), tenant.id.clone(), journal.clone());
        tokio::spawn(async move {
            let late = background.finished().await;
            if let Some(entry) = journal.output(&late)
                && let Err(cause) = app.log(&id, entry).await
            {
                tracing::warn!(%cause, "what a script wrote late is lost");
            }
        });
        Ok(result)
    }

    /// A flow that has scripts goes on with their word only.
    async fn without_engine<T>(
        &self,
        tenant: &Tenant,
        journal: &Journal,
    ) -> Result<Result<T, ScriptFailure>, AppError> {
        let failure = ScriptFailure {
            kind: FailureKind::Unavailable,
            message: "Scripts cannot be run at the moment".to_owned(),
            stack: None,
            script: None,
        };
        if let Some(entry) = journal.failure(Some(&failure)) {
            self.log(&tenant.id, entry).await?;
        }
        Ok(Err(failure))
    }
}

/// What the Actions of a trigger are run with.
pub(crate) struct Actions {
    pub(crate) trigger: Trigger,
    pub(crate) event: Value,
    /// The Action that goes on after the user came back, and `state` of the way.
    pub(crate) resume: Option<usize>,
    pub(crate) state: Option<String>,
    pub(crate) executed_rules: Vec<String>,
}

impl Actions {
    /// A whole pass.
    pub(crate) fn of(trigger: Trigger, event: Value) -> Self {
        Self { trigger, event, resume: None, state: None, executed_rules: Vec::new() }
    }
}
