//! `/clients` (`management-api.md` §2).

use http::Method;
use keywright_types::OtherMembers;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

/// RSA, 2048 bits.
pub(crate) const PUBLIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAruP88ukYg9wKPP1qbj9S
IIySkAcJE/gpkQdtez3ul98dqzk+geRvZGpTVVEIWn6JILoHjTLntqfk4PX3O4m3
Fx8+2LH69ngRVPbVDDMeSivGyKsNiXPGdGlUJMvF7Us2Oq0/cax90zNpDX/l92uo
O8/b7wbp3XAQhwWayUhTDkmToIXtobAKPjCmUZazPsUHsy20Hv4geZJx9ZWQbYRg
rqleuXLwdHr/6JzgiiftH2GwlMQbI6e4TxN+ytCPTGuahNbfjECM+cIqN37dM8lK
mO+jOtplVoQHgj0uyorPal56Uy8cz0XoNUyVEV8C0anI8BOvO+BnSx4uNTBBlfD+
+QIDAQAB
-----END PUBLIC KEY-----
";
/// P-256.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIUQfPkT52c2mjyTBEn9EXbnTNvq2EwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLYXBwLmV4YW1wbGUwHhcNMjYxMTIxMTczMTI3WhcNMzAxMjMw
MTczMTI3WjAWMRQwEgYDVQQDDAthcHAuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCld/mpSfN/2aDTNXosBTvBFRQ5KnNi1dcy7qmDSVZ2JxJUXcU91
FVLdMDTBFj52GQQ6soYftSsDmNtbOY+aMIejUzBRMB0GA1UdDgQWBBS6gO/7/GmW
uQZM3nB9QFpAaaZ7rTAfBgNVHSMEGDAWgBS6gO/7/GmWuQZM3nB9QFpAaaZ7rTAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCzbmjtwQ1U8Qne5ALn
tlZmLdZf6buFXjoOonrqmh2uXwIhALZ41lTTVmFQbKMfxWc5s1rDxRECW0TJCAwJ
WsVs+lNV
-----END CERTIFICATE-----
";
/// When it ends.
const END_OF_CERTIFICATE: &str = "2030-12-30T17:31:27.000Z";

const MISSING: (&str, Option<&str>) = ("The client does not exist", Some("inexistent_client"));

fn id(client: &Value) -> String {
    client["client_id"].as_str().unwrap().to_owned()
}

