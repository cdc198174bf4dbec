//! What a pass is made of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::trigger::Trigger;

/// One Rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleScript {
    /// `rul_…`.
    pub id: String,
    /// Its name, for messages.
    pub name: String,
    /// One function expression.
    pub script: String,
}

/// All Rules of a login, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct RulesPass {
    /// The enabled ones, by ascending `order`.
    pub rules: Vec<RuleScript>,
    /// R §2.5.
    pub user: Value,
    /// R §2.6.
    pub context: Value,
    /// `configuration`: the tenant's settings of rules.
    pub configuration: Map<String, Value>,
    /// `auth0`; without it there is none.
    pub management: Option<ManagementAccess>,
    /// The clock and the chance that the scripts see.
    pub clock: ScriptClock,
}

/// What `auth0` of a Rule holds.
#[derive(Clone, PartialEq, Eq)]
pub struct ManagementAccess {
    /// Host of the tenant.
    pub domain: String,
    /// Token for the Management API.
    pub access_token: String,
}

impl std::fmt::Debug for ManagementAccess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ManagementAccess").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// One Action.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ActionScript {
    /// Its id.
    pub id: String,
    /// Its name, for messages.
    pub name: String,
    /// A CommonJS module.
    pub code: String,
    /// `event.secrets`, for this one alone.
    pub secrets: Vec<(String, String)>,
    /// Packages that the tenant gave the source of; they come before those of the engine.
    pub modules: Vec<ScriptModule>,
}

/// A package in one file: a CommonJS module, as bundlers write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptModule {
    /// What `require` is called with.
    pub name: String,
    /// Its source; together at most [`crate::MAX_MODULES_BYTES`] for one script.
    pub source: String,
}

impl std::fmt::Debug for ActionScript {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ActionScript").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The Actions of a trigger, in the order of their bindings.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionsPass {
    /// The trigger.
    pub trigger: Trigger,
    /// The bound ones.
    pub actions: Vec<ActionScript>,
    /// R §3.4, without `secrets`.
    pub event: Value,
    /// The Action that the pass goes on in, after the user came back: its continue handler is called, and those before it
    /// are not run again (R §3.6).
    pub resume: Option<usize>,
    /// `state` of `/continue`, which a session token has to name (R §3.6).
    pub state: Option<String>,
    /// Rules that ran in the same transaction (`api.rules.wasExecuted`).
    pub executed_rules: Vec<String>,
    /// The clock and the chance that the scripts see.
    pub clock: ScriptClock,
}

/// Time and chance are arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptClock {
    /// Milliseconds since 1970 when the pass starts.
    pub now: i64,
    /// Whether the clock stands still, but for timers.
    pub frozen: bool,
    /// Makes `Math.random`, `crypto.randomBytes` and the like give the same values every time. Never in a server.
    pub seed: Option<u64>,
}

impl ScriptClock {
    /// A clock that runs on from `now`.
    #[must_use]
    pub fn from(now: i64) -> Self {
        Self { now, frozen: false, seed: None }
    }
}
