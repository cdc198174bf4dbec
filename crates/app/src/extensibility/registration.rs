//! The Actions around a new user: `pre-user-registration` may refuse them and add metadata, `post-user-registration` is told of
//! them (R §1, §3.4, §3.5).

use keywright_rules::{ActionsOutcome, Effects, Trigger};
use keywright_store::users::UserRow;
use keywright_types::{Client, Connection, Tenant};
use serde_json::{Map, Value, json};

use super::account::time;
use super::background::QueuedActions;
use super::event;
use super::facts::RequestFacts;
use super::journal::Journal;
use super::metadata::RESERVED_APP_METADATA;
use super::scripts::Actions;
use crate::config_cache::document;
use crate::{App, AppError, AuthorizationRequest, Caller, LogEvent, LogType};

/// A user who is about to be made.
#[derive(Clone, Copy)]
pub struct RegistrationFacts<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// Among whose users.
    pub connection: &'a Connection,
    /// For which application; an administrator has none.
    pub client: Option<&'a Client>,
    /// From where.
    pub caller: &'a Caller,
    /// The request, without the password.
    pub request: &'a RequestFacts,
    /// The login in which it happens.
    pub authorization: Option<&'a AuthorizationRequest>,
}

/// How the Actions before a registration ended.
#[derive(Debug)]
pub enum RegistrationVerdict {
    /// The user is made. What the Actions added is in the row.
    Passed,
    /// They are not.
    Denied {
        /// For the tenant's log.
        reason: String,
        /// For the user, where the Action has a sentence for them.
        user_message: Option<String>,
    },
}

/// R §3.8: "registration refused with a generic message".
const REFUSED: &str = "The sign-up was refused";

impl App {
    /// Runs the Actions before a registration and adds their metadata to the row. Without any it passes.
    pub async fn run_registration_scripts(
        &self,
        facts: &RegistrationFacts<'_>,
        row: &mut UserRow,
    ) -> Result<RegistrationVerdict, AppError> {
        let trigger = Trigger::PreUserRegistration;
        let bound = self.bound_actions(&facts.tenant.id, trigger.id()).await?;
        // Somebody who is here already is no new user: the database will say so, and the Actions hear nothing of it.
        if bound.is_empty() || self.is_registered(&facts.tenant.id, row).await? {
            return Ok(RegistrationVerdict::Passed);
        }
        let journal = Journal::of_actions(
            logged(facts, row),
            facts.caller,
            trigger,
            bound.iter().map(|action| action.name.clone()),
        );
        // "no id yet, no password".
        let mut told = told(facts, row)?;
        if let Some(user) = told.get_mut("user").and_then(Value::as_object_mut) {
            for name in ["user_id", "created_at", "updated_at", "email_verified"] {
                user.remove(name);
            }
        }
        let denied = |reason: String, user_message| Ok(RegistrationVerdict::Denied { reason, user_message });
        let commands = match self.actions_pass(facts.tenant, &bound, Actions::of(trigger, told), &journal).await? {
            Ok(ActionsOutcome { error: None, commands, .. }) => commands,
            Ok(ActionsOutcome { error: Some(failure), .. }) | Err(failure) => {
                return denied(format!("{REFUSED}: {}", failure.message), None);
            }
        };
        let effects = Effects::of(trigger, &commands);
        if let Some(refused) = effects.denial {
            return denied(refused.reason, refused.user_message);
        }
        if let Some(key) = effects.app_metadata.keys().find(|key| RESERVED_APP_METADATA.contains(&key.as_str())) {
            return denied(format!("The key {key} is not allowed in app_metadata"), None);
        }
        for (place, changes) in
            [(&mut row.user_metadata, effects.user_metadata), (&mut row.app_metadata, effects.app_metadata)]
        {
            let mut metadata: Map<String, Value> = document("users", place)?;
            for (key, value) in changes {
                match value {
                    Value::Null => drop(metadata.remove(&key)),
                    value => drop(metadata.insert(key, value)),
                }
            }
            *place = Value::Object(metadata).to_string();
        }
        Ok(RegistrationVerdict::Passed)
    }

    /// The Actions after the registration, to be queued in its transaction.
    pub async fn registration_actions(
        &self,
        facts: &RegistrationFacts<'_>,
        row: &UserRow,
    ) -> Result<Option<QueuedActions>, AppError> {
        let client = facts.client.map(|client| client.client_id.as_str());
        self.actions_to_queue(&facts.tenant.id, Trigger::PostUserRegistration, facts.caller, client, || {
            told(facts, row)
        })
        .await
    }
}

fn logged(facts: &RegistrationFacts<'_>, row: &UserRow) -> LogEvent {
    let event = LogEvent::new(LogType::FailedScript, facts.caller).connection(facts.connection);
    let event = match facts.client {
        Some(client) => event.client(client),
        None => event,
    };
    event.user_name(row.email.as_deref().unwrap_or_default())
}

fn told(facts: &RegistrationFacts<'_>, row: &UserRow) -> Result<Value, AppError> {
    let hostname = facts.caller.hostname.split(':').next().unwrap_or_default();
    let mut own = json!({
        "connection": event::connection(facts.connection),
        "request": event::request(facts.caller, facts.request, hostname),
        "tenant": event::tenant(facts.tenant),
        "user": user(row)?,
    });
    if let Some(members) = own.as_object_mut() {
        members.extend(facts.client.map(|client| ("client".to_owned(), event::client(client))));
        if let Some(request) = facts.authorization {
            let mut transaction = event::of_request(request);
            transaction.extend(facts.request.language.as_ref().map(|own| ("locale".to_owned(), json!(own))));
            members.insert("transaction".to_owned(), Value::Object(transaction));
        }
    }
    Ok(own)
}

fn user(row: &UserRow) -> Result<Value, AppError> {
    let mut user: Map<String, Value> = document("users", &row.profile)?;
    let known = ["name", "given_name", "family_name", "nickname", "picture", "phone_number", "phone_verified"];
    user.retain(|name, _| known.contains(&name.as_str()));
    let mut set = |name: &str, value: Value| drop(user.insert(name.to_owned(), value));
    set("user_id", json!(row.user_id));
    if let Some(email) = &row.email {
        set("email", json!(email));
    }
    set("email_verified", json!(row.email_verified));
    if let Some(username) = &row.username {
        set("username", json!(username));
    }
    set("created_at", time(row.created_at));
    set("updated_at", time(row.updated_at));
    for (name, text) in [("app_metadata", &row.app_metadata), ("user_metadata", &row.user_metadata)] {
        set(name, Value::Object(document("users", text)?));
    }
    Ok(Value::Object(user))
}
