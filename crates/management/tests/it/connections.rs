//! `/connections` (`management-api.md` §4).

use keywright_testkit::Scene;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};
use crate::routes;

fn path(connection: &Value) -> String {
    format!("/connections/{}", connection["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_new_database_has_the_defaults_of_auth0() {
    let api = Api::new().await;
    let made = api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let expected = json!({
        "id": made["id"], "name": "people", "strategy": "auth0", "enabled_clients": [], "realms": ["people"],
        "is_domain_connection": false, "authentication": { "active": true }, "connected_accounts": { "active": false },
        "options": {
            "strategy_version": 2, "mfa": { "active": true, "return_enroll_settings": true },
            "brute_force_protection": true, "passwordPolicy": "good",
            "authentication_methods": {
                "password": { "enabled": true, "api_behavior": "required", "signup_behavior": "allow" },
                "passkey": { "enabled": false },
            },
            "passkey_options": {
                "challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true,
            },
        },
    });
    assert_eq!(made, expected);
    assert!(made["id"].as_str().unwrap().starts_with("con_") && made["id"].as_str().unwrap().len() == 20);
    assert_eq!(api.get(&path(&made)).await.json(), made);
    let again = api.post("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let message = "A connection with the same name already exists";
    refused(&again, 409, message, Some("connection_conflict"));
}

#[tokio::test]
async fn wrong_members_are_named() {
    let api = Api::new().await;
    for (members, reason) in [
        (
            json!({ "name": "-x" }),
            "'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: -x' on property name (Name of the \
             connection; never changes.).",
        ),
        (
            json!({ "strategy": "magic" }),
            "'No enum match for: magic' on property strategy (Kind of source; never changes.).",
        ),
        (
            json!({ "options": { "passwordPolicy": "weak" } }),
            "'No enum match for: weak' on property options.passwordPolicy.",
        ),
        (json!({ "options": { "x": 1 } }), "'Additional properties not allowed: x' on property options."),
    ] {
        let mut body = json!({ "name": "people", "strategy": "auth0" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        invalid(&api.post("/connections", body).await, reason);
    }
    for (options, message) in [
        (
            json!({ "attributes": {}, "requires_username": true }),
            "Cannot set both options.attributes and options.requires_username",
        ),
        (json!({ "attributes": {}, "validation": {} }), "Cannot set both options.attributes and options.validation"),
    ] {
        let body = json!({ "name": "people", "strategy": "auth0", "options": options });
        refused(&api.post("/connections", body).await, 400, message, Some("invalid_body"));
    }
    let missing = api.get("/connections/con_nothing").await;
    refused(&missing, 404, "The connection does not exist", Some("inexistent_connection"));
}

/// §1.13: "`options` replaced whole […] then server defaults re-added".
#[tokio::test]
async fn a_change_replaces_the_options_and_counts_at_the_next_login() {
    let api = Api::new().await;
    let scene = &api.scene;
    let own = format!("/connections/{}", scene.connection.id);
    let changed =
        api.patch(&own, json!({ "options": { "disable_signup": true }, "display_name": "People" })).await.json();
    assert_eq!((&changed["options"]["disable_signup"], &changed["display_name"]), (&json!(true), &json!("People")));
    assert_eq!(changed["options"]["passwordPolicy"], "good");
    assert!(changed["options"].get("requires_username").is_none());
    let path = scene.authorize_path(&scene.web, &[("screen_hint", "signup")]);
    let answer = api.app.browser().get(&path).await;
    assert!(answer.location().contains("signup+is+disabled"), "{answer:#?}");
    invalid(&api.patch(&own, json!({ "name": "x" })).await, "'Additional properties not allowed: name'.");
    invalid(&api.patch(&own, json!({})).await, "'Too few properties defined (0), minimum 1'.");
    // Nobody logs in with a connection that is switched off.
    api.patch(&own, json!({ "authentication": { "active": false } })).await;
    let answer = api.app.browser().get(&scene.authorize_path(&scene.web, &[])).await;
    assert!(answer.location().contains("no+connections+enabled"), "{answer:#?}");
}

#[tokio::test]
async fn applications_are_enabled_one_by_one() {
    let api = Api::new().await;
    let made = api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let clients = format!("{}/clients", path(&made));
    let (web, spa) = (api.scene.web.id(), api.scene.spa.id());
    let change = json!([{ "client_id": web, "status": true }, { "client_id": spa, "status": true }]);
    assert_eq!(api.patch(&clients, change).await.status, 204);
    let listed = api.get(&clients).await.json();
    assert_eq!(listed["clients"].as_array().unwrap().len(), 2);
    assert_eq!(api.patch(&clients, json!([{ "client_id": spa, "status": false }])).await.status, 204);
    assert_eq!(api.get(&clients).await.json(), json!({ "clients": [{ "client_id": web }] }));
    let nobody = api.patch(&clients, json!([{ "client_id": "nobody", "status": true }])).await;
    refused(&nobody, 404, "The client does not exist", Some("inexistent_client"));
    let of = api.get(&format!("/clients/{web}/connections?fields=name")).await.json();
    assert_eq!(of, json!({ "connections": [{ "name": "Username-Password-Authentication" }, { "name": "people" }] }));
    invalid(&api.patch(&clients, json!([])).await, "'Array is too short (0), minimum 1'.");
    let first = api.get(&format!("/clients/{web}/connections?take=1")).await.json();
    let rest = api.get(&format!("/clients/{web}/connections?from={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["connections"][0]["name"], "people");
}

#[tokio::test]
async fn connections_are_listed_and_filtered() {
    let api = Api::new().await;
    api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    api.create("/connections", json!({ "name": "others", "strategy": "auth0" })).await;
    for (query, expected) in [
        ("", vec!["Username-Password-Authentication", "others", "people"]),
        ("strategy=auth0&strategy=auth0&name=people", vec!["people"]),
        ("name=nothing", vec![]),
    ] {
        let found = api.get(&format!("/connections?{query}")).await.json();
        let mut names: Vec<&str> = found.as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{query}");
    }
}

#[tokio::test]
async fn a_deleted_connection_takes_its_users_with_it() {
    let api = Api::of(Scene::new(routes).await, keywright_management::SCOPES).await;
    let scene = &api.scene;
    let own = format!("/connections/{}", scene.connection.id);
    let deleted = api.delete(&own).await;
    assert_eq!((deleted.status.as_u16(), deleted.text("deleted_at").as_str()), (202, "2026-03-01T12:00:00.000Z"));
    assert_eq!(api.delete(&own).await.status, 204, "nothing to delete");
    // Its name is nobody's while there are users of it.
    let body = json!({ "name": "Username-Password-Authentication", "strategy": "auth0" });
    let early = api.post("/connections", body.clone()).await;
    refused(&early, 409, "A connection with the same name is being deleted, try again later", None);
    let id = scene.user.user_id.clone();
    let gone = async {
        while api.app.app.user(&api.app.tenant.id, &id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let jobs = api.app.app.run_jobs(async { drop(stopped.await) });
    let finish = async {
        gone.await;
        drop(stop);
    };
    tokio::join!(jobs, finish);
    assert_eq!(api.post("/connections", body).await.status, 201);
}

#[tokio::test]
async fn a_user_of_a_connection_is_deleted_by_address() {
    let api = Api::new().await;
    let own = format!("/connections/{}/users", api.scene.connection.id);
    assert_eq!(api.delete(&format!("{own}?email=Jane%40example.com")).await.status, 204);
    assert!(api.app.app.user(&api.app.tenant.id, &api.scene.user.user_id).await.unwrap().is_none());
    assert_eq!(api.delete(&format!("{own}?email=jane%40example.com")).await.status, 204);
    let missing = api.delete(&own).await;
    refused(&missing, 400, "Query validation error: 'Missing required property: email'.", Some("invalid_query_string"));
}
