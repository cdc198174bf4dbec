//! The scripts of a login (R §2.3, §2.10, §3.5, §3.6): all Rules, then the Actions of `post-login`, before anything is issued.
//!
//! A pass ends in one of three ways: the login goes on with changes to its tokens, it is denied, or the user is sent elsewhere and
//! comes back. Where they come back from a Rule, all Rules run again; from an Action, it goes on in that Action.

use keywright_rules::{
    ActionsOutcome, Command, Effects, FailureKind, RuleDenial, RulesOutcome, ScriptFailure, Trigger, granted_scope,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::account::Account;
use super::context::context;
use super::event;
use super::facts::Facts;
use super::journal::Journal;
use super::metadata::MetadataError;
use super::scripts::Actions;
use super::token_changes::TokenChanges;
use crate::{App, AppError, BoundAction, Denial, LogType};

/// How the scripts of a login ended.
#[derive(Debug)]
pub enum LoginVerdict {
    /// It goes on.
    Passed(TokenChanges),
    /// It ends here.
    Denied(Denial),
    /// The user is sent to the address of the interruption, which still has to get its `state`.
    Away(Box<Interruption>),
}

/// Where a login stands whose user was sent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// Where to, without `state`.
    pub url: String,
    /// By whom.
    by: Interrupter,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Interrupter {
    /// By the Rules, which all run again (R §2.10 (4)).
    Rules,
    /// By an Action.
    Action(Box<Interrupted>),
}

/// What an Action left behind that sent the user away, with what was before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Interrupted {
    /// The Action.
    action_id: String,
    /// Which one of the Actions that sent the user away in this login.
    count: u32,
    /// What the Rules said.
    rules: TokenChanges,
    /// Which Rules ran.
    executed_rules: Vec<String>,
    /// What the Actions have asked for so far, method and arguments.
    commands: Vec<(String, Vec<Value>)>,
    /// `event.transaction.metadata`.
    metadata: Value,
}

/// A user who comes back from an interruption.
#[derive(Clone, Copy)]
pub struct Return<'a> {
    /// Where the login stood.
    pub interruption: &'a Interruption,
    /// `state` of the way, which a session token has to name.
    pub state: &'a str,
}

/// A login in which Actions send the user away more often than this is going round in circles.
const MOST_INTERRUPTIONS: u32 = 10;

