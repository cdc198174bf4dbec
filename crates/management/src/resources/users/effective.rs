//! What a user may do by all that was given to them, and by what (`management-api.md` §5.1). There are no groups yet: their
//! lists are empty.

use keywright_types::{Permission, Timestamp};
use serde_json::{Value, json};

use super::access::exists;
use crate::call::Call;
use crate::error::ApiError;
use crate::json::set;
use crate::operation::{Operation, Outcome};
use crate::paging::{Found, Paging, Position};
use crate::query::{Parameter, parameter};
use crate::resources::roles::{described, effective_role, effective_role_schema};
use crate::schema::{list as list_of, object, open_object, optional, text, text_of};

const PERMISSIONS: Paging = Paging::checkpoints("permissions");
const ROLES: Paging = Paging::checkpoints("roles");
const GROUPS: Paging = Paging::checkpoints("groups");

pub(super) fn operations() -> Vec<Operation> {
    let names = ["permission_name", "description", "resource_server_name", "resource_server_identifier"];
    let mut permission = names.map(|name| optional(name, text())).to_vec();
    permission.push(optional("sources", list_of(text()).about("Where it is from: direct, roles.")));
    let groups = |path, summary, scope| {
        Operation::get(path, summary)
            .scopes(scope)
            .query(GROUPS.parameters())
            .answers(GROUPS.answer(&open_object()))
            .handled_by(no_groups)
    };
    vec![
        Operation::get("/users/{id}/effective-permissions", "List effective permissions of a user")
            .scopes(&["read:user_effective_permissions"])
            .query([api()])
            .query(PERMISSIONS.parameters())
            .answers(PERMISSIONS.answer(&object(permission)))
            .handled_by(permissions),
        Operation::get("/users/{id}/effective-permissions/sources/roles", "List roles that give a user a permission")
            .scopes(&["read:user_effective_permissions"])
            .query([api(), parameter("permission_name", text_of(1, 280)).required()])
            .query(ROLES.parameters())
            .answers(ROLES.answer(&effective_role_schema()))
            .handled_by(roles_of_permission),
        Operation::get("/users/{id}/effective-roles", "List effective roles of a user")
            .scopes(&["read:user_effective_roles"])
            .query(ROLES.parameters())
            .answers(ROLES.answer(&effective_role_schema()))
            .handled_by(roles),
        groups(
            "/users/{id}/effective-roles/sources/groups",
            "List groups that give a user a role",
            &["read:user_role_source_groups"],
        )
        .query([parameter("role_id", text_of(1, 100)).required()]),
        groups("/users/{id}/groups", "List groups of a user", &["read:groups"]),
    ]
}

fn api() -> Parameter {
    parameter("resource_server_identifier", text_of(1, 600).about("The API.")).required()
}

fn in_order(items: Vec<Value>) -> Vec<(Position, Value)> {
    let place = |index: usize| Position { created_at: Timestamp::UNIX_EPOCH, id: format!("{index:012}") };
    items.into_iter().enumerate().map(|(index, value)| (place(index), value)).collect()
}

/// The API that is asked about, and the permission where one is.
fn wanted(call: &Call) -> Permission {
    let text = |name: &str| call.query.text(name).unwrap_or_default().to_owned();
    Permission {
        resource_server_identifier: text("resource_server_identifier"),
        permission_name: text("permission_name"),
    }
}

async fn known_api(call: &Call) -> Result<(), ApiError> {
    let api = call.app.api(&call.tenant.id, &wanted(call).resource_server_identifier).await?;
    api.map(drop)
        .ok_or_else(|| ApiError::not_found("The resource server does not exist").code("inexistent_resource_server"))
}

async fn permissions(call: Call) -> Outcome {
    exists(&call).await?;
    known_api(&call).await?;
    let (tenant, id) = (&call.tenant.id, call.path("id"));
    let api = wanted(&call).resource_server_identifier;
    let of_api = |all: Vec<Permission>| all.into_iter().filter(|own| own.resource_server_identifier == api);
    let direct: Vec<_> = of_api(call.app.user_permissions(tenant, id).await?).collect();
    let mut by_roles = Vec::new();
    for role in call.app.user_roles(tenant, id).await? {
        by_roles.extend(of_api(call.app.role_permissions(tenant, &role.id).await?));
    }
    let mut all = [direct.clone(), by_roles.clone()].concat();
    all.sort();
    all.dedup();
    let mut items = described(&call, &all).await?;
    for (_, value) in &mut items {
        let name = value.get("permission_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let has = |list: &[Permission]| list.iter().any(|own| own.permission_name == name);
        let sources = [("direct", has(&direct)), ("roles", has(&by_roles))];
        let sources: Vec<_> = sources.into_iter().filter_map(|(source, is)| is.then_some(source)).collect();
        set(value, "sources", json!(sources));
    }
    let list = format!("/users/{id}/effective-permissions {api}");
    let page = PERMISSIONS.page(&call, &list)?;
    Ok(PERMISSIONS.reply(&call, &list, &page, Found::of_all(items, &page)))
}

async fn roles_of_permission(call: Call) -> Outcome {
    exists(&call).await?;
    known_api(&call).await?;
    let (tenant, id, wanted) = (&call.tenant.id, call.path("id"), wanted(&call));
    let mut items = Vec::new();
    for role in call.app.user_roles(tenant, id).await? {
        if call.app.role_permissions(tenant, &role.id).await?.contains(&wanted) {
            items.push(effective_role(&role));
        }
    }
    let list = format!("/users/{id}/effective-permissions/sources/roles {wanted:?}");
    let page = ROLES.page(&call, &list)?;
    Ok(ROLES.reply(&call, &list, &page, Found::of_all(in_order(items), &page)))
}

async fn roles(call: Call) -> Outcome {
    exists(&call).await?;
    let list = format!("/users/{}/effective-roles", call.path("id"));
    let page = ROLES.page(&call, &list)?;
    let roles = call.app.user_roles(&call.tenant.id, call.path("id")).await?;
    let items = in_order(roles.iter().map(effective_role).collect());
    Ok(ROLES.reply(&call, &list, &page, Found::of_all(items, &page)))
}

async fn no_groups(call: Call) -> Outcome {
    exists(&call).await?;
    let list = format!("/users/{}/groups", call.path("id"));
    let page = GROUPS.page(&call, &list)?;
    Ok(GROUPS.reply(&call, &list, &page, Found::of_all(Vec::new(), &page)))
}
