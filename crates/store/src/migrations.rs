//! The schema and its steps: forward only, one file for both engines (architecture §4).
//!
//! Expand, move, contract: a step may add what the version before does not know, and remove only what the version before no
//! longer uses, because the two run side by side during an update. A schema newer than this program is therefore no error.

use crate::{StoreError, Tx, params};

/// Version, name and text of every step, in order. A step that was released never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("../migrations/0001_initial.sql")),
    (2, "tenant_log", include_str!("../migrations/0002_tenant_log.sql")),
    (3, "keys_and_roles", include_str!("../migrations/0003_keys_and_roles.sql")),
    (4, "attack_protection", include_str!("../migrations/0004_attack_protection.sql")),
    (5, "rate_limits", include_str!("../migrations/0005_rate_limits.sql")),
    (6, "client_authentication", include_str!("../migrations/0006_client_authentication.sql")),
    (7, "sessions", include_str!("../migrations/0007_sessions.sql")),
    (8, "organizations", include_str!("../migrations/0008_organizations.sql")),
    (9, "data_keys", include_str!("../migrations/0009_data_keys.sql")),
    (10, "management", include_str!("../migrations/0010_management.sql")),
    (11, "user_lists", include_str!("../migrations/0011_user_lists.sql")),
    (12, "tenant_documents", include_str!("../migrations/0012_tenant_documents.sql")),
    (13, "user_search", include_str!("../migrations/0013_user_search.sql")),
    (14, "extensibility", include_str!("../migrations/0014_extensibility.sql")),
    (15, "sealed_options", include_str!("../migrations/0015_sealed_options.sql")),
    (16, "tickets", include_str!("../migrations/0016_tickets.sql")),
    (17, "user_jobs", include_str!("../migrations/0017_user_jobs.sql")),
    (19, "device_codes", include_str!("../migrations/0019_device_codes.sql")),
    (22, "scripts", include_str!("../migrations/0022_scripts.sql")),
    (24, "used_passwords", include_str!("../migrations/0024_used_passwords.sql")),
];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations ( \
                      version BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (version))";

statements! {
    APPLIED = "SELECT version FROM schema_migrations";
    RECORD = "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)";
}

/// Versions of all steps, in order.
pub(crate) fn versions() -> impl Iterator<Item = i64> {
    MIGRATIONS.iter().map(|(version, ..)| *version)
}

/// Runs the steps this database has not seen. The engine has begun a transaction that only one node at a time can be in.
pub(crate) fn run(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.migrate(CREATE)?;
    let applied: Vec<i64> = tx.query(APPLIED, params![])?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    for (version, name, sql) in MIGRATIONS {
        if !applied.contains(version) {
            tx.migrate(sql)?;
            tx.execute(RECORD, params![*version, *name])?;
            tracing::info!(migration.version = version, migration.name = name, "migrated the database");
        }
    }
    Ok(())
}
