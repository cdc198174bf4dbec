//! Running scripts outside of a login: one with given input, or a case that says what has to come out (R §2.14 "Try").
//!
//! A case is a JSON document, see `docs/guides/rules-and-actions.md`; the tests of this crate are such cases.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keywright_types::ClaimTarget;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::claims::{custom_claims, granted_scope};
use crate::effects::Effects;
use crate::engine::{Engine, Report};
use crate::functions::{FunctionErrorKind, FunctionKind, FunctionOutcome, FunctionPass};
use crate::host::{Host, HostError, HostRequest, HostResponse, MembershipQuery};
use crate::outcome::{ActionsOutcome, RulesOutcome, ScriptFailure};
use crate::pass::{ActionScript, ActionsPass, ManagementAccess, RuleScript, RulesPass, ScriptClock, ScriptModule};
use crate::protocol::ConsoleLine;
use crate::trigger::Trigger;

/// A script, or several, with what goes in and what has to come out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Case {
    /// What it shows.
    pub about: Option<String>,
    /// Rules, in their order.
    pub rules: Vec<Source>,
    /// Actions, in their order.
    pub actions: Vec<Source>,
    /// A Hook, or a script of a database or a social connection.
    pub function: Option<Source>,
    /// What the function is for.
    pub kind: Option<FunctionKind>,
    /// Arguments of the function, without its callback.
    pub arguments: Vec<Value>,
    /// `user` of Rules.
    pub user: Map<String, Value>,
    /// `context` of Rules.
    pub context: Map<String, Value>,
    /// `configuration` of Rules and functions, secrets of Hooks.
    pub configuration: Map<String, Value>,
    /// Where Actions run; `post-login` without it.
    pub trigger: Option<Trigger>,
    /// `event` of Actions.
    pub event: Map<String, Value>,
    /// `event.secrets` of every Action.
    pub secrets: Map<String, Value>,
    /// Packages that every Action finds, by their names.
    pub modules: BTreeMap<String, Source>,
    /// The Action that goes on after an interruption, from 0.
    pub resume: Option<usize>,
    /// `state` of the way back.
    pub state: Option<String>,
    /// The time, as ISO 8601; the clock stands still then.
    pub now: Option<String>,
    /// Makes random values the same every time.
    pub seed: Option<u64>,
    /// Part of the report that has to come out.
    pub expect: Value,
}

/// Where a script is.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A file, beside the case.
    File(String),
    /// Here.
    Inline {
        /// Its lines.
        code: Vec<String>,
    },
}

/// A case cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No such file.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// It says nothing that can be run.
    #[error("{0}")]
    Content(String),
}

impl Case {
    /// Reads a case; its files are relative to `folder`.
    ///
    /// # Errors
    /// When it is no case.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        serde_json::from_str(text).map_err(|error| CaseError::Content(error.to_string()))
    }

    /// Runs it and gives the report, as JSON.
    ///
    /// # Errors
    /// When a file of it is missing, or it has neither Rules nor Actions.
    pub async fn run(&self, engine: &Engine, folder: &Path) -> Result<Value, CaseError> {
        let clock = self.clock()?;
        let roles = self.event.get("authorization").and_then(|authorization| authorization.get("roles"));
        let roles = roles.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let host = Arc::new(TesterHost::new(Value::Object(self.user.clone()), roles.map(str::to_owned).collect()));
        let tenant = "tester";
        match (self.rules.is_empty(), self.actions.is_empty(), &self.function) {
            (false, true, None) => {
                let mut rules = Vec::new();
                for (index, source) in self.rules.iter().enumerate() {
                    let (name, script) = source.read(folder, index)?;
                    rules.push(RuleScript { id: format!("rul_{index}"), name, script });
                }
                let management =
                    Some(ManagementAccess { domain: TESTER_DOMAIN.to_owned(), access_token: TESTER_TOKEN.to_owned() });
                let pass = RulesPass {
                    rules,
                    user: Value::Object(self.user.clone()),
                    context: Value::Object(self.context.clone()),
                    configuration: self.configuration.clone(),
                    management,
                    clock,
                };
                let report = engine.run_rules(tenant, pass, host.clone()).await;
                Ok(rules_report(report, &host).await)
            }
            (true, false, None) => {
                let mut modules = Vec::new();
                for (name, source) in &self.modules {
                    modules.push(ScriptModule { name: name.clone(), source: source.read(folder, 0)?.1 });
                }
                let secrets: Vec<_> = self
                    .secrets
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                    .collect();
                let mut actions = Vec::new();
                for (index, source) in self.actions.iter().enumerate() {
                    let (name, code) = source.read(folder, index)?;
                    let (secrets, modules) = (secrets.clone(), modules.clone());
                    actions.push(ActionScript { id: format!("act_{index}"), name, code, secrets, modules });
                }
                let trigger = self.trigger.unwrap_or(Trigger::PostLogin);
                let pass = ActionsPass {
                    trigger,
                    actions,
                    event: Value::Object(self.event.clone()),
                    resume: self.resume,
                    state: self.state.clone(),
                    executed_rules: vec!["rul_0".to_owned()],
                    clock,
                };
                Ok(actions_report(trigger, engine.run_actions(tenant, pass, host.clone()).await).await)
            }
            (true, true, Some(source)) => {
                let kind = self.kind.ok_or_else(|| CaseError::Content("a function has a kind".to_owned()))?;
                let (name, script) = source.read(folder, 0)?;
                let (arguments, configuration) = (self.arguments.clone(), self.configuration.clone());
                let pass = FunctionPass { kind, name, script, arguments, configuration, clock };
                Ok(function_report(engine.run_function(tenant, pass, host).await).await)
            }
            _ => Err(CaseError::Content("a case has either rules, or actions, or a function".to_owned())),
        }
    }

    fn clock(&self) -> Result<ScriptClock, CaseError> {
        let seed = self.seed;
        match &self.now {
            Some(text) => {
                let now: jiff::Timestamp = text
                    .parse()
                    .map_err(|_| CaseError::Content(format!("{text} is no time such as 2026-01-01T00:00:00Z")))?;
                Ok(ScriptClock { now: now.as_millisecond(), frozen: true, seed })
            }
            #[expect(clippy::disallowed_methods, reason = "a tester has no clock of a server")]
            None => Ok(ScriptClock { now: jiff::Timestamp::now().as_millisecond(), frozen: false, seed }),
        }
    }
}

