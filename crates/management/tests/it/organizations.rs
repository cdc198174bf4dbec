//! `/organizations` (`management-api.md` §8).

use keywright_testkit::Engine;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

async fn organization(api: &Api, name: &str) -> String {
    api.create("/organizations", json!({ "name": name })).await["id"].as_str().unwrap().to_owned()
}

fn names(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_organization_is_kept_changed_and_deleted() {
    let api = Api::new().await;
    let body = json!({
        "name": "acme", "display_name": "Acme Inc", "metadata": { "plan": "pro" },
        "branding": { "logo_url": "https://acme.example/logo.png", "colors": { "primary": "#fff", "page_background": "#000" } },
        "enabled_connections": [{ "connection_id": api.scene.connection.id, "assign_membership_on_login": true }],
    });
    let mut made = api.create("/organizations", body).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("org_") && id.len() == 20);
    let enabled = json!([{
        "connection_id": api.scene.connection.id, "assign_membership_on_login": true, "show_as_button": true,
        "is_signup_enabled": false,
        "connection": { "name": "Username-Password-Authentication", "strategy": "auth0" },
    }]);
    assert_eq!(made.as_object_mut().unwrap().remove("enabled_connections"), Some(enabled));
    let own = format!("/organizations/{id}");
    assert_eq!(api.get(&own).await.json(), made);
    assert_eq!(api.get("/organizations/name/ACME").await.json(), made);
    let changed = api.patch(&own, json!({ "name": "acme2", "metadata": {}, "branding": null })).await.json();
    assert_eq!(changed, json!({ "id": id, "name": "acme2", "display_name": "Acme Inc" }));
    // The rest of the program reads it.
    let record = api.app.app.organization(&api.app.tenant.id, &id).await.unwrap().unwrap();
    assert_eq!((record.organization.name.as_str(), record.connections.len()), ("acme2", 1));
    let summary = api.with_scopes(&["read:organizations_summary"]).await;
    assert_eq!(summary.get(&own).await.json(), changed);
    assert_eq!(api.delete(&own).await.status, 204);
    let missing = "No organization found by that id or name";
    refused(&api.delete(&own).await, 404, missing, None);
    refused(&api.get(&own).await, 404, missing, None);
    refused(&api.get("/organizations/name/acme2").await, 404, missing, None);
}

#[tokio::test]
async fn wrong_members_are_named_and_write_nothing() {
    let api = Api::new().await;
    let name = "(Name in requests: lower-case letters, digits, - and _.)";
    let one = json!({ "connection_id": api.scene.connection.id });
    for (body, reason) in [
        (json!({}), "'Missing required property: name'.".to_owned()),
        (
            json!({ "name": "Acme" }),
            format!("'String does not match pattern ^[a-z0-9][a-z0-9_-]*$: Acme' on property name {name}."),
        ),
        (json!({ "name": "a".repeat(51) }), format!("'String is too long (51 chars), maximum 50' on property name {name}.")),
        (json!({ "name": "a", "id": "org_x" }), "'Additional properties not allowed: id'.".to_owned()),
        (
            json!({ "name": "a", "enabled_connections": vec![one; 11] }),
            "'Array is too long (11), maximum 10' on property enabled_connections.".to_owned(),
        ),
        (
            json!({ "name": "a", "branding": { "logo_url": "http://a.example/" } }),
            "'Object didn't pass validation for format absolute-https-uri-with-placeholders-or-empty: http://a.example/' \
             on property branding.logo_url."
                .to_owned(),
        ),
    ] {
        invalid(&api.post("/organizations", body).await, &reason);
    }
    let unknown = json!({ "name": "a", "enabled_connections": [{ "connection_id": "con_nothing" }] });
    let answer = api.post("/organizations", unknown).await;
    refused(&answer, 404, "The connection does not exist", Some("inexistent_connection"));
    assert_eq!(api.get("/organizations").await.json(), json!([]));
    // Enabling connections needs its own scope.
    let creator = api.with_scopes(&["create:organizations"]).await;
    let body = json!({ "name": "a", "enabled_connections": [] });
    let message = "Insufficient scope, expected any of: create:organization_connections";
    refused(&creator.post("/organizations", body).await, 403, message, Some("insufficient_scope"));
    assert_eq!(creator.post("/organizations", json!({ "name": "a" })).await.status, 201);
    let again = api.post("/organizations", json!({ "name": "a" })).await;
    refused(&again, 409, "An organization with this name already exists", Some("organization_conflict"));
    let id = organization(&api, "b").await;
    let renamed = api.patch(&format!("/organizations/{id}"), json!({ "name": "a" })).await;
    refused(&renamed, 409, "An organization with this name already exists", Some("organization_conflict"));
}

