//! `/connections`: sources of users (`management-api.md` §4).

mod certificates;
mod clients;
mod common_options;
mod database;
mod deletion;
mod document;
mod enterprise;
mod fields;
mod list;
mod options;
mod passwordless;
mod social;
mod social_scopes;
mod strategies;
mod write;

use http::StatusCode;

pub(crate) use self::deletion::{CONNECTION_DELETION, Deletion};
use crate::fields::{answer_schema, create_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{Member, boolean, formats, formatted, list as list_of, object, one_of, required, text, text_of};

const PAGING: Paging = Paging { default: 100, ..Paging::both("connections") };

const ABOUT: &str = "\
Sources of users. Users log in over **databases of this instance** (`auth0`) only: connections of the other strategies are kept,
checked and answered for tools, and nobody can log in over them yet. No page offers them, `connection=NAME` at `/authorize` is
refused, no user can be created in them, and no other server is asked about them.

Of a database these have an effect: `name`, `display_name`, `enabled_clients`, `is_domain_connection`, `authentication`, and of its
`options` `disable_signup`, `requires_username`, `disable_self_service_change_password` and everything about new passwords:
`passwordPolicy`, `password_complexity_options`, `password_history`, `password_dictionary` and `password_no_personal_info`, or
`password_options` in their place ([what they do](../passwords.md)). The other options are stored for tools and have none yet; in
particular no script of a custom database runs.

`options` depend on the strategy. Those of databases and passwordless connections are closed lists; those of social and enterprise
connections take further members. The whole object of a connection that is no database is sealed in the database of this
instance, as are `customScripts` and `configuration` of databases; whoever may read connections gets them in clear, as
from Auth0, but for the values of `configuration`: they are answered as `2.0$…` and never in clear. A value that comes back as it was
answered stays. `scope` of `google-oauth2`, `github`, `facebook` and `apple` follows from the switches; `expires`, `subject` and
`thumbprints` of `samlp` from the certificate. Metadata and discovery documents are not fetched or read, and there is no
`provisioning_ticket_url`.

A new connection is enabled for no application unless `enabled_clients` says so. `PATCH` replaces `options` as a whole, secrets
included; then defaults are put in. With a connection go its users, in the background; its name is free again when the last one
is gone.";

pub(super) fn resource() -> Resource {
    let fields = fields::all();
    let connection = || answer_schema(&fields).named("Connection");
    let client_id = || vec![required("client_id", text_of(1, 100))];
    let change: Vec<Member> =
        [client_id(), vec![required("status", boolean().about("Whether it may use it."))]].concat();
    Resource {
        name: "connections",
        title: "Connections",
        about: ABOUT,
        operations: vec![
            Operation::get("/connections", "List connections")
                .scopes(&["read:connections"])
                .query(projection::parameters())
                .query(PAGING.parameters())
                .query([
                    parameter("strategy", list_of(one_of(&strategies::names())).about("Only connections of these.")),
                    parameter("name", text_of(1, 128).about("The connection with this name.")),
                ])
                .answers(PAGING.answer(&connection()))
                .handled_by(list::list),
            Operation::post("/connections", "Create a connection")
                .scopes(&["create:connections"])
                .body(create_schema(&fields).named("ConnectionCreate"))
                .answers(connection())
                .handled_by(write::create),
            Operation::get("/connections/{id}", "Get a connection")
                .scopes(&["read:connections"])
                .query(projection::parameters())
                .answers(connection())
                .handled_by(list::get),
            Operation::patch("/connections/{id}", "Update a connection")
                .scopes(&["update:connections"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("ConnectionUpdate"))
                .answers(connection())
                .handled_by(write::update),
            Operation::delete("/connections/{id}", "Delete a connection")
                .scopes(&["delete:connections"])
                .status(StatusCode::ACCEPTED)
                .answers(object(vec![required("deleted_at", text())]))
                .handled_by(deletion::delete),
            Operation::get("/connections/{id}/clients", "List clients of a connection")
                .scopes(&["read:connections"])
                .query(clients::PAGING.parameters())
                .answers(clients::PAGING.answer(&object(client_id())))
                .handled_by(clients::list),
            Operation::patch("/connections/{id}/clients", "Update clients of a connection")
                .scopes(&["update:connections"])
                .body(list_of(object(change)).sized(1, 50))
                .status(StatusCode::NO_CONTENT)
                .handled_by(clients::update),
            Operation::delete("/connections/{id}/users", "Delete a user of a connection")
                .scopes(&["delete:users"])
                .query([parameter("email", formatted(formats::EMAIL)).required()])
                .handled_by(deletion::delete_user),
            Operation::get("/clients/{id}/connections", "List connections of a client")
                .scopes(&["read:connections", "read:clients", "read:client_summary"])
                .query(projection::parameters())
                .query(clients::CONNECTIONS.parameters())
                .query([parameter("strategy", list_of(one_of(&strategies::names())))])
                .answers(clients::CONNECTIONS.answer(&connection()))
                .handled_by(clients::connections),
        ],
    }
}
