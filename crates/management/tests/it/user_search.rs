//! Searching users over HTTP (`management-api.md` §5.4). What queries mean is tested with the store.

use http::StatusCode;
use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;
use serde_json::{Value, json};

use crate::caller::{Api, refused};
use crate::routes;

const CONNECTION: &str = "Username-Password-Authentication";

async fn add(api: &Api, email: &str, members: Value) {
    api.app.advance(1);
    let mut body = json!({ "connection": CONNECTION, "email": email, "password": "Correct-horse-2" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    api.create("/users", body).await;
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn users_are_found_by_a_query_at_once() {
    for engine in Engine::all() {
        let api =
            Api::of(Scene::with(routes, engine, TenantSettings::default()).await, keywright_management::SCOPES).await;
        let plan = json!({ "app_metadata": { "plan": { "name": "Gold" } }, "user_metadata": { "color": "red" }, "given_name": "Bob" });
        add(&api, "bob@example.com", plan).await;
        add(&api, "cyd@other.example", json!({ "blocked": true, "email_verified": true })).await;
        let found = async |query: &str| -> String {
            let answer = api.get(&format!("/users?q={}&search_engine=v3", encoded(query))).await;
            assert_eq!(answer.status, 200, "{query}: {answer:#?}");
            let emails = answer
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["email"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>();
            emails.iter().map(|email| email.split('@').next().unwrap()).collect::<Vec<_>>().join(" ")
        };
        for (query, expected) in [
            ("email:\"BOB@example.com\"", "bob"),
            ("email:*@example.com", "jane bob"),
            ("email.domain:other.example", "cyd"),
            ("app_metadata.plan.name:Gold", "bob"),
            ("user_metadata.color:red AND NOT blocked:true", "bob"),
            ("blocked:true OR given_name:bob", "bob cyd"),
            ("NOT _exists_:email_verified OR email_verified:false", "bob"),
            ("created_at:[2026-03-01 TO *] -bob*", "jane cyd"),
            (
                "identities.connection:\"Username-Password-Authentication\" AND identities.provider:auth0",
                "jane bob cyd",
            ),
            ("logins_count:0", "jane bob cyd"),
            ("nobody", ""),
            (" ", "jane bob cyd"),
        ] {
            assert_eq!(found(query).await, expected, "{query}");
        }
        let page = api.get("/users?sort=email%3A-1&per_page=1&page=1&include_totals=true&fields=email").await.json();
        let users = json!([{ "email": "cyd@other.example" }]);
        assert_eq!(page, json!({ "start": 1, "limit": 1, "length": 1, "total": 3, "users": users }));
        let of_connection = api.get(&format!("/users?connection={CONNECTION}&q=cyd*&include_totals=true")).await.json();
        assert_eq!((&of_connection["total"], &of_connection["users"][0]["blocked"]), (&json!(1), &json!(true)));
        assert_eq!(api.get("/users?connection=another").await.json(), json!([]));
        // A change is found at once, and what was is not.
        let bob = api.get("/users-by-email?email=bob%40example.com").await.json()[0]["user_id"]
            .as_str()
            .unwrap()
            .replace('|', "%7C");
        api.patch(&format!("/users/{bob}"), json!({ "app_metadata": { "plan": null }, "nickname": "Bo" })).await;
        assert_eq!(found("app_metadata.plan.name:Gold").await, "");
        assert_eq!(found("nickname:BO").await, "bob");
        api.delete(&format!("/users/{bob}")).await;
        assert_eq!(found("nickname:BO").await, "");
    }
}

#[tokio::test]
async fn a_refused_search_says_where_and_why() {
    let api = Api::new().await;
    let about = "on property q (Query in Lucene query string syntax.).";
    for (query, reason) in [
        ("email:(a OR", "a term is missing at character 12"),
        ("name:*ab", "a term that begins with a wildcard needs at least 3 other characters at character 1"),
        ("user_metadata.a:b*", "wildcards are not possible on this field at character 1"),
        ("blocked:1", "the field is true or false at character 1"),
        (
            "created_at:[soon TO *]",
            "the field needs a date such as 2025-12-31 or \"2025-12-31T10:30:00Z\" at character 1",
        ),
    ] {
        let message = format!("Query validation error: '{reason}' {about}");
        let answer = api.get(&format!("/users?q={}", encoded(query))).await;
        refused(&answer, 400, &message, Some("invalid_query_string"));
    }
    for engine in ["v1", "v2"] {
        let message = format!("You are not allowed to use search_engine={engine}. Use search_engine=v3 instead.");
        refused(&api.get(&format!("/users?q=a&search_engine={engine}")).await, 400, &message, None);
    }
    for sort in ["email", "email:2", "picture:1", ":1"] {
        let answer = api.get(&format!("/users?sort={}", encoded(sort))).await;
        assert_eq!(
            (answer.status, answer.json()["errorCode"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_query_string")),
            "{sort}"
        );
    }
    let beyond = api.get("/users?q=a&per_page=100&page=10").await;
    refused(&beyond, 400, "You can only page through the first 1000 records.", None);
    // Whatever is sent, it is no 500.
    for query in [
        "\u{0}",
        "\u{202e}",
        "a:b:c",
        "%",
        "_",
        "\\",
        "'; DROP TABLE users; --",
        "name:\"' OR 1=1 --\"",
        "\u{10ffff}*",
        "name:\u{10ffff}*",
    ] {
        let answer = api.get(&format!("/users?q={}", encoded(query))).await;
        assert!(answer.status.as_u16() < 500, "{query:?}: {answer:#?}");
    }
    let long = format!("name:({})", vec!["aaaaaaaaaa"; 100].join(" OR "));
    assert_eq!(api.get(&format!("/users?q={}", encoded(&long))).await.status, 200);
    assert_eq!(api.get(&format!("/users?q={}", "a".repeat(8001))).await.status, 400);
}
