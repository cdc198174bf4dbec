//! Keywright's data: one SQL text on `SQLite` and on PostgreSQL (architecture §4).
//!
//! [`Store`] runs plain closures over [`Tx`]; each entity has a file with its row, its SQL and its functions. Only `db.rs`
//! and the two engine files below it know which engine runs. Nothing here reads a clock or makes an identifier: both are
//! arguments. Secrets arrive here as digests or sealed.
//!
//! ```no_run
//! # async fn example(now: jiff::Timestamp) -> Result<(), keywright_store::StoreError> {
//! let store = keywright_store::Store::open("sqlite:keywright.db").await?;
//! let tenant = keywright_types::TenantId::new("t1");
//! let client = store.read(move |tx| keywright_store::clients::find(tx, &tenant, "abc")).await?;
//! # Ok(()) }
//! ```

/// Defines the SQL constants of an entity, and `STATEMENTS` with all of them: the conformance suite prepares each one on
/// both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[&str] = &[$($name),*];
    };
}

/// `Debug` of a row that holds secrets, digests or what people entered: it shows the named fields and nothing else, so that
/// a row may be named in a log or in a failed assertion (OP-02).
macro_rules! debug_shows {
    ($row:ident: $($field:ident),*) => {
        impl std::fmt::Debug for $row {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .debug_struct(stringify!($row))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    };
}

mod db;
mod error;
mod job;
mod migrations;
mod postgres;
mod queue;
mod range;
mod row;
mod sqlite;
mod tx;
mod value;
mod watch;

pub mod access_token_revocations;
pub mod action_bindings;
pub mod action_versions;
pub mod actions;
pub mod authorization_codes;
pub mod cleanup;
pub mod client_credentials;
pub mod client_grants;
pub mod client_secrets;
pub mod clients;
pub mod config;
pub mod connections;
pub mod data_keys;
pub mod device_codes;
pub mod device_credentials;
pub mod grants;
pub mod identities;
pub mod inspection;
pub mod jobs;
pub mod known_devices;
pub mod leases;
pub mod log_seals;
pub mod login_failures;
pub mod logs;
pub mod network_attempts;
pub mod organization_client_grants;
pub mod organization_member_roles;
pub mod organization_members;
pub mod organizations;
pub mod password_changes;
pub mod pushed_requests;
pub mod rate_limits;
pub mod refresh_tokens;
pub mod resource_servers;
pub mod revoked_access_tokens;
pub mod roles;
pub mod rules;
pub mod sealed_columns;
pub mod search;
pub mod session_clients;
pub mod sessions;
pub mod signing_keys;
pub mod tenant_documents;
pub mod tenants;
pub mod tickets;
pub mod transactions;
pub mod used_jwt_ids;
pub mod used_passwords;
pub mod user_jobs;
pub mod user_permissions;
pub mod userinfo_claims;
pub mod users;

pub use db::{Store, Waiting};
pub use error::StoreError;
pub use range::Range;
pub use row::Row;
pub use tx::Tx;
pub use value::{FromValue, Value};

/// Every SQL statement of the crate, by module; for the conformance suite, which prepares them on both engines.
#[doc(hidden)]
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
        ("access_token_revocations", access_token_revocations::STATEMENTS),
        ("action_bindings", action_bindings::STATEMENTS),
        ("action_versions", action_versions::STATEMENTS),
        ("actions", actions::STATEMENTS),
        ("authorization_codes", authorization_codes::STATEMENTS),
        ("cleanup", cleanup::STATEMENTS),
        ("client_credentials", client_credentials::STATEMENTS),
        ("client_grants", client_grants::STATEMENTS),
        ("client_secrets", client_secrets::STATEMENTS),
        ("clients", clients::STATEMENTS),
        ("config", config::STATEMENTS),
        ("connections", connections::STATEMENTS),
        ("data_keys", data_keys::STATEMENTS),
        ("device_codes", device_codes::STATEMENTS),
        ("device_credentials", device_credentials::STATEMENTS),
        ("grants", grants::STATEMENTS),
        ("identities", identities::STATEMENTS),
        ("jobs", jobs::STATEMENTS),
        ("known_devices", known_devices::STATEMENTS),
        ("leases", leases::STATEMENTS),
        ("log_seals", log_seals::STATEMENTS),
        ("login_failures", login_failures::STATEMENTS),
        ("logs", logs::STATEMENTS),
        ("migrations", migrations::STATEMENTS),
        ("rate_limits", rate_limits::STATEMENTS),
        ("network_attempts", network_attempts::STATEMENTS),
        ("pushed_requests", pushed_requests::STATEMENTS),
        ("organization_client_grants", organization_client_grants::STATEMENTS),
        ("organization_member_roles", organization_member_roles::STATEMENTS),
        ("organization_members", organization_members::STATEMENTS),
        ("organizations", organizations::STATEMENTS),
        ("password_changes", password_changes::STATEMENTS),
        ("refresh_tokens", refresh_tokens::STATEMENTS),
        ("resource_servers", resource_servers::STATEMENTS),
        ("roles", roles::STATEMENTS),
        ("revoked_access_tokens", revoked_access_tokens::STATEMENTS),
        ("rules", rules::STATEMENTS),
        ("sealed_columns", sealed_columns::STATEMENTS),
        ("session_clients", session_clients::STATEMENTS),
        ("sessions", sessions::STATEMENTS),
        ("signing_keys", signing_keys::STATEMENTS),
        ("tenant_documents", tenant_documents::STATEMENTS),
        ("tenants", tenants::STATEMENTS),
        ("tickets", tickets::STATEMENTS),
        ("transactions", transactions::STATEMENTS),
        ("user_permissions", user_permissions::STATEMENTS),
        ("used_jwt_ids", used_jwt_ids::STATEMENTS),
        ("used_passwords", used_passwords::STATEMENTS),
        ("user_jobs", user_jobs::STATEMENTS),
        ("userinfo_claims", userinfo_claims::STATEMENTS),
        ("users", users::STATEMENTS),
    ]
}
