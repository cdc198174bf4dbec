//! `/client-grants` (`management-api.md` §3.2).

use keywright_types::AccessPolicy;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

async fn grant(api: &Api, members: Value) -> keywright_testkit::Answer {
    let mut body = json!({ "client_id": api.scene.web.id(), "audience": "appointments:api" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    api.post("/client-grants", body).await
}

#[tokio::test]
async fn a_grant_is_made_read_changed_and_deleted() {
    let api = Api::new().await;
    let made = grant(&api, json!({ "scope": ["contacts"] })).await;
    assert_eq!(made.status, 201, "{made:#?}");
    let id = made.text("id");
    assert!(id.starts_with("cgr_") && id.len() == 20);
    let expected = json!({
        "id": id, "client_id": api.scene.web.id(), "audience": "appointments:api", "scope": ["contacts"],
        "subject_type": "client",
    });
    assert_eq!(made.json(), expected);
    let path = format!("/client-grants/{id}");
    assert_eq!(api.get(&path).await.json(), expected);
    let taken = format!("A client grant already exists between {} and appointments:api", api.scene.web.id());
    refused(&grant(&api, json!({ "scope": [] })).await, 409, &taken, None);
    let changed = api.patch(&path, json!({ "scope": ["appointments"], "organization_usage": "allow" })).await.json();
    assert_eq!((&changed["scope"], &changed["organization_usage"]), (&json!(["appointments"]), &json!("allow")));
    let unset = api.patch(&path, json!({ "organization_usage": null })).await.json();
    assert!(unset.get("organization_usage").is_none());
    invalid(&api.patch(&path, json!({})).await, "'Too few properties defined (0), minimum 1'.");
    invalid(&api.patch(&path, json!({ "audience": "x" })).await, "'Additional properties not allowed: audience'.");
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.delete(&path).await.status, 204, "it is idempotent");
    refused(&api.get(&path).await, 404, "The client grant does not exist.", None);
    refused(&api.patch(&path, json!({ "scope": [] })).await, 404, "The client grant does not exist.", None);
}

#[tokio::test]
async fn a_grant_needs_its_application_and_its_api() {
    let api = Api::new().await;
    let nobody = grant(&api, json!({ "client_id": "nobody" })).await;
    refused(&nobody, 404, "The client does not exist", Some("inexistent_client"));
    let nothing = grant(&api, json!({ "audience": "urn:nothing" })).await;
    refused(&nothing, 404, "The resource server does not exist", Some("inexistent_resource_server"));
    invalid(&api.post("/client-grants", json!({ "audience": "x" })).await, "'Missing required property: client_id'.");
    let wrong = grant(&api, json!({ "subject_type": "robot" })).await;
    invalid(&wrong, "'No enum match for: robot' on property subject_type (For itself, or on behalf of users.).");
}

/// The scope that the application gets for itself.
async fn scope(api: &Api) -> Option<String> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", api.scene.web.id()),
        ("client_secret", &api.scene.web.secret),
        ("audience", "appointments:api"),
    ];
    let answer = api.app.post_form("/oauth/token", &fields).await;
    answer.json()["scope"].as_str().map(str::to_owned)
}

/// What the grant says is what the next token has.
#[tokio::test]
async fn a_grant_limits_what_the_application_gets() {
    let api = Api::new().await;
    assert_eq!(scope(&api).await, None, "there is no grant");
    // One on behalf of users is none for itself.
    assert_eq!(grant(&api, json!({ "scope": ["contacts"], "subject_type": "user" })).await.status, 201);
    assert_eq!(scope(&api).await, None);
    let id = grant(&api, json!({ "scope": ["contacts"] })).await.text("id");
    assert_eq!(scope(&api).await.as_deref(), Some("contacts"));
    api.patch(&format!("/client-grants/{id}"), json!({ "allow_all_scopes": true })).await;
    assert_eq!(scope(&api).await.as_deref(), Some("appointments contacts read:contacts"));
    let more = json!({ "scopes": [{ "value": "contacts" }, { "value": "delete:contacts" }] });
    api.patch("/resource-servers/appointments%3Aapi", more).await;
    assert_eq!(scope(&api).await.as_deref(), Some("contacts delete:contacts"), "also those of later");
    api.delete(&format!("/client-grants/{id}")).await;
    assert_eq!(scope(&api).await, None);
}