/// A body of POST with these members.
fn named(members: &Value) -> Value {
    let mut body = json!({ "name": "Test" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_new_application_has_the_defaults_of_auth0() {
    let api = Api::new().await;
    let client = api.create("/clients", json!({ "name": "Plain" })).await;
    let (client_id, secret) = (id(&client), client["client_secret"].as_str().unwrap());
    assert!(client_id.len() == 32 && client_id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let keys = &client["signing_keys"][0];
    assert!(keys["cert"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(keys["subject"], "/CN=login.example.com");
    let mut rest = client.clone();
    for name in ["client_id", "client_secret", "signing_keys"] {
        rest.as_object_mut().unwrap().remove(name);
    }
    let expected = json!({
        "name": "Plain", "tenant": "login.example.com", "global": false, "is_first_party": true, "oidc_conformant": false,
        "sso_disabled": false, "cross_origin_authentication": false, "cross_origin_auth": false,
        "custom_login_page_on": true, "is_token_endpoint_ip_header_trusted": false, "callback_url_template": false,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "jwt_configuration": { "secret_encoded": false, "lifetime_in_seconds": 36000 },
        "refresh_token": {
            "rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0, "token_lifetime": 2_592_000,
            "idle_token_lifetime": 1_296_000, "infinite_token_lifetime": true, "infinite_idle_token_lifetime": true,
        },
    });
    assert_eq!(rest, expected);
    assert_eq!(api.get(&format!("/clients/{client_id}")).await.json(), client);
}

/// §2.3, without the implicit grant.
#[tokio::test]
async fn cl_07_grant_types_that_are_not_sent_depend_on_the_kind() {
    let api = Api::new().await;
    let confidential = json!(["authorization_code", "refresh_token", "client_credentials"]);
    for (members, expected) in [
        (json!({ "app_type": "regular_web" }), confidential.clone()),
        (json!({ "app_type": "non_interactive" }), confidential),
        (
            json!({ "app_type": "spa", "token_endpoint_auth_method": "none" }),
            json!(["authorization_code", "refresh_token"]),
        ),
        (json!({ "app_type": "resource_server" }), json!([])),
        (json!({ "app_type": "express_configuration" }), json!(["authorization_code", "client_credentials"])),
        (json!({ "is_first_party": false }), json!(["authorization_code"])),
        (json!({ "grant_types": [] }), json!([])),
        (json!({ "grant_types": ["implicit"] }), json!(["implicit"])),
    ] {
        assert_eq!(api.client(members.clone()).await["grant_types"], expected, "{members}");
    }
}

/// §2.5.
#[tokio::test]
async fn refresh_tokens_of_a_new_application_have_the_ends_of_auth0() {
    let api = Api::new().await;
    let post = api.client(json!({ "token_endpoint_auth_method": "client_secret_post" })).await["refresh_token"].clone();
    assert_eq!((&post["token_lifetime"], &post["idle_token_lifetime"]), (&json!(31_557_600), &json!(2_592_000)));
    let rotating = json!({ "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring" } });
    let rotating = api.client(rotating).await["refresh_token"].clone();
    assert_eq!((&rotating["infinite_token_lifetime"], &rotating["token_lifetime"]), (&json!(false), &json!(2_592_000)));
    let spa = json!({ "is_first_party": false, "app_type": "spa", "token_endpoint_auth_method": "none" });
    assert_eq!(api.client(spa).await["refresh_token"]["rotation_type"], "rotating");
}

#[tokio::test]
async fn members_that_need_each_other_are_checked() {
    let api = Api::new().await;
    let refresh = |members: Value| {
        let mut refresh = json!({ "rotation_type": "rotating", "expiration_type": "expiring" });
        refresh.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "refresh_token": refresh })
    };
    for (members, sentence) in [
        (
            refresh(json!({ "expiration_type": "non-expiring" })),
            "refresh_token.expiration_type must be expiring for rotating refresh tokens",
        ),
        (
            refresh(json!({ "token_lifetime": 10, "idle_token_lifetime": 11 })),
            "refresh_token.idle_token_lifetime must not be greater than refresh_token.token_lifetime",
        ),
        (
            json!({ "organization_require_behavior": "pre_login_prompt" }),
            "organization_require_behavior needs organization_usage allow or require",
        ),
        (
            json!({ "jwt_configuration": { "alg": "HS256" }, "token_endpoint_auth_method": "none" }),
            "jwt_configuration.alg cannot be HS256 when token_endpoint_auth_method is none",
        ),
        (json!({ "name": "All Applications" }), "The name All Applications is reserved"),
    ] {
        refused(&api.post("/clients", named(&members)).await, 400, sentence, Some("invalid_body"));
    }
    let third_party = json!({ "is_first_party": false, "organization_usage": "require" });
    let message = "Organizations are only available to first party clients on user-based flows.";
    refused(&api.post("/clients", named(&third_party)).await, 403, message, None);
}

#[tokio::test]
async fn wrong_members_are_named() {
    let api = Api::new().await;
    let tls = json!({ "client_authentication_methods": { "tls_client_auth": { "credentials": [] } } });
    for (members, reason) in [
        (
            json!({ "callbacks": "https://a.example" }),
            "'Expected type array but found type string' on property callbacks (Where logins may return to; the first one \
             is the default.).",
        ),
        (
            json!({ "callbacks": ["javascript:alert(1)"] }),
            "'Object didn't pass validation for format url-with-placeholders: javascript:alert(1)' on property \
             callbacks[0].",
        ),
        (json!({ "app_type": "quantum" }), "'No enum match for: quantum' on property app_type (Kind of application.)."),
        (json!({ "grant_types": ["magic"] }), "'No enum match for: magic' on property grant_types[0]."),
        (
            json!({ "client_metadata": { "a": 1 } }),
            "'Expected type string but found type integer' on property client_metadata.a.",
        ),
        (json!({ "client_id": "mine" }), "'Additional properties not allowed: client_id'."),
        (json!({ "client_secret": "x" }), "'Additional properties not allowed: client_secret'."),
        (
            json!({ "initiate_login_uri": "http://a.example" }),
            "'Object didn't pass validation for format absolute-https-uri-with-placeholders-or-empty: http://a.example' on \
             property initiate_login_uri (Where a broken login begins again; https.).",
        ),
        (
            tls,
            "'Missing required property: private_key_jwt' on property client_authentication_methods (Exactly one method of \
             authentication that is no secret.). (also) 'Additional properties not allowed: tls_client_auth' on property \
             client_authentication_methods (Exactly one method of authentication that is no secret.).",
        ),
    ] {
        invalid(&api.post("/clients", named(&members)).await, reason);
    }
}

/// Status of a token request of an application for itself.
async fn ask(api: &Api, client_id: &str, secret: &str) -> u16 {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret),
        ("audience", "appointments:api"),
    ];
    api.app.post_form("/oauth/token", &fields).await.status.as_u16()
}

#[tokio::test]
async fn a_change_takes_effect_at_the_next_request() {
    let api = Api::new().await;
    let client = api.client(json!({ "grant_types": ["client_credentials"] })).await;
    let (client_id, secret) = (id(&client), client["client_secret"].as_str().unwrap());
    let path = format!("/clients/{client_id}");
    assert_eq!(ask(&api, &client_id, secret).await, 403, "without a grant");
    let grant = json!({ "client_id": client_id, "audience": "appointments:api", "scope": [] });
    api.create("/client-grants", grant).await;
    assert_eq!(ask(&api, &client_id, secret).await, 200);
    api.patch(&path, json!({ "grant_types": ["authorization_code"] })).await;
    assert_eq!(ask(&api, &client_id, secret).await, 403);
    api.patch(&path, json!({ "grant_types": ["client_credentials"] })).await;
    // "old secret invalid at once".
    let rotated = api.send(Method::POST, &format!("{path}/rotate-secret"), None).await;
    assert_eq!(rotated.status, 200);
    let fresh = rotated.text("client_secret");
    assert_eq!((ask(&api, &client_id, secret).await, ask(&api, &client_id, &fresh).await), (401, 200));
    let own = "a-secret-of-another-tenant-that-moved-here-0123456789";
    assert_eq!(api.patch(&path, json!({ "client_secret": own })).await.text("client_secret"), own);
    assert_eq!((ask(&api, &client_id, &fresh).await, ask(&api, &client_id, own).await), (401, 200));
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(ask(&api, &client_id, own).await, 401);
    let nobody = api.send(Method::POST, "/clients/nobody/rotate-secret", None).await;
    refused(&nobody, 404, MISSING.0, MISSING.1);
}

/// §1.13.
#[tokio::test]
async fn a_patch_leaves_what_it_does_not_name() {
    let api = Api::new().await;
    let members = json!({
        "callbacks": ["https://a.example/"], "client_metadata": { "a": "1", "b": "2" }, "description": "before",
        "jwt_configuration": { "alg": "RS256" }, "token_endpoint_auth_method": "none",
    });
    let client = api.client(members).await;
    let path = format!("/clients/{}", id(&client));
    let patched = api.patch(&path, json!({})).await;
    assert_eq!((patched.status.as_u16(), patched.json()), (200, client.clone()));
    let mut expected = client;
    for (body, changes) in [
        (json!({ "description": "after" }), json!({ "description": "after" })),
        (json!({ "callbacks": [] }), json!({ "callbacks": [] })),
        (json!({ "client_metadata": { "a": null, "c": "3" } }), json!({ "client_metadata": { "b": "2", "c": "3" } })),
        (
            json!({ "jwt_configuration": { "lifetime_in_seconds": 60 } }),
            json!({ "jwt_configuration": { "alg": "RS256", "secret_encoded": false, "lifetime_in_seconds": 60 } }),
        ),
        (json!({ "token_endpoint_auth_method": null }), json!({ "token_endpoint_auth_method": null })),
    ] {
        let answer = api.patch(&path, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {answer:#?}");
        for (name, value) in changes.as_object().unwrap() {
            expected[name] = value.clone();
            if value.is_null() {
                expected.as_object_mut().unwrap().remove(name);
            }
        }
        assert_eq!(answer.json(), expected, "{body}");
        assert_eq!(api.get(&path).await.json(), expected, "{body}");
    }
    refused(&api.patch("/clients/nobody", json!({})).await, 404, MISSING.0, MISSING.1);
    invalid(&api.patch(&path, json!({ "client_id": "x" })).await, "'Additional properties not allowed: client_id'.");
    let alone = json!({ "refresh_token": { "rotation_type": "rotating" } });
    let sentence = "refresh_token.expiration_type must be expiring for rotating refresh tokens";
    refused(&api.patch(&path, alone).await, 400, sentence, Some("invalid_body"));
    assert_eq!(api.get(&path).await.json(), expected, "nothing half-written");
}

#[tokio::test]
async fn what_an_application_leaves_goes_with_it() {
    let api = Api::new().await;
    let scene = &api.scene;
    let path = format!("/clients/{}", scene.web.id());
    let tokens = scene.tokens(&scene.web, "openid offline_access", "appointments:api").await;
    let tenant = &api.app.tenant.id;
    assert!(api.app.app.connections(tenant).await.unwrap()[0].is_enabled_for(scene.web.id()));
    assert_eq!(api.delete(&path).await.status, 204);
    assert!(!api.app.app.connections(tenant).await.unwrap()[0].is_enabled_for(scene.web.id()));
    assert_eq!(scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await.status, 401);
    refused(&api.get(&path).await, 404, MISSING.0, MISSING.1);
    assert_eq!(api.delete(&path).await.status, 204, "it is idempotent");
}

/// §4.7.
#[tokio::test]
async fn a_new_application_may_use_the_connections_that_are_there() {
    let api = Api::new().await;
    let tenant = api.app.tenant.id.clone();
    let client = api.client(json!({})).await;
    assert!(api.app.app.connections(&tenant).await.unwrap()[0].is_enabled_for(&id(&client)));
    let mut settings = api.app.tenant.settings.clone();
    settings.flags.other = OtherMembers::from_iter([("enable_client_connections".to_owned(), json!(false))]);
    api.app.app.update_tenant_settings(&tenant, &settings).await.unwrap();
    let client = api.client(json!({})).await;
    assert!(!api.app.app.connections(&tenant).await.unwrap()[0].is_enabled_for(&id(&client)));
}

fn members(answer: &keywright_testkit::Answer) -> Vec<String> {
    answer.json().as_object().unwrap().keys().cloned().collect()
}

/// §2.4.
#[tokio::test]
async fn tn_03_each_scope_shows_and_changes_its_own_members() {
    let api = Api::new().await;
    let path = format!("/clients/{}", id(&api.client(json!({ "description": "d", "app_type": "spa" })).await));
    let summary = api.with_scopes(&["read:client_summary"]).await.get(&path).await;
    assert_eq!(members(&summary), ["app_type", "client_id", "description", "is_first_party", "name"]);
    let plain = api.with_scopes(&["read:clients"]).await;
    let shown = members(&plain.get(&path).await);
    assert!(shown.contains(&"grant_types".to_owned()));
    assert!(!shown.contains(&"client_secret".to_owned()) && !shown.contains(&"signing_keys".to_owned()));
    for scope in ["read:client_keys", "read:client_credentials"] {
        let shown = members(&api.with_scopes(&[scope]).await.get(&path).await);
        assert!(shown.contains(&"client_secret".to_owned()), "{scope}");
    }
    let message = "Some fields cannot be read with the permissions granted by the bearer token scopes.";
    refused(&plain.get(&format!("{path}?fields=client_secret")).await, 403, message, Some("insufficient_scope"));

    let expects = |answer: &keywright_testkit::Answer, scopes: &str| {
        let message = format!("Insufficient scope, expected any of: {scopes}");
        refused(answer, 403, &message, Some("insufficient_scope"));
    };
    let secret = json!({ "client_secret": "0123456789012345678901234567890123456789" });
    let changer = api.with_scopes(&["update:clients"]).await;
    expects(&changer.patch(&path, secret.clone()).await, "update:client_keys");
    let changed = changer.patch(&path, json!({ "name": "New" })).await;
    assert!(changed.status == 200 && !members(&changed).contains(&"client_secret".to_owned()));
    let keeper = api.with_scopes(&["update:client_keys"]).await;
    assert_eq!(keeper.patch(&path, secret).await.status, 200);
    expects(&keeper.patch(&path, json!({ "name": "New" })).await, "update:clients");
    let creator = api.with_scopes(&["create:clients"]).await;
    let inline = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [
        { "credential_type": "public_key", "pem": PUBLIC_KEY },
    ] } } });
    expects(&creator.post("/clients", named(&inline)).await, "create:client_credentials");
}

