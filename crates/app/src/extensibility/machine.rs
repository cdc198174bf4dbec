//! The Actions of `credentials-exchange`: before an application gets a token for itself (R §3.4, §3.5).

use keywright_rules::{ActionsOutcome, Effects, Trigger};
use keywright_types::{Client, ScopeSet, Tenant};
use serde_json::{Value, json};

use super::event;
use super::facts::RequestFacts;
use super::journal::Journal;
use super::scripts::Actions;
use super::token_changes::TokenChanges;
use crate::{App, AppError, Caller, LogEvent, LogType};

/// A token that an application is about to get.
#[derive(Clone, Copy)]
pub struct MachineFacts<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// Which application.
    pub client: &'a Client,
    /// From where.
    pub caller: &'a Caller,
    /// The request.
    pub request: &'a RequestFacts,
    /// The API's identifier.
    pub audience: &'a str,
    /// Whether it is an API of the instance itself.
    pub is_system_api: bool,
    /// What was asked for; everything that may be had where nothing was said.
    pub scope: &'a ScopeSet,
    /// What the application may have at most.
    pub most: &'a ScopeSet,
}

/// How the Actions ended.
#[derive(Debug)]
pub enum MachineVerdict {
    /// The token is made.
    Passed {
        /// Custom claims.
        changes: TokenChanges,
        /// Its scope.
        scope: ScopeSet,
    },
    /// It is not.
    Denied {
        /// `invalid_scope`, `invalid_request` or `server_error`.
        code: String,
        /// For the application.
        reason: String,
    },
}

impl App {
    /// Runs them; without any it passes.
    pub async fn run_machine_scripts(&self, facts: &MachineFacts<'_>) -> Result<MachineVerdict, AppError> {
        let trigger = Trigger::CredentialsExchange;
        let bound = self.bound_actions(&facts.tenant.id, trigger.id()).await?;
        if bound.is_empty() {
            return Ok(MachineVerdict::Passed { changes: TokenChanges::default(), scope: facts.scope.clone() });
        }
        let event = LogEvent::new(LogType::FailedScript, facts.caller).client(facts.client).audience(facts.audience);
        let names = bound.iter().map(|action| action.name.clone());
        let journal = Journal::of_actions(event, facts.caller, trigger, names);
        let pass = Actions::of(trigger, told(facts));
        let denied = |code: &str, reason: String| MachineVerdict::Denied { code: code.to_owned(), reason };
        let outcome = match self.actions_pass(facts.tenant, &bound, pass, &journal).await? {
            Ok(ActionsOutcome { error: None, commands, .. }) => Effects::of(trigger, &commands),
            // R §3.8: "credentials-exchange → `server_error` 500".
            Ok(ActionsOutcome { error: Some(failure), .. }) | Err(failure) => {
                return Ok(denied("server_error", failure.message));
            }
        };
        if let Some(refused) = outcome.denial {
            return Ok(denied(&refused.code, refused.reason));
        }
        let changes = TokenChanges { access_token: outcome.access_token, ..TokenChanges::default() };
        let scope = target_scope(facts, &outcome.others);
        Ok(match changes.checked(facts.is_system_api) {
            Ok(changes) => MachineVerdict::Passed { changes, scope },
            Err(error) => denied("server_error", error.to_string()),
        })
    }
}

fn told(facts: &MachineFacts<'_>) -> Value {
    let hostname = facts.caller.hostname.split(':').next().unwrap_or_default();
    let scope: Vec<&str> = facts.scope.iter().collect();
    json!({
        "accessToken": { "customClaims": {}, "scope": scope },
        "client": event::client(facts.client),
        "request": event::request(facts.caller, facts.request, hostname),
        "resource_server": { "identifier": facts.audience },
        "tenant": event::tenant(facts.tenant),
        "transaction": { "requested_scopes": scope },
    })
}

/// R §3.5: target scopes are "intersected with the client grant afterwards; foreign scopes silently dropped".
fn target_scope(facts: &MachineFacts<'_>, commands: &[keywright_rules::Command]) -> ScopeSet {
    let mut scope = facts.scope.clone();
    for command in commands {
        let text = command.arguments.first().and_then(Value::as_str).unwrap_or_default();
        match command.method.as_str() {
            "transaction.addTargetScope" => scope.insert(text),
            "transaction.removeTargetScope" => scope = scope.filtered(|own| own != text),
            "transaction.clearTargetScopes" => scope = ScopeSet::default(),
            "transaction.setTargetScopes" => {
                let all = command.arguments.first().and_then(Value::as_array);
                scope = all.into_iter().flatten().filter_map(Value::as_str).collect();
            }
            _ => {}
        }
    }
    scope.filtered(|own| facts.most.contains(own))
}
