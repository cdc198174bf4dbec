//! `/rules`, `/rules-configs` and `/hooks` (`management-api.md` §15.2).

use http::Method;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

const SCRIPT: &str = "function (user, context, callback) { callback(null, user, context); }";

fn path(rule: &Value) -> String {
    format!("/rules/{}", rule["id"].as_str().unwrap())
}

async fn rule(api: &Api, name: &str, members: Value) -> Value {
    let mut body = json!({ "name": name, "script": SCRIPT });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    api.create("/rules", body).await
}

#[tokio::test]
async fn a_rule_has_defaults_and_comes_last() {
    let api = Api::new().await;
    let first = rule(&api, "first", json!({ "order": 7 })).await;
    let second = rule(&api, "A second-rule 2", json!({ "enabled": false, "stage": "login_failure" })).await;
    let expected = json!({
        "id": first["id"], "name": "first", "script": SCRIPT, "order": 7, "enabled": true, "stage": "login_success",
    });
    assert_eq!(first, expected);
    assert!(first["id"].as_str().unwrap().starts_with("rul_") && first["id"].as_str().unwrap().len() == 20);
    assert_eq!(
        (&second["order"], &second["enabled"], &second["stage"]),
        (&json!(8), &json!(false), &json!("login_failure"))
    );
    assert_eq!(api.get(&path(&second)).await.json(), second);
    assert_eq!(api.get(&format!("{}?fields=name", path(&first))).await.json(), json!({ "name": "first" }));
}

#[tokio::test]
async fn rules_are_listed_in_the_order_in_which_they_run() {
    let api = Api::new().await;
    for (name, order, enabled) in [("c", 30, true), ("a", 10, true), ("b", 20, false)] {
        rule(&api, name, json!({ "order": order, "enabled": enabled })).await;
    }
    let names = |list: &Value| {
        list.as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", &["a", "b", "c"][..]),
        ("?enabled=true", &["a", "c"]),
        ("?enabled=false", &["b"]),
        ("?page=1&per_page=2", &["c"]),
        ("?fields=script&include_fields=false", &["a", "b", "c"]),
    ] {
        let found = api.get(&format!("/rules{query}")).await.json();
        assert_eq!(names(&found), expected, "{query}");
    }
    let page = api.get("/rules?page=0&per_page=100&include_totals=true").await.json();
    assert_eq!((&page["total"], &page["start"], &page["limit"]), (&json!(3), &json!(0), &json!(100)));
    assert_eq!(names(&page["rules"]), ["a", "b", "c"]);
}

#[tokio::test]
async fn names_and_orders_are_unique() {
    let api = Api::new().await;
    let first = rule(&api, "first", json!({})).await;
    let second = rule(&api, "second", json!({})).await;
    assert_eq!((&first["order"], &second["order"]), (&json!(1), &json!(2)));
    let (name, order) = ("A rule with the same name already exists", "A rule with the same order already exists");
    for (answer, message) in [
        (api.post("/rules", json!({ "name": "first", "script": SCRIPT })).await, name),
        (api.post("/rules", json!({ "name": "third", "script": SCRIPT, "order": 2 })).await, order),
        (api.patch(&path(&second), json!({ "name": "first" })).await, name),
        (api.patch(&path(&second), json!({ "order": 1, "script": "changed" })).await, order),
    ] {
        refused(&answer, 409, message, Some("rule_conflict"));
    }
    assert_eq!(api.get(&path(&second)).await.json(), second, "nothing half-written");
    let end = rule(&api, "last", json!({ "order": i32::MAX })).await;
    let none = api.post("/rules", json!({ "name": "beyond", "script": SCRIPT })).await;
    refused(&none, 400, "There is no order after that of the last rule", Some("invalid_body"));
    // Places can be exchanged by way of a third one, as auth0-deploy-cli does it.
    assert_eq!(api.delete(&path(&end)).await.status, 204);
    for (rule, order) in [(&first, 9), (&second, 1), (&first, 2)] {
        let changed = api.patch(&path(rule), json!({ "order": order })).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["order"]), (200, &json!(order)));
    }
}

#[tokio::test]
async fn a_rule_is_changed_and_deleted() {
    let api = Api::new().await;
    let made = rule(&api, "first", json!({})).await;
    let changed = api.patch(&path(&made), json!({ "enabled": false, "script": "x" })).await.json();
    assert_eq!(
        (&changed["enabled"], &changed["script"], &changed["name"]),
        (&json!(false), &json!("x"), &json!("first"))
    );
    for _ in 0..2 {
        assert_eq!(api.delete(&path(&made)).await.status, 204);
    }
    for answer in [api.get(&path(&made)).await, api.patch(&path(&made), json!({ "enabled": true })).await] {
        refused(&answer, 404, "The rule does not exist", Some("inexistent_rule"));
    }
}

