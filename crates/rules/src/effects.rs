//! What the commands of a pass amount to: "last call wins per key for setters" (R §3.2).

use serde_json::{Map, Value};

use crate::commands::Command;

/// The sum of all commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The flow ends.
    pub denial: Option<Denial>,
    /// Custom claims as given; `custom_claims` says which are accepted.
    pub id_token: Map<String, Value>,
    /// Custom claims as given; `custom_claims` says which are accepted.
    pub access_token: Map<String, Value>,
    /// Scopes to add (`true`) and to remove, in the order of the calls.
    pub scopes: Vec<(String, bool)>,
    /// Changes of `app_metadata`; `null` removes.
    pub app_metadata: Map<String, Value>,
    /// Changes of `user_metadata`; `null` removes.
    pub user_metadata: Map<String, Value>,
    /// Where the user is sent, with its query. The server adds `state`.
    pub redirect: Option<String>,
    /// The last of `challengeWith…`, `enrollWith…` and `prompt.render`.
    pub interruption: Option<Command>,
    /// The last `multifactor.enable`.
    pub multifactor: Option<Command>,
    /// `authentication.setPrimaryUser`.
    pub primary_user: Option<String>,
    /// `authentication.recordMethod`.
    pub methods: Vec<String>,
    /// `transaction.setResultUrl`, with its query.
    pub result_url: Option<String>,
    /// Everything about the session, the refresh token, the SAML response and target scopes, in the order of the calls.
    pub others: Vec<Command>,
}

/// An Action ended the flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// `access_denied`, or the code that the Action gave where it may.
    pub code: String,
    /// For the tenant's log, and for the application where there is no other text.
    pub reason: String,
    /// For the user (`pre-user-registration`).
    pub user_message: Option<String>,
}

impl Effects {
    /// Adds up the commands of `trigger`.
    #[must_use]
    pub fn of(trigger: crate::Trigger, commands: &[Command]) -> Self {
        let mut all = Self::default();
        for command in commands {
            all.apply(trigger, command);
        }
        all
    }

    fn apply(&mut self, trigger: crate::Trigger, command: &Command) {
        let first = || command.text(0).unwrap_or_default().to_owned();
        match command.method.as_str() {
            // The first denial holds.
            "access.deny" | "validation.error" => {
                if self.denial.is_none() {
                    self.denial = Some(denial(trigger, command));
                }
            }
            "idToken.setCustomClaim" => drop(self.id_token.insert(first(), command.value(1))),
            "accessToken.setCustomClaim" => drop(self.access_token.insert(first(), command.value(1))),
            "accessToken.addScope" => self.scopes.push((first(), true)),
            "accessToken.removeScope" => self.scopes.push((first(), false)),
            "user.setAppMetadata" => drop(self.app_metadata.insert(first(), command.value(1))),
            "user.setUserMetadata" => drop(self.user_metadata.insert(first(), command.value(1))),
            "redirect.sendUserTo" => self.redirect = Some(with_query(&first(), &command.value(1))),
            "transaction.setResultUrl" => self.result_url = Some(with_query(&first(), &command.value(1))),
            "multifactor.enable" => self.multifactor = Some(command.clone()),
            "authentication.setPrimaryUser" => self.primary_user = Some(first()),
            "authentication.recordMethod" => self.methods.push(first()),
            // Its values are in the outcome.
            "transaction.setMetadata" => {}
            _ if command.suspends() => self.interruption = Some(command.clone()),
            _ => self.others.push(command.clone()),
        }
    }
}

fn denial(trigger: crate::Trigger, command: &Command) -> Denial {
    let (first, second) = (command.text(0).unwrap_or_default(), command.text(1).map(str::to_owned));
    let code = "access_denied".to_owned();
    match (trigger, command.method.as_str()) {
        (crate::Trigger::CredentialsExchange, "access.deny") => {
            Denial { code: first.to_owned(), reason: second.unwrap_or_default(), user_message: None }
        }
        (crate::Trigger::PreUserRegistration, "access.deny") => {
            Denial { code, reason: first.to_owned(), user_message: second }
        }
        (_, "access.deny") => Denial { code, reason: second.unwrap_or_else(|| first.to_owned()), user_message: None },
        // `validation.error(code, message)`
        _ => Denial { code: first.to_owned(), reason: second.clone().unwrap_or_default(), user_message: second },
    }
}

/// `{query: {name: value}}` behind what the address has already.
fn with_query(address: &str, options: &Value) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return address.to_owned() };
    if let Some(query) = options.get("query").and_then(Value::as_object) {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in query {
            match value {
                Value::String(text) => drop(pairs.append_pair(name, text)),
                Value::Null => {}
                other => drop(pairs.append_pair(name, &other.to_string())),
            }
        }
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Trigger;

    fn effects(trigger: Trigger, calls: &[(&str, Value)]) -> Effects {
        let commands: Vec<_> = calls
            .iter()
            .map(|(method, arguments)| Command::new(trigger, method, arguments.as_array().unwrap().clone()).unwrap())
            .collect();
        Effects::of(trigger, &commands)
    }

    #[test]
    fn the_last_call_wins_and_the_first_denial_holds() {
        let all = effects(
            Trigger::PostLogin,
            &[
                ("idToken.setCustomClaim", json!(["a", 1])),
                ("idToken.setCustomClaim", json!(["a", 2])),
                ("access.deny", json!(["first"])),
                ("access.deny", json!(["second"])),
                ("accessToken.addScope", json!(["x"])),
                ("accessToken.removeScope", json!(["x"])),
                ("user.setAppMetadata", json!(["gone", null])),
                ("redirect.sendUserTo", json!(["https://a.example/?x=1", {"query": {"y": "2 3", "n": 4}}])),
            ],
        );
        assert_eq!(all.id_token, *json!({ "a": 2 }).as_object().unwrap());
        assert_eq!(all.denial.unwrap().reason, "first");
        assert_eq!(all.scopes, [("x".to_owned(), true), ("x".to_owned(), false)]);
        assert_eq!(all.app_metadata, *json!({ "gone": null }).as_object().unwrap());
        assert_eq!(all.redirect.unwrap(), "https://a.example/?x=1&n=4&y=2+3");
    }

    #[test]
    fn denials_differ_by_trigger() {
        let denial = |trigger, method, arguments| effects(trigger, &[(method, arguments)]).denial.unwrap();
        let of = denial(Trigger::CredentialsExchange, "access.deny", json!(["invalid_scope", "no"]));
        assert_eq!((of.code.as_str(), of.reason.as_str()), ("invalid_scope", "no"));
        let of = denial(Trigger::PreUserRegistration, "access.deny", json!(["for the log", "for you"]));
        assert_eq!((of.reason.as_str(), of.user_message.as_deref()), ("for the log", Some("for you")));
        // R §3.5: "treat two strings as text".
        let of = denial(Trigger::PostLogin, "access.deny", json!(["code", "text"]));
        assert_eq!((of.code.as_str(), of.reason.as_str()), ("access_denied", "text"));
    }
}
