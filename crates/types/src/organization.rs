//! Organization: users of one customer of the tenant, who log in to applications as its members (§8.1).

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// An organization (`management-api.md` §8.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Identifier, `org_…`.
    pub id: String,
    /// Name in requests and callbacks: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Members without an effect in the protocol, such as `branding` and `metadata`.
    #[serde(flatten)]
    pub other: OtherMembers,
}

impl Organization {
    /// Whether `name` may be the name of an organization: it stands in the host name of callbacks.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        (1..=50).contains(&name.len())
            && name.bytes().next().is_some_and(plain)
            && name.bytes().all(|byte| plain(byte) || matches!(byte, b'-' | b'_'))
    }
}

/// A connection that is enabled in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationConnection {
    /// The connection, `con_…`.
    pub connection_id: String,
    /// Whether users of the connection become members by logging in.
    #[serde(default)]
    pub assign_membership_on_login: bool,
    /// Whether the login page offers it (enterprise connections).
    #[serde(default = "yes")]
    pub show_as_button: bool,
    /// Whether new users may sign up in the organization; only with `assign_membership_on_login`.
    #[serde(default)]
    pub is_signup_enabled: bool,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

fn yes() -> bool {
    true
}

/// `organization_require_behavior` of an application: who asks for the organization when the request names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRequireBehavior {
    /// Nobody.
    #[default]
    NoPrompt,
    /// A page before the login: the user enters the organization's name.
    PreLoginPrompt,
    /// A page after the login: the user chooses among the organizations that they belong to.
    PostLoginPrompt,
}

impl OrganizationRequireBehavior {
    /// Whether nothing was said about it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::NoPrompt
    }
}

/// `organization_usage` of an application: whether users log in to it as members of an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationUsage {
    /// Never.
    #[default]
    Deny,
    /// When the request names an organization.
    Allow,
    /// Always.
    Require,
}

impl OrganizationUsage {
    /// Whether nothing was said about it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::Deny
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_a_host_name() {
        let longest = "a".repeat(50);
        for good in ["acme", "a", "0", "acme-2_x", longest.as_str()] {
            assert!(Organization::is_name(good), "{good}");
        }
        let too_long = "a".repeat(51);
        for bad in ["", "Acme", "-a", "_a", "a.b", "a b", "a/b", "\u{e4}", "a*", too_long.as_str()] {
            assert!(!Organization::is_name(bad), "{bad}");
        }
    }
}
