//! `/roles`: sets of permissions, and who has them (`management-api.md` §7).

mod members;
mod permissions;
mod role;

use http::StatusCode;

pub(super) use self::permissions::{described, failure, permissions_of, permissions_schema};
pub(super) use self::role::{effective_role, effective_role_schema, role_json, role_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::query::parameter;
use crate::schema::{list as list_of, object, optional, required, text, text_of};

const PAGING: Paging = Paging::numbered("roles");
const PERMISSIONS: Paging = Paging::numbered("permissions");
const USERS: Paging = Paging::both("users");

const ABOUT: &str = "\
Roles and their permissions, with effect at the next token for APIs that enforce policies (`enforce_policies`). A permission is a
scope that an API defines; when the API loses it, nobody gets it any more. Nothing of it is cached.";

pub(super) fn resource() -> Resource {
    let create = object(vec![required("name", text_of(1, 50)), optional("description", text_of(0, 255))]);
    let update = object(vec![optional("name", text_of(1, 50)), optional("description", text_of(0, 255))]);
    let user = object(["user_id", "email", "name", "picture"].map(|name| optional(name, text())).to_vec());
    Resource {
        name: "roles",
        title: "Roles",
        about: ABOUT,
        operations: vec![
            Operation::get("/roles", "List roles")
                .scopes(&["read:roles"])
                .query([
                    parameter("name_filter", text_of(0, 200).about("Part of the names of the roles wanted.")),
                    parameter("type", text_of(0, 50)),
                    parameter("owner_id", text_of(0, 100)),
                ])
                .query(PAGING.parameters())
                .answers(PAGING.answer(&role_schema()))
                .handled_by(role::list),
            Operation::post("/roles", "Create a role")
                .scopes(&["create:roles"])
                .body(create.named("RoleCreate"))
                .status(StatusCode::OK)
                .answers(role_schema())
                .handled_by(role::create),
            Operation::get("/roles/{id}", "Get a role")
                .scopes(&["read:roles"])
                .answers(role_schema())
                .handled_by(role::get),
            Operation::patch("/roles/{id}", "Update a role")
                .scopes(&["update:roles"])
                .body(update.named("RoleUpdate"))
                .answers(role_schema())
                .handled_by(role::update),
            Operation::delete("/roles/{id}", "Delete a role")
                .scopes(&["delete:roles"])
                .status(StatusCode::OK)
                .answers(object(Vec::new()))
                .handled_by(role::delete),
            Operation::get("/roles/{id}/permissions", "List permissions of a role")
                .scopes(&["read:roles"])
                .query(PERMISSIONS.parameters())
                .answers(PERMISSIONS.answer(&permissions::item()))
                .handled_by(permissions::list),
            Operation::post("/roles/{id}/permissions", "Add permissions to a role")
                .scopes(&["update:roles"])
                .body(permissions_schema())
                .answers(object(Vec::new()))
                .handled_by(permissions::add),
            Operation::delete("/roles/{id}/permissions", "Remove permissions from a role")
                .scopes(&["update:roles"])
                .body(permissions_schema())
                .handled_by(permissions::remove),
            Operation::get("/roles/{id}/users", "List users of a role")
                .scopes(&["read:users", "read:roles", "read:role_members"])
                .query(USERS.parameters())
                .answers(USERS.answer(&user))
                .handled_by(members::list),
            Operation::post("/roles/{id}/users", "Assign users to a role")
                .scopes(&["update:roles", "create:role_members"])
                .body(object(vec![required("users", list_of(text_of(1, 300)).sized(1, 1000))]))
                .status(StatusCode::OK)
                .answers(object(Vec::new()))
                .handled_by(members::assign),
        ],
    }
}
