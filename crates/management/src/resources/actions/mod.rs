//! `/actions`: code that runs at places of the protocol, its versions, and what runs where (`management-api.md` §15.1).

mod action;
mod answer;
mod bindings;
mod content;
mod modules;
mod pages;
mod triggers;
mod versions;

use http::StatusCode;

use crate::operation::{Operation, Resource};
use crate::query::parameter;
use crate::schema::{boolean, object, open_object, optional, required, text_of};

const ABOUT: &str = "\
Actions run at the triggers `post-login`, `credentials-exchange`, `pre-user-registration`, `post-user-registration`,
`post-change-password` and `password-reset-post-challenge`, in the order of their bindings; at the others they are stored. A change
counts from the next login on. Code is not parsed when it is stored, packages are not installed (those that the engine has are
there, whatever version is named), and `latest` stays as it is written.

An action is a draft; `deploy` makes a version of it, and the deployed version is what a trigger runs. A draft is `built` at
once. Of an action 50 versions are kept, of a tenant 100 actions, and 20 actions are bound to a trigger. The trigger of an action
never changes, and names are unique among the actions of a trigger (409).

Secrets are sealed in the database; answers have their names and when they were set. A list of secrets takes the place of the one
before; an entry without `value` keeps the stored value. A version has the secrets with which it was deployed, and so has a
version that is deployed again.

`PATCH /actions/triggers/{id}/bindings` replaces the ordered list of what runs at a trigger; only deployed actions can be bound.
Triggers with the policy `entity-bound` have no list. There are no modules and, because nothing runs, no executions.";

pub(super) fn resource() -> Resource {
    Resource {
        name: "actions",
        title: "Actions",
        about: ABOUT,
        operations: [actions(), version_operations(), trigger_operations(), modules::operations()].concat(),
    }
}

fn actions() -> Vec<Operation> {
    vec![
        Operation::get("/actions/actions", "List actions")
            .scopes(&["read:actions"])
            .query([
                parameter("triggerId", text_of(1, 100).about("Only actions of this trigger.")),
                parameter("actionName", text_of(1, 255).about("Only actions with this name.")),
                parameter("deployed", boolean().about("Only actions that are deployed, or those that are not.")),
                parameter("installed", boolean().about("Only actions of integrations, of which there are none.")),
            ])
            .query(pages::parameters())
            .answers(pages::answer("actions", answer::action_schema()))
            .handled_by(action::list),
        Operation::post("/actions/actions", "Create an action")
            .scopes(&["create:actions"])
            .body(content::create_schema())
            .answers(answer::action_schema())
            .handled_by(action::create),
        Operation::get("/actions/actions/{id}", "Get an action")
            .scopes(&["read:actions"])
            .answers(answer::action_schema())
            .handled_by(action::get),
        Operation::patch("/actions/actions/{id}", "Update an action")
            .scopes(&["update:actions"])
            .body(content::update_schema())
            .answers(answer::action_schema())
            .handled_by(action::update),
        Operation::delete("/actions/actions/{id}", "Delete an action")
            .scopes(&["delete:actions"])
            .query([parameter("force", boolean().about("Whether an action that is bound is deleted too."))])
            .handled_by(action::delete),
        Operation::post("/actions/actions/{id}/test", "Test an action")
            .scopes(&["create:actions"])
            .body(object(vec![required("payload", open_object())]))
            .status(StatusCode::OK)
            .answers(open_object())
            .handled_by(action::test),
        Operation::get("/actions/executions/{id}", "Get an execution")
            .scopes(&["read:actions"])
            .answers(open_object())
            .handled_by(action::execution),
    ]
}

fn version_operations() -> Vec<Operation> {
    let mut redeploy = Operation::post("/actions/actions/{id}/versions/{version}/deploy", "Deploy a version again")
        .scopes(&["create:actions"])
        .body(object(vec![optional("update_draft", boolean().about("Whether the draft becomes this version too."))]))
        .status(StatusCode::OK)
        .answers(answer::version_schema())
        .handled_by(versions::deploy_again);
    redeploy.body_required = false;
    vec![
        Operation::post("/actions/actions/{id}/deploy", "Deploy an action")
            .scopes(&["create:actions"])
            .status(StatusCode::OK)
            .answers(answer::version_schema())
            .handled_by(versions::deploy),
        Operation::get("/actions/actions/{id}/versions", "List versions of an action")
            .scopes(&["read:actions"])
            .query(pages::parameters())
            .answers(pages::answer("versions", answer::version_schema()))
            .handled_by(versions::list),
        Operation::get("/actions/actions/{id}/versions/{version}", "Get a version of an action")
            .scopes(&["read:actions"])
            .answers(answer::version_schema())
            .handled_by(versions::get),
        redeploy,
    ]
}

fn trigger_operations() -> Vec<Operation> {
    let bindings = || pages::answer("bindings", answer::binding_schema());
    vec![
        Operation::get("/actions/triggers", "List triggers")
            .scopes(&["read:actions"])
            .answers(triggers::answer())
            .handled_by(triggers::list),
        Operation::get("/actions/triggers/{trigger}/bindings", "List bindings of a trigger")
            .scopes(&["read:actions"])
            .query(pages::parameters())
            .answers(bindings())
            .handled_by(bindings::list),
        Operation::patch("/actions/triggers/{trigger}/bindings", "Update bindings of a trigger")
            .scopes(&["update:actions"])
            .body(bindings::schema())
            .answers(bindings())
            .handled_by(bindings::replace),
    ]
}
