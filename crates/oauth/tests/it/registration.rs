//! `POST /oidc/register` (§6.7; RFC 7591; MD-02).

use http::Method;
use keywright_testkit::{Answer, Engine, Scene};
use keywright_types::{Connection, Profile, TenantFlags, TenantSettings};
use serde_json::{Value, json};

use crate::expect::{refused, uncached_json};
use crate::routes;

fn open_to_all(profile: Profile) -> TenantSettings {
    let flags = TenantFlags { enable_dynamic_client_registration: true, ..TenantFlags::default() };
    TenantSettings { profile, flags, ..TenantSettings::default() }
}

async fn scene(profile: Profile) -> Scene {
    Scene::with(routes, Engine::Sqlite, open_to_all(profile)).await
}

async fn register(scene: &Scene, metadata: &Value) -> Answer {
    scene.app.post_json("/oidc/register", metadata).await
}

fn with(mut metadata: Value, member: &str, value: Value) -> Value {
    metadata[member] = value;
    metadata
}

fn minimal() -> Value {
    json!({ "redirect_uris": ["https://calendar.example/callback"] })
}

#[tokio::test]
async fn md_02_registration_is_off_by_default() {
    let scene = Scene::new(routes).await;
    let text = "Dynamic client registration is not enabled for the tenant";
    refused(&register(&scene, &minimal()).await, 404, "endpoint_disabled", text);
    let discovery = scene.app.get("/.well-known/openid-configuration", &[]).await;
    assert!(discovery.json().get("registration_endpoint").is_none());
}