/// §2.6.
#[tokio::test]
async fn the_global_application_is_always_there() {
    let api = Api::new().await;
    let found = api.get("/clients?is_global=true&include_totals=true").await.json();
    assert_eq!((&found["total"], found["clients"].as_array().unwrap().len()), (&json!(1), 1));
    let global = &found["clients"][0];
    assert_eq!((&global["global"], &global["name"]), (&json!(true), &json!("All Applications")));
    assert_eq!((&global["callbacks"], &global["custom_login_page_on"]), (&json!([]), &json!(true)));
    let path = format!("/clients/{}", id(global));
    refused(&api.delete(&path).await, 400, "Global client cannot be deleted.", None);
    refused(&api.patch(&path, json!({ "name": "x" })).await, 400, "Global client cannot be patched.", None);
    let page = json!({ "custom_login_page": "<html>", "custom_login_page_on": false });
    assert_eq!(api.patch(&path, page).await.text("custom_login_page"), "<html>");
    let all = api.get("/clients?include_totals=true").await.json()["total"].as_i64().unwrap();
    let others = api.get("/clients?include_totals=true&is_global=false").await.json();
    assert_eq!(others["total"], all - 1);
    assert!(others["clients"].as_array().unwrap().iter().all(|client| client["global"] == false));
    // It is no application: nobody can log in or ask for a token with it.
    let page = api.app.get(&format!("/authorize?client_id={}&response_type=code", id(global)), &[]).await;
    assert!([400, 403].contains(&page.status.as_u16()), "{page:#?}");
    assert!([400, 401, 403].contains(&ask(&api, &id(global), "").await));
}

