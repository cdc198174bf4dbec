//! `playground` of the tenant settings (Keywright's own).

use serde::{Deserialize, Serialize};

/// What the playground asks for unless the tenant says otherwise: who the user is, and a refresh token.
const SCOPE: &str = "openid profile email offline_access";

/// The page on which newcomers try the flows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Playground {
    /// Whether there is one.
    pub enabled: bool,
    /// The application that it is: native, without a secret, with the page's own address as a callback. Empty: visitors enter
    /// one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// The API that it asks for; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub audience: String,
    /// The scopes that it asks for; empty for the usual ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

impl Playground {
    /// The scopes that it asks for.
    #[must_use]
    pub fn scopes(&self) -> &str {
        if self.scope.is_empty() { SCOPE } else { &self.scope }
    }
}