impl App {
    /// Runs the scripts of a login. Call it where [`App::has_login_scripts`] says that there are some; without any it passes.
    pub async fn run_login_scripts(
        &self,
        facts: &Facts<'_>,
        back: Option<Return<'_>>,
    ) -> Result<LoginVerdict, AppError> {
        let (id, user_id) = (facts.tenant.id.clone(), facts.user_id.to_owned());
        let organization = facts.organization.map(|own| own.id.clone());
        let session = facts.session.map(|own| own.id.clone());
        let read = move |tx: &mut keywright_store::Tx<'_>| {
            Account::read(tx, &id, &user_id, organization.as_deref(), session.as_deref())
        };
        let Some(account) = self.store().look_up(read).await? else {
            return Ok(LoginVerdict::Denied(denial("access_denied", "The user is gone")));
        };
        let action = match back.map(|back| &back.interruption.by) {
            Some(Interrupter::Action(interrupted)) => Some(interrupted),
            _ => None,
        };
        // R §3.6: "Earlier Actions are not run again", and Rules are earlier still.
        let rules = match action {
            Some(interrupted) => {
                Ruled { changes: interrupted.rules.clone(), executed: interrupted.executed_rules.clone() }
            }
            None => match self.rules(facts, &account, back.is_some()).await? {
                Ok(ruled) => ruled,
                Err(verdict) => return Ok(verdict),
            },
        };
        self.actions(facts, &account, rules, back, action.map(AsRef::as_ref)).await
    }

    /// All Rules. `Err` is the end of the pass.
    async fn rules(
        &self,
        facts: &Facts<'_>,
        account: &Account,
        returned: bool,
    ) -> Result<Result<Ruled, LoginVerdict>, AppError> {
        let set = self.rule_set(&facts.tenant.id).await?;
        if set.rules.is_empty() {
            return Ok(Ok(Ruled::default()));
        }
        let names = set.rules.iter().map(|rule| rule.name.clone());
        let journal = Journal::of_rules(facts.log_event(LogType::FailedScript), facts.caller, names);
        let user = account.for_rules()?;
        let given = context(facts, account, returned, self.now());
        let outcome = self.rules_pass(facts.tenant, &set, user.clone(), given, &journal).await?;
        let RulesOutcome { user: left, context, denial: denied, executed } = match outcome {
            Ok(outcome) => outcome,
            Err(failure) => return Ok(Err(LoginVerdict::Denied(failed(failure)))),
        };
        if let Some(denied) = denied {
            // Where it was thrown is for whoever wrote it.
            if let Some(entry) = journal.failure(denied.stack.as_ref().map(|_| thrown(&denied)).as_ref()) {
                self.log(&facts.tenant.id, entry).await?;
            }
            // R §2.13.
            let code = if denied.unauthorized { "unauthorized" } else { "access_denied" };
            return Ok(Err(LoginVerdict::Denied(denial(code, denied.message))));
        }
        if let Some(refused) = self.without_effect(facts, &context, &journal).await? {
            return Ok(Err(LoginVerdict::Denied(refused)));
        }
        // R §2.10 (4): "`context.redirect` set in this pass is ignored".
        match redirect_of(&context).filter(|_| !returned) {
            None => {}
            Some(Ok(url)) => return Ok(Err(sent_away(facts, url, Interrupter::Rules))),
            // A Rule holds the login until the user was somewhere: without that it must not go on.
            Some(Err(NoAddress)) => return Ok(Err(LoginVerdict::Denied(denial("access_denied", NO_ADDRESS)))),
        }
        let claims = |name: &str| match context.get(name) {
            Some(Value::Object(claims)) => claims.clone(),
            _ => Map::new(),
        };
        let mut access_token = claims("accessToken");
        let replaced = granted_scope(&Value::Object(access_token.clone()));
        access_token.remove("scope");
        let mut changes =
            TokenChanges { id_token: claims("idToken"), access_token, replaced, ..TokenChanges::default() };
        changes.add_changed_profile(&user, &left);
        Ok(Ok(Ruled { changes, executed }))
    }

    /// What Rules may ask for and this server does not have: the first is remarked upon, for the second the login would be
    /// another user's.
    async fn without_effect(
        &self,
        facts: &Facts<'_>,
        context: &Value,
        journal: &Journal,
    ) -> Result<Option<Denial>, AppError> {
        let provider = context.pointer("/multifactor/provider").and_then(Value::as_str);
        if provider.is_some_and(|provider| provider != "none") {
            self.log(&facts.tenant.id, journal.remark(NO_MULTIFACTOR)).await?;
        }
        let primary = context.get("primaryUser").and_then(Value::as_str);
        Ok(primary.filter(|primary| *primary != facts.user_id).map(|_| denial("access_denied", NO_PRIMARY_USER)))
    }

    /// The Actions, from the first or from the one that had sent the user away.
    async fn actions(
        &self,
        facts: &Facts<'_>,
        account: &Account,
        rules: Ruled,
        back: Option<Return<'_>>,
        interrupted: Option<&Interrupted>,
    ) -> Result<LoginVerdict, AppError> {
        let bound = self.bound_actions(&facts.tenant.id, Trigger::PostLogin.id()).await?;
        if bound.is_empty() && interrupted.is_none() {
            return Ok(passed(facts, rules.changes, &Effects::default()));
        }
        let names = bound.iter().map(|action| action.name.clone());
        let journal =
            Journal::of_actions(facts.log_event(LogType::FailedScript), facts.caller, Trigger::PostLogin, names);
        let place = |own: &Interrupted| bound.iter().position(|action| action.action_id == own.action_id);
        let resume = interrupted.map(place);
        if resume == Some(None) {
            let text = "The Action that the login was to go on in is not bound any more";
            return Ok(LoginVerdict::Denied(denial("access_denied", text)));
        }
        let resume = resume.flatten();
        let metadata = interrupted.map_or_else(|| json!({}), |own| own.metadata.clone());
        let event = event::post_login(facts, account, &metadata, self.now())?;
        let pass = Actions {
            trigger: Trigger::PostLogin,
            event,
            resume,
            state: interrupted.and(back).map(|back| back.state.to_owned()),
            executed_rules: rules.executed.clone(),
        };
        let outcome = match self.actions_pass(facts.tenant, &bound, pass, &journal).await? {
            Ok(outcome) => outcome,
            Err(failure) => return Ok(LoginVerdict::Denied(failed(failure))),
        };
        self.applied(facts, &bound, rules, interrupted, outcome, &journal).await
    }

    /// What the Actions amount to.
    async fn applied(
        &self,
        facts: &Facts<'_>,
        bound: &[BoundAction],
        rules: Ruled,
        interrupted: Option<&Interrupted>,
        outcome: ActionsOutcome,
        journal: &Journal,
    ) -> Result<LoginVerdict, AppError> {
        let ActionsOutcome { commands, suspended, transaction_metadata, error, .. } = outcome;
        if let Some(failure) = error {
            return Ok(LoginVerdict::Denied(failed(failure)));
        }
        let now = Effects::of(Trigger::PostLogin, &commands);
        let mut all: Vec<Command> = Vec::new();
        for (method, arguments) in interrupted.map(|own| own.commands.clone()).unwrap_or_default() {
            all.push(Command::new(Trigger::PostLogin, &method, arguments).map_err(AppError::internal)?);
        }
        all.extend(commands);
        if let Some(suspension) = suspended.filter(|_| now.denial.is_none()) {
            let Some(url) = now.redirect else {
                // `challengeWith`, `enrollWith`, `prompt.render`. R §3.5: "if none is left the login fails".
                return Ok(LoginVerdict::Denied(denial("access_denied", NO_FACTOR)));
            };
            let count = interrupted.map_or(0, |own| own.count).saturating_add(1);
            let Some(action) = bound.get(suspension.action).filter(|_| count <= MOST_INTERRUPTIONS) else {
                return Ok(LoginVerdict::Denied(denial("access_denied", "Actions redirect the user without end")));
            };
            let left = Interrupted {
                action_id: action.action_id.clone(),
                count,
                rules: rules.changes,
                executed_rules: rules.executed,
                // Where the user was sent is over when they are back.
                commands: all
                    .into_iter()
                    .filter(|command| !command.suspends())
                    .map(|command| (command.method, command.arguments))
                    .collect(),
                metadata: transaction_metadata,
            };
            return Ok(sent_away(facts, url, Interrupter::Action(Box::new(left))));
        }
        let effects = Effects::of(Trigger::PostLogin, &all);
        // R §3.5: of a denial, "metadata changes already requested are still saved".
        self.save_metadata(facts, &effects).await?;
        if let Some(denied) = effects.denial {
            return Ok(LoginVerdict::Denied(denial("access_denied", denied.reason)));
        }
        if let Some(denied) = self.ended(facts, &effects).await? {
            return Ok(LoginVerdict::Denied(denied));
        }
        if effects.primary_user.as_deref().is_some_and(|primary| primary != facts.user_id) {
            return Ok(LoginVerdict::Denied(denial("access_denied", NO_PRIMARY_USER)));
        }
        if effects.multifactor.as_ref().is_some_and(|own| own.arguments.first() != Some(&json!("none"))) {
            self.log(&facts.tenant.id, journal.remark(NO_MULTIFACTOR)).await?;
        }
        let mut ignored: Vec<&str> = effects.others.iter().map(|command| command.method.as_str()).collect();
        ignored.extend(effects.methods.iter().map(|_| "authentication.recordMethod"));
        ignored.retain(|method| !ENDING.contains(method));
        if !ignored.is_empty() {
            ignored.dedup();
            let text = format!("These calls of Actions have no effect: api.{}", ignored.join(", api."));
            self.log(&facts.tenant.id, journal.remark(text)).await?;
        }
        Ok(passed(facts, rules.changes, &effects))
    }

    async fn save_metadata(&self, facts: &Facts<'_>, effects: &Effects) -> Result<(), AppError> {
        let (user, app) = (effects.user_metadata.clone(), effects.app_metadata.clone());
        if user.is_empty() && app.is_empty() {
            return Ok(());
        }
        let event = facts.log_event(LogType::SuccessManagementOperation);
        let event = event.description("An Action changed the metadata of a user");
        match self.merge_metadata(facts.tenant, facts.user_id, user, app, event).await {
            Ok(()) => Ok(()),
            Err(MetadataError::App(error)) => Err(error),
            // What cannot be stored is no reason to lock the user out.
            Err(refused) => {
                let event = facts.log_event(LogType::LoginWarning);
                let text = format!("What Actions set in the metadata was not saved: {refused}");
                self.log(&facts.tenant.id, event.description(text)).await.map(drop)
            }
        }
    }

    /// `api.session.revoke` and `api.refreshToken.revoke`: what the login stands on ends, and with it the login.
    async fn ended(&self, facts: &Facts<'_>, effects: &Effects) -> Result<Option<Denial>, AppError> {
        let Some(command) = effects.others.iter().find(|command| ENDING.contains(&command.method.as_str())) else {
            return Ok(None);
        };
        let argument = |index: usize| command.arguments.get(index).cloned().unwrap_or(Value::Null);
        let given = argument(0);
        let reason = given.as_str().filter(|reason| !reason.is_empty());
        if command.method == "session.revoke" {
            let preserve = argument(1).get("preserveRefreshTokens").and_then(Value::as_bool).unwrap_or(false);
            if let Some(session) = facts.session {
                self.revoke_session(facts.tenant, &session.id, preserve, facts.caller).await?;
            }
            return Ok(Some(denial("access_denied", reason.unwrap_or("The session was revoked"))));
        }
        // R §3.5: "only during a refresh exchange".
        let Some(token) = facts.refresh_token else { return Ok(None) };
        self.revoke_refresh_token(facts.tenant, &token.id, facts.caller).await?;
        Ok(Some(denial("access_denied", reason.unwrap_or("The refresh token was revoked"))))
    }
}

