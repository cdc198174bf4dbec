//! Modules of actions, of which there are none: the answers with which tools go on (`management-api.md` §15.1, §18.4).

use super::pages;
use crate::call::Call;
use crate::error::ApiError;
use crate::operation::{Operation, Outcome};
use crate::schema::{object, open_object, optional, required, text_of};

pub(super) fn operations() -> Vec<Operation> {
    let anything = || open_object().secret();
    vec![
        Operation::get("/actions/modules", "List modules of actions")
            .scopes(&["read:actions"])
            .query(pages::parameters())
            .answers(pages::answer("modules", open_object()))
            .handled_by(list),
        Operation::post("/actions/modules", "Create a module of actions")
            .scopes(&["create:actions"])
            .body(object(vec![required("name", text_of(1, 255)), optional("code", text_of(0, 100_000))]).open())
            .handled_by(not_enabled),
        Operation::get("/actions/modules/{id}", "Get a module of actions")
            .scopes(&["read:actions"])
            .handled_by(missing),
        Operation::patch("/actions/modules/{id}", "Update a module of actions")
            .scopes(&["update:actions"])
            .body(anything())
            .handled_by(missing),
        Operation::delete("/actions/modules/{id}", "Delete a module of actions")
            .scopes(&["delete:actions"])
            .handled_by(missing),
    ]
}

async fn list(call: Call) -> Outcome {
    Ok(pages::reply(&call, "modules", Vec::new()))
}

async fn not_enabled(_: Call) -> Outcome {
    Err(ApiError::not_enabled())
}

async fn missing(_: Call) -> Outcome {
    Err(ApiError::not_found("That module does not exist."))
}
