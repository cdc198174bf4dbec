//! `/resource-servers` (`management-api.md` §3.1).

use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

const MISSING: (&str, Option<&str>) = ("The resource server does not exist", Some("inexistent_resource_server"));

fn id(api: &Value) -> String {
    api["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_api_has_the_defaults_of_auth0() {
    let api = Api::new().await;
    let made = api.create("/resource-servers", json!({ "identifier": "https://orders.example/" })).await;
    let expected = json!({
        "id": made["id"], "identifier": "https://orders.example/", "allow_offline_access": false, "signing_alg": "RS256",
        "skip_consent_for_verifiable_first_party_clients": false, "token_lifetime": 86_400, "token_lifetime_for_web": 7_200,
        "subject_type_authorization": {
            "user": { "policy": "allow_all" }, "client": { "policy": "require_client_grant" },
        },
    });
    assert_eq!(made, expected);
    assert!(id(&made).len() == 24 && id(&made).bytes().all(|byte| byte.is_ascii_hexdigit()));
    for name in [id(&made), "https%3A%2F%2Forders.example%2F".to_owned(), "https:%2F%2Forders.example%2F".to_owned()] {
        assert_eq!(api.get(&format!("/resource-servers/{name}")).await.json(), made, "{name}");
    }
    let again = api.post("/resource-servers", json!({ "identifier": "https://orders.example/" })).await;
    let message = "A resource server with the same identifier already exists";
    refused(&again, 409, message, Some("resource_server_conflict"));
    // "compared byte for byte, trailing slash matters".
    api.create("/resource-servers", json!({ "identifier": "https://orders.example" })).await;
}

#[tokio::test]
async fn an_api_with_a_symmetric_algorithm_has_a_secret() {
    let api = Api::new().await;
    let made = api.create("/resource-servers", json!({ "identifier": "urn:a", "signing_alg": "HS256" })).await;
    assert!(made["signing_secret"].as_str().unwrap().len() >= 32);
    let own = "0123456789abcdef-of-the-owner";
    let body = json!({ "identifier": "urn:b", "signing_alg": "HS256", "signing_secret": own });
    let made = api.create("/resource-servers", body).await;
    assert_eq!(made["signing_secret"], own);
    let path = format!("/resource-servers/{}", id(&made));
    assert_eq!(api.patch(&path, json!({ "name": "B" })).await.text("signing_secret"), own, "a change keeps it");
    let plain = api.create("/resource-servers", json!({ "identifier": "urn:c" })).await;
    let path = format!("/resource-servers/{}", id(&plain));
    assert!(api.patch(&path, json!({ "signing_alg": "HS256" })).await.text("signing_secret").len() >= 32);
    // It lies sealed.
    let tenant = api.app.tenant.id.clone();
    let rows = api.app.app.store().read(move |tx| keywright_store::resource_servers::list(tx, &tenant)).await.unwrap();
    assert!(rows.iter().all(|row| !row.document.contains("of-the-owner")));
}

#[tokio::test]
async fn wrong_members_are_named() {
    let api = Api::new().await;
    for (members, reason) in [
        (
            json!({ "identifier": "" }),
            "'String is too short (0 chars), minimum 1' on property identifier (The audience of its tokens; never \
             changes.).",
        ),
        (
            json!({ "name": "<b>" }),
            "'String does not match pattern ^[^<>]*$: <b>' on property name (Name of the API; must not contain < or >.).",
        ),
        (
            json!({ "signing_alg": "none" }),
            "'No enum match for: none' on property signing_alg (How tokens are signed.).",
        ),
        (
            json!({ "token_lifetime": 2_592_001 }),
            "'Value 2592001 is greater than maximum 2592000' on property token_lifetime (Lifetime of access tokens in \
             seconds.).",
        ),
        (json!({ "scopes": [{ "description": "x" }] }), "'Missing required property: value' on property scopes[0]."),
        (json!({ "is_system": true }), "'Additional properties not allowed: is_system'."),
        (
            json!({ "signing_secret": "short" }),
            "'String is too short (5 chars), minimum 16' on property signing_secret (The key of HS256.).",
        ),
    ] {
        let mut body = json!({ "identifier": "urn:wrong" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        invalid(&api.post("/resource-servers", body).await, reason);
    }
    for (body, message) in [
        (
            json!({ "identifier": "urn:x", "token_lifetime": 60, "token_lifetime_for_web": 61 }),
            "token_lifetime_for_web must be less than or equal to token_lifetime",
        ),
        (json!({ "identifier": "urn:x", "scopes": [{ "value": "a" }, { "value": "a" }] }), "The scope a comes twice"),
    ] {
        refused(&api.post("/resource-servers", body).await, 400, message, Some("invalid_body"));
    }
    assert_eq!(api.get("/resource-servers/urn%3Ax").await.status, 404, "nothing half-written");
    for reserved in ["https://login.example.com/api/v2/", "https://login.example.com/userinfo"] {
        let answer = api.post("/resource-servers", json!({ "identifier": reserved })).await;
        refused(&answer, 400, "The selected identifier is reserved.", None);
    }
}

async fn token(api: &Api) -> keywright_testkit::Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", api.scene.machine.id()),
        ("client_secret", &api.scene.machine.secret),
        ("audience", "appointments:api"),
    ];
    api.app.post_form("/oauth/token", &fields).await
}

#[tokio::test]
async fn a_change_takes_effect_at_the_next_token() {
    let api = Api::new().await;
    let path = "/resource-servers/appointments%3Aapi";
    assert_eq!(token(&api).await.json()["expires_in"], 86_400);
    let changed = api.patch(path, json!({ "token_lifetime": 60, "token_dialect": "rfc9068_profile" })).await;
    assert_eq!(changed.json()["token_lifetime_for_web"], 60, "it is never longer than the other: {changed:#?}");
    let fresh = token(&api).await;
    assert_eq!(fresh.json()["expires_in"], 60);
    assert_eq!(fresh.jwt_header("access_token")["typ"], "at+jwt");
    let deny = json!({ "subject_type_authorization": { "client": { "policy": "deny_all" } } });
    let denied = api.patch(path, deny).await.json();
    assert_eq!(denied["subject_type_authorization"]["user"]["policy"], "allow_all");
    assert_eq!(token(&api).await.status, 403);
    invalid(&api.patch(path, json!({ "identifier": "x" })).await, "'Additional properties not allowed: identifier'.");
    assert_eq!(api.delete(path).await.status, 204);
    assert_eq!(token(&api).await.status, 403);
    refused(&api.get(path).await, 404, MISSING.0, MISSING.1);
    refused(&api.patch(path, json!({})).await, 404, MISSING.0, MISSING.1);
    assert_eq!(api.delete(path).await.status, 204, "it is idempotent");
}

#[tokio::test]
async fn what_an_api_leaves_goes_with_it() {
    let api = Api::new().await;
    let scope = json!([{ "value": "read:orders" }]);
    let made = api.create("/resource-servers", json!({ "identifier": "urn:orders", "scopes": scope })).await;
    let client = api.client(json!({})).await;
    let grant = json!({ "client_id": client["client_id"], "audience": "urn:orders", "scope": ["read:orders"] });
    let grant = api.create("/client-grants", grant).await;
    let role = api.app.app.create_role(&api.app.tenant.id, "Reader", "").await.unwrap();
    let permission = keywright_types::Permission {
        resource_server_identifier: "urn:orders".to_owned(),
        permission_name: "read:orders".to_owned(),
    };
    api.app.app.add_role_permissions(&api.app.tenant.id, &role.id, &[permission]).await.unwrap();
    assert_eq!(api.delete(&format!("/resource-servers/{}", id(&made))).await.status, 204);
    assert_eq!(api.get(&format!("/client-grants/{}", grant["id"].as_str().unwrap())).await.status, 404);
    assert!(api.app.app.role_permissions(&api.app.tenant.id, &role.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_management_api_itself_is_hardly_changed() {
    let api = Api::new().await;
    let path = "/resource-servers/https%3A%2F%2Flogin.example.com%2Fapi%2Fv2%2F";
    let system = api.get(path).await.json();
    assert_eq!(system["is_system"], true);
    // auth0-deploy-cli and auth0-cli leave it alone by its name.
    assert_eq!(system["name"], "Auth0 Management API");
    assert_eq!(system["identifier"], "https://login.example.com/api/v2/");
    for body in [json!({ "name": "x" }), json!({ "scopes": [] }), json!({ "signing_alg": "HS256" })] {
        refused(&api.patch(path, body).await, 400, "System resource servers cannot be patched.", None);
    }
    assert_eq!(api.patch(path, json!({ "token_lifetime": 3600 })).await.json()["token_lifetime"], 3600);
    refused(&api.delete(path).await, 400, "System resource servers cannot be deleted.", None);
}

#[tokio::test]
async fn apis_are_found_by_several_identifiers() {
    let api = Api::new().await;
    for identifier in ["urn:a", "urn:b", "urn:c"] {
        api.create("/resource-servers", json!({ "identifier": identifier })).await;
    }
    let found = api.get("/resource-servers?identifiers=urn:a&identifiers=urn:c&identifiers=urn:x").await.json();
    let mut names: Vec<&str> =
        found.as_array().unwrap().iter().map(|own| own["identifier"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["urn:a", "urn:c"]);
    let one = api.get("/resource-servers?identifiers=urn:b&include_totals=true").await.json();
    assert_eq!((&one["total"], &one["resource_servers"][0]["identifier"]), (&json!(1), &json!("urn:b")));
    let many = "identifiers=urn:a&".repeat(11);
    assert_eq!(api.get(&format!("/resource-servers?{many}")).await.status, 400);
}