#[tokio::test]
async fn lists_are_filtered() {
    let api = Api::new().await;
    let third = api.client(json!({ "name": "Third", "is_first_party": false, "app_type": "spa" })).await;
    for (query, expected) in [
        ("is_first_party=false", vec!["Third"]),
        ("app_type=spa", vec!["Single Page App", "Third"]),
        ("app_type=spa,native&is_first_party=true", vec!["Native App", "Single Page App"]),
        ("external_client_id=x", vec![]),
    ] {
        let found = api.get(&format!("/clients?include_totals=true&{query}")).await.json();
        let mut names: Vec<&str> =
            found["clients"].as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!((&names, &found["total"]), (&expected, &json!(expected.len())), "{query}");
    }
    let q = "client_grant.allow_any_organization%3Atrue";
    let error = api.get(&format!("/clients?q={q}")).await;
    assert_eq!((error.status.as_u16(), error.json()["errorCode"].as_str()), (400, Some("invalid_query_string")));
    assert_eq!(api.get(&format!("/clients?take=5&q={q}")).await.json(), json!({ "clients": [] }));
    let grant = json!({ "client_id": id(&third), "audience": "appointments:api", "allow_any_organization": true });
    api.create("/client-grants", grant).await;
    let found = api.get(&format!("/clients?take=5&q={q}")).await.json();
    assert_eq!(found["clients"][0]["client_id"], third["client_id"]);
    assert_eq!(api.get("/clients?take=5&q=name:x").await.status, 400);
}

