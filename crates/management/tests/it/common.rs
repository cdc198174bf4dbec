//! What all operations share: paths, bodies, queries, pages, fields, limits, cross-origin requests.

use http::Method;
use keywright_management::SCOPES;
use keywright_testkit::{Engine, Scene};
use keywright_types::{RateLimit, RateLimitSettings, TenantSettings};
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};
use crate::routes;

#[tokio::test]
async fn what_is_no_operation_is_not_found() {
    let api = Api::new().await;
    for (method, path) in [
        (Method::GET, "/nothing"),
        (Method::GET, ""),
        (Method::GET, "/"),
        (Method::GET, "/clients/"),
        (Method::GET, "/clients/a/b/c/d"),
        (Method::PUT, "/clients"),
        (Method::POST, "/clients/x"),
        (Method::OPTIONS, "/clients"),
    ] {
        refused(&api.send(method, path, None).await, 404, "Not Found", None);
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let api = Api::new().await;
    let post = |content_type: &'static str, body: Vec<u8>| {
        let api = api.clone();
        async move { api.raw(Method::POST, "/clients", content_type, body).await }
    };
    let broken = post("application/json", b"{\"name\":".to_vec()).await;
    refused(&broken, 400, "Invalid request payload JSON format: line 1 column 8", Some("invalid_body"));
    let not_utf8 = post("application/json", b"{\"name\":\"\xff\"}".to_vec()).await;
    assert_eq!(not_utf8.status, 400);
    let deep = [vec![b'['; 5000], vec![b']'; 5000]].concat();
    assert_eq!(post("application/json", deep).await.status, 400);
    refused(&post("text/plain", b"{}".to_vec()).await, 415, "Unsupported Media Type", None);
    let long = post("application/json", vec![b' '; 1024 * 1024 + 1]).await;
    refused(&long, 413, "Payload content length greater than maximum allowed: 1048576.", None);
    invalid(&post("application/json", b"[]".to_vec()).await, "'Expected type object but found type array'.");
    invalid(&api.send(Method::POST, "/clients", None).await, "'Missing required property: name'.");
    let nul = api.post("/clients", json!({ "name": "a\0b" })).await;
    let description = "Name of the client; must not contain < or >.";
    invalid(&nul, &format!("'String contains a NUL character' on property name ({description})."));
}

#[tokio::test]
async fn several_problems_are_named_in_one_answer() {
    let api = Api::new().await;
    let answer = api.post("/clients", json!({ "name": "", "is_first_party": "yes", "x": 1 })).await;
    let expected = "'Additional properties not allowed: x'. (also) 'Expected type boolean but found type string' on \
                    property is_first_party (Whether the owner of the tenant wrote it.). (also) 'String is too short (0 \
                    chars), minimum 1' on property name (Name of the client; must not contain < or >.). (also) 'String \
                    does not match pattern ^[^<>]+$: ' on property name (Name of the client; must not contain < or >.).";
    invalid(&answer, expected);
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let api = Api::new().await;
    let form = "name=Form&is_first_party=false&callbacks[]=https%3A%2F%2Fa.example%2F&client_metadata[k]=v\
                &jwt_configuration[lifetime_in_seconds]=60";
    let answer = api.raw(Method::POST, "/clients", "application/x-www-form-urlencoded", form).await;
    assert_eq!(answer.status, 201, "{answer:#?}");
    let client = answer.json();
    assert_eq!(client["callbacks"], json!(["https://a.example/"]));
    assert_eq!(client["is_first_party"], false);
    assert_eq!(client["client_metadata"], json!({ "k": "v" }));
    assert_eq!(client["jwt_configuration"]["lifetime_in_seconds"], 60);
    let wrong = api.raw(Method::POST, "/clients", "application/x-www-form-urlencoded", "name=F&is_first_party=1").await;
    let expected = "'Expected type boolean but found type string' on property is_first_party (Whether the owner of the \
                    tenant wrote it.).";
    invalid(&wrong, expected);
}

