//! `POST /oauth/device/code` (§5.1; DV-01, DV-07, DO-02).

use keywright_testkit::{Answer, Registered, Scene};
use keywright_types::{AppType, TenantSettings, TokenEndpointAuthMethod, UserCodeCharset, UserCodeFormat};
use serde_json::json;

use super::{Device, GRANT, ask, build, entry, limited, logged, scene, standard};
use crate::expect::{refused, uncached_json};
use crate::outcome::{change_connection, change_settings};

const NOT_ALLOWED: &str = "Grant type 'urn:ietf:params:oauth:grant-type:device_code' not allowed for the client.";
const NATIVE_ONLY: &str = "The device flow is for native first-party applications without a client secret";

#[track_caller]
fn six_members(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.status, 200, "{answer:#?}");
    uncached_json(answer);
    let body = answer.json();
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"];
    assert_eq!(members, expected);
    body
}

#[tokio::test]
async fn the_answer_has_the_six_members_of_the_reference() {
    let scene = scene().await;
    let fields = [("scope", "openid offline_access read:contacts"), ("audience", "appointments:api")];
    let body = six_members(&ask(&scene.app, &scene.native, &fields).await);
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(900), &json!(5)));
    assert_eq!(body["verification_uri"], "https://login.example.com/activate");
    let user_code = body["user_code"].as_str().unwrap();
    let complete = format!("https://login.example.com/activate?user_code={user_code}");
    assert_eq!(body["verification_uri_complete"], complete);
    // §5.2: the default format.
    let letter = |c: char| "BCDFGHJKLMNPQRSTVWXZ".contains(c);
    let (left, right) = user_code.split_once('-').unwrap();
    assert!(left.len() == 4 && right.len() == 4 && left.chars().chain(right.chars()).all(letter), "{user_code}");
    // DV-01: 256 bits in base64url.
    assert_eq!(body["device_code"].as_str().unwrap().len(), 43);
    // §0.4: JSON as well; and a client id is all that is needed.
    let answer = scene.app.post_json("/oauth/device/code", &json!({ "client_id": scene.native.id() })).await;
    six_members(&answer);
    assert_eq!(logged(&scene).await, [], "a success is no event");
}

#[tokio::test]
async fn dv_01_neither_code_is_stored_in_clear() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let read = |tx: &mut keywright_store::Tx<'_>| tx.query("SELECT * FROM device_codes", &[]);
    let rows = scene.app.app.store().read(read).await.unwrap();
    assert_eq!(rows.len(), 1);
    let letters = device.user_code.replace('-', "");
    let folder = scene.database.trim_start_matches("sqlite:").to_owned();
    for file in [folder.clone(), format!("{folder}-wal")] {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for secret in [&device.code, &device.user_code, &letters] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {file}");
        }
    }
}

#[tokio::test]
async fn user_codes_have_the_tenants_format() {
    for (charset, mask, shape) in [
        (UserCodeCharset::Digits, "***-***-***", "ddd-ddd-ddd"),
        (UserCodeCharset::Base20, "**** **** ****", "llll llll llll"),
        // Too short to be safe (DV-01): the default mask of the set.
        (UserCodeCharset::Digits, "***-***", "ddd-ddd-ddd"),
    ] {
        let device_flow = Some(UserCodeFormat { charset, mask: mask.to_owned() });
        let settings = TenantSettings { device_flow, ..TenantSettings::default() };
        let scene = build(keywright_testkit::SceneOptions { settings, ..Default::default() }).await;
        let answer = ask(&scene.app, &scene.native, &[]).await;
        let code = answer.text("user_code");
        let as_shape = |c: char| match c {
            '0'..='9' => 'd',
            'A'..='Z' => 'l',
            other => other,
        };
        assert_eq!(code.chars().map(as_shape).collect::<String>(), shape, "{code}");
        let complete = answer.text("verification_uri_complete");
        assert!(!complete.contains(' '), "{complete} is an address");
        let url = url::Url::parse(&complete).unwrap();
        assert_eq!(url.query_pairs().next().unwrap().1, code);
        // What the address brings is found.
        let device = Device { code: answer.text("device_code"), user_code: code };
        device.question(&scene.app.browser()).await;
    }
}

#[tokio::test]
async fn dv_07_only_native_public_applications_that_have_the_grant() {
    let scene = scene().await;
    // Off by default, for every kind of application.
    let fresh = scene.app.register("Fresh", AppType::Native, "com.example.fresh:/cb").await;
    for client in [&fresh, &scene.spa] {
        refused(&ask(&scene.app, client, &[]).await, 403, "unauthorized_client", NOT_ALLOWED);
    }
    let with_secret = |client: &Registered| vec![("client_secret", client.secret.clone())];
    let confidential = |client: &Registered| {
        let fields = with_secret(client);
        let (app, client) = (scene.app.clone(), client.clone());
        async move { ask(&app, &client, &[("client_secret", &fields[0].1)]).await }
    };
    refused(&confidential(&scene.web).await, 403, "unauthorized_client", NOT_ALLOWED);
    // Switched on, but not for these.
    for (client, app_type) in [(&scene.spa, None), (&scene.web, None), (&scene.native, Some(true))] {
        let client = scene
            .app
            .change_client(client, |client| {
                client.grant_types.push(GRANT.to_owned());
                if app_type.is_some() {
                    client.is_first_party = false;
                }
            })
            .await;
        let answer =
            if client.client.is_public() { ask(&scene.app, &client, &[]).await } else { confidential(&client).await };
        refused(&answer, 403, "unauthorized_client", NATIVE_ONLY);
    }
    let confidential_native = scene
        .app
        .change_client(&scene.native, |client| {
            client.token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretPost;
        })
        .await;
    refused(&confidential(&confidential_native).await, 403, "unauthorized_client", NATIVE_ONLY);
    // Without its secret it is nobody.
    refused(&ask(&scene.app, &confidential_native, &[]).await, 401, "invalid_client", "Client authentication failed");
}

