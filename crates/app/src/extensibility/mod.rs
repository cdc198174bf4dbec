//! The tenant's own code (`rules-and-actions.md`, R): Rules and Actions as they are stored (`stored.rs`), what they are told
//! (`facts.rs`, `account.rs`, `context.rs`, `event.rs`), and what becomes of it in a login (`post_login.rs`), a token for a
//! machine (`machine.rs`), a sign-up (`registration.rs`) and a change of a password (`passwords.rs`).
//!
//! Invariant: where a tenant has scripts for a flow, nothing is issued before their pass has ended well. Where it has none, a
//! flow pays two reads of the cache of configuration for it, and no worker is started.

mod account;
mod background;
mod context;
mod event;
mod facts;
mod host;
mod journal;
mod machine;
mod management_access;
mod metadata;
mod passwords;
mod post_login;
mod registration;
mod scripts;
mod stored;
mod token_changes;

pub use background::QueuedActions;
pub use facts::{Facts, Protocol, RefreshTokenFacts, RequestFacts, SessionFacts};
pub use machine::{MachineFacts, MachineVerdict};
pub(crate) use management_access::KeptAccess;
pub use metadata::RESERVED_APP_METADATA;
pub(crate) use passwords::ChallengeVerdict;
pub use post_login::{Interruption, LoginVerdict, Return};
pub use registration::{RegistrationFacts, RegistrationVerdict};
pub use scripts::OwnHosts;
pub use stored::{ActionSecrets, BoundAction, Rule, RuleSet};
pub use token_changes::TokenChanges;
