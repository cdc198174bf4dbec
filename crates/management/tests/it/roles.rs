//! `/roles` (`management-api.md` §7).

use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

async fn role(api: &Api, name: &str) -> String {
    let made = api.post("/roles", json!({ "name": name, "description": "d" })).await;
    assert_eq!(made.status, 200, "{made:#?}");
    made.text("id")
}

fn contacts() -> Value {
    json!({ "permissions": [{ "permission_name": "contacts", "resource_server_identifier": "appointments:api" }] })
}

#[tokio::test]
async fn a_role_is_made_changed_and_deleted() {
    let api = Api::new().await;
    let id = role(&api, "Editor").await;
    assert!(id.starts_with("rol_") && id.len() == 20);
    let path = format!("/roles/{id}");
    assert_eq!(api.get(&path).await.json(), json!({ "id": id, "name": "Editor", "description": "d" }));
    let taken = api.post("/roles", json!({ "name": "Editor" })).await;
    refused(&taken, 409, "The role already exists.", None);
    let changed = api.patch(&path, json!({ "description": "" })).await;
    assert_eq!(changed.json(), json!({ "id": id, "name": "Editor", "description": "" }));
    invalid(&api.post("/roles", json!({})).await, "'Missing required property: name'.");
    role(&api, "Reader").await;
    refused(&api.patch(&path, json!({ "name": "Reader" })).await, 409, "The role already exists.", None);
    let found = api.get("/roles?name_filter=EDIT&include_totals=true").await.json();
    assert_eq!((&found["total"], &found["roles"][0]["name"]), (&json!(1), &json!("Editor")));
    let deleted = api.delete(&path).await;
    assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
    for answer in [api.delete(&path).await, api.get(&path).await, api.patch(&path, json!({ "name": "x" })).await] {
        refused(&answer, 404, "The role does not exist.", None);
    }
}

#[tokio::test]
async fn a_role_has_permissions_that_apis_define() {
    let api = Api::new().await;
    let path = format!("/roles/{}/permissions", role(&api, "Editor").await);
    let added = api.post(&path, contacts()).await;
    assert_eq!((added.status.as_u16(), added.json()), (201, json!({})));
    assert_eq!(api.post(&path, contacts()).await.status, 201, "it is additive");
    let listed = json!([{
        "permission_name": "contacts", "description": "", "resource_server_name": "Appointments",
        "resource_server_identifier": "appointments:api",
    }]);
    assert_eq!(api.get(&path).await.json(), listed);
    let one = |name: &str, api: &str| json!({ "permissions": [{ "permission_name": name, "resource_server_identifier": api }] });
    let unknown = api.post(&path, one("nothing", "appointments:api")).await;
    let message = "The resource server appointments:api has no permission nothing";
    refused(&unknown, 400, message, Some("invalid_body"));
    let unknown = api.post(&path, one("contacts", "urn:nothing")).await;
    refused(&unknown, 404, "The resource server does not exist", Some("inexistent_resource_server"));
    // §1.14: a scope that the API loses "disappears from role/user permissions".
    api.patch("/resource-servers/appointments%3Aapi", json!({ "scopes": [{ "value": "other" }] })).await;
    assert_eq!(api.get(&path).await.json(), json!([]));
    let removed = api.send(http::Method::DELETE, &path, Some(contacts())).await;
    assert_eq!((removed.status.as_u16(), removed.body.as_str()), (204, ""));
    let nothing = api.post("/roles/rol_nothing/permissions", contacts()).await;
    refused(&nothing, 404, "The role does not exist.", None);
}

