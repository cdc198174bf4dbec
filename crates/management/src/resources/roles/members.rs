//! Users of a role (`management-api.md` §7).

use keywright_store::{Tx, roles, users};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value, json};

use super::permissions::{failure, missing};
use super::{USERS, role};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::json::set;
use crate::operation::Outcome;
use crate::paging::{Found, Position};

pub(super) async fn list(call: Call) -> Outcome {
    let role = role::find(&call).await?;
    let list = format!("/roles/{}/users", role.id);
    let page = USERS.page(&call, &list)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            let ids = roles::page_users(tx, tenant, &role.id, &asked.after.id, asked.skip, asked.wanted())?;
            let mut items = Vec::new();
            for id in ids {
                if let Some(shown) = shown(tx, tenant, &id)? {
                    items.push((Position { created_at: Timestamp::UNIX_EPOCH, id }, shown));
                }
            }
            let total = if asked.with_total() { Some(roles::count_users(tx, tenant, &role.id)?) } else { None };
            Ok(Found { items, total })
        })
        .await?;
    Ok(USERS.reply(&call, &list, &page, found))
}

fn shown(tx: &mut Tx<'_>, tenant: &TenantId, id: &str) -> Result<Option<Value>, ApiError> {
    let Some(row) = users::find(tx, tenant, id)? else { return Ok(None) };
    let profile: Map<String, Value> = serde_json::from_str(&row.profile).map_err(keywright_app::AppError::internal)?;
    let mut shown = json!({ "user_id": id });
    if let Some(email) = &row.email {
        set(&mut shown, "email", json!(email));
    }
    for name in ["name", "picture"] {
        if let Some(value) = profile.get(name).filter(|value| value.is_string()) {
            set(&mut shown, name, value.clone());
        }
    }
    Ok(Some(shown))
}

/// All of them or none.
pub(super) async fn assign(call: Call) -> Outcome {
    let role_id = call.path("id").to_owned();
    let ids: Vec<String> = call
        .body
        .get("users")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    call.write(move |tx, tenant| {
        roles::find(tx, tenant, &role_id)?.ok_or_else(missing)?;
        for id in ids {
            if users::find(tx, tenant, &id)?.is_none() {
                return Err(failure(keywright_app::RoleError::UnknownUser));
            }
            roles::assign(tx, tenant, &id, &role_id)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::json(json!({})))
}
