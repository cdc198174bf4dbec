//! `POST /oauth/par` and its `request_uri` (§6.5; RFC 9126; FP-01, CO-04).

use keywright_testkit::{Answer, Browser, Engine, Registered, Scene};
use keywright_types::{Profile, TenantFlags, TenantSettings};
use serde_json::json;

use crate::expect::{form, logged_in, only_one, race, refused, uncached_json};
use crate::key_holder::{KeyHolder, asserted, with_key};
use crate::routes;

const USED: &str = "The request_uri is unknown, has expired or was used before";

fn settings() -> TenantSettings {
    TenantSettings { pushed_authorization_requests_supported: Some(true), ..TenantSettings::default() }
}

async fn scene() -> Scene {
    Scene::with(routes, Engine::Sqlite, settings()).await
}

async fn push(scene: &Scene, client: &Registered, more: &[(&str, &str)]) -> Answer {
    let callback = client.client.callbacks.first().map(String::as_str).unwrap_or_default();
    let standard = [
        ("client_id", client.id()),
        ("client_secret", client.secret.as_str()),
        ("response_type", "code"),
        ("redirect_uri", callback),
        ("scope", "openid email"),
        ("state", "s"),
    ];
    let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let fields: Vec<_> = kept.chain(more).copied().filter(|(_, value)| !value.is_empty()).collect();
    scene.app.post_form("/oauth/par", &fields).await
}

async fn reference(scene: &Scene, client: &Registered, more: &[(&str, &str)]) -> String {
    let answer = push(scene, client, more).await;
    assert_eq!(answer.status, 201, "{answer:#?}");
    uncached_json(&answer);
    assert_eq!(answer.json()["expires_in"], 30);
    assert_eq!(answer.json().as_object().unwrap().len(), 2);
    let uri = answer.text("request_uri");
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() >= 34 + 43, "{uri}");
    uri
}

async fn authorize(browser: &Browser, client_id: &str, uri: &str, more: &[(&str, &str)]) -> Answer {
    let pairs = [("client_id", client_id), ("request_uri", uri)];
    let query = form(pairs.iter().chain(more));
    browser.get(&format!("/authorize?{query}")).await
}

/// An error page that sends nobody anywhere.
#[track_caller]
fn page(answer: &Answer, text: &str) {
    assert_eq!(answer.status, 400, "{answer:#?}");
    assert!(answer.headers.get("location").is_none());
    assert!(answer.body.contains("invalid_request") && answer.body.contains(text), "{}", answer.body);
}

#[tokio::test]
async fn fp_01_a_pushed_request_counts_once_also_with_prompt_none() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    for prompt in ["", "none"] {
        let uri = reference(&scene, &scene.web, &[("prompt", prompt)]).await;
        let answer = authorize(&browser, scene.web.id(), &uri, &[]).await;
        assert_eq!(answer.location_parameter("state").as_deref(), Some("s"), "{answer:#?}");
        let code = answer.location_parameter("code").unwrap();
        let tokens = scene.redeem(&scene.web, &code, &[]).await;
        assert_eq!(tokens.text("scope"), "openid email");
        page(&authorize(&browser, scene.web.id(), &uri, &[]).await, USED);
    }
    // A login in between: the request goes on in its transaction, the reference is used up.
    let uri = reference(&scene, &scene.web, &[("prompt", "login")]).await;
    let answer = authorize(&browser, scene.web.id(), &uri, &[]).await;
    assert!(answer.location().starts_with("/u/login"), "{answer:#?}");
    page(&authorize(&browser, scene.web.id(), &uri, &[]).await, USED);
    let answer = browser.log_in(&answer, "jane@example.com", scene.password()).await;
    assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
}