#[tokio::test]
async fn unknown_and_malformed_parameters_of_the_query_are_refused() {
    let api = Api::new().await;
    let query = |text: &'static str| {
        let api = api.clone();
        async move { api.get(&format!("/clients?{text}")).await }
    };
    for (text, reason) in [
        ("x=1", "'Additional properties not allowed: x'."),
        ("per_page=500", "'Value 500 is greater than maximum 100' on property per_page (Number of results per page.)."),
        (
            "page=-1",
            "'Value -1 is less than minimum 0' on property page (Page index of the results to return. First page is 0.).",
        ),
        (
            "page=a",
            "'Expected type integer but found type string' on property page (Page index of the results to return. First page is 0.).",
        ),
        (
            "include_totals=1",
            "'Expected type boolean but found type string' on property include_totals (Whether the answer is an object with the total number.).",
        ),
        (
            "page=1&page=2",
            "'Expected type integer but found type array' on property page (Page index of the results to return. First page is 0.).",
        ),
        ("is_first_party=True", "'Expected type boolean but found type string' on property is_first_party."),
    ] {
        refused(&query(text).await, 400, &format!("Query validation error: {reason}"), Some("invalid_query_string"));
    }
    let unknown = query("fields=name,x").await;
    assert_eq!(unknown.status, 400);
    let message = unknown.text("message");
    let begin = "Query validation error: 'String 'name,x' does not match pattern. Must be a comma separated list of the \
                 following values: client_id,";
    assert!(message.starts_with(begin), "{message}");
}

#[tokio::test]
async fn parameters_of_the_path_are_decoded_once_and_checked() {
    let api = Api::new().await;
    for identifier in ["https://a.example/x%2Fy/", "a/b|c d"] {
        api.create("/resource-servers", json!({ "identifier": identifier })).await;
        let encoded: String = url::form_urlencoded::byte_serialize(identifier.as_bytes()).collect();
        let found = api.get(&format!("/resource-servers/{}", encoded.replace('+', "%20"))).await;
        assert_eq!(found.json()["identifier"], *identifier, "{found:#?}");
    }
    let bad = api.get("/clients/%00").await;
    refused(&bad, 400, "Path validation error: 'String contains a NUL character' on property id.", Some("invalid_uri"));
    assert_eq!(api.get("/clients/%FF").await.status, 400);
    assert_eq!(api.get(&format!("/clients/{}", "a".repeat(3000))).await.status, 400);
}

#[tokio::test]
async fn lists_come_in_pages_by_number() {
    let api = Api::new().await;
    for number in 0..7 {
        api.app.advance(1);
        api.create("/resource-servers", json!({ "identifier": format!("urn:{number}") })).await;
    }
    let all = api.get("/resource-servers").await.json();
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|own| own["identifier"].as_str().unwrap()).collect();
    // The Management API and the scene's were there before.
    assert_eq!(names.len(), 9);
    assert_eq!(names[2..], ["urn:0", "urn:1", "urn:2", "urn:3", "urn:4", "urn:5", "urn:6"]);
    for (query, start, limit, expected) in [
        ("page=0&per_page=2", 0, 2, &names[..2]),
        ("page=1&per_page=4", 4, 4, &names[4..8]),
        ("page=2&per_page=4", 8, 4, &names[8..]),
        ("page=9&per_page=4", 36, 4, &[]),
        ("page=0&per_page=100", 0, 100, &names[..]),
    ] {
        let page = api.get(&format!("/resource-servers?{query}")).await.json();
        let found: Vec<&str> = page.as_array().unwrap().iter().map(|own| own["identifier"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{query}");
        let page = api.get(&format!("/resource-servers?{query}&include_totals=true")).await.json();
        assert_eq!((&page["start"], &page["limit"], &page["total"]), (&json!(start), &json!(limit), &json!(9)));
        assert_eq!(page["resource_servers"].as_array().unwrap().len(), expected.len(), "{query}");
    }
}

#[tokio::test]
async fn tn_04_lists_go_on_from_a_sealed_checkpoint() {
    let api = Api::new().await;
    // In one millisecond: the identifier decides.
    for number in 0..6 {
        api.client(json!({ "name": format!("c{number}") })).await;
    }
    let total = api.get("/clients?include_totals=true").await.json()["total"].as_i64().unwrap();
    let (mut seen, mut from) = (Vec::new(), String::new());
    loop {
        // §1.5: "`take` (or `from`) wins".
        let page = api.get(&format!("/clients?take=4&include_totals=true&per_page=50{from}")).await.json();
        assert!(page.get("total").is_none() && page.get("start").is_none(), "{page}");
        seen.extend(page["clients"].as_array().unwrap().iter().map(|own| own["client_id"].to_string()));
        match page["next"].as_str() {
            Some(next) => from = format!("&from={next}"),
            None => break,
        }
        // Nobody is passed over or comes twice when another one is made meanwhile.
        api.app.advance(1);
    }
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((distinct.len(), seen.len()), (usize::try_from(total).unwrap(), seen.len()));
    let message = "The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the \
                   checkpoint ID and try again";
    let next = api.get("/clients?take=1").await.text("next");
    for forged in ["x", "AAAA", &format!("{next}A"), &next[..next.len() - 2]] {
        refused(&api.get(&format!("/clients?from={forged}")).await, 400, message, None);
    }
    // It is good for the list that it was given out for.
    refused(&api.get(&format!("/client-grants?from={next}")).await, 400, message, None);
    refused(&api.get(&format!("/clients?is_global=false&from={next}")).await, 400, message, None);
    assert_eq!(api.get(&format!("/clients?from={next}")).await.status, 200);
    api.app.advance(23 * 60 * 60);
    assert_eq!(api.with_scopes(SCOPES).await.get(&format!("/clients?from={next}")).await.status, 200);
    api.app.advance(60 * 60);
    refused(&api.with_scopes(SCOPES).await.get(&format!("/clients?from={next}")).await, 400, message, None);
}

#[tokio::test]
async fn fields_choose_members() {
    let api = Api::new().await;
    let id = api.client(json!({ "name": "Chosen" })).await["client_id"].as_str().unwrap().to_owned();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let chosen = api.get(&format!("/clients/{id}?fields=name,client_id")).await.json();
    assert_eq!(members(&chosen), ["client_id", "name"]);
    let without = api.get(&format!("/clients/{id}?fields=name&include_fields=false")).await.json();
    assert!(without.get("name").is_none() && without.get("client_id").is_some());
    let all = api.get(&format!("/clients/{id}?include_fields=false")).await.json();
    assert!(all.get("name").is_some(), "include_fields alone has no effect");
    let list = api.get("/clients?fields=name").await.json();
    assert!(list.as_array().unwrap().iter().all(|client| members(client) == ["name"]));
}

#[tokio::test]
async fn the_rate_limit_of_the_tenant_holds() {
    let bucket = RateLimit { enabled: true, burst: 3, refill: 1, per_seconds: 1 };
    let rate_limits = RateLimitSettings { management_api: bucket, ..RateLimitSettings::default() };
    let settings = TenantSettings { rate_limits, ..TenantSettings::default() };
    let api = Api::of(Scene::with_limits(routes, Engine::Sqlite, settings).await, SCOPES).await;
    for remaining in ["2", "1", "0"] {
        let answer = api.get("/clients?per_page=1").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (200, remaining));
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
    }
    let over = api.get("/clients?per_page=1").await;
    refused(&over, 429, "Global limit has been reached", Some("too_many_requests"));
    assert_eq!(over.header("retry-after"), "1");
    assert!(over.header("x-ratelimit-reset").parse::<i64>().unwrap() > 1_772_000_000);
    api.app.advance(1);
    assert_eq!(api.get("/clients?per_page=1").await.status, 200);
}

