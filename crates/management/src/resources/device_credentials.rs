//! `/device-credentials` (legacy): public keys of devices, and refresh tokens by another name (`management-api.md` §6.1).

use keywright_store::device_credentials::{self, DeviceCredentialRow};
use keywright_store::refresh_tokens::{self, FamilyOwner};
use keywright_store::{Range, search};
use keywright_types::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Paging, Position};
use crate::projection::{self, Projection};
use crate::query::parameter;
use crate::schema::{object, one_of, optional, required, text, text_of};

const PAGING: Paging = Paging::numbered("device_credentials");
const REACHED: i64 = 1000;

const ABOUT: &str = "\
A legacy list of what devices of users hold. `type=public_key` (the default) are keys that applications registered with a token of
the user; they are kept and shown, and have no effect. `type=refresh_token` and `type=rotating_refresh_token` are the live [refresh
tokens](refresh-tokens.md) that do not rotate and that do; deleting one revokes it.";

const TYPES: [&str; 3] = ["public_key", "refresh_token", "rotating_refresh_token"];

pub(super) fn resource() -> Resource {
    let names = ["id", "device_name", "device_id", "type", "user_id", "client_id"];
    let credential = object(names.map(|name| optional(name, text())).to_vec()).named("DeviceCredential");
    let create = object(vec![
        required("device_name", text_of(1, 200).about("What people call the device.")),
        required("type", one_of(&["public_key"])),
        required("value", text_of(1, 10_000).about("The public key.")),
        required("device_id", text_of(1, 200).about("The application's name for the device.")),
        optional("client_id", text_of(1, 100).about("The application; the one whose token it is.")),
    ]);
    Resource {
        name: "device-credentials",
        title: "Device credentials",
        about: ABOUT,
        operations: vec![
            Operation::get("/device-credentials", "List device credentials")
                .scopes(&["read:device_credentials"])
                .query([
                    parameter("user_id", text_of(1, 300)),
                    parameter("client_id", text_of(1, 100)),
                    parameter("type", one_of(&TYPES)),
                ])
                .query(projection::parameters())
                .query(PAGING.parameters())
                .answers(PAGING.answer(&credential))
                .handled_by(list),
            Operation::post("/device-credentials", "Create a device public key credential")
                .scopes(&["create:current_user_device_credentials"])
                .own_scopes(&["create:current_user_device_credentials"])
                .body(create.named("DeviceCredentialCreate"))
                .answers(object(vec![required("id", text())]))
                .handled_by(self::create),
            Operation::delete("/device-credentials/{id}", "Delete a device credential")
                .scopes(&["delete:device_credentials"])
                .own_scopes(&["delete:current_user_device_credentials"])
                .handled_by(delete),
        ],
    }
}

async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let text = |name: &str| call.query.text(name).map(str::to_owned);
    let (user, client, kind) =
        (text("user_id"), text("client_id"), text("type").unwrap_or_else(|| TYPES[0].to_owned()));
    let (page, now) = (PAGING.page(&call, "/device-credentials")?, call.app.now());
    if page.skip + page.limit > REACHED {
        return Err(ApiError::bad_request("Requesting page exceeds the allowed maximum of 1000 records"));
    }
    let place = || Position { created_at: Timestamp::UNIX_EPOCH, id: String::new() };
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            if kind == TYPES[0] {
                let (user, client) = (user.unwrap_or_default(), client.unwrap_or_default());
                let rows = device_credentials::page(tx, tenant, &user, &client, asked.skip, asked.wanted())?;
                let items = rows.iter().map(|row| (place(), projection.apply(shown(row)))).collect();
                let total = if asked.with_total() {
                    Some(device_credentials::count(tx, tenant, &user, &client, search::COUNTED)?)
                } else {
                    None
                };
                return Ok(Found { items, total });
            }
            // Of one user there are few; of all nobody pages through more than the limit, and so nobody counts more.
            let owner = FamilyOwner { user_id: user, client_id: client.clone() };
            let families = refresh_tokens::page(tx, tenant, &owner, now, &Range::first(search::COUNTED))?;
            let rotating = kind == TYPES[2];
            let wanted = families.iter().map(|details| &details.family).filter(|family| {
                family.rotating == rotating && client.as_ref().is_none_or(|client| *client == family.client_id)
            });
            let item = |id: &str, user: &str, client: &str| {
                let Value::Object(token) = json!({
                    "id": id, "device_name": "", "device_id": "", "type": kind, "user_id": user, "client_id": client,
                }) else {
                    return Map::new();
                };
                token
            };
            let all: Vec<(Position, Value)> = wanted
                .map(|own| (place(), projection.apply(item(&own.family_id, &own.user_id, &own.client_id))))
                .collect();
            let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let skip = usize::try_from(asked.skip).unwrap_or(usize::MAX);
            let take = usize::try_from(asked.wanted()).unwrap_or(usize::MAX);
            Ok(Found { items: all.into_iter().skip(skip).take(take).collect(), total: Some(total) })
        })
        .await?;
    Ok(PAGING.reply(&call, "/device-credentials", &page, found))
}

fn shown(row: &DeviceCredentialRow) -> Map<String, Value> {
    let members = [
        ("id", &row.credential_id),
        ("device_name", &row.device_name),
        ("device_id", &row.device_id),
        ("user_id", &row.user_id),
        ("client_id", &row.client_id),
    ];
    let mut shown: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    shown.insert("type".to_owned(), json!(TYPES[0]));
    shown
}

/// §6.1: "end-user token only".
async fn create(call: Call) -> Outcome {
    if !call.bearer.is_user {
        return Err(ApiError::forbidden("Device credentials are created with a token of the user."));
    }
    let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
    if call.text("client_id").is_some_and(|client_id| client_id != call.bearer.client_id) {
        return Err(ApiError::forbidden("The client_id is not the application of the token."));
    }
    let row = DeviceCredentialRow {
        credential_id: format!("dcr_{}", call.app.random().identifier(16)),
        user_id: call.bearer.subject.clone(),
        client_id: call.bearer.client_id.clone(),
        device_id: text("device_id"),
        device_name: text("device_name"),
        value: text("value"),
        created_at: call.app.now(),
    };
    let id = row.credential_id.clone();
    let written = call.write(move |tx, tenant| Ok(device_credentials::insert(tx, tenant, &row)?)).await;
    written.map_err(|error| {
        error.when("device_credentials_device_key", || ApiError::conflict("The device has a credential already."))
    })?;
    Ok(Reply::json(json!({ "id": id })))
}

/// §6.1: "id of a refresh token revokes it". A user's own token deletes what is that user's; of another's nothing is said.
async fn delete(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    let user = call.bearer.is_user.then(|| call.bearer.subject.clone());
    call.write(move |tx, tenant| {
        if let Some(user) = user {
            let of_token = refresh_tokens::find(tx, tenant, &id)?.map(|family| family.user_id);
            let owner = device_credentials::owner(tx, tenant, &id)?.or(of_token);
            if owner.as_deref() != Some(user.as_str()) {
                return Ok(());
            }
        }
        if !device_credentials::delete(tx, tenant, &id)? {
            refresh_tokens::revoke(tx, tenant, &id, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}