#[tokio::test]
async fn aliases_are_unique() {
    let api = Api::new().await;
    let first = api.client(json!({ "client_aliases": ["urn:a", "urn:b"] })).await;
    assert_eq!(first["client_aliases"], json!(["urn:a", "urn:b"]));
    let taken = api.post("/clients", named(&json!({ "client_aliases": ["urn:b"] }))).await;
    refused(&taken, 409, "Another client exists with the same alias", None);
    let path = format!("/clients/{}", id(&first));
    assert_eq!(api.patch(&path, json!({ "client_aliases": ["urn:b"] })).await.status, 200);
    let twice = api.patch(&path, json!({ "client_aliases": ["urn:b", "urn:b"] })).await;
    let reason = "'Array items are not unique (indexes 0 and 1)' on property client_aliases (SAML audiences; unique in the \
                  tenant.).";
    invalid(&twice, reason);
}

/// §2.8.
#[tokio::test]
async fn credentials_come_one_by_one_and_inline() {
    let api = Api::new().await;
    let inline = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [
        { "credential_type": "public_key", "name": "first", "pem": PUBLIC_KEY, "alg": "PS256" },
    ] } } });
    let client = api.client(inline).await;
    assert_eq!(client["jwt_configuration"], json!({ "secret_encoded": false, "alg": "RS256" }));
    let client_path = format!("/clients/{}", id(&client));
    let path = format!("{client_path}/credentials");
    let first = api.get(&path).await.json()[0].clone();
    let references = &client["client_authentication_methods"]["private_key_jwt"]["credentials"];
    assert_eq!(*references, json!([{ "id": first["id"] }]));
    let first_id = first["id"].as_str().unwrap();
    assert!(first_id.starts_with("cred_") && first_id.len() == 27);
    let expected = json!({
        "id": first_id, "credential_type": "public_key", "name": "first", "alg": "PS256", "kid": first["kid"],
        "created_at": "2026-03-01T12:00:00.000Z", "updated_at": "2026-03-01T12:00:00.000Z",
    });
    assert_eq!(first, expected, "pem never returned");
    let second = json!({
        "credential_type": "public_key", "pem": CERTIFICATE, "kid": "my-own-key-id", "parse_expiry_from_cert": true,
    });
    let second = api.create(&path, second).await;
    assert_eq!((&second["kid"], &second["alg"]), (&json!("my-own-key-id"), &json!("ES256")));
    assert_eq!(second["expires_at"], END_OF_CERTIFICATE);
    let one = format!("{path}/{}", second["id"].as_str().unwrap());
    assert_eq!(api.get(&one).await.json(), second);
    let later = api.patch(&one, json!({ "expires_at": "2031-01-01T00:00:00Z" })).await.json();
    assert_eq!(later["expires_at"], "2031-01-01T00:00:00.000Z");
    assert!(api.patch(&one, json!({ "expires_at": null })).await.json().get("expires_at").is_none());
    let past = api.patch(&one, json!({ "expires_at": "2020-01-01T00:00:00Z" })).await;
    refused(&past, 400, "expires_at must be in the future", Some("invalid_body"));
    let methods =
        |id: &str| json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": id }] } } });
    assert_eq!(api.patch(&client_path, methods(second["id"].as_str().unwrap())).await.status, 200);
    let message = "The credential is in use by client_authentication_methods and cannot be deleted";
    refused(&api.delete(&one).await, 400, message, None);
    let first_path = format!("{path}/{first_id}");
    assert_eq!(api.delete(&first_path).await.status, 204);
    refused(&api.get(&first_path).await, 404, "Credential does not exist", None);
    let message = "client_authentication_methods names a credential that does not exist";
    refused(&api.patch(&client_path, methods(first_id)).await, 400, message, Some("invalid_body"));
    // A client of this kind has no secret to rotate.
    let rotated = api.send(Method::POST, &format!("{client_path}/rotate-secret"), None).await;
    refused(&rotated, 400, "The client authenticates without a secret.", Some("operation_not_supported"));
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let api = Api::new().await;
    let path = format!("/clients/{}/credentials", id(&api.client(json!({})).await));
    let key = |members: Value| {
        let mut body = json!({ "credential_type": "public_key", "pem": PUBLIC_KEY });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    for (members, message) in [
        (json!({ "pem": "nothing" }), "pem is no public key that can be used"),
        (json!({ "alg": "ES256" }), "the algorithm does not fit the key"),
        (json!({ "parse_expiry_from_cert": true }), "parse_expiry_from_cert needs a certificate in pem"),
    ] {
        refused(&api.post(&path, key(members)).await, 400, message, Some("invalid_body"));
    }
    let x509 = key(json!({ "credential_type": "x509_cert" }));
    invalid(&api.post(&path, x509).await, "'No enum match for: x509_cert' on property credential_type.");
    api.create(&path, key(json!({}))).await;
    let again = api.post(&path, key(json!({}))).await;
    refused(&again, 409, "A credential with the same kid already exists", None);
    let nobody = api.post("/clients/nobody/credentials", key(json!({}))).await;
    refused(&nobody, 404, MISSING.0, MISSING.1);
    refused(&api.get("/clients/nobody/credentials").await, 404, MISSING.0, MISSING.1);
}