#[tokio::test]
async fn refusals_are_those_of_the_reference() {
    let scene = scene().await;
    let native = &scene.native;
    let post = |fields: Vec<(&'static str, String)>| {
        let app = scene.app.clone();
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.post_form("/oauth/device/code", &fields).await
        }
    };
    refused(&post(vec![]).await, 400, "invalid_request", "Missing required parameter: client_id");
    refused(&post(vec![("client_id", "nobody".to_owned())]).await, 401, "invalid_client", "Unknown client");
    let answer = ask(&scene.app, native, &[("audience", "https://nowhere.example")]).await;
    refused(&answer, 403, "access_denied", "Service not found: https://nowhere.example");
    let answer = ask(&scene.app, native, &[("scope", "offline_access online_access")]).await;
    refused(&answer, 400, "invalid_request", "Cannot request both online_access and offline_access scopes");
    let answer = ask(&scene.app, native, &[("organization", "org_nobody")]).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, "invalid_request".to_owned()));
    let answer = ask(&scene.app, native, &[("scope", &"x".repeat(3000))]).await;
    refused(&answer, 400, "invalid_request", "Parameter 'scope' is too long");
    let answer = ask(&scene.app, native, &[("scope", &"x".repeat(9000))]).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (413, "invalid_request".to_owned()));
    let answer = scene.app.post_form("/oauth/device/code", &[("client_id", native.id()), ("client_id", "x")]).await;
    refused(&answer, 400, "invalid_request", "Parameter 'client_id' was sent more than once");
    let answer = scene.app.get("/oauth/device/code", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text("error"), answer.header("allow")),
        (405, "method_not_allowed".to_owned(), "POST")
    );
    change_connection(&scene, |connection| {
        connection.enabled_clients.clear();
        connection.is_domain_connection = false;
    })
    .await;
    let answer = ask(&scene.app, native, &[]).await;
    refused(&answer, 400, "invalid_request", "no connections enabled for the client");
    let log = logged(&scene).await;
    assert!(log.iter().all(|(kind, ..)| kind == "fdeaz"), "{log:?}");
    assert_eq!(log.first(), Some(&entry("fdeaz", "Missing required parameter: client_id", false, false)));
    assert_eq!(log.last(), Some(&entry("fdeaz", "no connections enabled for the client", false, true)));
}

#[tokio::test]
async fn profile_standard_answers_400() {
    let scene = standard().await;
    let answer = ask(&scene.app, &scene.native, &[("audience", "x")]).await;
    refused(&answer, 400, "invalid_target", "Unknown audience");
    let fresh = scene.app.register("Fresh", AppType::Native, "com.example.fresh:/cb").await;
    refused(&ask(&scene.app, &fresh, &[]).await, 400, "unauthorized_client", NOT_ALLOWED);
}

#[tokio::test]
async fn dv_03_scopes_that_nobody_defined_are_not_shown_to_anybody() {
    let scene = scene().await;
    let scope = "openid Call-0800-123-and-press-Confirm read:contacts";
    let device = Device::new(&scene, &[("scope", scope), ("audience", "appointments:api")]).await;
    let page = device.question(&scene.app.browser()).await;
    assert!(page.body.contains("<strong>Contacts:</strong>"), "{}", page.body);
    assert!(!page.body.contains("0800"), "{}", page.body);
}

#[tokio::test]
async fn a_default_audience_and_resource_count() {
    let scene = scene().await;
    let scopes = async |more: &[(&str, &str)]| {
        let device = Device::new(&scene, &[&[("scope", "read:contacts")][..], more].concat()).await;
        device.question(&scene.app.browser()).await.body.contains("<strong>Contacts:</strong>")
    };
    assert!(!scopes(&[]).await);
    assert!(scopes(&[("resource", "appointments:api")]).await);
    change_settings(&scene, |settings| "appointments:api".clone_into(&mut settings.default_audience)).await;
    assert!(scopes(&[]).await);
}

#[tokio::test]
async fn browsers_that_are_devices_need_their_origin_in_allowed_web_origins() {
    let mut scene = scene().await;
    scene.native = scene
        .app
        .change_client(&scene.native, |client| client.web_origins = vec!["https://tv.example".to_owned()])
        .await;
    let body = crate::expect::form([("client_id", scene.native.id())]);
    for (origin, allowed) in [("https://tv.example", true), ("https://other.example", false)] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)];
        let answer = scene.app.request(http::Method::POST, "/oauth/device/code", &headers, body.clone()).await;
        assert_eq!(answer.status, 200);
        let echoed = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(echoed, allowed.then_some(origin));
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = scene.app.request(http::Method::OPTIONS, "/oauth/device/code", &headers, "").await;
        assert_eq!(answer.headers.contains_key("access-control-allow-methods"), allowed);
    }
}

#[tokio::test]
async fn do_02_codes_are_limited_by_address() {
    let scene = limited().await;
    let from = |address: &str| scene.app.from_address(address);
    let statuses = async |scene: &Scene, address: &str| {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(ask(&from(address), &scene.native, &[]).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses(&scene, "192.0.2.1").await, [200, 200, 200, 200, 200, 429]);
    assert_eq!(statuses(&scene, "192.0.2.2").await, [200, 200, 200, 200, 200, 429]);
    scene.app.advance(1);
    assert_eq!(ask(&from("192.0.2.1"), &scene.native, &[]).await.status, 200);
}
