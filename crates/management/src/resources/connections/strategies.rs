//! Kinds of sources and what their `options` may be (`management-api.md` §4.3–4.6).

use serde_json::{Map, Value, json};

use super::{certificates, database, enterprise, passwordless, social};
use crate::error::ApiError;
use crate::schema::Schema;

/// What logs a user in over a connection of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A database of this instance.
    Database,
    /// A code that is sent.
    Passwordless,
    /// A service for everybody.
    Social,
    /// The directory of a company.
    Enterprise,
}

use Kind::{Database, Enterprise, Passwordless, Social};

/// §4.3, in the order of the reference.
pub(super) const STRATEGIES: [(&str, Kind); 55] = [
    ("ad", Enterprise),
    ("adfs", Enterprise),
    ("amazon", Social),
    ("apple", Social),
    ("dropbox", Social),
    ("bitbucket", Social),
    ("auth0-oidc", Enterprise),
    ("auth0", Database),
    ("baidu", Social),
    ("bitly", Social),
    ("box", Social),
    ("custom", Social),
    ("daccount", Social),
    ("dwolla", Social),
    ("email", Passwordless),
    ("evernote-sandbox", Social),
    ("evernote", Social),
    ("exact", Social),
    ("facebook", Social),
    ("fitbit", Social),
    ("github", Social),
    ("google-apps", Enterprise),
    ("google-oauth2", Social),
    ("instagram", Social),
    ("ip", Enterprise),
    ("line", Social),
    ("linkedin", Social),
    ("oauth1", Social),
    ("oauth2", Social),
    ("office365", Enterprise),
    ("oidc", Enterprise),
    ("okta", Enterprise),
    ("paypal", Social),
    ("paypal-sandbox", Social),
    ("pingfederate", Enterprise),
    ("planningcenter", Social),
    ("salesforce-community", Social),
    ("salesforce-sandbox", Social),
    ("salesforce", Social),
    ("samlp", Enterprise),
    ("sharepoint", Enterprise),
    ("shopify", Social),
    ("shop", Social),
    ("sms", Passwordless),
    ("soundcloud", Social),
    ("thirtysevensignals", Social),
    ("twitter", Social),
    ("untappd", Social),
    ("vkontakte", Social),
    ("waad", Enterprise),
    ("weibo", Social),
    ("windowslive", Social),
    ("wordpress", Social),
    ("yahoo", Social),
    ("yandex", Social),
];

/// Their names.
pub(super) fn names() -> Vec<&'static str> {
    STRATEGIES.iter().map(|(name, _)| *name).collect()
}

/// What the strategy is; a name that is none was refused before.
pub(super) fn kind(strategy: &str) -> Kind {
    STRATEGIES.iter().find(|(name, _)| *name == strategy).map_or(Social, |(_, kind)| *kind)
}

/// The options of the strategy.
pub(super) fn options(strategy: &str) -> Schema {
    match kind(strategy) {
        Database => database::schema(),
        Passwordless => passwordless::schema(strategy),
        Social => social::schema(strategy),
        Enterprise => enterprise::schema(strategy),
    }
}

/// Puts in what the server adds to options that were sent: defaults, and what follows from the others. What excludes each
/// other is refused.
pub(super) fn complete(strategy: &str, options: &mut Map<String, Value>) -> Result<(), ApiError> {
    match kind(strategy) {
        Database => {
            if let Some(message) = database::conflict(options) {
                return Err(ApiError::invalid_body(message));
            }
            database::complete(options);
        }
        Passwordless => {
            options.entry("totp").or_insert(json!({ "time_step": 300, "length": 6 }));
            options.entry("brute_force_protection").or_insert(json!(true));
        }
        Social => social::complete(strategy, options),
        Enterprise => {
            enterprise::complete(strategy, options);
            if strategy == "samlp" {
                certificates::describe(options)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_strategy_is_there_once_and_has_options() {
        let all: HashSet<&str> = names().into_iter().collect();
        assert_eq!(all.len(), STRATEGIES.len());
        for name in names() {
            assert!(!options(name).members().is_empty(), "{name}");
        }
    }
}
