//! `/organizations`: groups of users with connections of their own (`management-api.md` §8).

mod connections;
mod grants;
mod members;
mod organization;
mod roles;

use http::StatusCode;

use super::client_grants;
use super::roles::{effective_role, effective_role_schema, role_json, role_schema};
use crate::fields::{Field, answer_schema, create_schema, field, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{
    Schema, any_of, boolean, formats, formatted, list as list_of, map_of, object, one_of, open_object, optional,
    required, text, text_of,
};

const PAGING: Paging = Paging::both("organizations");
const ENABLED: Paging = Paging::numbered("enabled_connections");
const CONNECTIONS: Paging = Paging::numbered("connections");
const MEMBERS: Paging = Paging::both("members");
const ROLES: Paging = Paging::numbered("roles");
const EFFECTIVE_ROLES: Paging = Paging::checkpoints("roles");
const GRANTS: Paging = Paging::numbered("client_grants");
const OF_GRANT: Paging = Paging::both("organizations");

const ABOUT: &str = "\
Groups of users with connections of their own: see [Organizations](../organizations.md). These have an effect on logins: `name`,
`display_name`, the connections that are enabled with `assign_membership_on_login` and `is_signup_enabled`, the members, and
the roles of a member, which count in tokens of logins in that organization, at APIs that enforce policies. `branding`,
`metadata`, `show_as_button`, `token_quota` and the client grants of an organization are stored for tools and have none yet.

`/enabled_connections` and the newer `/connections` are two views of the same list; a connection that is switched off
(`is_enabled: false`) is in the second one only. Only databases can be logged in over.

With an organization go its members' roles, its connections and grants; its users stay. Invitations, discovery domains and groups
[do not exist yet](not-there-yet.md).";

const READ: &[&str] = &["read:organizations", "read:organizations_summary"];
const ONE: &str = "/organizations/{id}";
const ENABLED_LIST: &str = "/organizations/{id}/enabled_connections";
const ENABLED_ONE: &str = "/organizations/{id}/enabled_connections/{connection_id}";
const CONNECTION_LIST: &str = "/organizations/{id}/connections";
const CONNECTION_ONE: &str = "/organizations/{id}/connections/{connection_id}";
const MEMBER_LIST: &str = "/organizations/{id}/members";
const MEMBER_ROLES: &str = "/organizations/{id}/members/{user_id}/roles";
const GRANT_LIST: &str = "/organizations/{id}/client-grants";

/// The members of an organization's document.
fn fields() -> Vec<Field> {
    let page_background = any_of(vec![text_of(0, 255), open_object()]);
    let colors = object(vec![optional("primary", text_of(0, 50)), optional("page_background", page_background)]);
    let branding = object(vec![
        optional("logo_url", formatted(formats::HTTPS_URL_OR_EMPTY).or_null()),
        optional("colors", colors.or_null()),
    ]);
    let numbers = ["per_day", "per_hour"].map(|name| optional(name, crate::schema::integer(1, i64::from(i32::MAX))));
    let quota = object([vec![optional("enforce", boolean())], numbers.to_vec()].concat());
    let name = "Name in requests: lower-case letters, digits, - and _.";
    vec![
        field("id", text()).read_only(),
        field("name", text_of(1, 50).pattern("^[a-z0-9][a-z0-9_-]*$").about(name)).required(),
        field("display_name", text_of(0, 255).about("Name on pages.")),
        field("branding", branding.or_null()),
        field(
            "metadata",
            map_of(text_of(0, 255).or_null(), 255).sized(0, 25).about("Up to 25 texts; replaced as a whole."),
        ),
        field("token_quota", object(vec![optional("client_credentials", quota)]).or_null()),
        field("third_party_client_access", one_of(&["allow", "block"])),
        field("is_app_entitlement_active", boolean()),
    ]
}

/// A connection in an organization: members of both views, then those of the newer one.
fn connection_members() -> Vec<crate::schema::Member> {
    ["assign_membership_on_login", "show_as_button", "is_signup_enabled"].map(|name| optional(name, boolean())).to_vec()
}

fn newer_members() -> Vec<crate::schema::Member> {
    vec![
        optional("organization_connection_name", text_of(1, 50).pattern("^[^ ]+$").or_null()),
        optional("organization_access_level", one_of(&["none", "readonly", "limited", "full"]).or_null()),
        optional("is_enabled", boolean()),
    ]
}

fn connection_answer(newer: bool) -> Schema {
    let connection = object(vec![optional("name", text()), optional("strategy", text())]);
    let own = vec![optional("connection_id", text()), optional("connection", connection)];
    let newer = if newer { newer_members() } else { Vec::new() };
    object([own, connection_members(), newer].concat())
}

/// The body of POST and PATCH of a connection.
fn connection_body(create: bool, newer: bool) -> Schema {
    let own = if create { vec![required("connection_id", text_of(1, 50))] } else { Vec::new() };
    let newer = if newer { newer_members() } else { Vec::new() };
    object([own, connection_members(), newer].concat())
}

pub(super) fn resource() -> Resource {
    let operations = [organizations(), enabled_connections(), own_connections(), members(), client_grants_of()];
    Resource { name: "organizations", title: "Organizations", about: ABOUT, operations: operations.concat() }
}

fn organizations() -> Vec<Operation> {
    let fields = fields();
    let organization = || answer_schema(&fields).named("Organization");
    let enabled = list_of(connection_body(true, false)).sized(0, 10);
    let on_create = [
        fields.clone(),
        vec![field("enabled_connections", enabled.written_with(&["create:organization_connections"])).create_only()],
    ]
    .concat();
    let with_connections =
        [fields.clone(), vec![field("enabled_connections", list_of(connection_answer(false))).read_only()]].concat();
    vec![
        Operation::get("/organizations", "List organizations")
            .scopes(READ)
            .query(projection::parameters())
            .query(PAGING.parameters())
            .query([
                parameter("sort", text_of(1, 100).pattern("^[a-z_]+:-?1$").about("name:1, display_name:-1, …")),
                parameter("q", text_of(0, 200).about("Part of a name.")),
            ])
            .answers(PAGING.answer(&organization()))
            .handled_by(organization::list),
        Operation::post("/organizations", "Create an organization")
            .scopes(&["create:organizations"])
            .body(create_schema(&on_create).named("OrganizationCreate"))
            .answers(answer_schema(&with_connections).named("OrganizationCreated"))
            .handled_by(organization::create),
        Operation::get("/organizations/name/{name}", "Get an organization by its name")
            .scopes(READ)
            .answers(organization())
            .handled_by(organization::get_by_name),
        Operation::get(ONE, "Get an organization").scopes(READ).answers(organization()).handled_by(organization::get),
        Operation::patch(ONE, "Update an organization")
            .scopes(&["update:organizations"])
            .body(update_schema(&fields).named("OrganizationUpdate"))
            .answers(organization())
            .handled_by(organization::update),
        Operation::delete(ONE, "Delete an organization")
            .scopes(&["delete:organizations"])
            .handled_by(organization::delete),
    ]
}

fn enabled_connections() -> Vec<Operation> {
    let answer = || connection_answer(false).named("EnabledConnection");
    vec![
        Operation::get(ENABLED_LIST, "List enabled connections of an organization")
            .scopes(&["read:organization_connections"])
            .query(ENABLED.parameters())
            .answers(ENABLED.answer(&answer()))
            .handled_by(|call| connections::list(call, connections::View::Enabled)),
        Operation::post(ENABLED_LIST, "Enable a connection in an organization")
            .scopes(&["create:organization_connections"])
            .body(connection_body(true, false))
            .answers(answer())
            .handled_by(|call| connections::create(call, connections::View::Enabled)),
        Operation::get(ENABLED_ONE, "Get an enabled connection of an organization")
            .scopes(&["read:organization_connections"])
            .answers(answer())
            .handled_by(|call| connections::get(call, connections::View::Enabled)),
        Operation::patch(ENABLED_ONE, "Update an enabled connection of an organization")
            .scopes(&["update:organization_connections"])
            .body(connection_body(false, false))
            .answers(answer())
            .handled_by(|call| connections::update(call, connections::View::Enabled)),
        Operation::delete(ENABLED_ONE, "Disable a connection in an organization")
            .scopes(&["delete:organization_connections"])
            .handled_by(connections::delete),
    ]
}

fn own_connections() -> Vec<Operation> {
    let answer = || connection_answer(true).named("OrganizationConnection");
    vec![
        Operation::get(CONNECTION_LIST, "List connections of an organization")
            .scopes(&["read:organization_connections"])
            .query(CONNECTIONS.parameters())
            .query([parameter("is_enabled", boolean().about("Only those that are enabled, or that are not."))])
            .answers(CONNECTIONS.answer(&answer()))
            .handled_by(|call| connections::list(call, connections::View::All)),
        Operation::post(CONNECTION_LIST, "Add a connection to an organization")
            .scopes(&["create:organization_connections"])
            .body(connection_body(true, true))
            .answers(answer())
            .handled_by(|call| connections::create(call, connections::View::All)),
        Operation::get(CONNECTION_ONE, "Get a connection of an organization")
            .scopes(&["read:organization_connections"])
            .answers(answer())
            .handled_by(|call| connections::get(call, connections::View::All)),
        Operation::patch(CONNECTION_ONE, "Update a connection of an organization")
            .scopes(&["update:organization_connections"])
            .body(connection_body(false, true))
            .answers(answer())
            .handled_by(|call| connections::update(call, connections::View::All)),
        Operation::delete(CONNECTION_ONE, "Remove a connection from an organization")
            .scopes(&["delete:organization_connections"])
            .handled_by(connections::delete),
    ]
}

fn members() -> Vec<Operation> {
    let texts = ["user_id", "email", "name", "picture"].map(|name| optional(name, text()));
    let role = object(vec![optional("id", text()), optional("name", text())]);
    let member = object([texts.to_vec(), vec![optional("roles", list_of(role))]].concat());
    let ids = || object(vec![required("members", list_of(text_of(1, 300)).sized(1, 1000))]);
    let roles = || object(vec![required("roles", list_of(text_of(1, 50)).sized(1, 50))]);
    vec![
        Operation::get(MEMBER_LIST, "List members of an organization")
            .scopes(&["read:organization_members"])
            .query(projection::parameters())
            .query(MEMBERS.parameters())
            .answers(MEMBERS.answer(&member.named("OrganizationMember")))
            .handled_by(members::list),
        Operation::post(MEMBER_LIST, "Add members to an organization")
            .scopes(&["create:organization_members"])
            .body(ids())
            .status(StatusCode::NO_CONTENT)
            .handled_by(members::add),
        Operation::delete(MEMBER_LIST, "Remove members from an organization")
            .scopes(&["delete:organization_members"])
            .body(ids())
            .handled_by(members::remove),
        Operation::get(MEMBER_ROLES, "List roles of a member")
            .scopes(&["read:organization_member_roles"])
            .query(ROLES.parameters())
            .answers(ROLES.answer(&role_schema()))
            .handled_by(|call| roles::list(call, ROLES, role_json)),
        Operation::post(MEMBER_ROLES, "Assign roles to a member")
            .scopes(&["create:organization_member_roles"])
            .body(roles())
            .status(StatusCode::NO_CONTENT)
            .handled_by(roles::assign),
        Operation::delete(MEMBER_ROLES, "Remove roles from a member")
            .scopes(&["delete:organization_member_roles"])
            .body(roles())
            .handled_by(roles::remove),
        Operation::get("/organizations/{id}/members/{user_id}/effective-roles", "List effective roles of a member")
            .scopes(&["read:organization_member_effective_roles"])
            .query(EFFECTIVE_ROLES.parameters())
            .answers(EFFECTIVE_ROLES.answer(&effective_role_schema()))
            .handled_by(|call| roles::list(call, EFFECTIVE_ROLES, effective_role)),
    ]
}

fn client_grants_of() -> Vec<Operation> {
    let filters = [
        parameter("audience", text_of(1, 600)),
        parameter("client_id", text_of(1, 100)),
        parameter("grant_ids", list_of(text_of(1, 50))),
    ];
    vec![
        Operation::get(GRANT_LIST, "List client grants of an organization")
            .scopes(&["read:organization_client_grants"])
            .query(GRANTS.parameters())
            .query(filters)
            .answers(GRANTS.answer(&client_grants::answer()))
            .handled_by(grants::list),
        Operation::post(GRANT_LIST, "Add a client grant to an organization")
            .scopes(&["create:organization_client_grants"])
            .body(object(vec![required("grant_id", text_of(1, 50))]))
            .answers(client_grants::answer())
            .handled_by(grants::add),
        Operation::delete("/organizations/{id}/client-grants/{grant_id}", "Remove a client grant from an organization")
            .scopes(&["delete:organization_client_grants"])
            .handled_by(grants::remove),
        Operation::get("/client-grants/{id}/organizations", "List organizations of a client grant")
            .scopes(&["read:organization_client_grants"])
            .query(OF_GRANT.parameters())
            .answers(OF_GRANT.answer(&answer_schema(&fields()).named("Organization")))
            .handled_by(grants::organizations_of),
    ]
}