fn sent_away(facts: &Facts<'_>, url: String, by: Interrupter) -> LoginVerdict {
    if !facts.can_redirect() {
        // R §2.10 (6).
        let text = "The scripts of this login want to redirect the user, which is not possible here";
        return LoginVerdict::Denied(denial("interaction_required", text));
    }
    LoginVerdict::Away(Box::new(Interruption { url, by }))
}

/// Calls that end what the login stands on.
const ENDING: [&str; 2] = ["session.revoke", "refreshToken.revoke"];

const NO_MULTIFACTOR: &str =
    "A script asked for another factor, which this version does not have: the login went on without it";
const NO_PRIMARY_USER: &str = "This version cannot change the primary user in a login";
const NO_ADDRESS: &str = "The address that a Rule redirects to is none of http or https";
const NO_FACTOR: &str = "The Action asked for a factor or a form, of which none is available";

/// What the Rules said.
#[derive(Default)]
struct Ruled {
    changes: TokenChanges,
    executed: Vec<String>,
}

impl Interruption {
    /// Where the user is sent: R §2.10 (2), "appends `state=<opaque>` to the URL's query (keeping existing parameters)".
    #[must_use]
    pub fn target(&self, state: &str) -> String {
        let Ok(mut url) = Url::parse(&self.url) else { return self.url.clone() };
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "state")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair("state", state);
        url.into()
    }
}

