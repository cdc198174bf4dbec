//! `/clients`: applications (`management-api.md` §2).

mod addons;
mod answer;
mod checks;
mod credentials;
mod fields;
mod list;
mod write;

use http::StatusCode;

use crate::fields::{answer_schema, create_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{boolean, list as list_of, one_of, text_of};

/// Scopes that read applications; what each of them shows: §2.4.
const READ: &[&str] = &["read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"];
/// Scopes that change applications; each its own members.
const UPDATE: &[&str] = &[
    "update:clients",
    "update:client_keys",
    "update:client_credentials",
    "update:client_token_vault_privileged_access",
];
const PAGING: Paging = Paging::both("clients");

const ABOUT: &str = "\
Applications: what logs users in, or acts for itself. Every member is kept and answered as it was sent. These have an effect
on the protocol: `name`, `app_type`, `is_first_party`, `logo_uri`, `callbacks`, `allowed_logout_urls`, `web_origins`,
`allowed_origins`, `initiate_login_uri`, `grant_types`, `token_endpoint_auth_method`, `client_authentication_methods`
(`private_key_jwt`), `is_token_endpoint_ip_header_trusted`, `jwt_configuration`, `refresh_token`, `sso_disabled`,
`organization_usage`, `oidc_logout`, `require_pushed_authorization_requests` and `require_proof_of_possession`. The others are
stored for tools and have none yet.

The secret of an application, and what comes near it (`encryption_key`, `signing_keys`), is only answered to
`read:client_keys` or `read:client_credentials`. `read:client_summary` alone shows `client_id`, `name`, `description`,
`app_type`, `logo_uri` and `is_first_party`.

Of `grant_types` that are not sent, an application gets Auth0's default for its kind. One application, `All Applications`,
is not one: with `global: true` it holds the tenant-wide classic login page for tools that keep it, and cannot be deleted.

`addons` hold keys of other services: they are sealed in the database of this instance, answered in clear to whoever may read
the application, and have no effect yet. `PATCH` replaces each add-on that is sent; `null` removes one, or all of them.

The credentials of `private_key_jwt` come inline when an application is created, or one by one; then
`client_authentication_methods` names them by their `id`. An application has at most ten.";

pub(super) fn resource() -> Resource {
    let fields = fields::all();
    let client = || answer_schema(&fields).named("Client");
    let filters = [
        parameter("is_global", boolean().about("Whether only the global application is wanted, or all but it.")),
        parameter("is_first_party", boolean()),
        parameter("app_type", list_of(one_of(fields::APP_TYPES)).about("Comma-separated application types."))
            .comma_separated(),
        parameter("external_client_id", text_of(1, 2048)),
        parameter(
            "q",
            text_of(1, 200).about("client_grant.organization_id:ID or client_grant.allow_any_organization:true"),
        ),
    ];
    Resource {
        name: "clients",
        title: "Clients",
        about: ABOUT,
        operations: [
            vec![
                Operation::get("/clients", "List clients")
                    .scopes(READ)
                    .query(projection::parameters())
                    .query(PAGING.parameters())
                    .query(filters)
                    .answers(PAGING.answer(&client()))
                    .handled_by(list::list),
                Operation::post("/clients", "Create a client")
                    .scopes(&["create:clients"])
                    .body(create_schema(&fields).named("ClientCreate"))
                    .answers(client())
                    .handled_by(write::create),
                Operation::get("/clients/{id}", "Get a client")
                    .scopes(READ)
                    .query(projection::parameters())
                    .answers(client())
                    .handled_by(list::get),
                Operation::patch("/clients/{id}", "Update a client")
                    .scopes(UPDATE)
                    .member_scopes(&["update:clients"])
                    .body(update_schema(&fields).named("ClientUpdate"))
                    .answers(client())
                    .handled_by(write::update),
                Operation::delete("/clients/{id}", "Delete a client")
                    .scopes(&["delete:clients"])
                    .handled_by(write::delete),
                Operation::post("/clients/{id}/rotate-secret", "Rotate a client secret")
                    .scopes(&["update:client_keys"])
                    .status(StatusCode::OK)
                    .answers(client())
                    .handled_by(write::rotate_secret),
            ],
            credentials::operations(),
        ]
        .concat(),
    }
}
