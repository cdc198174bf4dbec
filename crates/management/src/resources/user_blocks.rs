//! `/user-blocks` and `/anomaly/blocks/ips`: who is kept out for too many failed logins (`management-api.md` §6.6).

use std::net::IpAddr;

use keywright_app::{AppError, clear_login_failures, network_of};
use keywright_store::{identities, network_attempts, users};
use serde_json::{Value, json};

use super::users::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::query::parameter;
use crate::schema::{Problem, boolean, list as list_of, object, optional, required, text, text_of};

const ABOUT: &str = "\
Blocks of accounts after too many failed logins, and of addresses; see [attack protection](../attack-protection.md). A block that
holds for one network names it as `ip`. `identifier` is an address or a user name, in any database connection; nobody's has no blocks.
Deleting a block is not what `blocked: false` of a user does, and the other way round. `consider_brute_force_enablement` is
accepted; where the protection is off there are no blocks.";

pub(super) fn resource() -> Resource {
    let block = object(vec![required("identifier", text()), optional("ip", text()), optional("connection", text())]);
    let blocks = || object(vec![required("blocked_for", list_of(block.clone()))]).named("UserBlocks");
    let identifier = || parameter("identifier", text_of(1, 300).about("Address or user name.")).required();
    let enablement = || parameter("consider_brute_force_enablement", boolean());
    Resource {
        name: "user-blocks",
        title: "Blocks",
        about: ABOUT,
        operations: vec![
            Operation::get("/user-blocks", "List blocks of an identifier")
                .scopes(&["read:users"])
                .query([identifier(), enablement()])
                .answers(blocks())
                .handled_by(of_identifier),
            Operation::delete("/user-blocks", "Unblock an identifier")
                .scopes(&["update:users"])
                .query([identifier()])
                .handled_by(unblock_identifier),
            Operation::get("/user-blocks/{id}", "List blocks of a user")
                .scopes(&["read:users"])
                .query([enablement()])
                .answers(blocks())
                .handled_by(of_user),
            Operation::delete("/user-blocks/{id}", "Unblock a user").scopes(&["update:users"]).handled_by(unblock_user),
            Operation::get("/anomaly/blocks/ips/{ip}", "Check whether an IP address is blocked")
                .scopes(&["read:anomaly_blocks"])
                .handled_by(is_address_blocked),
            Operation::delete("/anomaly/blocks/ips/{ip}", "Unblock an IP address")
                .scopes(&["delete:anomaly_blocks"])
                .handled_by(unblock_address),
        ],
    }
}

/// The users whose address or user name this is, and what it is.
async fn found(call: &Call) -> Result<Vec<String>, ApiError> {
    let wanted = call.query.text("identifier").unwrap_or_default().trim().to_lowercase();
    let connections = call.app.connections(&call.tenant.id).await?;
    let names: Vec<String> = connections.iter().filter(|own| own.is_database()).map(|own| own.name.clone()).collect();
    call.read(move |tx, tenant| {
        let mut ids = Vec::new();
        for name in &names {
            let row = match users::find_by_email(tx, tenant, name, &wanted)? {
                Some(row) => Some(row),
                None => users::find_by_username(tx, tenant, name, &wanted)?,
            };
            if let Some(row) = row {
                ids.push(identities::primary_of(tx, tenant, &row.user_id)?.unwrap_or(row.user_id));
            }
        }
        Ok(ids)
    })
    .await
}

async fn blocks(call: &Call, user_id: &str, identifier: &str) -> Result<Vec<Value>, ApiError> {
    let blocks = call.app.account_blocks(&call.tenant, user_id).await?;
    let shown = |block: keywright_app::AccountBlock| match block.network {
        Some(ip) => json!({ "identifier": identifier, "ip": ip, "connection": block.connection }),
        None => json!({ "identifier": identifier, "connection": block.connection }),
    };
    Ok(blocks.into_iter().map(shown).collect())
}

async fn of_identifier(call: Call) -> Outcome {
    let identifier = call.query.text("identifier").unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for id in found(&call).await? {
        all.extend(blocks(&call, &id, &identifier).await?);
    }
    Ok(Reply::json(json!({ "blocked_for": all })))
}

async fn of_user(call: Call) -> Outcome {
    let user = call.app.user(&call.tenant.id, call.path("id")).await?.ok_or_else(missing)?;
    let identifier = user.email.or(user.username).unwrap_or(user.user_id.clone());
    let all = blocks(&call, &user.user_id, &identifier).await?;
    Ok(Reply::json(json!({ "blocked_for": all })))
}

async fn unblock(call: &Call, ids: Vec<String>) -> Outcome {
    let app = call.app.clone();
    call.write(move |tx, tenant| {
        for id in &ids {
            clear_login_failures(&app, tx, tenant, id)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

async fn unblock_identifier(call: Call) -> Outcome {
    let ids = found(&call).await?;
    unblock(&call, ids).await
}

async fn unblock_user(call: Call) -> Outcome {
    let user = call.app.user(&call.tenant.id, call.path("id")).await?.ok_or_else(missing)?;
    unblock(&call, vec![user.user_id]).await
}

fn address(call: &Call) -> Result<IpAddr, ApiError> {
    call.path("ip").parse().map_err(|_| {
        let reason = "Object didn't pass validation for format ip".to_owned();
        ApiError::invalid("Path", "invalid_uri", &[Problem { path: "ip".to_owned(), reason, description: "" }])
    })
}

/// "200 empty body if blocked, 404 "Not Found" if not".
async fn is_address_blocked(call: Call) -> Outcome {
    let address = address(&call)?;
    let blocked = call.app.is_address_blocked(&call.tenant, address).await?;
    if blocked { Ok(Reply::empty()) } else { Err(ApiError::unknown_path()) }
}

async fn unblock_address(call: Call) -> Outcome {
    let network = network_of(Some(address(&call)?));
    call.write(move |tx, tenant| {
        for stage in keywright_app::THROTTLED_STAGES {
            network_attempts::refill(tx, tenant, stage, &network)?;
        }
        Ok::<_, AppError>(()).map_err(ApiError::from)
    })
    .await?;
    Ok(Reply::empty())
}
