//! An event before it becomes an entry: who, with what, from where.

use jiff::Timestamp;
use keywright_store::logs::LogRow;
use keywright_types::{Client, Connection, ScopeSet, User};
use serde_json::Value;

use crate::{Caller, LogType};

/// Longest text of one member, in bytes; the log must not be filled by whoever writes long headers.
const LONGEST: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct LogEvent {
    kind: LogType,
    caller: Caller,
    description: Option<String>,
    client: Option<(String, Option<String>)>,
    user_id: Option<String>,
    user_name: Option<String>,
    connection: Option<(String, String, String)>,
    audience: Option<String>,
    scope: Option<String>,
    details: Option<Value>,
}

impl LogEvent {
    /// An event of this kind, caused by a request of `caller`.
    #[must_use]
    pub fn new(kind: LogType, caller: &Caller) -> Self {
        Self {
            kind,
            caller: caller.clone(),
            description: None,
            client: None,
            user_id: None,
            user_name: None,
            connection: None,
            audience: None,
            scope: None,
            details: None,
        }
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> LogType {
        self.kind
    }

    /// Another kind of event with the same members.
    #[must_use]
    pub fn with_kind(self, kind: LogType) -> Self {
        Self { kind, ..self }
    }

    /// The application.
    #[must_use]
    pub fn client(self, client: &Client) -> Self {
        Self { client: Some((client.client_id.clone(), Some(client.name.clone()))), ..self }
    }

    /// An application that is known by its identifier only.
    #[must_use]
    pub fn client_id(self, client_id: &str) -> Self {
        Self { client: Some((client_id.to_owned(), None)), ..self }
    }

    /// The user, by id and address.
    #[must_use]
    pub fn user(self, user: &User) -> Self {
        let name = user.email.clone().or_else(|| user.username.clone());
        Self { user_id: Some(user.user_id.clone()), user_name: name, ..self }
    }

    /// A user that is known by its identifier only.
    #[must_use]
    pub fn user_id(self, user_id: &str) -> Self {
        Self { user_id: Some(user_id.to_owned()), ..self }
    }

    /// Address or username as it was entered.
    #[must_use]
    pub fn user_name(self, user_name: &str) -> Self {
        Self { user_name: Some(user_name.to_owned()), ..self }
    }

    /// The source of the user.
    #[must_use]
    pub fn connection(self, connection: &Connection) -> Self {
        let Connection { name, id, strategy, .. } = connection;
        Self { connection: Some((name.clone(), id.clone(), strategy.clone())), ..self }
    }

    /// The API.
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        Self { audience: Some(audience.to_owned()).filter(|audience| !audience.is_empty()), ..self }
    }

    /// What was granted or asked for.
    #[must_use]
    pub fn scope(self, scope: &ScopeSet) -> Self {
        Self { scope: (!scope.is_empty()).then(|| scope.to_string()), ..self }
    }

    /// One sentence. No secret, and nothing of the caller that was not checked.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// More about it, a JSON object.
    #[must_use]
    pub fn details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    pub(super) fn into_row(self, log_id: String, now: Timestamp) -> LogRow {
        let (client_id, client_name) = self.client.map_or((None, None), |(id, name)| (Some(id), name));
        let (connection, connection_id, strategy) = match self.connection {
            Some((name, id, strategy)) => (Some(name), Some(id), Some(strategy)),
            None => (None, None, None),
        };
        LogRow {
            log_id,
            kind: self.kind.as_str().to_owned(),
            logged_at: now,
            description: self.description.map(short),
            client_id: client_id.map(short),
            client_name,
            user_id: self.user_id.map(short),
            user_name: self.user_name.map(short),
            connection,
            connection_id,
            strategy,
            ip: self.caller.ip.map(|ip| ip.to_string()),
            user_agent: self.caller.user_agent.map(short),
            hostname: self.caller.hostname,
            audience: self.audience.map(short),
            scope: self.scope.map(short),
            details: self.details.map(|details| details.to_string()),
        }
    }
}

/// Cuts at a character's end, and leaves out what PostgreSQL cannot store.
fn short(text: String) -> String {
    if text.len() <= LONGEST && !text.contains('\0') {
        return text;
    }
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default().replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_nul_is_left_out() {
        let event = LogEvent::new(LogType::FailedLogin, &Caller::default())
            .user_name(&"\u{e4}".repeat(600))
            .description("a\0b")
            .audience("");
        let row = event.into_row("1".to_owned(), Timestamp::UNIX_EPOCH);
        assert_eq!(row.user_name.unwrap().len(), 1024);
        assert_eq!(row.description.as_deref(), Some("ab"));
        assert_eq!((row.kind.as_str(), row.audience), ("f", None));
    }
}