/// The redirect of a Rule is no address that a browser may be sent to.
#[derive(Debug, PartialEq, Eq)]
struct NoAddress;

/// `context.redirect.url`, where there is one.
fn redirect_of(context: &Value) -> Option<Result<String, NoAddress>> {
    let given = context.pointer("/redirect/url").filter(|url| !url.is_null())?;
    let url = given.as_str().filter(|text| text.len() <= 4096).and_then(|text| Url::parse(text).ok());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    Some(url.map(String::from).ok_or(NoAddress))
}

/// What of Rules and Actions gets into the tokens: "last call wins per key".
fn passed(facts: &Facts<'_>, rules: TokenChanges, effects: &Effects) -> LoginVerdict {
    let mut changes = rules;
    changes.id_token.extend(effects.id_token.clone());
    changes.access_token.extend(effects.access_token.clone());
    changes.scopes.extend(effects.scopes.clone());
    match changes.checked(facts.is_system_api) {
        Ok(changes) => LoginVerdict::Passed(changes),
        Err(error) => LoginVerdict::Denied(denial("access_denied", error.to_string())),
    }
}

/// An error that a Rule threw, as a failure for the tenant log.
fn thrown(denied: &RuleDenial) -> ScriptFailure {
    ScriptFailure {
        kind: FailureKind::Script,
        message: denied.message.clone(),
        stack: denied.stack.clone(),
        script: Some(denied.rule),
    }
}

/// R §2.13, §3.8: a failure is a denial with its own sentence.
fn failed(failure: ScriptFailure) -> Denial {
    denial("access_denied", failure.message)
}

fn denial(error: &str, description: impl Into<String>) -> Denial {
    Denial { error: error.to_owned(), description: description.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_2_10_the_state_comes_behind_the_query() {
        let target = |url: &str| Interruption { url: url.to_owned(), by: Interrupter::Rules }.target("s.1");
        assert_eq!(target("https://x.example/a?b=1&state=old#f"), "https://x.example/a?b=1&state=s.1#f");
        assert_eq!(target("https://x.example"), "https://x.example/?state=s.1");
    }

    #[test]
    fn r_2_10_only_web_addresses_are_redirects() {
        let of = |url: &str| redirect_of(&json!({ "redirect": { "url": url } }));
        assert_eq!(of("https://x.example/a"), Some(Ok("https://x.example/a".to_owned())));
        assert_eq!(of("http://x.example"), Some(Ok("http://x.example/".to_owned())));
        for url in ["javascript:alert(1)", "/relative", "data:text/html,x", "", "https://"] {
            assert_eq!(of(url), Some(Err(NoAddress)), "{url}");
        }
        assert_eq!(redirect_of(&json!({ "redirect": { "url": 1 } })), Some(Err(NoAddress)));
        for none in [json!(null), json!({}), json!({ "url": null }), json!("x")] {
            assert_eq!(redirect_of(&json!({ "redirect": none })), None, "{none}");
        }
    }
}
