//! `/resource-servers`: APIs that access tokens are for (`management-api.md` §3.1).

mod answer;
mod fields;
mod list;
mod write;

use crate::fields::{answer_schema, create_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::query::parameter;
use crate::schema::{boolean, list as list_of, text_of};

const PAGING: Paging = Paging::numbered("resource_servers");

const ABOUT: &str = "\
APIs that access tokens are for. `{id}` is the identifier of the record or, percent-encoded, that of the API. Every member is
kept and answered as it was sent. These have an effect on the protocol: `identifier`, `name`, `scopes`, `signing_alg`,
`signing_secret`, `allow_offline_access`, `token_lifetime`, `token_lifetime_for_web`, `token_dialect`, `enforce_policies`,
`skip_consent_for_verifiable_first_party_clients`, `subject_type_authorization` and `proof_of_possession` (`dpop`). The others
are stored for tools and have none yet.

`signing_secret` is made when an API with HS256 comes without one. The Management API itself is an API of the tenant,
`is_system`, with the name by which tools know it, `Auth0 Management API`; of it only `token_lifetime` and
`skip_consent_for_verifiable_first_party_clients` can be changed, and it cannot be deleted. With an API go its client grants and all permissions on it.";

pub(super) fn resource() -> Resource {
    let fields = fields::all();
    let api = || answer_schema(&fields).named("ResourceServer");
    Resource {
        name: "resource-servers",
        title: "Resource servers",
        about: ABOUT,
        operations: vec![
            Operation::get("/resource-servers", "List resource servers")
                .scopes(&["read:resource_servers"])
                .query([
                    parameter(
                        "identifiers",
                        list_of(text_of(1, 600)).sized(0, 10).about("Identifiers of the APIs wanted."),
                    ),
                    parameter("include_fields", boolean()),
                ])
                .query(PAGING.parameters())
                .answers(PAGING.answer(&api()))
                .handled_by(list::list),
            Operation::post("/resource-servers", "Create a resource server")
                .scopes(&["create:resource_servers"])
                .body(create_schema(&fields).named("ResourceServerCreate"))
                .answers(api())
                .handled_by(write::create),
            Operation::get("/resource-servers/{id}", "Get a resource server")
                .scopes(&["read:resource_servers"])
                .query([parameter("include_fields", boolean())])
                .answers(api())
                .handled_by(list::get),
            Operation::patch("/resource-servers/{id}", "Update a resource server")
                .scopes(&["update:resource_servers"])
                .body(update_schema(&fields).named("ResourceServerUpdate"))
                .answers(api())
                .handled_by(write::update),
            Operation::delete("/resource-servers/{id}", "Delete a resource server")
                .scopes(&["delete:resource_servers"])
                .handled_by(write::delete),
        ],
    }
}
