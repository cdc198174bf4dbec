//! Connection: a source of users (§7.2, §7.8).

use serde::{Deserialize, Serialize};

use crate::{
    Client, OtherMembers, PasswordComplexityOptions, PasswordDictionary, PasswordHistory, PasswordNoPersonalInfo,
    PasswordOptions, PasswordPolicy,
};

/// A configured source of users. Strategy `auth0` is a database of this instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Identifier, `con_…`.
    pub id: String,
    /// Name used in requests; part of every user's identity.
    pub name: String,
    /// `auth0` for databases.
    pub strategy: String,
    /// Applications that may use it.
    #[serde(default)]
    pub enabled_clients: Vec<String>,
    /// Whether it is for all third-party applications of the tenant, and for them alone by this switch.
    #[serde(default)]
    pub is_domain_connection: bool,
    /// Whether users can log in with it.
    #[serde(default)]
    pub authentication: ConnectionAuthentication,
    /// Settings that depend on the strategy.
    #[serde(default)]
    pub options: ConnectionOptions,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

impl Connection {
    /// Whether users of this connection live in the instance's own database.
    #[must_use]
    pub fn is_database(&self) -> bool {
        self.strategy == "auth0"
    }

    /// Whether users of this connection may log in to `client`: §8.3, third-party applications have "only domain-level
    /// connections", whichever are enabled for them; the tenant's own have those that are enabled for them.
    #[must_use]
    pub fn is_usable_by(&self, client: &Client) -> bool {
        let enabled =
            if client.is_first_party { self.is_enabled_for(&client.client_id) } else { self.is_domain_connection };
        enabled && self.authentication.active
    }

    /// Whether `client_id` is among the enabled applications.
    #[must_use]
    pub fn is_enabled_for(&self, client_id: &str) -> bool {
        self.enabled_clients.iter().any(|own| own == client_id)
    }
}

/// `authentication` of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionAuthentication {
    /// Whether users can log in with it.
    pub active: bool,
}

impl Default for ConnectionAuthentication {
    fn default() -> Self {
        Self { active: true }
    }
}

/// `options` of a database connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionOptions {
    /// Refuses sign-ups by the public.
    pub disable_signup: bool,
    /// Users sign in and sign up with a username beside the e-mail address.
    pub requires_username: bool,
    /// `none`, `low`, `fair`, `good`, `excellent`; absent means `good`.
    #[serde(rename = "passwordPolicy", skip_serializing_if = "Option::is_none")]
    pub password_policy: Option<PasswordPolicy>,
    /// Overrides the policy's minimum length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_complexity_options: Option<PasswordComplexityOptions>,
    /// Passwords that were used before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_history: Option<PasswordHistory>,
    /// Passwords that many people use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_dictionary: Option<PasswordDictionary>,
    /// Passwords with parts of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_no_personal_info: Option<PasswordNoPersonalInfo>,
    /// Takes the place of the five above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_options: Option<PasswordOptions>,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

impl ConnectionOptions {
    /// Whether users may ask for a link to set another password: `disable_self_service_change_password`.
    #[must_use]
    pub fn lets_users_reset_passwords(&self) -> bool {
        self.other.get("disable_self_service_change_password") != Some(&true.into())
    }
}
