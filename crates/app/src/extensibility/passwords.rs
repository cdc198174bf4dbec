//! The Actions of passwords: `post-change-password` is told of a change (R §3.4), `password-reset-post-challenge` decides whether
//! somebody who has opened the mailed link may set another one (R §1, §3.5).

use keywright_rules::{ActionsOutcome, Effects, Trigger};
use keywright_types::{Client, Connection, Tenant, Timestamp, User};
use serde_json::json;

use super::account::{Account, time};
use super::background::QueuedActions;
use super::event;
use super::facts::RequestFacts;
use super::journal::Journal;
use super::scripts::Actions;
use crate::{App, AppError, Caller, LogEvent, LogType};

/// How the Actions after the first challenge of a reset ended.
#[derive(Debug)]
pub(crate) enum ChallengeVerdict {
    /// The form for the new password is shown; afterwards the browser goes to this address, where an Action names one.
    Passed {
        /// `transaction.setResultUrl`.
        result_url: Option<String>,
    },
    /// It is not.
    Denied {
        /// For the tenant's log.
        reason: String,
    },
}

impl App {
    /// The Actions after a change of a password, to be queued in its transaction.
    pub(crate) async fn password_actions(
        &self,
        tenant: &Tenant,
        connection: &Connection,
        user: &User,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<QueuedActions>, AppError> {
        self.actions_to_queue(&tenant.id, Trigger::PostChangePassword, caller, None, || {
            let hostname = caller.hostname.split(':').next().unwrap_or_default();
            let request = RequestFacts { method: "POST".to_owned(), ..RequestFacts::default() };
            let mut told = json!({
                "user_id": user.user_id, "email_verified": user.email_verified, "last_password_reset": time(now),
            });
            if let Some(members) = told.as_object_mut() {
                let optional = [
                    ("email", user.email.as_ref().map(|email| json!(email))),
                    ("username", user.username.as_ref().map(|name| json!(name))),
                    ("phone_number", user.profile.get("phone_number").cloned()),
                    ("phone_verified", user.profile.get("phone_verified").cloned()),
                ];
                members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            }
            Ok(json!({
                "connection": event::connection(connection),
                "request": event::request(caller, &request, hostname),
                "tenant": event::tenant(tenant),
                "user": told,
            }))
        })
        .await
    }

    /// Runs the Actions after the first challenge of a reset. Without any it passes.
    pub(crate) async fn run_challenge_scripts(
        &self,
        tenant: &Tenant,
        connection: &Connection,
        client: Option<&Client>,
        user_id: &str,
        caller: &Caller,
        request: &RequestFacts,
    ) -> Result<ChallengeVerdict, AppError> {
        let trigger = Trigger::PasswordResetPostChallenge;
        let bound = self.bound_actions(&tenant.id, trigger.id()).await?;
        if bound.is_empty() {
            return Ok(ChallengeVerdict::Passed { result_url: None });
        }
        let denied = |reason: String| Ok(ChallengeVerdict::Denied { reason });
        let (id, wanted) = (tenant.id.clone(), user_id.to_owned());
        let account = self.store().look_up(move |tx| Account::read(tx, &id, &wanted, None, None)).await?;
        let Some(account) = account else { return denied("The user is gone".to_owned()) };
        let event = LogEvent::new(LogType::FailedScript, caller).connection(connection).user_id(user_id);
        let journal = Journal::of_actions(event, caller, trigger, bound.iter().map(|action| action.name.clone()));
        let hostname = caller.hostname.split(':').next().unwrap_or_default();
        let now = self.now();
        let mut told = json!({
            "authentication": { "methods": [{ "name": "email", "timestamp": time(now) }] },
            "authorization": { "roles": account.roles },
            "connection": event::connection(connection),
            "request": event::request(caller, request, hostname),
            "stats": { "logins_count": account.row.logins_count },
            "tenant": event::tenant(tenant),
            "transaction": { "locale": request.language, "ui_locales": [] },
            "user": account.for_actions()?,
        });
        if let (Some(client), Some(members)) = (client, told.as_object_mut()) {
            members.insert("client".to_owned(), event::client(client));
        }
        let commands = match self.actions_pass(tenant, &bound, Actions::of(trigger, told), &journal).await? {
            Ok(ActionsOutcome { error: None, commands, .. }) => commands,
            Ok(ActionsOutcome { error: Some(failure), .. }) | Err(failure) => return denied(failure.message),
        };
        let effects = Effects::of(trigger, &commands);
        if let Some(refused) = effects.denial {
            return denied(refused.reason);
        }
        if effects.redirect.is_some() || effects.interruption.is_some() {
            // Where the Action wants more than this server can ask for, no password is set.
            return denied(
                "The Action asked for a redirect or a factor, which a reset of a password does not have".to_owned(),
            );
        }
        Ok(ChallengeVerdict::Passed { result_url: effects.result_url })
    }
}