#[tokio::test]
async fn wrong_members_of_a_rule_are_named() {
    let api = Api::new().await;
    let made = rule(&api, "first", json!({})).await;
    let pattern = "'String does not match pattern ^[a-zA-Z0-9]([ \\-a-zA-Z0-9]*[a-zA-Z0-9])?$: -x' on property name \
                   (Name of this rule.).";
    for (members, reason) in [
        (json!({ "name": "-x" }), pattern),
        (
            json!({ "order": -1 }),
            "'Value -1 is less than minimum 0' on property order (Lower runs first; last when it is left out.).",
        ),
        (
            json!({ "script": "" }),
            "'String is too short (0 chars), minimum 1' on property script (Code to be executed when this rule runs.).",
        ),
        (json!({ "id": "rul_x" }), "'Additional properties not allowed: id'."),
        (
            json!({ "enabled": "yes" }),
            "'Expected type boolean but found type string' on property enabled (Whether it runs.).",
        ),
    ] {
        let mut body = json!({ "name": "second", "script": SCRIPT });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        invalid(&api.post("/rules", body).await, reason);
        invalid(&api.patch(&path(&made), members).await, reason);
    }
    invalid(&api.post("/rules", json!({ "name": "x" })).await, "'Missing required property: script'.");
    invalid(&api.patch(&path(&made), json!({})).await, "'Too few properties defined (0), minimum 1'.");
    let long = json!({ "name": "x", "script": "x".repeat(100_001) });
    assert_eq!(api.post("/rules", long).await.status, 400);
    assert_eq!(api.get("/rules").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn st_03_values_of_settings_are_sealed_and_never_answered() {
    let api = Api::new().await;
    let put = |key: &'static str, value: &'static str| {
        let api = api.clone();
        async move { api.send(Method::PUT, &format!("/rules-configs/{key}"), Some(json!({ "value": value }))).await }
    };
    let set = put("API_KEY", "hush-hush").await;
    assert_eq!((set.status.as_u16(), set.json()), (200, json!({ "key": "API_KEY", "value": "hush-hush" })));
    put("API_KEY", "hush-again").await;
    put("a-b_c@d*e+f:g", "x").await;
    let listed = api.get("/rules-configs").await;
    assert_eq!(listed.json(), json!([{ "key": "API_KEY" }, { "key": "a-b_c@d*e+f:g" }]));
    let tenant = api.app.tenant.id.clone();
    let rows = api.app.app.store().read(move |tx| keywright_store::rules::list_configs(tx, &tenant)).await.unwrap();
    assert!(rows.iter().all(|row| !String::from_utf8_lossy(&row.value).contains("hush")));
    let logged = api.get("/logs").await.json().to_string();
    assert!(logged.contains("/rules-configs/API_KEY") && !logged.contains("hush"), "{logged}");
    let rules = api.app.app.rule_set(&api.app.tenant.id).await.unwrap();
    assert_eq!(rules.configuration.len(), 2);
    for _ in 0..2 {
        assert_eq!(api.delete("/rules-configs/API_KEY").await.status, 204);
    }
    assert_eq!(api.get("/rules-configs").await.json(), json!([{ "key": "a-b_c@d*e+f:g" }]));
    let bad = put("a%20b", "x").await;
    let message = "Path validation error: 'String does not match pattern ^[A-Za-z0-9_\\-@*+:]*$: a b' on property key (Key \
                   of the rules config variable.).";
    refused(&bad, 400, message, Some("invalid_uri"));
    let long =
        api.send(Method::PUT, &format!("/rules-configs/{}", "k".repeat(128)), Some(json!({ "value": "x" }))).await;
    assert_eq!(long.status, 400);
    invalid(&put_nothing(&api).await, "'Missing required property: value'.");
}

async fn put_nothing(api: &Api) -> keywright_testkit::Answer {
    api.send(Method::PUT, "/rules-configs/KEY", Some(json!({}))).await
}

#[tokio::test]
async fn there_are_no_hooks() {
    let api = Api::new().await;
    assert_eq!(api.get("/hooks").await.json(), json!([]));
    let page = api.get("/hooks?page=0&per_page=100&include_totals=true").await.json();
    assert_eq!(page, json!({ "start": 0, "limit": 100, "total": 0, "hooks": [] }));
    let body = json!({ "name": "x", "script": "module.exports = 1", "triggerId": "credentials-exchange" });
    let refusal = api.post("/hooks", body).await;
    refused(&refusal, 403, "This feature is not enabled for this tenant.", Some("feature_not_enabled"));
    for path in ["/hooks/01HZY8Q4W3V5T6S7R8P9N0M1K2", "/hooks/x/secrets"] {
        refused(&api.get(path).await, 404, "Error: Hook does not exist", Some("HookDoesNotExist"));
    }
}