#[tokio::test]
async fn users_get_roles_from_both_sides() {
    let api = Api::new().await;
    let (id, user) = (role(&api, "Editor").await, api.scene.user.user_id.clone());
    let users = format!("/roles/{id}/users");
    let assigned = api.post(&users, json!({ "users": [user] })).await;
    assert_eq!(assigned.status, 200, "{assigned:#?}");
    let listed = api.get(&users).await.json();
    assert_eq!((&listed[0]["user_id"], &listed[0]["email"]), (&json!(user), &json!("jane@example.com")));
    assert_eq!(api.get(&format!("{users}?take=1")).await.json()["users"].as_array().unwrap().len(), 1);
    let nobody = api.post(&users, json!({ "users": ["auth0|nobody"] })).await;
    refused(&nobody, 404, "The user does not exist.", Some("inexistent_user"));

    let own = format!("/users/{}/roles", user.replace('|', "%7C"));
    assert_eq!(api.get(&own).await.json()[0]["name"], "Editor");
    let removed = api.send(http::Method::DELETE, &own, Some(json!({ "roles": [id] }))).await;
    assert_eq!(removed.status, 204);
    assert_eq!(api.get(&own).await.json(), json!([]));
    assert_eq!(api.post(&own, json!({ "roles": [id] })).await.status, 204);
    refused(&api.post(&own, json!({ "roles": ["rol_x"] })).await, 404, "The role does not exist.", None);
    invalid(&api.post(&own, json!({ "roles": [] })).await, "'Array is too short (0), minimum 1' on property roles.");
}

#[tokio::test]
async fn permissions_of_a_user_say_where_they_come_from() {
    let api = Api::new().await;
    let (id, user) = (role(&api, "Editor").await, api.scene.user.user_id.replace('|', "%7C"));
    api.post(&format!("/roles/{id}/permissions"), contacts()).await;
    api.post(&format!("/users/{user}/roles"), json!({ "roles": [id] })).await;
    let path = format!("/users/{user}/permissions");
    let added = api.post(&path, contacts()).await;
    assert_eq!((added.status.as_u16(), added.json()), (201, json!({})));
    let listed = api.get(&path).await.json();
    let sources = json!([
        { "source_id": "", "source_name": "", "source_type": "DIRECT" },
        { "source_id": id, "source_name": "Editor", "source_type": "ROLE" },
    ]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["sources"]), (1, &sources));

    let effective = format!("/users/{user}/effective-permissions");
    let of_api = "resource_server_identifier=appointments%3Aapi";
    let listed = api.get(&format!("{effective}?{of_api}")).await.json();
    let expected = json!({ "permissions": [{
        "permission_name": "contacts", "description": "", "resource_server_name": "Appointments",
        "resource_server_identifier": "appointments:api", "sources": ["direct", "roles"],
    }] });
    assert_eq!(listed, expected);
    let role = json!({ "roles": [{ "id": id, "name": "Editor", "description": "d", "sources": ["direct"] }] });
    for path in [
        format!("{effective}/sources/roles?{of_api}&permission_name=contacts"),
        format!("/users/{user}/effective-roles"),
    ] {
        assert_eq!(api.get(&path).await.json(), role, "{path}");
    }
    let nothing = api.get(&format!("{effective}/sources/roles?{of_api}&permission_name=x")).await.json();
    assert_eq!(nothing, json!({ "roles": [] }));
    let message = "Query validation error: 'Missing required property: resource_server_identifier'.";
    refused(&api.get(&effective).await, 400, message, Some("invalid_query_string"));
    let unknown = api.get(&format!("{effective}?resource_server_identifier=urn%3Ax")).await;
    refused(&unknown, 404, "The resource server does not exist", Some("inexistent_resource_server"));
    for path in [format!("/users/{user}/effective-roles/sources/groups?role_id={id}"), format!("/users/{user}/groups")]
    {
        assert_eq!(api.get(&path).await.json(), json!({ "groups": [] }), "{path}");
    }

    assert_eq!(api.send(http::Method::DELETE, &path, Some(contacts())).await.status, 204);
    assert_eq!(api.get(&path).await.json()[0]["sources"].as_array().unwrap().len(), 1);
    let nobody = api.get("/users/auth0%7Cnobody/permissions").await;
    refused(&nobody, 404, "The user does not exist.", Some("inexistent_user"));
}
