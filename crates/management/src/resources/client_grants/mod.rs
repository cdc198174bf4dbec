//! `/client-grants`: which scopes an application may have on an API (`management-api.md` §3.2).

mod list;
mod write;

pub(super) use self::list::{missing, show};

use crate::fields::{Field, answer_schema, create_schema, field, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::query::parameter;
use crate::schema::{Schema, boolean, list as list_of, one_of, text, text_of};

const PAGING: Paging = Paging::both("client_grants");

const ABOUT: &str = "\
What an application may ask of an API: for itself with its own credentials (`subject_type` `client`, the default), or on behalf
of users at an API whose policy for users is `require_client_grant` (`subject_type` `user`). There is one grant for an
application, an API and a `subject_type`. `client_id`, `audience`, `subject_type`, `scope` and `allow_all_scopes` have an effect
on tokens; the others are stored for tools and have none yet. Scopes are not checked against those of the API: an application
gets those of its grant that the API defines for users, and all of them for itself.

A grant for the Management API gives no more than its creator has: whoever lacks a scope cannot grant it. `default_for` (grants
of all third-party applications) is not available.";

/// The members of a grant.
fn fields() -> Vec<Field> {
    vec![
        field("id", text()).read_only(),
        field("client_id", text_of(1, 100).about("The application.")).required().create_only(),
        field("audience", text_of(1, 600).about("Identifier of the API.")).required().create_only(),
        field("scope", list_of(text_of(1, 280)).unique().about("The most that the application can get.")),
        field("organization_usage", one_of(&["deny", "allow", "require"]).or_null()),
        field("allow_any_organization", boolean().or_null()),
        field("subject_type", one_of(&["client", "user"]).about("For itself, or on behalf of users.")).create_only(),
        field("authorization_details_types", list_of(text_of(1, 255)).unique()),
        field("allow_all_scopes", boolean().about("Whether every scope of the API is granted.")),
        field("is_system", boolean()).read_only(),
    ]
}

/// A grant as it is answered.
pub(super) fn answer() -> Schema {
    answer_schema(&fields()).named("ClientGrant")
}

pub(super) fn resource() -> Resource {
    let fields = fields();
    let grant = answer;
    let filters = [
        parameter("audience", text_of(1, 600).about("Identifier of the API.")),
        parameter("client_id", text_of(1, 100).about("The application.")),
        parameter("allow_any_organization", boolean()),
        parameter("subject_type", one_of(&["client", "user"])),
        parameter("default_for", one_of(&["third_party_clients"])),
    ];
    Resource {
        name: "client-grants",
        title: "Client grants",
        about: ABOUT,
        operations: vec![
            Operation::get("/client-grants", "List client grants")
                .scopes(&["read:client_grants"])
                .query(PAGING.parameters())
                .query(filters)
                .answers(PAGING.answer(&grant()))
                .handled_by(list::list),
            Operation::post("/client-grants", "Create a client grant")
                .scopes(&["create:client_grants"])
                .body(create_schema(&fields).named("ClientGrantCreate"))
                .answers(grant())
                .handled_by(write::create),
            Operation::get("/client-grants/{id}", "Get a client grant")
                .scopes(&["read:client_grants"])
                .answers(grant())
                .handled_by(list::get),
            Operation::patch("/client-grants/{id}", "Update a client grant")
                .scopes(&["update:client_grants"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("ClientGrantUpdate"))
                .answers(grant())
                .handled_by(write::update),
            Operation::delete("/client-grants/{id}", "Delete a client grant")
                .scopes(&["delete:client_grants"])
                .handled_by(write::delete),
        ],
    }
}
