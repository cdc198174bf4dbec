//! Actions and the triggers they run at (`management-api.md` §15.1; `rules-and-actions.md` §3.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What of an action is deployed as a version: its code and everything that the code needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionContent {
    /// CommonJS.
    pub code: String,
    /// Packages of npm.
    pub dependencies: Vec<ActionDependency>,
    /// Which Node.js it was written for.
    pub runtime: String,
    /// The trigger, exactly one.
    pub supported_triggers: Vec<TriggerReference>,
    /// Names of its secrets; the values lie sealed.
    pub secrets: Vec<ActionSecret>,
    /// Modules that it uses, as they were sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Value>,
}

/// A package that an action needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionDependency {
    /// Its name in the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Another registry than npm's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_url: Option<String>,
}

/// A trigger and the version of what it calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerReference {
    /// `post-login`.
    pub id: String,
    /// `v3`.
    pub version: String,
}

/// The name of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionSecret {
    /// What the code calls it.
    pub name: String,
    /// When its value was set last; RFC 3339 with nanoseconds.
    pub updated_at: String,
}

/// Who says what runs at a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingPolicy {
    /// The tenant, by a list of bindings.
    TriggerBound,
    /// What the action belongs to: a provider, a profile, a stream.
    EntityBound,
}

impl BindingPolicy {
    /// The word of the Management API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TriggerBound => "trigger-bound",
            Self::EntityBound => "entity-bound",
        }
    }
}

/// A trigger: a place in the protocol where actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionTrigger {
    /// `post-login`.
    pub id: &'static str,
    /// Versions of its interface, the current one last.
    pub versions: &'static [&'static str],
    /// Who says what runs there.
    pub binding_policy: BindingPolicy,
}

impl ActionTrigger {
    /// Every trigger.
    pub const ALL: [Self; 14] = [
        Self::bound_by_list("post-login", &["v1", "v2", "v3"]),
        Self::bound_by_list("credentials-exchange", &["v1", "v2"]),
        Self::bound_by_list("pre-user-registration", &["v1", "v2"]),
        Self::bound_by_list("post-user-registration", &["v1", "v2"]),
        Self::bound_by_list("post-change-password", &["v1", "v2"]),
        Self::bound_by_list("send-phone-message", &["v1", "v2"]),
        Self::bound_by_entity("custom-phone-provider"),
        Self::bound_by_entity("custom-email-provider"),
        Self::bound_by_list("password-reset-post-challenge", &["v1"]),
        Self::bound_by_entity("custom-token-exchange"),
        Self::bound_by_entity("event-stream"),
        Self::bound_by_entity("password-hash-migration"),
        Self::bound_by_list("login-post-identifier", &["v1"]),
        Self::bound_by_list("signup-post-identifier", &["v1"]),
    ];

    /// Versions of Node.js that code may be written for, the usual one first.
    pub const RUNTIMES: [&'static str; 5] = ["node22", "node18", "node18-actions", "node16", "node12"];

    const fn bound_by_list(id: &'static str, versions: &'static [&'static str]) -> Self {
        Self { id, versions, binding_policy: BindingPolicy::TriggerBound }
    }

    const fn bound_by_entity(id: &'static str) -> Self {
        Self { id, versions: &["v1"], binding_policy: BindingPolicy::EntityBound }
    }

    /// The trigger with this identifier.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        const { &Self::ALL }.iter().find(|trigger| trigger.id == id)
    }

    /// The version that new actions have.
    #[must_use]
    pub fn current(&self) -> &'static str {
        self.versions.last().copied().unwrap_or("v1")
    }
}
