//! `/grants`: what users allowed applications (`management-api.md` §6.1).

use keywright_store::grants::{self, GrantRow, GrantSearch};
use keywright_store::{refresh_tokens, search};
use keywright_types::Timestamp;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Paging, Position};
use crate::query::parameter;
use crate::schema::{list as list_of, object, required, text, text_of};

const PAGING: Paging = Paging::numbered("grants");

/// Pages by number reach so many, as of users.
const REACHED: i64 = 1000;

const ABOUT: &str = "\
What was granted to applications on behalf of users: one entry for a user, an application and an API (`audience`; empty for none). There is
one also where nobody had to be asked, because an application got a refresh token. Deleting a grant ends its refresh tokens, and
where consent is needed the user is asked again.";

pub(super) fn resource() -> Resource {
    let grant = object(vec![
        required("id", text()),
        required("clientID", text()),
        required("user_id", text()),
        required("audience", text()),
        required("scope", list_of(text())),
    ]);
    let filter = |name, about| parameter(name, text_of(1, 600).about(about));
    Resource {
        name: "grants",
        title: "Grants",
        about: ABOUT,
        operations: vec![
            Operation::get("/grants", "List grants")
                .scopes(&["read:grants"])
                .query([
                    filter("user_id", "The user who granted."),
                    filter("client_id", "The application that may."),
                    filter("audience", "The API that it may use."),
                ])
                .query(PAGING.parameters())
                .answers(PAGING.answer(&grant.named("Grant")))
                .handled_by(list),
            Operation::delete("/grants", "Delete grants of a user")
                .scopes(&["delete:grants"])
                .query([filter("user_id", "The user whose grants go.").required()])
                .handled_by(delete_of_user),
            Operation::delete("/grants/{id}", "Delete a grant").scopes(&["delete:grants"]).handled_by(delete),
        ],
    }
}

fn shown(row: &GrantRow) -> Value {
    json!({
        "id": row.grant_id,
        "clientID": row.client_id,
        "user_id": row.user_id,
        "audience": row.audience,
        "scope": row.scope.split_ascii_whitespace().collect::<Vec<_>>(),
    })
}

async fn list(call: Call) -> Outcome {
    let text = |name: &str| call.query.text(name).unwrap_or_default().to_owned();
    let wanted = GrantSearch { user_id: text("user_id"), client_id: text("client_id"), audience: text("audience") };
    let page = PAGING.page(&call, "/grants")?;
    if page.skip + page.limit > REACHED {
        return Err(ApiError::bad_request("Requesting page exceeds the allowed maximum of 1000 records"));
    }
    let asked = page.clone();
    let found = call
        .read(move |tx, tenant| {
            let rows = grants::page(tx, tenant, &wanted, asked.skip, asked.wanted())?;
            let place = || Position { created_at: Timestamp::UNIX_EPOCH, id: String::new() };
            let items = rows.iter().map(|row| (place(), shown(row))).collect();
            let total =
                if asked.with_total() { Some(grants::count(tx, tenant, &wanted, search::COUNTED)?) } else { None };
            Ok(Found { items, total })
        })
        .await?;
    Ok(PAGING.reply(&call, "/grants", &page, found))
}

/// §6.1: "also revokes refresh tokens of that grant". §1.9: of a missing one, 204.
async fn delete(call: Call) -> Outcome {
    let (id, now) = (call.path("id").to_owned(), call.app.now());
    call.write(move |tx, tenant| {
        if let Some(grant) = grants::find_by_id(tx, tenant, &id)? {
            grants::delete(tx, tenant, &id)?;
            refresh_tokens::revoke_for_grant(tx, tenant, &grant.client_id, &grant.user_id, &grant.audience, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::empty())
}

async fn delete_of_user(call: Call) -> Outcome {
    let (user, now) = (call.query.text("user_id").unwrap_or_default().to_owned(), call.app.now());
    call.write(move |tx, tenant| {
        grants::delete_for_user(tx, tenant, &user)?;
        Ok(refresh_tokens::revoke_for_user(tx, tenant, &user, now)?)
    })
    .await?;
    Ok(Reply::empty())
}