impl Source {
    fn read(&self, folder: &Path, index: usize) -> Result<(String, String), CaseError> {
        match self {
            Self::File(path) => {
                let full = folder.join(path);
                let code = std::fs::read_to_string(&full)
                    .map_err(|error| CaseError::File(full.display().to_string(), error))?;
                Ok((path.clone(), code))
            }
            Self::Inline { code } => Ok((format!("script {}", index.saturating_add(1)), code.join("\n"))),
        }
    }
}

/// `auth0.domain` in the tester; nobody has it.
const TESTER_DOMAIN: &str = "tenant.example.invalid";
/// `auth0.accessToken` in the tester; it opens nothing.
const TESTER_TOKEN: &str = "token-of-the-tester";

/// One user, in memory.
struct TesterHost {
    /// `event.authorization.roles`.
    roles: Vec<String>,
    user: Mutex<Value>,
    changes: Mutex<Vec<Value>>,
}

impl TesterHost {
    fn new(user: Value, roles: Vec<String>) -> Self {
        Self { roles, user: Mutex::new(user), changes: Mutex::default() }
    }

    fn changes(&self) -> Vec<Value> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Host for TesterHost {
    async fn update_user(&self, user_id: &str, changes: Value) -> Result<Value, HostError> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(json!([user_id, changes]));
        let mut user = self.user.lock().unwrap_or_else(PoisonError::into_inner);
        for (part, values) in changes.as_object().into_iter().flatten() {
            // R §2.7: "shallow merge per metadata object, null deletes a key".
            let mut merged = user.get(part).and_then(Value::as_object).cloned().unwrap_or_default();
            for (key, value) in values.as_object().into_iter().flatten() {
                match value {
                    Value::Null => drop(merged.remove(key)),
                    _ => drop(merged.insert(key.clone(), value.clone())),
                }
            }
            if let Some(user) = user.as_object_mut() {
                user.insert(part.clone(), Value::Object(merged));
            }
        }
        Ok(user.clone())
    }

    async fn memberships(&self, _: &str, query: MembershipQuery) -> Result<Value, HostError> {
        let roles = |wanted: &dyn Fn(&String) -> bool| -> Value {
            self.roles.iter().filter(|name| wanted(name)).map(|name| json!({ "id": name, "name": name })).collect()
        };
        Ok(match query {
            MembershipQuery::Roles { take, .. } => {
                let all = roles(&|_| true);
                json!({ "roles": all.as_array().into_iter().flatten().take(take).collect::<Vec<_>>() })
            }
            MembershipQuery::RolesByIds(list) | MembershipQuery::RolesByNames(list) => {
                json!({ "roles": roles(&|name| list.contains(name)) })
            }
            MembershipQuery::Groups { .. } => json!({ "groups": [] }),
            MembershipQuery::GroupMembership(_) => json!(false),
        })
    }

    async fn dispatch(&self, request: &HostRequest) -> Option<Result<HostResponse, HostError>> {
        let host = url::Url::parse(&request.url).ok()?.host_str()?.to_owned();
        (host == TESTER_DOMAIN).then(|| Err(HostError("the tester has no Management API".to_owned())))
    }
}

