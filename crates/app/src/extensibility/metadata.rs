//! Changes of metadata by scripts: merged into the user as `PATCH /api/v2/users/{id}` does (R §2.7, §3.5).

use keywright_store::{logs, users};
use keywright_types::Tenant;
use serde_json::{Map, Value};

use crate::config_cache::document;
use crate::{App, AppError, LogEvent, user_from_row};

/// Keys of `app_metadata` that mean something else (`management-api.md` §5.3).
pub const RESERVED_APP_METADATA: [&str; 22] = [
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor_last_modified",
    "multifactor",
    "updated_at",
    "user_id",
    "last_ip",
    "last_login",
    "logins_count",
    "tenant",
];

/// Bytes of one kind of metadata that scripts may leave with a user; twice what one pass of Actions may set.
const MOST: usize = 64 * 1024;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error("The user does not exist.")]
    NoUser,
    #[error("The key {0} is not allowed in app_metadata")]
    Reserved(String),
    #[error("The metadata of a user must not be longer than {MOST} bytes")]
    TooLong,
    #[error("{0}")]
    App(#[from] AppError),
}

impl From<keywright_store::StoreError> for MetadataError {
    fn from(error: keywright_store::StoreError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// Merges members into the metadata of a user: each replaces the one of its name, `null` removes it. One transaction with
    /// the entry in the tenant log.
    pub(crate) async fn merge_metadata(
        &self,
        tenant: &Tenant,
        user_id: &str,
        user_metadata: Map<String, Value>,
        app_metadata: Map<String, Value>,
        event: LogEvent,
    ) -> Result<(), MetadataError> {
        if let Some(key) = app_metadata.keys().find(|key| RESERVED_APP_METADATA.contains(&key.as_str())) {
            return Err(MetadataError::Reserved(key.clone()));
        }
        let (id, user_id, now, entry) = (tenant.id.clone(), user_id.to_owned(), self.now(), self.log_row(event));
        let change = move |tx: &mut keywright_store::Tx<'_>| {
            let mut row = users::find(tx, &id, &user_id)?.ok_or(MetadataError::NoUser)?;
            for (place, changes) in [(&mut row.user_metadata, user_metadata), (&mut row.app_metadata, app_metadata)] {
                if changes.is_empty() {
                    continue;
                }
                let mut metadata: Map<String, Value> = document("users", place)?;
                for (key, value) in changes {
                    match value {
                        Value::Null => drop(metadata.remove(&key)),
                        value => drop(metadata.insert(key, value)),
                    }
                }
                let text = Value::Object(metadata).to_string();
                if text.len() > MOST && text.len() > place.len() {
                    return Err(MetadataError::TooLong);
                }
                *place = text;
            }
            row.updated_at = now;
            // What is stored has to be what the rest of the program can read.
            user_from_row(&row)?;
            users::update_profile(tx, &id, &row)?;
            Ok(logs::insert(tx, &id, &entry)?)
        };
        self.store().write(change).await
    }
}
