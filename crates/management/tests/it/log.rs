//! Changes are in the tenant log, without secrets (`management-api.md` §12.1; OP-02, OP-03).

use keywright_app::log_entry;
use keywright_store::logs;
use serde_json::{Value, json};

use crate::caller::Api;

async fn entries(api: &Api) -> Vec<Value> {
    let (tenant, later) = (api.app.tenant.id.clone(), keywright_types::Timestamp::MAX);
    let rows = api.app.app.store().read(move |tx| logs::list_after(tx, &tenant, "", later, 1000)).await.unwrap();
    let all = rows.iter().map(|row| Value::Object(log_entry(row)));
    all.filter(|entry| ["sapi", "fapi"].contains(&entry["type"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn op_03_changes_are_logged_once_and_reads_are_not() {
    let api = Api::new().await;
    let id = api.client(json!({})).await["client_id"].as_str().unwrap().to_owned();
    // Entries of one millisecond have no order.
    api.app.advance(1);
    api.patch(&format!("/clients/{id}"), json!({ "name": "New" })).await;
    api.app.advance(1);
    api.send(http::Method::POST, &format!("/clients/{id}/rotate-secret"), None).await;
    api.get(&format!("/clients/{id}")).await;
    api.get("/clients").await;
    api.app.advance(1);
    api.delete(&format!("/clients/{id}")).await;
    let logged = entries(&api).await;
    let told: Vec<_> = logged.iter().map(|entry| entry["description"].as_str().unwrap()).collect();
    assert_eq!(told, ["Create a client", "Update a client", "Rotate a client secret", "Delete a client"]);
    let update = &logged[1];
    assert_eq!(update["type"], "sapi");
    assert_eq!(update["details"]["request"]["path"], format!("/api/v2/clients/{id}"));
    assert_eq!(update["details"]["request"]["method"], "patch");
    assert_eq!(update["details"]["request"]["body"], json!({ "name": "New" }));
    assert_eq!(update["details"]["response"]["statusCode"], 200);
}

#[tokio::test]
async fn op_03_a_refused_change_is_logged_and_changes_nothing() {
    let api = Api::new().await;
    api.post("/clients", json!({ "name": 5 })).await;
    api.app.advance(1);
    api.patch("/clients/nobody", json!({ "name": "x" })).await;
    // Nobody who is not allowed to call fills the log.
    api.with_scopes(&["read:clients"]).await.post("/clients", json!({})).await;
    let logged = entries(&api).await;
    let told: Vec<_> = logged
        .iter()
        .map(|entry| (entry["type"].as_str().unwrap(), entry["details"]["response"]["statusCode"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("fapi", 400), ("fapi", 404)]);
}

#[tokio::test]
async fn op_02_the_log_has_no_secret_of_a_request() {
    let api = Api::new().await;
    let id = api.client(json!({})).await["client_id"].as_str().unwrap().to_owned();
    let secret = "hush-hush-hush-hush-hush-hush-hush-hush";
    api.app.advance(1);
    api.patch(&format!("/clients/{id}"), json!({ "client_secret": secret })).await;
    api.app.advance(1);
    api.patch(&format!("/clients/{id}"), json!({ "client_secret": secret, "unknown": 1 })).await;
    api.post("/resource-servers", json!({ "identifier": "urn:x", "signing_alg": "HS256", "signing_secret": secret }))
        .await;
    let logged = entries(&api).await;
    assert_eq!(logged.len(), 4);
    let text = json!(logged).to_string();
    assert!(!text.contains("hush"), "{text}");
    assert_eq!(logged[1]["details"]["request"]["body"], json!({ "client_secret": "*****" }));
}

/// `/logs` (`management-api.md` §12.1).
#[tokio::test]
async fn the_log_is_read_entry_by_entry() {
    let api = Api::new().await;
    for number in 0..3 {
        api.app.advance(1);
        api.client(json!({ "name": format!("c{number}") })).await;
    }
    let first = api.get("/logs?take=2").await;
    let link = first.header("link").to_owned();
    let last = first.json()[1]["log_id"].as_str().unwrap().to_owned();
    let expected = format!("<https://login.example.com/api/v2/logs?from={last}&take=2>; rel=\"next\"");
    assert_eq!(link, expected);
    let (mut from, mut seen) = (String::new(), 0);
    loop {
        let page = api.get(&format!("/logs?take=2{from}")).await.json();
        let page = page.as_array().unwrap();
        seen += page.len();
        match page.last() {
            Some(entry) => from = format!("&from={}", entry["log_id"].as_str().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, api.get("/logs?take=100").await.json().as_array().unwrap().len());
    let one = api.get(&format!("/logs/{last}")).await.json();
    assert_eq!((&one["_id"], one["details"]["request"]["body"].is_object()), (&json!(last), true));
    let missing = api.get("/logs/9").await;
    crate::caller::refused(&missing, 404, "The log does not exist", Some("inexistent_log"));
    let user = api.scene.user.user_id.replace('|', "%7C");
    api.scene.log_in(&api.app.browser(), &api.scene.web, &[]).await;
    let own = api.get(&format!("/users/{user}/logs?fields=type")).await;
    assert_eq!(own.status, 400, "no such parameter");
    let own = api.get(&format!("/users/{user}/logs")).await.json();
    assert!(own.as_array().unwrap().iter().any(|entry| entry["type"] == "s"), "{own}");
}
