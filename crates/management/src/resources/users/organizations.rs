//! The organizations of a user (`management-api.md` §5.1, §8.1).

use keywright_store::{organization_members, users};
use keywright_types::Timestamp;
use serde_json::{Map, Value};

use super::profile::{members, missing};
use crate::call::Call;
use crate::error::ApiError;
use crate::operation::{Operation, Outcome};
use crate::paging::{Found, Paging, Position};
use crate::schema::{anything, object, optional, required, text};

const PAGING: Paging = Paging::numbered("organizations");
const SHOWN: [&str; 5] = ["id", "name", "display_name", "branding", "metadata"];

pub(super) fn operation() -> Operation {
    let item = object(vec![
        required("id", text()),
        required("name", text()),
        optional("display_name", text()),
        optional("branding", anything()),
        optional("metadata", anything()),
    ]);
    Operation::get("/users/{id}/organizations", "List organizations of a user")
        .scopes(&["read:organizations"])
        .query(PAGING.parameters())
        .answers(PAGING.answer(&item))
        .handled_by(list)
}

async fn list(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let name = format!("/users/{id}/organizations");
    let page = PAGING.page(&call, &name)?;
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            users::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let documents = organization_members::page_of_user(tx, tenant, &id, asked.skip, asked.wanted())?;
            let item = |document: &String| {
                let mut shown: Map<String, Value> = members(document)?;
                shown.retain(|name, _| SHOWN.contains(&name.as_str()));
                Ok((Position { created_at: Timestamp::UNIX_EPOCH, id: String::new() }, Value::Object(shown)))
            };
            let items = documents.iter().map(item).collect::<Result<_, ApiError>>()?;
            let total =
                if asked.with_total() { Some(organization_members::count_of_user(tx, tenant, &id)?) } else { None };
            Ok(Found { items, total })
        })
        .await?;
    Ok(PAGING.reply(&call, &name, &page, found))
}
