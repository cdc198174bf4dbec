//! `/users` and `/users-by-email` (`management-api.md` §5).

use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

const CONNECTION: &str = "Username-Password-Authentication";

fn path(user: &Value) -> String {
    format!("/users/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"))
}

pub(crate) async fn user(api: &Api, members: Value) -> Value {
    let mut body = json!({ "connection": CONNECTION, "email": "ann@example.com", "password": "Correct-horse-2" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    api.create("/users", body).await
}

#[tokio::test]
async fn a_user_is_made_and_can_log_in() {
    let api = Api::new().await;
    let made =
        user(&api, json!({ "email": "Ann@Example.com", "user_metadata": { "a": 1 }, "given_name": "Ann" })).await;
    let id = made["user_id"].as_str().unwrap();
    let expected = json!({
        "user_id": id, "email": "ann@example.com", "email_verified": false, "name": "ann@example.com", "nickname": "ann",
        "picture": made["picture"], "given_name": "Ann", "user_metadata": { "a": 1 },
        "created_at": "2026-03-01T12:00:00.000Z", "updated_at": "2026-03-01T12:00:00.000Z",
        "identities": [{ "connection": CONNECTION, "user_id": &id[6..], "provider": "auth0", "isSocial": false }],
    });
    assert_eq!(made, expected);
    assert_eq!(api.get(&path(&made)).await.json(), made);
    let scene = &api.scene;
    let browser = api.app.browser();
    let page = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    let answer = browser.log_in(&page, "ann@example.com", "Correct-horse-2").await;
    assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
    let seen = api.get(&path(&made)).await.json();
    assert_eq!((&seen["logins_count"], &seen["last_login"]), (&json!(1), &json!("2026-03-01T12:00:00.000Z")));
    let own = user(&api, json!({ "email": "bob@example.com", "user_id": "my-own-1", "blocked": true })).await;
    assert_eq!((&own["user_id"], &own["blocked"]), (&json!("auth0|my-own-1"), &json!(true)));
}

#[tokio::test]
async fn wrong_users_are_refused() {
    let api = Api::new().await;
    let post = |members: Value| {
        let api = api.clone();
        async move {
            let mut body =
                json!({ "connection": CONNECTION, "email": "ann@example.com", "password": "Correct-horse-2" });
            for (name, value) in members.as_object().unwrap() {
                if value.is_null() {
                    body.as_object_mut().unwrap().remove(name);
                } else {
                    body[name] = value.clone();
                }
            }
            api.post("/users", body).await
        }
    };
    let exists = post(json!({ "email": "JANE@example.com" })).await;
    refused(&exists, 409, "The user already exists.", Some("auth0_idp_error"));
    refused(&post(json!({ "password": "x" })).await, 400, "PasswordStrengthError: Password is too weak", None);
    refused(&post(json!({ "connection": "nothing" })).await, 400, "The connection does not exist.", None);
    invalid(&post(json!({ "email": null })).await, "'Missing required property: email'.");
    invalid(&post(json!({ "password": null })).await, "'Missing required property: password'.");
    invalid(&post(json!({ "identities": [] })).await, "'Additional properties not allowed: identities'.");
    let reserved = post(json!({ "app_metadata": { "user_id": "x" } })).await;
    refused(&reserved, 400, "The key user_id is not allowed in app_metadata", Some("invalid_body"));
    assert_eq!(api.get("/users-by-email?email=ann%40example.com").await.json(), json!([]), "nothing half-written");
}

/// §1.13.
#[tokio::test]
async fn metadata_is_merged_and_attributes_are_unset() {
    let api = Api::new().await;
    let metadata =
        json!({ "user_metadata": { "a": 1, "b": { "x": 1 } }, "app_metadata": { "plan": "free" }, "given_name": "A" });
    let path = path(&user(&api, metadata).await);
    for (body, name, expected) in [
        (
            json!({ "user_metadata": { "b": { "y": 2 }, "c": 3 } }),
            "user_metadata",
            json!({ "a": 1, "b": { "y": 2 }, "c": 3 }),
        ),
        (json!({ "user_metadata": { "a": null } }), "user_metadata", json!({ "b": { "y": 2 }, "c": 3 })),
        (json!({ "user_metadata": {} }), "user_metadata", Value::Null),
        (json!({ "app_metadata": { "since": 2026 } }), "app_metadata", json!({ "plan": "free", "since": 2026 })),
        (json!({ "app_metadata": null }), "app_metadata", Value::Null),
        (json!({ "given_name": "B" }), "given_name", json!("B")),
        (json!({ "given_name": null }), "given_name", Value::Null),
    ] {
        let changed = api.patch(&path, body.clone()).await;
        assert_eq!(changed.status, 200, "{body}: {changed:#?}");
        assert_eq!(changed.json()[name], expected, "{body}");
        assert_eq!(api.get(&path).await.json()[name], expected, "{body}");
    }
}

#[tokio::test]
async fn a_change_of_the_account_ends_what_it_should() {
    let api = Api::new().await;
    let scene = &api.scene;
    let path = format!("/users/{}", scene.user.user_id.replace('|', "%7C"));
    let browser = api.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let silent = scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")]);
    assert!(browser.get(&silent).await.location_parameter("code").is_some());
    let both = api.patch(&path, json!({ "password": "Another-horse-3", "email": "x@example.com" })).await;
    refused(&both, 400, "Cannot update password and email simultaneously.", None);
    assert_eq!(api.patch(&path, json!({ "password": "Another-horse-3" })).await.status, 200);
    assert!(browser.get(&silent).await.location_parameter("code").is_none(), "the session is over");
    refused(
        &api.patch(&path, json!({ "password": "x" })).await,
        400,
        "PasswordStrengthError: Password is too weak",
        None,
    );
    let connection = format!("/connections/{}", scene.connection.id);
    let options = json!({ "options": {
        "password_history": { "enable": true }, "password_dictionary": { "enable": true },
        "password_no_personal_info": { "enable": true }, "passwordPolicy": "low",
    } });
    assert_eq!(api.patch(&connection, options).await.status, 200);
    for (password, message) in [
        ("Another-horse-3", "PasswordHistoryError: Password has previously been used"),
        ("letmein", "PasswordDictionaryError: Password is too common"),
        ("my-jane-1", "PasswordNoUserInfoError: Password contains user information"),
    ] {
        refused(&api.patch(&path, json!({ "password": password })).await, 400, message, None);
    }
    let renamed = api.patch(&path, json!({ "email": "Jane.New@example.com" })).await.json();
    assert_eq!((&renamed["email"], &renamed["email_verified"]), (&json!("jane.new@example.com"), &json!(false)));
    user(&api, json!({})).await;
    let taken = api.patch(&path, json!({ "email": "ann@example.com" })).await;
    refused(&taken, 409, "The user already exists.", Some("auth0_idp_error"));
    assert_eq!(api.patch(&path, json!({ "email_verified": true })).await.json()["email_verified"], true);
    assert_eq!(api.patch(&path, json!({ "blocked": true })).await.json()["blocked"], true);
    let page = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let answer = browser.log_in(&page, "jane.new@example.com", "Another-horse-3").await;
    assert!(answer.location_parameter("code").is_none(), "a blocked user does not log in: {answer:#?}");
    assert!(api.patch(&path, json!({ "blocked": false })).await.json().get("blocked").is_none());
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.delete(&path).await.status, 204, "it is idempotent");
    refused(&api.get(&path).await, 404, "The user does not exist.", Some("inexistent_user"));
}

#[tokio::test]
async fn users_are_listed_and_found_by_address() {
    let api = Api::new().await;
    api.app.advance(1);
    user(&api, json!({})).await;
    let page = api.get("/users?include_totals=true&per_page=1&page=1").await.json();
    assert_eq!(
        (&page["total"], &page["length"], &page["users"][0]["email"]),
        (&json!(2), &json!(1), &json!("ann@example.com"))
    );
    assert_eq!(
        api.get("/users?fields=email").await.json(),
        json!([{ "email": "jane@example.com" }, { "email": "ann@example.com" }])
    );
    let found = api.get("/users-by-email?email=ANN%40example.com&fields=email").await.json();
    assert_eq!(found, json!([{ "email": "ann@example.com" }]));
    assert_eq!(api.get("/users-by-email?email=nobody%40example.com").await.json(), json!([]));
    refused(
        &api.get("/users?per_page=100&page=10").await,
        400,
        "You can only page through the first 1000 records.",
        None,
    );
}

/// §1.3: a user's own token.
#[tokio::test]
async fn tn_03_a_user_reads_and_edits_their_own_profile_and_nothing_else() {
    let api = Api::new().await;
    let audience = api.app.tenant.management_audience();
    let scopes =
        [("read:current_user", "x"), ("update:current_user_metadata", "x")].map(|(scope, _)| json!({ "value": scope }));
    let mut server = api.app.app.api(&api.app.tenant.id, &audience).await.unwrap().unwrap().api.clone();
    server.scopes = serde_json::from_value(json!(scopes)).unwrap();
    api.app.app.update_api(&api.app.tenant.id, &server).await.unwrap();
    let scope = "openid read:current_user update:current_user_metadata";
    let token = api.scene.tokens(&api.scene.web, scope, &audience).await.text("access_token");
    let own = Api { token, ..api.clone() };
    let path = format!("/users/{}", api.scene.user.user_id.replace('|', "%7C"));
    assert_eq!(own.get(&path).await.text("email"), "jane@example.com");
    assert_eq!(
        own.patch(&path, json!({ "user_metadata": { "a": 1 } })).await.json()["user_metadata"],
        json!({ "a": 1 })
    );
    let more = own.patch(&path, json!({ "email_verified": true })).await;
    refused(&more, 403, "Only user_metadata can be changed with a token of the user.", None);
    let other = user(&api, json!({})).await;
    let message = "User to be acted on does not match subject in bearer token.";
    refused(&own.get(&self::path(&other)).await, 403, message, None);
    assert_eq!(own.get("/users").await.status, 403);
    assert_eq!(own.delete(&path).await.status, 403);
    assert_eq!(own.get(&format!("{path}/roles")).await.status, 403);
}
