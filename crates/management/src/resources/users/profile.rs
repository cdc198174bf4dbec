//! A user as it is answered (`management-api.md` §5.2).

use keywright_app::AppError;
use keywright_store::users::UserRow;
use keywright_types::Timestamp;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// §1.9.
pub(super) fn missing() -> ApiError {
    ApiError::not_found("The user does not exist.").code("inexistent_user")
}

/// The profile; members without a value are left out.
pub(crate) fn show(row: &UserRow) -> Result<Map<String, Value>, ApiError> {
    let mut profile = members(&row.profile)?;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            profile.insert(name.to_owned(), value);
        }
    };
    let time = |time: Timestamp| json!(format!("{time:.3}"));
    let own = row.user_id.split_once('|').map_or(row.user_id.as_str(), |(_, own)| own);
    let provider = row.user_id.split_once('|').map_or("auth0", |(provider, _)| provider);
    set("user_id", Some(json!(row.user_id)));
    set("email", row.email.as_ref().map(|email| json!(email)));
    set("email_verified", row.email.as_ref().map(|_| json!(row.email_verified)));
    set("username", row.username.as_ref().map(|name| json!(name)));
    set(
        "identities",
        Some(json!([
            { "connection": row.connection, "user_id": own, "provider": provider, "isSocial": false },
        ])),
    );
    set("blocked", row.blocked.then_some(json!(true)));
    set("created_at", Some(time(row.created_at)));
    set("updated_at", Some(time(row.updated_at)));
    set("last_login", row.last_login_at.map(time));
    set("last_ip", row.last_ip.as_ref().map(|ip| json!(ip)));
    set("logins_count", (row.logins_count > 0).then(|| json!(row.logins_count)));
    for (name, text) in [("user_metadata", &row.user_metadata), ("app_metadata", &row.app_metadata)] {
        let metadata = members(text)?;
        set(name, (!metadata.is_empty()).then_some(Value::Object(metadata)));
    }
    Ok(profile)
}

/// A stored JSON object.
pub(super) fn members(text: &str) -> Result<Map<String, Value>, ApiError> {
    Ok(serde_json::from_str(text).map_err(|error| AppError::internal(format!("a document of a user: {error}")))?)
}