/// ST-03, OP-02: `addons` hold keys of other services.
#[tokio::test]
async fn st_03_addons_are_sealed_answered_and_not_logged() {
    let api = Api::new().await;
    let addons = json!({ "layer": { "providerId": "p", "keyId": "k", "privateKey": "hush" }, "wsfed": {}, "samlp": { "any": 1 } });
    let made = api.client(json!({ "addons": addons })).await;
    assert_eq!(made["addons"], addons);
    let id = made["client_id"].as_str().unwrap().to_owned();
    let own = format!("/clients/{id}");
    assert_eq!(api.get(&own).await.json()["addons"], addons);
    let (tenant, wanted) = (api.app.tenant.id.clone(), id.clone());
    let row = api.app.app.store().read(move |tx| keywright_store::clients::find(tx, &tenant, &wanted)).await;
    let row = row.unwrap().unwrap();
    assert!(!row.document.contains("hush") && !row.document.contains("addons"));
    assert!(!String::from_utf8_lossy(&row.addons.unwrap()).contains("hush"));
    let log = api.get("/logs?take=100").await.json().to_string();
    assert!(log.contains("Create a client") && !log.contains("hush"));
    // What reads applications without keys reads add-ons too; a summary does not.
    assert_eq!(api.with_scopes(&["read:clients"]).await.get(&own).await.json()["addons"], addons);
    assert!(api.with_scopes(&["read:client_summary"]).await.get(&own).await.json().get("addons").is_none());
    // A change of something else leaves them; each is replaced or removed on its own.
    let renamed = api.patch(&own, json!({ "name": "Other" })).await.json();
    assert_eq!(renamed["addons"], addons);
    let changed =
        api.patch(&own, json!({ "addons": { "wsfed": null, "samlp": { "audience": "urn:x" } } })).await.json();
    assert_eq!(changed["addons"], json!({ "layer": addons["layer"], "samlp": { "audience": "urn:x" } }));
    let gone = api.patch(&own, json!({ "addons": null })).await.json();
    assert!(gone.get("addons").is_none());
    assert!(api.get(&own).await.json().get("addons").is_none());
    for (body, reason) in [
        (json!({ "slack": {} }), "'Missing required property: team' on property addons.slack."),
        (
            json!({ "magic": {} }),
            "'Additional properties not allowed: magic' on property addons (Settings of other services.).",
        ),
        (json!({ "wsfed": true }), "'Expected type object but found type boolean' on property addons.wsfed."),
        (
            json!({ "aws": { "lifetime_in_seconds": 1 } }),
            "'Value 1 is less than minimum 900' on property addons.aws.lifetime_in_seconds.",
        ),
    ] {
        invalid(&api.patch(&own, json!({ "addons": body })).await, reason);
    }
}