#[tokio::test]
async fn a_grant_on_behalf_of_users_opens_an_api_to_them() {
    let api = Api::new().await;
    let scene = &api.scene;
    let mut server = scene.api.clone();
    server.subject_type_authorization.user.policy = AccessPolicy::RequireClientGrant;
    api.app.app.update_api(&api.app.tenant.id, &server).await.unwrap();
    let path = scene.authorize_path(&scene.web, &[("audience", "appointments:api"), ("scope", "contacts")]);
    assert_eq!(grant(&api, json!({ "scope": ["contacts"] })).await.status, 201);
    let refusal = api.app.browser().get(&path).await;
    assert!(refusal.location().contains("error="), "one for itself is none for users: {refusal:#?}");
    assert_eq!(grant(&api, json!({ "scope": ["contacts"], "subject_type": "user" })).await.status, 201);
    let tokens = scene.tokens(&scene.web, "contacts appointments", "appointments:api").await;
    assert_eq!(tokens.claims("access_token")["scope"], "contacts");
}

#[tokio::test]
async fn grants_are_listed_and_filtered() {
    let api = Api::new().await;
    assert_eq!(grant(&api, json!({})).await.status, 201);
    assert_eq!(grant(&api, json!({ "subject_type": "user", "allow_any_organization": true })).await.status, 201);
    let web = api.scene.web.id();
    let all = api.get("/client-grants").await.json().as_array().unwrap().len();
    for (query, expected) in [
        (format!("client_id={web}"), 2),
        (format!("client_id={web}&subject_type=user"), 1),
        (format!("client_id={web}&audience=urn:x"), 0),
        ("audience=appointments:api".to_owned(), 3),
        ("allow_any_organization=true".to_owned(), 1),
        ("default_for=third_party_clients".to_owned(), 0),
        ("subject_type=client".to_owned(), all - 1),
    ] {
        let found = api.get(&format!("/client-grants?include_totals=true&{query}")).await.json();
        let grants = found["client_grants"].as_array().unwrap().len();
        assert_eq!((grants, &found["total"]), (expected, &json!(expected)), "{query}");
    }
    let page = api.get("/client-grants?take=2").await.json();
    let rest = api.get(&format!("/client-grants?from={}", page["next"].as_str().unwrap())).await.json();
    let length = |page: &Value| page["client_grants"].as_array().unwrap().len();
    assert_eq!((length(&page), length(&page) + length(&rest)), (2, all));
}

/// TN-03: "nobody can grant what they do not hold".
#[tokio::test]
async fn tn_03_nobody_grants_scopes_of_this_api_that_they_do_not_have() {
    let api = Api::new().await;
    let audience = api.app.tenant.management_audience();
    let small = api.with_scopes(&["create:client_grants", "update:client_grants", "read:clients"]).await;
    let message = "Scopes of the Management API can only be granted by who has them: delete:users";
    let more = grant(&small, json!({ "audience": audience, "scope": ["read:clients", "delete:users"] })).await;
    refused(&more, 403, message, Some("insufficient_scope"));
    let all = grant(&small, json!({ "audience": audience, "allow_all_scopes": true })).await;
    assert_eq!(all.status, 403, "{all:#?}");
    let own = grant(&small, json!({ "audience": audience, "scope": ["read:clients"] })).await;
    assert_eq!(own.status, 201, "{own:#?}");
    let path = format!("/client-grants/{}", own.text("id"));
    let more = small.patch(&path, json!({ "scope": ["read:clients", "delete:users"] })).await;
    refused(&more, 403, message, Some("insufficient_scope"));
    assert_eq!(small.patch(&path, json!({ "scope": [] })).await.status, 200, "to take away is to grant nothing");
    assert_eq!(api.patch(&path, json!({ "scope": ["delete:users"] })).await.status, 200);
}
