//! The script engine: Rules and Actions of a tenant (`rules-and-actions.md`, R; SB-01 to SB-05).
//!
//! A pass is all Rules of a login, or all Actions of a trigger up to where one of them sends the user away. It runs in a
//! worker process ([`worker`]) that belongs to one tenant, in a fresh QuickJS runtime, without a file, an environment, a
//! descriptor or a network. What a script asks for outside of its own memory it asks the parent for ([`Host`], `fetch.rs`);
//! what it wants to change comes back as data, and is checked here before anybody believes it (`commands.rs`, `claims.rs`).
//!
//! Invariant: tenants' code never runs in the process that holds signing keys, and nothing that a worker sends is trusted.

mod claims;
mod commands;
mod effects;
mod engine;
mod fetch;
mod functions;
mod host;
mod limits;
mod outcome;
mod pass;
mod process;
mod protocol;
mod tenants;
pub mod tester;
mod trigger;
pub mod worker;

pub use claims::{ClaimsError, MAX_CLAIMS_BYTES, custom_claims, granted_scope};
pub use commands::{Command, InvalidCommand};
pub use effects::{Denial, Effects};
pub use engine::{Background, Engine, EngineOptions, MAX_MODULES_BYTES, Report};
pub use fetch::{FetchPolicy, FetchReach};
pub use functions::{FunctionError, FunctionErrorKind, FunctionKind, FunctionOutcome, FunctionPass};
pub use host::{Host, HostError, HostRequest, HostResponse, MembershipQuery, NoHost};
pub use limits::{Limits, PoolLimits};
pub use outcome::{ActionsOutcome, FailureKind, RuleDenial, RulesOutcome, ScriptFailure, Suspension};
pub use pass::{ActionScript, ActionsPass, ManagementAccess, RuleScript, RulesPass, ScriptClock, ScriptModule};
pub use process::WorkerProgram;
pub use protocol::{ConsoleLevel, ConsoleLine, Usage};
pub use trigger::Trigger;
