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
    let newest = api.get(&format!("/users/{user}/logs?per_page=1&include_totals=true")).await.json();
    assert_eq!((&newest["length"], &newest["start"], newest["total"].as_i64() > Some(0)), (&json!(1), &json!(0), true));
    let own = api.get(&format!("/users/{user}/logs")).await.json();
    assert!(own.as_array().unwrap().iter().any(|entry| entry["type"] == "s"), "{own}");
}

/// §12.1: by pages, with a query.
#[tokio::test]
async fn the_log_is_searched() {
    let api = Api::new().await;
    for number in 0..3 {
        api.app.advance(1);
        api.client(json!({ "name": format!("c{number}") })).await;
    }
    api.app.advance(1);
    api.patch("/clients/nobody", json!({ "name": "x" })).await;
    let kinds = async |query: &str| -> Vec<String> {
        let answer = api.get(&format!("/logs?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:#?}");
        answer.json().as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("").await[..2], ["fapi", "sapi"], "the newest first");
    assert_eq!(kinds("q=type%3Asapi").await, ["sapi"; 3]);
    assert_eq!(kinds("search=type%3A(fapi%20OR%20nothing)").await, ["fapi"]);
    assert_eq!(
        kinds("q=type%3Asapi%20AND%20description%3A%22Create%20a%20client%22&per_page=2&page=1").await,
        ["sapi"]
    );
    assert_eq!(kinds("q=date%3A2026-03-01&sort=date%3A1").await.last().unwrap(), "fapi");
    assert_eq!(kinds("q=date%3A%5B2027%20TO%20*%5D").await, Vec::<String>::new());
    assert_eq!(kinds("take=100").await.last().unwrap(), "fapi", "the oldest first");
    let counted = api.get("/logs?q=type%3Asapi&include_totals=true&per_page=1&fields=type").await.json();
    let entry = json!([{ "type": "sapi" }]);
    assert_eq!(counted, json!({ "start": 0, "limit": 1, "length": 1, "total": 3, "logs": entry }));
    for (query, reason) in [
        ("q=type%3A(", "'a term is missing at character 7' on property q (Query in Lucene query string syntax.)."),
        ("from=1&page=1", "'The parameter page cannot be combined with from and take' on property page."),
        ("take=5&sort=date%3A1", "'The parameter sort cannot be combined with from and take' on property sort."),
        (
            "sort=type%3A1",
            "'Log events can be sorted by date' on property sort (Field to sort by, with :1 for ascending and :-1 for descending order.).",
        ),
    ] {
        let message = format!("Query validation error: {reason}");
        crate::caller::refused(&api.get(&format!("/logs?{query}")).await, 400, &message, Some("invalid_query_string"));
    }
    let beyond = api.get("/logs?page=10&per_page=100").await;
    crate::caller::refused(&beyond, 400, "Requesting page exceeds the allowed maximum of 1000 records", None);
    let go = api.get("/logs?take=1&per_page=50&include_totals=true").await.json();
    assert!(go.is_array(), "what go-auth0 adds has no effect: {go}");
}

/// §12.3.
#[tokio::test]
async fn statistics_are_counted_from_the_log() {
    let api = Api::new().await;
    assert_eq!(api.get("/stats/active-users").await.json(), json!(0));
    api.scene.log_in(&api.app.browser(), &api.scene.web, &[]).await;
    assert_eq!(api.get("/stats/active-users").await.json(), json!(1));
    let days = api.get("/stats/daily").await.json();
    assert_eq!(days.as_array().unwrap().len(), 30);
    let today = &days[29];
    assert_eq!(
        (&today["date"], &today["logins"], &today["signups"]),
        (&json!("2026-03-01T00:00:00.000Z"), &json!(1), &json!(0))
    );
    let one = api.get("/stats/daily?from=20260228&to=20260301").await.json();
    assert_eq!(one.as_array().unwrap().iter().map(|day| day["logins"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    for (query, reason) in [
        ("from=20260230", "No such day' on property from."),
        ("from=20260301&to=20260228", "The first day is after the last' on property from."),
        ("from=20250101&to=20260301", "More than 31 days' on property from."),
    ] {
        let message = format!("Query validation error: '{reason}");
        let answer = api.get(&format!("/stats/daily?{query}")).await;
        crate::caller::refused(&answer, 400, &message, Some("invalid_query_string"));
    }
    assert_eq!(api.get("/stats/daily?from=1").await.status, 400);
    api.app.advance(31 * 24 * 3600);
    let later = api.with_scopes(keywright_management::SCOPES).await;
    assert_eq!(later.get("/stats/active-users").await.json(), json!(0));
}