async fn rules_report(report: Report<RulesOutcome>, host: &TesterHost) -> Value {
    let (mut console, usage) = (report.console, report.usage);
    console.extend(report.background.finished().await);
    let mut out = json!({
        "console": lines(&console), "usage": usage, "updated_users": host.changes(),
    });
    let Some(fields) = out.as_object_mut() else { return out };
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match report.result {
        Err(failure) => failed(&failure, &mut put),
        Ok(RulesOutcome { denial: Some(denial), executed, .. }) => {
            put("result", json!("denied"));
            let code = if denial.unauthorized { "unauthorized" } else { "access_denied" };
            put(
                "error",
                json!({ "code": code, "message": denial.message, "script": denial.rule, "stack": denial.stack }),
            );
            put("executed", json!(executed.len()));
        }
        Ok(RulesOutcome { user, context, executed, .. }) => {
            put("result", json!("continue"));
            put("executed", json!(executed.len()));
            tokens(context.get("idToken"), context.get("accessToken"), &mut put);
            put("scope", json!(context.get("accessToken").and_then(granted_scope)));
            put("user", user);
            put("context", context);
        }
    }
    out
}

async fn actions_report(trigger: Trigger, report: Report<ActionsOutcome>) -> Value {
    let (mut console, usage) = (report.console, report.usage);
    console.extend(report.background.finished().await);
    let mut out = json!({ "console": lines(&console), "usage": usage });
    let Some(fields) = out.as_object_mut() else { return out };
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match report.result {
        Err(failure) => failed(&failure, &mut put),
        Ok(outcome) => {
            let effects = Effects::of(trigger, &outcome.commands);
            let (id_token, access_token) = (Value::Object(effects.id_token), Value::Object(effects.access_token));
            put("executed", json!(outcome.executed));
            put("api", json!(outcome.commands));
            put("transaction_metadata", outcome.transaction_metadata);
            put("app_metadata", Value::Object(effects.app_metadata));
            put("user_metadata", Value::Object(effects.user_metadata));
            put("redirect", json!(effects.redirect));
            if let Some(failure) = outcome.error {
                failed(&failure, &mut put);
            } else if let Some(denial) = effects.denial {
                put("result", json!("denied"));
                let error =
                    json!({ "code": denial.code, "message": denial.reason, "user_message": denial.user_message });
                put("error", error);
            } else if let Some(suspension) = outcome.suspended {
                put("result", json!("suspended"));
                put("suspended", json!(suspension.action));
            } else {
                put("result", json!("continue"));
                tokens(Some(&id_token), Some(&access_token), &mut put);
            }
        }
    }
    out
}

async fn function_report(report: Report<FunctionOutcome>) -> Value {
    let (mut console, usage) = (report.console, report.usage);
    console.extend(report.background.finished().await);
    let mut out = json!({ "console": lines(&console), "usage": usage });
    let Some(fields) = out.as_object_mut() else { return out };
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match report.result.map(|outcome| outcome.result) {
        Err(failure) => failed(&failure, &mut put),
        Ok(Ok(value)) => {
            put("result", json!("continue"));
            put("value", value);
        }
        Ok(Err(error)) => {
            let (code, detail) = match error.kind {
                FunctionErrorKind::Other => ("Error", None),
                FunctionErrorKind::Unauthorized => ("UnauthorizedError", None),
                FunctionErrorKind::WrongUsernameOrPassword(user) => ("WrongUsernameOrPasswordError", user),
                FunctionErrorKind::Validation(code) => ("ValidationError", Some(code)),
                FunctionErrorKind::InvalidScope => ("InvalidScopeError", None),
                FunctionErrorKind::InvalidRequest => ("InvalidRequestError", None),
                FunctionErrorKind::Server => ("ServerError", None),
                FunctionErrorKind::PreUserRegistration(text) => ("PreUserRegistrationError", text),
            };
            put("result", json!("denied"));
            let error = json!({ "code": code, "message": error.message, "detail": detail, "stack": error.stack });
            put("error", error);
        }
    }
    out
}

fn failed(failure: &ScriptFailure, put: &mut impl FnMut(&str, Value)) {
    put("result", json!("failed"));
    let error = json!({
        "code": "access_denied",
        "kind": failure.kind,
        "message": failure.message,
        "script": failure.script,
        "stack": failure.stack,
    });
    put("error", error);
}

/// Claims that tokens would carry.
fn tokens(id_token: Option<&Value>, access_token: Option<&Value>, put: &mut impl FnMut(&str, Value)) {
    let empty = Map::new();
    for (name, given, target) in
        [("id_token", id_token, ClaimTarget::IdToken), ("access_token", access_token, ClaimTarget::AccessToken)]
    {
        match custom_claims(given.and_then(Value::as_object).unwrap_or(&empty), target) {
            Ok(claims) => put(name, Value::Object(claims)),
            Err(error) => {
                put("result", json!("failed"));
                put("error", json!({ "code": "access_denied", "kind": "claims", "message": error.to_string() }));
            }
        }
    }
}

fn lines(console: &[ConsoleLine]) -> Value {
    console.iter().map(|line| json!({ "level": line.level, "text": line.text })).collect()
}

/// Where `actual` is not as `expected` says: objects may have more members, `null` is what is missing, and everything else is
/// equal.
#[must_use]
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, &mut found);
    found
}

fn compare(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                compare(&format!("{path}/{name}"), value, actual.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(&format!("{path}/{index}"), expected, actual, found);
            }
        }
        _ if expected == actual => {}
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ => found.push(format!("{}: expected {expected}, got {actual}", if path.is_empty() { "/" } else { path })),
    }
}
