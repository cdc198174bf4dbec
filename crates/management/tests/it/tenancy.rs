//! Another tenant's identifiers find nothing, in any operation that takes one (TN-01). Made from the OpenAPI document.

use http::Method;
use keywright_app::NewTenant;
use keywright_management::SCOPES;
use keywright_types::TenantSettings;
use serde_json::{Value, json};

use crate::authorization::operations;
use crate::caller::{Api, token};

/// What every GET without parameters in its path answers, in full.
async fn everything(api: &Api) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for operation in operations() {
        if operation.method == Method::GET && !operation.path.contains('{') {
            let answer = api.get(&operation.path).await;
            if answer.status == 200 {
                all.push((operation.path, answer.json()));
            }
        }
    }
    assert!(all.len() >= 3);
    all
}

/// A body that would do something.
fn body(method: &Method, path: &str, client: &str) -> Option<Value> {
    let permission = json!({ "permission_name": "contacts", "resource_server_identifier": "appointments:api" });
    match (method.as_str(), path) {
        ("PATCH", "/connections/{id}") => Some(json!({ "display_name": "Stolen" })),
        ("PATCH", "/connections/{id}/clients") => Some(json!([{ "client_id": client, "status": true }])),
        ("POST" | "DELETE", "/users/{id}/roles") => Some(json!({ "roles": ["rol_0000000000000000"] })),
        ("POST" | "DELETE", "/users/{id}/permissions" | "/roles/{id}/permissions") => {
            Some(json!({ "permissions": [permission] }))
        }
        ("POST", "/roles/{id}/users") => Some(json!({ "users": ["auth0|x"] })),
        ("POST", "/users/{id}/identities") => Some(json!({ "provider": "auth0", "user_id": "x" })),
        ("PATCH", "/sessions/{id}") => Some(json!({ "session_metadata": {} })),
        ("PATCH", "/refresh-tokens/{id}") => Some(json!({ "refresh_token_metadata": {} })),
        ("POST", "/users/{id}/authentication-methods") => Some(json!({ "type": "email" })),
        ("PUT", "/users/{id}/authentication-methods") => Some(json!([])),
        ("PATCH", "/users/{id}/authentication-methods/{method_id}") => Some(json!({ "name": "x" })),
        ("PATCH", "/clients/{id}" | "/users/{id}" | "/roles/{id}" | "/resource-servers/{id}") => {
            Some(json!({ "name": "Stolen" }))
        }
        ("POST", "/clients/{id}/credentials") => {
            Some(json!({ "credential_type": "public_key", "pem": crate::clients::PUBLIC_KEY }))
        }
        ("PATCH", "/clients/{id}/credentials/{credential_id}") => Some(json!({ "expires_at": null })),
        ("PATCH", "/client-grants/{id}") => Some(json!({ "scope": [] })),
        ("GET" | "DELETE", _)
        | ("PUT", "/keys/signing/{kid}/revoke")
        | (
            "POST",
            "/clients/{id}/rotate-secret"
            | "/sessions/{id}/revoke"
            | "/users/{id}/revoke-access"
            | "/users/{id}/recovery-code-regeneration"
            | "/users/{id}/multifactor/actions/invalidate-remember-browser"
            | "/users/{id}/risk-assessments/clear",
        ) => None,
        (method, path) => panic!("say what {method} {path} is called with"),
    }
}

#[tokio::test]
async fn tn_01_identifiers_of_another_tenant_find_nothing() {
    let api = Api::new().await;
    let client = api.client(json!({})).await;
    let client_id = client["client_id"].as_str().unwrap();
    let key = json!({ "credential_type": "public_key", "pem": crate::clients::PUBLIC_KEY });
    let credential = api.create(&format!("/clients/{client_id}/credentials"), key).await;
    let server = api.create("/resource-servers", json!({ "identifier": "https://orders.example/" })).await;
    let grant = json!({ "client_id": client_id, "audience": "https://orders.example/", "scope": ["read"] });
    let grant = api.create("/client-grants", grant).await;
    let id = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let role = api.post("/roles", json!({ "name": "Editor" })).await.text("id");
    let keys = api.get("/keys/signing").await.json();

    let (_, session, family) = crate::sessions::logged_in(&api).await;
    let own_grant = id(&api.get("/grants").await.json()[0], "id");

    let new = NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let mut neighbour = api.clone();
    neighbour.app.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    neighbour.token = token(&neighbour.app, SCOPES).await;

    let before = everything(&api).await;
    for operation in operations().into_iter().filter(|operation| operation.path.contains('{')) {
        let first = operation.path.split('/').nth(1).unwrap();
        let own = match first {
            "clients" => client_id.to_owned(),
            "resource-servers" => id(&server, "id"),
            "client-grants" => id(&grant, "id"),
            "connections" => api.scene.connection.id.clone(),
            "users" | "user-blocks" => api.scene.user.user_id.replace('|', "%7C"),
            "roles" => role.clone(),
            "sessions" => session.clone(),
            "refresh-tokens" | "device-credentials" => family.clone(),
            "grants" => own_grant.clone(),
            "anomaly" => "192.0.2.1".to_owned(),
            "logs" => id(&api.get("/logs?take=1").await.json()[0], "log_id"),
            "keys" => id(&keys[0], "kid"),
            other => panic!("say what is an identifier of {other}"),
        };
        let path = operation.path.replace("{id}", &own).replace("{credential_id}", &id(&credential, "id"));
        let mut path = path.replace("{kid}", &own).replace("{ip}", &own).replace("{provider}", "duo");
        for name in ["{user_id}", "{method_id}", "{tokenset_id}"] {
            path = path.replace(name, "x");
        }
        if operation.path == "/connections/{id}/users" {
            path = format!("{path}?email=jane%40example.com");
        }
        let sent = body(&operation.method, &operation.path, client_id);
        let answer = neighbour.send(operation.method.clone(), &path, sent).await;
        // What is not there is deleted already, for most resources (§1.9).
        let expected: &[u16] = if operation.method == Method::DELETE { &[204, 404] } else { &[404] };
        // What ends nothing says so no more than what is deleted already.
        let ends = ["/sessions/{id}", "/refresh-tokens/{id}"].contains(&operation.path.as_str());
        let expected: &[u16] = if ends && operation.method == Method::DELETE { &[202] } else { expected };
        // Of nobody there is nothing in the log.
        let expected: &[u16] = if operation.path == "/users/{id}/logs" { &[200] } else { expected };
        assert!(answer.status != 200 || answer.json() == json!([]), "{path}: {answer:#?}");
        assert!(expected.contains(&answer.status.as_u16()), "{} {path}: {answer:#?}", operation.method);
    }
    // By the identifier of the API as well, which is a name of the world.
    let answer = neighbour.get("/resource-servers/https%3A%2F%2Forders.example%2F").await;
    assert_eq!(answer.status, 404);
    assert_eq!(everything(&api).await, before);
}
