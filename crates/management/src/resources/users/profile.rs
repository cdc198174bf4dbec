//! A user as it is answered (`management-api.md` §5.2).

use keywright_app::AppError;
use keywright_store::users::UserRow;
use keywright_store::{Tx, identities, password_changes};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// §1.9.
pub(crate) fn missing() -> ApiError {
    ApiError::not_found("The user does not exist.").code("inexistent_user")
}

/// The profile with all identities; members without a value are left out.
pub(crate) fn show(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserRow) -> Result<Map<String, Value>, ApiError> {
    let mut profile = members(&row.profile)?;
    let identities = identities_of(tx, tenant, row, false)?;
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            profile.insert(name.to_owned(), value);
        }
    };
    let time = |time: Timestamp| json!(format!("{time:.3}"));
    set("user_id", Some(json!(row.user_id)));
    for (name, value) in identifiers(row) {
        set(name, Some(value));
    }
    set("identities", Some(json!(identities)));
    set("blocked", row.blocked.then_some(json!(true)));
    set("created_at", Some(time(row.created_at)));
    set("updated_at", Some(time(row.updated_at)));
    set("last_login", row.last_login_at.map(time));
    let changed = password_changes::find(tx, tenant, &row.user_id)?;
    set("last_password_reset", changed.map(time));
    set("last_ip", row.last_ip.as_ref().map(|ip| json!(ip)));
    set("logins_count", (row.logins_count > 0).then(|| json!(row.logins_count)));
    for (name, text) in [("user_metadata", &row.user_metadata), ("app_metadata", &row.app_metadata)] {
        let metadata = members(text)?;
        set(name, (!metadata.is_empty()).then_some(Value::Object(metadata)));
    }
    Ok(profile)
}

/// Address and user name, where there are any.
fn identifiers(row: &UserRow) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    if let Some(email) = &row.email {
        found.extend([("email", json!(email)), ("email_verified", json!(row.email_verified))]);
    }
    found.extend(row.username.as_ref().map(|name| ("username", json!(name))));
    found
}

/// "primary first"; `profileData` is "always on secondary identities and in the answer of link/unlink".
pub(super) fn identities_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &UserRow,
    with_all_profiles: bool,
) -> Result<Vec<Value>, ApiError> {
    let mut all = vec![identity(row, with_all_profiles)?];
    for account in identities::list(tx, tenant, &row.user_id)? {
        all.push(identity(&account, true)?);
    }
    Ok(all)
}

fn identity(row: &UserRow, with_profile: bool) -> Result<Value, ApiError> {
    let (provider, own) = row.user_id.split_once('|').unwrap_or(("auth0", &row.user_id));
    let mut identity = Map::new();
    identity.insert("connection".to_owned(), json!(row.connection));
    identity.insert("user_id".to_owned(), json!(own));
    identity.insert("provider".to_owned(), json!(provider));
    identity.insert("isSocial".to_owned(), json!(false));
    if with_profile {
        let mut profile = members(&row.profile)?;
        profile.extend(identifiers(row).into_iter().map(|(name, value)| (name.to_owned(), value)));
        identity.insert("profileData".to_owned(), Value::Object(profile));
    }
    Ok(Value::Object(identity))
}

/// A stored JSON object.
pub(super) fn members(text: &str) -> Result<Map<String, Value>, ApiError> {
    Ok(serde_json::from_str(text).map_err(|error| AppError::internal(format!("a document of a user: {error}")))?)
}