#[tokio::test]
async fn fp_01_only_its_client_uses_it_within_thirty_seconds() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let uri = reference(&scene, &scene.web, &[]).await;
    page(&authorize(&browser, scene.spa.id(), &uri, &[]).await, USED);
    page(&authorize(&browser, scene.web.id(), &format!("{uri}x"), &[]).await, USED);
    page(&authorize(&browser, "", &uri, &[]).await, "Missing required parameter: client_id");
    scene.app.advance(29);
    assert!(authorize(&browser, scene.web.id(), &uri, &[]).await.location_parameter("code").is_some());
    let uri = reference(&scene, &scene.web, &[]).await;
    scene.app.advance(30);
    page(&authorize(&browser, scene.web.id(), &uri, &[]).await, USED);
}

#[tokio::test]
async fn only_what_was_pushed_counts() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let uri = reference(&scene, &scene.web, &[]).await;
    let more = [("scope", "openid profile"), ("state", "other"), ("redirect_uri", "https://evil.example/")];
    let answer = authorize(&browser, scene.web.id(), &uri, &more).await;
    assert!(answer.location().starts_with("https://app.example.com/callback?"), "{answer:#?}");
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"));
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    assert_eq!(tokens.text("scope"), "openid email");
}

#[tokio::test]
async fn co_04_a_reference_is_no_code_and_a_code_is_no_reference() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let uri = reference(&scene, &scene.web, &[]).await;
    let bare = uri.rsplit(':').next().unwrap();
    for code in [uri.as_str(), bare] {
        let answer = scene.redeem(&scene.web, code, &[]).await;
        refused(&answer, 403, "invalid_grant", "Invalid authorization code");
    }
    let code = authorize(&browser, scene.web.id(), &uri, &[]).await.location_parameter("code").unwrap();
    let disguised = format!("urn:ietf:params:oauth:request_uri:{code}");
    page(&authorize(&browser, scene.web.id(), &disguised, &[]).await, USED);
    assert_eq!(scene.redeem(&scene.web, &code, &[]).await.status, 200);
}

#[tokio::test]
async fn fp_01_what_authorize_would_refuse_is_refused_at_once() {
    let scene = scene().await;
    let many: Vec<String> = (0..11).map(|number| format!("ext-{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "x")).collect();
    let foreign = "urn:ietf:params:oauth:request_uri:x";
    #[expect(clippy::type_complexity, reason = "a table: parameters, status, error, description")]
    let cases: [(&[(&str, &str)], u16, &str, &str); 11] = [
        (
            &[("request_uri", foreign)],
            400,
            "invalid_request",
            "Parameter 'request_uri' is not allowed in a pushed request",
        ),
        (&[("client_secret", "wrong")], 401, "invalid_client", "Client authentication failed"),
        (&[("response_type", "")], 400, "invalid_request", "Missing required parameter: response_type"),
        (&[("response_type", "x")], 400, "unsupported_response_type", "Unsupported response type: x"),
        (&[("prompt", "none login")], 400, "invalid_request", "Parameter 'prompt' has 'none' beside another value"),
        (&[("audience", "unknown:api")], 400, "access_denied", "Service not found: unknown:api"),
        (&[("code_challenge", "short")], 400, "invalid_request", "Parameter 'code_challenge' is malformed"),
        (&[("dpop_jkt", "short")], 400, "invalid_request", "Parameter 'dpop_jkt' is malformed"),
        (&[("connection", "none")], 400, "invalid_request", "the connection was not found"),
        (&[("request", "e30.e30.")], 400, "request_not_supported", "Parameter 'request' is not supported"),
        (&many, 400, "invalid_request", "More than 10 parameters begin with 'ext-'"),
    ];
    for (more, status, error, sentence) in cases {
        refused(&push(&scene, &scene.web, more).await, status, error, sentence);
    }
    let answer = push(&scene, &scene.web, &[("redirect_uri", "https://evil.example/")]).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, "unauthorized_client".to_owned()));
    let public = push(&scene, &scene.spa, &[("client_secret", "")]).await;
    let sentence = "Only applications that authenticate can push requests";
    refused(&public, 403, "unauthorized_client", sentence);
    let json = scene.app.post_json("/oauth/par", &json!({ "client_id": scene.web.id() })).await;
    let sentence = "Content-Type must be application/x-www-form-urlencoded";
    refused(&json, 400, "invalid_request", sentence);
    let large = push(&scene, &scene.web, &[("login_hint", &"x".repeat(11_000))]).await;
    assert_eq!((large.status.as_u16(), large.text("error")), (413, "invalid_request".to_owned()));
    let get = scene.app.get("/oauth/par", &[]).await;
    assert_eq!(get.status, 405);
}