#[tokio::test]
async fn organizations_are_listed_in_pages_and_sorted() {
    let api = Api::new().await;
    for name in ["two", "one", "three"] {
        organization(&api, name).await;
        api.app.advance(1);
    }
    assert_eq!(names(&api.get("/organizations").await.json()), ["two", "one", "three"]);
    assert_eq!(names(&api.get("/organizations?sort=name:1").await.json()), ["one", "three", "two"]);
    assert_eq!(names(&api.get("/organizations?sort=name:-1&per_page=2").await.json()), ["two", "three"]);
    assert_eq!(names(&api.get("/organizations?sort=name:-1&per_page=2&page=1").await.json()), ["one"]);
    assert_eq!(names(&api.get("/organizations?q=t").await.json()), ["two", "three"]);
    let totals = api.get("/organizations?include_totals=true&per_page=2&page=1").await.json();
    assert_eq!((&totals["total"], names(&totals["organizations"])), (&json!(3), vec!["three"]));
    let first = api.get("/organizations?take=2").await.json();
    let rest = api.get(&format!("/organizations?from={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!(names(&rest["organizations"]), ["three"]);
    let fields = api.get("/organizations?fields=name&take=1").await.json();
    assert_eq!(fields["organizations"], json!([{ "name": "two" }]));
}

#[tokio::test]
async fn connections_have_two_views() {
    let api = Api::new().await;
    let id = organization(&api, "acme").await;
    let (enabled, all) =
        (format!("/organizations/{id}/enabled_connections"), format!("/organizations/{id}/connections"));
    let database = api.scene.connection.id.clone();
    let made = api.create(&enabled, json!({ "connection_id": database, "show_as_button": false })).await;
    let connection = json!({ "name": "Username-Password-Authentication", "strategy": "auth0" });
    let older = json!({
        "connection_id": database, "assign_membership_on_login": false, "show_as_button": false,
        "is_signup_enabled": false, "connection": connection,
    });
    assert_eq!(made, older);
    let mut newer = older.clone();
    newer["is_enabled"] = json!(true);
    assert_eq!(api.get(&all).await.json(), json!([newer]));
    assert_eq!(api.get(&format!("{enabled}/{database}")).await.json(), older);
    let again = api.post(&all, json!({ "connection_id": database })).await;
    refused(&again, 409, "The connection has already been added to this organization.", None);
    let changed = json!({ "organization_connection_name": "People", "organization_access_level": "full" });
    let changed = api.patch(&format!("{all}/{database}"), changed).await.json();
    assert_eq!(changed["organization_connection_name"], "People");
    assert_eq!(api.get(&enabled).await.json(), json!([older]), "the older view shows nothing new");
    // Switched off it is in one view alone, and nobody logs in over it.
    let off = api.patch(&format!("{all}/{database}"), json!({ "is_enabled": false })).await.json();
    assert_eq!((&off["is_enabled"], &off["organization_connection_name"]), (&json!(false), &json!("People")));
    assert_eq!(api.get(&enabled).await.json(), json!([]));
    assert_eq!(api.get(&format!("{all}?is_enabled=true")).await.json(), json!([]));
    assert_eq!(api.get(&format!("{all}?is_enabled=false")).await.json(), json!([off]));
    let missing = "No connection found by that id";
    refused(&api.get(&format!("{enabled}/{database}")).await, 404, missing, None);
    refused(&api.patch(&format!("{enabled}/{database}"), json!({ "show_as_button": true })).await, 404, missing, None);
    let record = api.app.app.organization(&api.app.tenant.id, &id).await.unwrap().unwrap();
    assert!(record.connections.is_empty());
    api.patch(&format!("{all}/{database}"), json!({ "is_enabled": true })).await;
    let record = api.app.app.organization(&api.app.tenant.id, &id).await.unwrap().unwrap();
    assert_eq!(record.connections.len(), 1);
    let totals = api.get(&format!("{enabled}?include_totals=true")).await.json();
    assert_eq!((&totals["total"], totals["enabled_connections"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(api.delete(&format!("{enabled}/{database}")).await.status, 204);
    assert_eq!(api.delete(&format!("{enabled}/{database}")).await.status, 204);
    assert_eq!(api.get(&all).await.json(), json!([]));
}

/// §1.10: "Only database connections with assign_membership_on_login = true".
#[tokio::test]
async fn sign_up_is_for_databases_that_assign_membership() {
    let api = Api::new().await;
    let id = organization(&api, "acme").await;
    let path = format!("/organizations/{id}/enabled_connections");
    let google = api.create("/connections", json!({ "name": "google", "strategy": "google-oauth2" })).await;
    let message = "Only database connections with assign_membership_on_login = true support is_signup_enabled = true.";
    for (connection, assign) in [(&api.scene.connection.id, false), (&google["id"].as_str().unwrap().to_owned(), true)]
    {
        let body = json!({
            "connection_id": connection, "is_signup_enabled": true, "assign_membership_on_login": assign,
        });
        refused(&api.post(&path, body).await, 400, message, Some("invalid_body"));
    }
    let body = json!({
        "connection_id": api.scene.connection.id, "is_signup_enabled": true, "assign_membership_on_login": true,
    });
    api.create(&path, body).await;
    let own = format!("{path}/{}", api.scene.connection.id);
    let refusal = api.patch(&own, json!({ "assign_membership_on_login": false })).await;
    refused(&refusal, 400, message, Some("invalid_body"));
}

#[tokio::test]
async fn members_are_added_listed_and_removed() {
    let api = Api::new().await;
    let id = organization(&api, "acme").await;
    let path = format!("/organizations/{id}/members");
    let user = api.scene.user.user_id.clone();
    let unknown = api.post(&path, json!({ "members": [user, "auth0|nobody"] })).await;
    refused(&unknown, 404, "The user does not exist.", Some("inexistent_user"));
    assert_eq!(api.get(&path).await.json(), json!([]), "all or none");
    for _ in 0..2 {
        assert_eq!(api.post(&path, json!({ "members": [user] })).await.status, 204);
    }
    let found = api.get(&path).await.json();
    assert_eq!((&found[0]["user_id"], &found[0]["email"]), (&json!(user), &json!("jane@example.com")));
    assert!(found[0].get("roles").is_none());
    let fields = api.get(&format!("{path}?fields=user_id,roles&include_fields=true&take=100")).await.json();
    assert_eq!(fields["members"], json!([{ "user_id": user, "roles": [] }]));
    let totals = api.get(&format!("{path}?include_totals=true")).await.json();
    assert_eq!((&totals["total"], totals["members"].as_array().unwrap().len()), (&json!(1), 1));
    let removed = api.send(http::Method::DELETE, &path, Some(json!({ "members": [user, "auth0|nobody"] }))).await;
    assert_eq!(removed.status, 204);
    assert_eq!(api.get(&path).await.json(), json!([]));
    invalid(
        &api.post(&path, json!({ "members": [] })).await,
        "'Array is too short (0), minimum 1' on property members.",
    );
}

#[tokio::test]
async fn members_have_roles_of_their_own() {
    for engine in Engine::all() {
        let scene =
            keywright_testkit::Scene::with(crate::routes, engine, keywright_types::TenantSettings::default()).await;
        let api = Api::of(scene, keywright_management::SCOPES).await;
        let id = organization(&api, "acme").await;
        let user = api.scene.user.user_id.replace('|', "%7C");
        let path = format!("/organizations/{id}/members/{user}/roles");
        let role = api.post("/roles", json!({ "name": "Editor" })).await.text("id");
        let body = json!({ "roles": [role] });
        let stranger = "The user is not a member of the organization.";
        refused(&api.post(&path, body.clone()).await, 404, stranger, None);
        refused(&api.get(&path).await, 404, stranger, None);
        let members = format!("/organizations/{id}/members");
        api.post(&members, json!({ "members": [api.scene.user.user_id] })).await;
        let unknown = api.post(&path, json!({ "roles": [role, "rol_nothing"] })).await;
        refused(&unknown, 404, "The role does not exist.", None);
        assert_eq!(api.get(&path).await.json(), json!([]), "all or none");
        assert_eq!(api.post(&path, body.clone()).await.status, 204);
        let shown = json!([{ "id": role, "name": "Editor", "description": "" }]);
        assert_eq!(api.get(&path).await.json(), shown);
        let effective = format!("/organizations/{id}/members/{user}/effective-roles");
        let sources = json!([{ "id": role, "name": "Editor", "description": "", "sources": ["direct"] }]);
        assert_eq!(api.get(&effective).await.json(), json!({ "roles": sources }));
        let listed = api.get(&format!("{members}?fields=roles")).await.json();
        assert_eq!(listed, json!([{ "roles": [{ "id": role, "name": "Editor" }] }]));
        // Everywhere else the user has it not.
        assert_eq!(api.get(&format!("/users/{user}/roles")).await.json(), json!([]));
        assert_eq!(api.send(http::Method::DELETE, &path, Some(body)).await.status, 204);
        assert_eq!(api.get(&path).await.json(), json!([]));
    }
}

#[tokio::test]
async fn client_grants_are_added_once() {
    let api = Api::new().await;
    let id = organization(&api, "acme").await;
    let client = api.client(json!({})).await["client_id"].as_str().unwrap().to_owned();
    let body =
        json!({ "client_id": client, "audience": "appointments:api", "scope": [], "organization_usage": "allow" });
    let grant = api.create("/client-grants", body).await;
    let path = format!("/organizations/{id}/client-grants");
    let body = json!({ "grant_id": grant["id"] });
    assert_eq!(api.create(&path, body.clone()).await, grant);
    let again = api.post(&path, body).await;
    refused(&again, 409, "The client grant has already been added to this organization.", None);
    assert_eq!(api.get(&path).await.json(), json!([grant]));
    assert_eq!(api.get(&format!("{path}?client_id=other")).await.json(), json!([]));
    let totals = api.get(&format!("{path}?include_totals=true")).await.json();
    assert_eq!((&totals["total"], &totals["client_grants"]), (&json!(1), &json!([grant])));
    let grant_id = grant["id"].as_str().unwrap();
    let of = api.get(&format!("/client-grants/{grant_id}/organizations")).await.json();
    assert_eq!(of, json!([{ "id": id, "name": "acme" }]));
    let clients =
        api.get(&format!("/clients?take=9&fields=client_id&q=client_grant.organization_id:{id}")).await.json();
    assert_eq!(clients, json!({ "clients": [{ "client_id": client }] }));
    let unknown = api.post(&path, json!({ "grant_id": "cgr_nothing" })).await;
    refused(&unknown, 404, "The client grant does not exist.", None);
    assert_eq!(api.delete(&format!("{path}/{grant_id}")).await.status, 204);
    assert_eq!(api.get(&path).await.json(), json!([]));
}
