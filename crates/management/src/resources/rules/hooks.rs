//! Hooks, of which there are none: the answers with which tools go on (`management-api.md` §15.2, §18.4).

use serde_json::Value;

use super::HOOKS;
use crate::call::Call;
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Paging};
use crate::projection;
use crate::query::parameter;
use crate::schema::{boolean, list as list_of, object, one_of, open_object, optional, required, text, text_of};

const PAGING: Paging = Paging::numbered("hooks");

const TRIGGERS: &[&str] = &[
    "credentials-exchange",
    "pre-user-registration",
    "post-user-registration",
    "post-change-password",
    "send-phone-message",
];

pub(super) fn resource() -> Resource {
    let members =
        || vec![optional("script", text()), optional("enabled", boolean()), optional("dependencies", open_object())];
    let create = [vec![required("name", text_of(1, 255)), required("triggerId", one_of(TRIGGERS))], members()].concat();
    let update = [vec![optional("name", text_of(1, 255))], members()].concat();
    let secrets = || open_object().secret();
    Resource {
        name: "hooks",
        title: "Hooks",
        about: HOOKS,
        operations: vec![
            Operation::get("/hooks", "List hooks")
                .scopes(&["read:hooks"])
                .query(projection::parameters())
                .query(PAGING.parameters())
                .query([parameter("enabled", boolean()), parameter("triggerId", one_of(TRIGGERS))])
                .answers(PAGING.answer(&open_object()))
                .handled_by(list),
            Operation::post("/hooks", "Create a hook")
                .scopes(&["create:hooks"])
                .body(object(create))
                .handled_by(not_enabled),
            Operation::get("/hooks/{id}", "Get a hook")
                .scopes(&["read:hooks"])
                .query(projection::parameters())
                .handled_by(missing),
            Operation::patch("/hooks/{id}", "Update a hook")
                .scopes(&["update:hooks"])
                .body(object(update))
                .handled_by(missing),
            Operation::delete("/hooks/{id}", "Delete a hook").scopes(&["delete:hooks"]).handled_by(missing),
            Operation::get("/hooks/{id}/secrets", "Get secrets of a hook").scopes(&["read:hooks"]).handled_by(missing),
            Operation::post("/hooks/{id}/secrets", "Add secrets to a hook")
                .scopes(&["update:hooks"])
                .body(secrets())
                .handled_by(missing),
            Operation::patch("/hooks/{id}/secrets", "Update secrets of a hook")
                .scopes(&["update:hooks"])
                .body(secrets())
                .handled_by(missing),
            Operation::delete("/hooks/{id}/secrets", "Delete secrets of a hook")
                .scopes(&["delete:hooks"])
                .body(list_of(text_of(1, 255)))
                .handled_by(missing),
        ],
    }
}

async fn list(call: Call) -> Outcome {
    let page = PAGING.page(&call, "/hooks")?;
    let none: Vec<(crate::paging::Position, Value)> = Vec::new();
    Ok(PAGING.reply(&call, "/hooks", &page, Found::of_all(none, &page)))
}

async fn not_enabled(_: Call) -> Outcome {
    Err(ApiError::not_enabled())
}

async fn missing(_: Call) -> Outcome {
    Err(ApiError::not_found("Error: Hook does not exist").code("HookDoesNotExist"))
}