#[tokio::test]
async fn pages_of_the_tenants_applications_may_call() {
    let api = Api::new().await;
    api.client(json!({ "web_origins": ["https://spa.example"] })).await;
    let preflight = |origin: &'static str| {
        let api = api.clone();
        async move {
            let headers = [("origin", origin), ("access-control-request-method", "PATCH")];
            api.app.request(Method::OPTIONS, "/api/v2/users/x", &headers, "").await
        }
    };
    let allowed = preflight("https://spa.example").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://spa.example");
    assert_eq!(allowed.header("access-control-allow-methods"), "GET, POST, PUT, PATCH, DELETE");
    assert!(preflight("https://evil.example").await.headers.get("access-control-allow-origin").is_none());
    let headers = [("origin", "https://spa.example")];
    let unauthorized = api.app.get("/api/v2/clients", &headers).await;
    assert_eq!(unauthorized.status, 401);
    assert_eq!(
        unauthorized.header("access-control-allow-origin"),
        "https://spa.example",
        "so that the page can read it"
    );
}

/// No input makes a 500.
#[tokio::test]
async fn op_07_whatever_is_sent_the_answer_has_the_shape_of_the_surface() {
    let api = Api::new().await;
    let values = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{202e}<>\"\u{0}"),
        json!([null]),
        json!({}),
        json!({ "": { "a": 1 } }),
    ];
    for path in ["/clients", "/resource-servers", "/client-grants"] {
        let document = keywright_management::openapi();
        let create = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let schema = document.pointer(&create.as_str().unwrap()[1..]).unwrap();
        for member in schema["properties"].as_object().unwrap().keys() {
            for value in &values {
                let mut body = json!({ "name": "n", "identifier": "i", "client_id": "c", "audience": "a" });
                let known = schema["properties"].as_object().unwrap();
                body.as_object_mut().unwrap().retain(|name, _| known.contains_key(name));
                body[member] = value.clone();
                let answer = api.post(path, body.clone()).await;
                assert!(answer.status.as_u16() < 500, "{path} {body}: {answer:#?}");
            }
        }
    }
}