#[tokio::test]
async fn md_01_the_registration_endpoint_is_advertised_where_it_is_open() {
    let scene = scene(Profile::Auth0).await;
    let discovery = scene.app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(discovery["registration_endpoint"], "https://login.example.com/oidc/register");
    let answer = scene.app.get("/oidc/register", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn profile_status_and_default_authentication_of_a_registration() {
    for (profile, status, method) in
        [(Profile::Auth0, 200, "client_secret_post"), (Profile::Standard, 201, "client_secret_basic")]
    {
        let scene = scene(profile).await;
        let answer = register(&scene, &minimal()).await;
        assert_eq!(answer.status, status, "{answer:#?}");
        uncached_json(&answer);
        assert_eq!(answer.text("token_endpoint_auth_method"), method);
    }
}

#[tokio::test]
async fn md_02_what_is_registered_is_answered_and_stored() {
    let scene = scene(Profile::Standard).await;
    let metadata = json!({
        "redirect_uris": ["https://calendar.example/callback", "https://calendar.example/other?a=b"],
        "post_logout_redirect_uris": ["https://calendar.example/bye"],
        "client_name": " Calendar ", "application_type": "web", "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "logo_uri": "https://calendar.example/logo.png", "policy_uri": "https://calendar.example/privacy",
        "tos_uri": "https://calendar.example/terms", "client_uri": "https://calendar.example/",
        "initiate_login_uri": "https://calendar.example/login", "contacts": ["admin@calendar.example"],
        "something_else": { "is": ["ignored"] }
    });
    let answer = register(&scene, &metadata).await;
    let (client_id, secret) = (answer.text("client_id"), answer.text("client_secret"));
    let mut expected = metadata;
    expected["client_name"] = json!("Calendar");
    expected.as_object_mut().unwrap().remove("something_else");
    expected["client_id"] = json!(client_id);
    expected["client_secret"] = json!(secret);
    expected["client_secret_expires_at"] = json!(0);
    expected["client_id_issued_at"] = json!(scene.app.app.now().as_second());
    expected["id_token_signed_response_alg"] = json!("RS256");
    assert_eq!(answer.json(), expected);
    let stored = scene.app.app.client(&scene.app.tenant.id, &client_id).await.unwrap().unwrap();
    assert!(!stored.client.is_first_party);
    assert_eq!(stored.client.callbacks.len(), 2);
    assert!(stored.client.refresh_token.absolute_seconds().is_some(), "its refresh tokens end");
}

#[tokio::test]
async fn md_02_redirect_uris_are_https_without_wildcard_and_fragment() {
    let scene = scene(Profile::Auth0).await;
    for (native, good, bad) in [
        (
            "web",
            &["https://a.example/cb", "https://a.example:8443/cb?x=1"][..],
            &[
                "http://a.example/cb",
                "http://localhost/cb",
                "https://localhost/cb",
                "https://127.0.0.1/cb",
                "com.example.app:/cb",
                "https://*.example.com/cb",
                "https://a.example/*",
                "https://a.example/cb#x",
                "https://user@a.example/cb",
                "javascript:alert(1)",
                "//a.example/cb",
                "",
                "a",
                "https://",
            ][..],
        ),
        (
            "native",
            &["https://a.example/cb", "http://127.0.0.1:4711/cb", "http://localhost/cb", "com.example.app:/cb"],
            &["http://a.example/cb", "myapp:/cb", "javascript:alert(1)", "com.example.*:/cb", "http://127.0.0.1/cb#x"],
        ),
    ] {
        let ask =
            async |urls: Value| register(&scene, &json!({ "redirect_uris": urls, "application_type": native })).await;
        for url in good {
            assert_eq!(ask(json!([url])).await.status, 200, "{native} {url}");
        }
        for url in bad {
            let answer = ask(json!(["https://a.example/cb", url])).await;
            assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (400, "invalid_redirect_uri"), "{url}");
        }
    }
    for metadata in [json!({}), json!({ "redirect_uris": [] }), json!({ "redirect_uris": null })] {
        assert_eq!(register(&scene, &metadata).await.text("error"), "invalid_redirect_uri", "{metadata}");
    }
}

#[tokio::test]
async fn md_02_no_grant_without_a_user_is_given() {
    let scene = scene(Profile::Standard).await;
    let asked = json!([
        "authorization_code",
        "client_credentials",
        "password",
        "http://auth0.com/oauth/grant-type/password-realm",
        "implicit",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange"
    ]);
    let answer = register(&scene, &with(minimal(), "grant_types", asked)).await;
    assert_eq!(answer.json()["grant_types"], json!(["authorization_code", "refresh_token"]));
    let (id, secret) = (answer.text("client_id"), answer.text("client_secret"));
    for grant in ["client_credentials", "password"] {
        let authorization = crate::expect::basic(&id, &secret);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let body = format!("grant_type={grant}&audience=appointments:api&username=jane@example.com&password=x");
        let refused = scene.app.request(Method::POST, "/oauth/token", &headers, body).await;
        assert_eq!(refused.status, 400, "{grant}: {refused:#?}");
    }
    let only = register(&scene, &with(minimal(), "grant_types", json!(["client_credentials"]))).await;
    assert_eq!(only.text("error"), "invalid_client_metadata");
}

#[tokio::test]
async fn md_02_malformed_metadata_changes_nothing() {
    let scene = scene(Profile::Auth0).await;
    let key = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    let count = async || {
        let id = scene.app.tenant.id.clone();
        scene.app.app.store().read(move |tx| keywright_store::clients::count(tx, &id)).await.unwrap()
    };
    let before = count().await;
    for (member, value) in [
        ("redirect_uris", json!("https://a.example/cb")),
        ("client_name", json!(1)),
        ("client_name", json!("x".repeat(129))),
        ("client_name", json!("safe\u{202e}name")),
        ("client_name", json!("line\nbreak")),
        ("application_type", json!("browser")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("")),
        ("id_token_signed_response_alg", json!("none")),
        ("logo_uri", json!("http://a.example/logo.png")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("tos_uri", json!("https://user@a.example/")),
        ("policy_uri", json!(format!("https://a.example/{}", "x".repeat(2048)))),
        ("initiate_login_uri", json!("http://a.example/login")),
        ("post_logout_redirect_uris", json!(["http://a.example/bye"])),
        ("contacts", json!(vec!["a@a.example"; 21])),
        ("jwks", json!({ "keys": [] })),
        ("jwks", json!({ "keys": [with(key.clone(), "d", json!("secret"))] })),
        ("jwks", json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] })),
        ("jwks", json!([key])),
        ("jwks_uri", json!("https://a.example/jwks.json")),
    ] {
        let answer = register(&scene, &with(minimal(), member, value.clone())).await;
        let error = (answer.status.as_u16(), answer.text("error"));
        assert_eq!(error, (400, "invalid_client_metadata".to_owned()), "{member} {value}");
        uncached_json(&answer);
    }
    let json = [("content-type", "application/json")];
    for body in
        ["", "[]", "{", "null", r#"{"client_name":"a","client_name":"b","redirect_uris":["https://a.example/"]}"#]
    {
        let answer = scene.app.request(Method::POST, "/oidc/register", &json, body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:#?}");
    }
    let form = scene.app.post_form("/oidc/register", &[("redirect_uris", "https://a.example/cb")]).await;
    assert_eq!(form.text("error"), "invalid_request");
    assert_eq!(count().await, before);
}

#[tokio::test]
async fn md_02_a_registered_application_is_third_party_to_its_end() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, open_to_all(Profile::Auth0)).await;
        let metadata = json!({
            "redirect_uris": ["https://calendar.example/callback"], "client_name": "Calendar",
            "grant_types": ["authorization_code", "refresh_token"], "logo_uri": "https://calendar.example/logo.png"
        });
        let answer = register(&scene, &metadata).await;
        let (id, secret) = (answer.text("client_id"), answer.text("client_secret"));
        let path = format!(
            "/authorize?response_type=code&client_id={id}&redirect_uri=https://calendar.example/callback\
             &scope=openid%20offline_access"
        );
        let browser = scene.app.browser();
        let login = browser.get(&path).await;
        assert!(browser.get(login.location()).await.body.contains("https://calendar.example/logo.png"));
        let page = browser.get(login.location()).await;
        let fields = [("username", "jane@example.com"), ("password", scene.password())];
        let answer = browser.submit(login.location(), &page, &fields).await;
        let consent = browser.get(answer.location()).await;
        assert!(consent.location().starts_with("/u/consent"), "the user is always asked: {consent:#?}");
        let code = browser.consent(consent, "accept").await.location_parameter("code").unwrap();
        let client = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "https://calendar.example/callback"),
        ];
        let tokens = scene.app.post_form("/oauth/token", &[&client[..], &grant].concat()).await;
        assert_eq!(tokens.status, 200, "{tokens:#?}");
        let refresh_token = tokens.text("refresh_token");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let refresh = async || scene.app.post_form("/oauth/token", &[&client[..], &refresh].concat()).await;
        assert_eq!(refresh().await.status, 200);
        // §8.3: only domain-level connections, whichever are enabled for it.
        let enabled_clients = vec![id.clone()];
        let own = Connection { is_domain_connection: false, enabled_clients, ..scene.connection.clone() };
        scene.app.app.update_connection(&scene.app.tenant.id, &own).await.unwrap();
        let refused = browser.get(&path).await;
        assert_eq!(
            refused.location_parameter("error_description").as_deref(),
            Some("no connections enabled for the client")
        );
        assert_eq!(refresh().await.text("error"), "invalid_grant");
    }
}