#[tokio::test]
async fn profile_par_is_off_in_auth0_and_on_in_standard_unless_the_tenant_says_otherwise() {
    for (profile, setting, works) in [
        (Profile::Auth0, None, false),
        (Profile::Auth0, Some(true), true),
        (Profile::Standard, None, true),
        (Profile::Standard, Some(false), false),
    ] {
        let settings =
            TenantSettings { profile, pushed_authorization_requests_supported: setting, ..TenantSettings::default() };
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let answer = push(&scene, &scene.web, &[]).await;
        if works {
            assert_eq!(answer.status, 201, "{answer:#?}");
        } else {
            refused(&answer, 404, "endpoint_disabled", "This endpoint is disabled");
        }
        let discovery = scene.app.get("/.well-known/openid-configuration", &[]).await.json();
        let endpoint = works.then(|| json!("https://login.example.com/oauth/par"));
        assert_eq!(discovery.get("pushed_authorization_request_endpoint"), endpoint.as_ref());
    }
}

#[tokio::test]
async fn fp_01_where_pushing_is_required_nothing_else_is_taken() {
    let tenant_wide = TenantSettings {
        flags: TenantFlags { require_pushed_authorization_requests: true, ..TenantFlags::default() },
        ..settings()
    };
    for (settings, of_client) in [(tenant_wide, false), (settings(), true)] {
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let web = scene
            .app
            .change_client(&scene.web, |client| client.require_pushed_authorization_requests = of_client)
            .await;
        let browser = scene.app.browser();
        let answer = browser.get(&scene.authorize_path(&web, &[("state", "x")])).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"), "{answer:#?}");
        let uri = reference(&scene, &web, &[]).await;
        assert!(authorize(&browser, web.id(), &uri, &[]).await.location().starts_with("/u/login"));
        let document = scene.app.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(document.get("require_pushed_authorization_requests").is_some(), !of_client);
    }
}

#[tokio::test]
async fn fp_01_two_browsers_at_once_on_two_nodes_get_one_code() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, settings()).await;
        let second = scene.second_node().await;
        for _ in 0..3 {
            let uri = reference(&scene, &scene.web, &[("prompt", "login")]).await;
            let answers = race(&[&scene.app, &second], 8, |node| {
                let (uri, client) = (uri.clone(), scene.web.id().to_owned());
                async move { authorize(&node.browser(), &client, &uri, &[]).await }
            })
            .await;
            let (_, others) = only_one(answers, 302);
            for answer in &others {
                page(answer, USED);
            }
        }
    }
}

#[tokio::test]
async fn an_application_may_push_with_an_assertion() {
    let scene = scene().await;
    let key = KeyHolder::new();
    let web = with_key(&scene, &scene.web, &key).await;
    let assertion = key.assertion(&scene, web.id(), &json!({}));
    let fields = [
        ("response_type", "code"),
        ("redirect_uri", "https://app.example.com/callback"),
        asserted(&assertion)[0],
        asserted(&assertion)[1],
    ];
    let answer = scene.app.post_form("/oauth/par", &fields).await;
    assert_eq!(answer.status, 201, "{answer:#?}");
    let browser = logged_in(&scene).await;
    let answer = authorize(&browser, web.id(), &answer.text("request_uri"), &[]).await;
    assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
    let replayed = scene.app.post_form("/oauth/par", &fields).await;
    refused(&replayed, 401, "invalid_client", "Client authentication failed");
}
