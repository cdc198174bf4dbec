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
#[expect(clippy::match_same_arms, reason = "each resource says its own")]
fn body(method: &Method, path: &str, client: &str) -> Option<Value> {
    let permission = json!({ "permission_name": "contacts", "resource_server_identifier": "appointments:api" });
    match (method.as_str(), path) {
        ("POST" | "PATCH" | "PUT", path)
            if path.starts_with("/organizations/") || path.starts_with("/custom-domains/") =>
        {
            organization_body(method, path)
        }
        ("DELETE", "/organizations/{id}/members" | "/organizations/{id}/members/{user_id}/roles") => {
            organization_body(method, path)
        }
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
        ("PATCH", "/email-templates/{templateName}") => Some(json!({ "enabled": false })),
        ("PATCH", "/client-grants/{id}") => Some(json!({ "scope": [] })),
        ("PATCH", "/rules/{id}" | "/actions/actions/{id}" | "/hooks/{id}" | "/actions/modules/{id}") => {
            Some(json!({ "name": "Stolen" }))
        }
        ("PUT", "/rules-configs/{key}") => Some(json!({ "value": "stolen" })),
        ("PATCH", "/actions/triggers/{trigger}/bindings") => {
            let reference = json!({ "type": "action_name", "value": "greet" });
            Some(json!({ "bindings": [{ "ref": reference }] }))
        }
        ("PATCH", "/branding/themes/{id}") => Some(crate::branding::theme()),
        ("PATCH", "/branding/phone/providers/{id}" | "/branding/phone/templates/{id}") => {
            Some(json!({ "disabled": true }))
        }
        ("PATCH", "/branding/phone/templates/{id}/reset") => None,
        ("POST", "/branding/phone/providers/{id}/try" | "/branding/phone/templates/{id}/try") => Some(json!({})),
        ("PUT", "/prompts/{prompt}/custom-text/{language}" | "/prompts/{prompt}/partials") => Some(json!({})),
        ("PATCH", "/prompts/{prompt}/screen/{screen}/rendering") => Some(json!({ "rendering_mode": "standard" })),
        ("POST", "/actions/actions/{id}/test") => Some(json!({ "payload": {} })),
        ("POST", "/actions/actions/{id}/deploy" | "/actions/actions/{id}/versions/{version}/deploy") => None,
        ("POST" | "PATCH", "/hooks/{id}/secrets") => Some(json!({ "A": "b" })),
        ("DELETE", "/hooks/{id}/secrets") => Some(json!(["A"])),
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

/// What a tenant that has nothing answers under a name that every tenant knows.
fn own_by_name(method: &Method, path: &str) -> Option<Value> {
    match (method.as_str(), path) {
        ("PUT", "/rules-configs/{key}") => Some(json!({ "key": "KEY", "value": "stolen" })),
        (_, "/prompts/{prompt}/custom-text/{language}" | "/prompts/{prompt}/partials") => Some(json!({})),
        (_, "/prompts/{prompt}/screen/{screen}/rendering") => Some(json!({
            "tenant": "neighbour", "prompt": "login", "screen": "login", "rendering_mode": "standard",
            "context_configuration": [], "default_head_tags_disabled": false, "head_tags": [],
        })),
        ("GET", "/actions/triggers/{trigger}/bindings") => Some(json!({ "bindings": [], "per_page": 50 })),
        _ => None,
    }
}

/// The same for organizations and domains.
fn organization_body(method: &Method, path: &str) -> Option<Value> {
    let last = path.rsplit('/').find(|part| !part.starts_with('{')).unwrap();
    match (method.as_str(), last) {
        (_, "members") => Some(json!({ "members": ["auth0|x"] })),
        (_, "roles") => Some(json!({ "roles": ["rol_0000000000000000"] })),
        (_, "client-grants") => Some(json!({ "grant_id": "cgr_0000000000000000" })),
        ("POST", "connections" | "enabled_connections") => Some(json!({ "connection_id": "con_0000000000000000" })),
        (_, "connections" | "enabled_connections") => Some(json!({ "show_as_button": false })),
        (_, "organizations") => Some(json!({ "display_name": "Stolen" })),
        (_, "custom-domains") => Some(json!({ "domain_metadata": { "stolen": "yes" } })),
        (_, "verify" | "test") => None,
        (_, other) => panic!("say what {method} {path} is called with ({other})"),
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "something of everything")]
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
    let organization = api.create("/organizations", json!({ "name": "acme" })).await;
    let connection = api.scene.connection.id.clone();
    let of_organization = format!("/organizations/{}", id(&organization, "id"));
    let members = json!({ "members": [api.scene.user.user_id] });
    assert_eq!(api.post(&format!("{of_organization}/members"), members).await.status, 204);
    api.create(&format!("{of_organization}/connections"), json!({ "connection_id": connection })).await;
    api.create(&format!("{of_organization}/client-grants"), json!({ "grant_id": id(&grant, "id") })).await;
    let domain = json!({ "domain": "login.example.com", "type": "self_managed_certs" });
    let domain = api.create("/custom-domains", domain).await;

    // Before there are scripts, which would have a say.
    let (_, session, family) = crate::sessions::logged_in(&api).await;
    let own_grant = id(&api.get("/grants").await.json()[0], "id");

    let rule = api.create("/rules", json!({ "name": "one", "script": "function () {}" })).await;
    assert_eq!(api.send(Method::PUT, "/rules-configs/KEY", Some(json!({ "value": "v" }))).await.status, 200);
    let (action, version) = crate::actions::deployed(&api, "greet").await;
    crate::actions::bind(&api, "greet").await;

    crate::prompts::fill(&api).await;
    let branding = crate::branding::fill(&api).await;
    let template = json!({
        "template": "verify_email", "body": "x", "from": "x", "subject": "x", "syntax": "liquid", "enabled": true,
    });
    assert_eq!(api.post("/email-templates", template).await.status, 200);
    let job = api.post("/jobs/users-exports", json!({})).await.text("id");

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
        // The name is one that every tenant has; PUT makes a template of the caller's own.
        if (first, &operation.method) == ("email-templates", &Method::PUT) {
            continue;
        }
        let own = match first {
            "clients" => client_id.to_owned(),
            "resource-servers" => id(&server, "id"),
            "client-grants" => id(&grant, "id"),
            "connections" => api.scene.connection.id.clone(),
            "users" | "user-blocks" => api.scene.user.user_id.replace('|', "%7C"),
            "roles" => role.clone(),
            "email-templates" => "verify_email".to_owned(),
            "sessions" => session.clone(),
            "refresh-tokens" | "device-credentials" => family.clone(),
            "grants" => own_grant.clone(),
            "anomaly" => "192.0.2.1".to_owned(),
            "logs" => id(&api.get("/logs?take=1").await.json()[0], "log_id"),
            "keys" => id(&keys[0], "kid"),
            "rules" => id(&rule, "id"),
            "rules-configs" => "KEY".to_owned(),
            "actions" => action.clone(),
            "branding" => branding.of(&operation.path),
            "prompts" => String::new(),
            "hooks" => "01HZY8Q4W3V5T6S7R8P9N0M1K2".to_owned(),
            "organizations" => id(&organization, "id"),
            "custom-domains" => id(&domain, "custom_domain_id"),
            _ if operation.resource == "not-there-yet" => "x".to_owned(),
            "jobs" => job.clone(),
            other => panic!("say what is an identifier of {other}"),
        };
        let user = api.scene.user.user_id.replace('|', "%7C");
        let mut path = operation.path.clone();
        for (parameter, value) in [
            ("{id}", own.as_str()),
            ("{kid}", own.as_str()),
            ("{credential_id}", &id(&credential, "id")),
            ("{connection_id}", &connection),
            ("{user_id}", &user),
            ("{grant_id}", &id(&grant, "id")),
            ("{name}", "acme"),
            ("{prompt}", "login"),
            ("{screen}", "login"),
            ("{language}", "en"),
            ("{key}", own.as_str()),
            ("{trigger}", "post-login"),
            ("{version}", &version),
            ("{templateName}", own.as_str()),
            ("{ip}", own.as_str()),
            ("{provider}", "duo"),
            ("{method_id}", "x"),
            ("{tokenset_id}", "x"),
        ] {
            path = path.replace(parameter, value);
        }
        let needed = match operation.path.as_str() {
            "/connections/{id}/users" => "?email=jane%40example.com",
            "/users/{id}/effective-permissions" => "?resource_server_identifier=appointments%3Aapi",
            "/users/{id}/effective-permissions/sources/roles" => {
                "?resource_server_identifier=appointments%3Aapi&permission_name=contacts"
            }
            "/users/{id}/effective-roles/sources/groups" => "?role_id=rol_x",
            _ => "",
        };
        path.push_str(needed);
        let unbuilt = operation.resource == "not-there-yet";
        let sent = if unbuilt { None } else { body(&operation.method, &operation.path, client_id) };
        let answer = neighbour.send(operation.method.clone(), &path, sent).await;
        // What is not there is deleted already, for most resources (§1.9).
        let expected: &[u16] = if operation.method == Method::DELETE { &[204, 404] } else { &[404] };
        // What ends nothing says so no more than what is deleted already.
        let ends = ["/sessions/{id}", "/refresh-tokens/{id}"].contains(&operation.path.as_str());
        let expected: &[u16] = if ends && operation.method == Method::DELETE { &[202] } else { expected };
        // Of nobody there is nothing in the log.
        let expected: &[u16] = if operation.path == "/users/{id}/logs" { &[200] } else { expected };
        // The names of these are those of every tenant: what is answered or written is the tenant's own.
        if let Some(nothing) = own_by_name(&operation.method, &operation.path) {
            assert_eq!((answer.status.as_u16(), answer.json()), (200, nothing), "{path}");
            continue;
        }
        // What does not exist yet does not exist for anybody.
        let expected: &[u16] = match first {
            "connections" | "organizations" if unbuilt => &[404],
            _ if unbuilt => &[404, 403],
            _ => expected,
        };
        assert!(answer.status != 200 || answer.json() == json!([]), "{path}: {answer:#?}");
        assert!(expected.contains(&answer.status.as_u16()), "{} {path}: {answer:#?}", operation.method);
    }
    // By the identifier of the API as well, which is a name of the world.
    let answer = neighbour.get("/resource-servers/https%3A%2F%2Forders.example%2F").await;
    assert_eq!(answer.status, 404);
    assert_eq!(everything(&api).await, before);
}