#[tokio::test]
async fn md_02_five_registrations_a_second() {
    let scene = Scene::with_limits(routes, Engine::Sqlite, open_to_all(Profile::Auth0)).await;
    for _ in 0..5 {
        assert_eq!(register(&scene, &minimal()).await.status, 200);
    }
    refused(&register(&scene, &minimal()).await, 429, "too_many_requests", "Rate limit exceeded.");
    scene.app.advance(1);
    for _ in 0..5 {
        assert_eq!(register(&scene, &minimal()).await.status, 200);
    }
    assert_eq!(register(&scene, &minimal()).await.status, 429);
}

#[tokio::test]
async fn md_02_a_full_tenant_takes_no_more() {
    let scene = scene(Profile::Auth0).await;
    let id = scene.app.tenant.id.clone();
    let fill = move |tx: &mut keywright_store::Tx<'_>| {
        let have = keywright_store::clients::count(tx, &id)?;
        for number in have..4_999 {
            let sql = "INSERT INTO clients (tenant_id, client_id, name, document, created_at, updated_at) \
                       VALUES ($1, $2, 'x', '{\"client_id\":\"x\",\"name\":\"x\"}', 0, 0)";
            tx.execute(sql, &[(&id).into(), format!("filler{number}").into()])?;
        }
        Ok::<_, keywright_store::StoreError>(())
    };
    scene.app.app.store().write(fill).await.unwrap();
    assert_eq!(register(&scene, &minimal()).await.status, 200);
    let text = "You reached the limit of entities of this type for this tenant.";
    refused(&register(&scene, &minimal()).await, 403, "too_many_entities", text);
}
