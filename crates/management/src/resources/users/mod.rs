//! `/users` and `/users-by-email` (`management-api.md` §5).

mod access;
mod effective;
mod enrolments;
pub(crate) mod fields;
mod identities;
mod list;
mod organizations;
mod profile;
mod search;
mod write;

use http::StatusCode;

pub(super) use self::profile::missing;
pub(crate) use self::profile::show;
pub(super) use self::search::{filter, not_sortable, sorted};
pub(crate) use self::write::RESERVED as RESERVED_METADATA;
use super::roles::{permissions_schema, role_schema};
use crate::fields::{answer_schema, create_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{formats, formatted, list as list_of, object, optional, required, text, text_of};

const PAGING: Paging = Paging { length: true, ..Paging::numbered("users") };
const ROLES: Paging = Paging::numbered("roles");
const PERMISSIONS: Paging = Paging::numbered("permissions");

const ABOUT: &str = "\
Users of database connections. Root attributes, `user_metadata` and `app_metadata` are kept as they are sent; the claims of tokens
come from the root attributes. An address and a user name are stored in lower case. `blocked: true` ends the user's sessions and
refuses every login and exchange; a change of address, user name or password ends the sessions. A new password must fit the
connection's policy.

Of `user_metadata` and `app_metadata` a `PATCH` changes the members that are sent, `null` removes one, `{}` removes all. `null`
unsets a root attribute.

A mail that asks to prove the address is sent to a new user and to a new address, unless `email_verified: true` or
`verify_email: false` comes with it; `verify_email: true` alone sends another one.

`q` is a query in the [language of user search](../user-search.md); what is written is found at once. `sort` is one field with `:1` or
`:-1`; without it users come in the order in which they were made, and those of a query for a range of one field in the order of that
field. Pages by number reach the first 1000 users, whatever the order; `total` is how many there are, or how many match the
query, up to 10,000; above 5,000 it may be a minute old. A search that takes longer than two seconds is given up with 503.

An identity that is linked is no user any more: it is found by nothing but its primary user, and a login with its address and
password is one of that user. Its sessions, refresh tokens, grants, roles and memberships end, its metadata is lost, and what it knew of the
person is in `profileData`. Unlinked it is a user of its own again, with its password. Whoever is logged in with it stays so until the
sessions of the primary user are ended. `link_with` is an ID token (RS256, not expired) that the other identity got from the
application whose token calls; with a token of the user it is the only way.

`PATCH` with `connection` changes address, user name or password of the linked identity in that connection.

Effective roles and permissions are those that the user has in all, outside of organizations, and say what they come from. There are no
groups: their lists are empty.

Further factors cannot be enrolled: their lists are empty, and creating one is refused with `feature_not_enabled`. Phone numbers as
identifiers do not exist yet.";

pub(super) fn resource() -> Resource {
    let fields = fields::all();
    let user = || answer_schema(&fields).open().named("User");
    let roles = || object(vec![required("roles", list_of(text_of(1, 100)).sized(1, 50))]);
    let names = ["permission_name", "description", "resource_server_name", "resource_server_identifier"];
    let sources = ["source_id", "source_name", "source_type"].map(|name| optional(name, text())).to_vec();
    let permission = object(
        [names.map(|name| optional(name, text())).to_vec(), vec![optional("sources", list_of(object(sources)))]]
            .concat(),
    );
    let email = parameter("email", formatted(formats::EMAIL).about("The address, in any case.")).required();
    let mut operations = vec![
        Operation::get("/users", "List users")
            .scopes(&["read:users"])
            .query(search::parameters())
            .query(projection::parameters())
            .query(PAGING.parameters())
            .answers(PAGING.answer(&user()))
            .handled_by(list::list),
        Operation::post("/users", "Create a user")
            .scopes(&["create:users"])
            .body(create_schema(&fields).named("UserCreate"))
            .answers(user())
            .handled_by(write::create),
        Operation::get("/users/{id}", "Get a user")
            .scopes(&["read:users"])
            .own_scopes(&["read:current_user"])
            .query(projection::parameters())
            .answers(user())
            .handled_by(list::get),
        Operation::patch("/users/{id}", "Update a user")
            .scopes(&["update:users", "update:users_app_metadata"])
            .own_scopes(&["update:current_user_metadata"])
            .member_scopes(&["update:users"])
            .body(update_schema(&fields).sized(1, usize::MAX).named("UserUpdate"))
            .answers(user())
            .handled_by(write::update),
        Operation::delete("/users/{id}", "Delete a user").scopes(&["delete:users"]).handled_by(write::delete),
        Operation::get("/users-by-email", "Search users by email")
            .scopes(&["read:users"])
            .query([email])
            .query(projection::parameters())
            .answers(list_of(user()))
            .handled_by(list::by_email),
        Operation::get("/users/{id}/roles", "List roles of a user")
            .scopes(&["read:users", "read:roles", "read:role_members"])
            .query(ROLES.parameters())
            .answers(ROLES.answer(&role_schema()))
            .handled_by(access::roles),
        Operation::post("/users/{id}/roles", "Assign roles to a user")
            .scopes(&["update:users", "create:role_members"])
            .body(roles())
            .status(StatusCode::NO_CONTENT)
            .handled_by(access::assign_roles),
        Operation::delete("/users/{id}/roles", "Remove roles from a user")
            .scopes(&["update:users", "delete:role_members"])
            .body(roles())
            .handled_by(access::remove_roles),
        Operation::get("/users/{id}/permissions", "List permissions of a user")
            .scopes(&["read:users"])
            .query(PERMISSIONS.parameters())
            .answers(PERMISSIONS.answer(&permission))
            .handled_by(access::permissions),
        Operation::post("/users/{id}/permissions", "Assign permissions to a user")
            .scopes(&["update:users"])
            .body(permissions_schema())
            .answers(object(Vec::new()))
            .handled_by(access::add_permissions),
        Operation::delete("/users/{id}/permissions", "Remove permissions from a user")
            .scopes(&["update:users"])
            .body(permissions_schema())
            .handled_by(access::remove_permissions),
        Operation::post("/users/{id}/identities", "Link an identity to a user")
            .scopes(&["update:users"])
            .own_scopes(&["update:current_user_identities"])
            .body(identities::body())
            .answers(identities::answer())
            .handled_by(identities::link),
        Operation::delete("/users/{id}/identities/{provider}/{user_id}", "Unlink an identity from a user")
            .scopes(&["update:users"])
            .own_scopes(&["update:current_user_identities"])
            .status(StatusCode::OK)
            .answers(identities::answer())
            .handled_by(identities::unlink),
        organizations::operation(),
    ];
    operations.extend(effective::operations());
    operations.extend(enrolments::operations());
    Resource { name: "users", title: "Users", about: ABOUT, operations }
}
