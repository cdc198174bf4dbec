//! The flows that run Rules and Actions (R §2.4), and what a denial looks like in each (R §2.13).

use std::time::Duration;

use http::Method;
use keywright_app::ScriptLimits;
use keywright_testkit::{Answer, EMAIL, Engine, PASSWORD, TestApp, script_engine, script_engine_with};
use serde_json::json;

use super::{AUDIENCE, SCOPE, SEED, Stage, denied, refused, with_grant};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DENY: &str = "function (user, context, callback) { callback(new UnauthorizedError('Come back tomorrow')); }";

fn access_token(answer: &Answer) -> serde_json::Value {
    answer.claims("access_token")
}

#[tokio::test]
async fn r_9_1_the_rule_of_the_seed_changes_the_tokens_of_a_code() {
    let stage = Stage::new().await;
    stage.rule("seed", SEED).await;
    let tokens = stage.tokens().await;
    assert_eq!(access_token(&tokens)["http://foo/bar"], "value");
    assert_eq!(access_token(&tokens)["scope"], "array of strings");
    assert_eq!(tokens.text("scope"), "array of strings");
    let id_token = tokens.claims("id_token");
    assert_eq!((&id_token["http://fiz/baz"], &id_token["email"]), (&json!("some other value"), &json!(EMAIL)));
    assert_eq!(id_token.get("http://foo/bar"), None);
    assert_eq!(access_token(&tokens).get("http://fiz/baz"), None);
    // "`/userinfo` also shows the ID-token custom claim", although `openid` is in the scope of the token no more.
    let told = stage.userinfo(&tokens.text("access_token")).await;
    assert_eq!(told.status, 200, "{told:#?}");
    assert_eq!((&told.json()["http://fiz/baz"], &told.json()["sub"]), (&json!("some other value"), &id_token["sub"]));
}

#[tokio::test]
async fn r_9_2_it_changes_those_of_a_refresh_and_of_a_password_too() {
    let stage = Stage::new().await;
    stage.rule("seed", SEED).await;
    let tokens = stage.tokens().await;
    let scene = &stage.scene;
    let refreshed = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{refreshed:#?}");
    assert_eq!(access_token(&refreshed)["http://foo/bar"], "value");
    assert_eq!(refreshed.text("scope"), "array of strings");
    assert_eq!(refreshed.claims("id_token")["http://fiz/baz"], "some other value");
    let told = stage.userinfo(&refreshed.text("access_token")).await;
    assert_eq!(told.json()["http://fiz/baz"], "some other value", "{told:#?}");
    let client = with_grant(scene, &scene.web, "http://auth0.com/oauth/grant-type/password-realm").await;
    let fields = [
        ("grant_type", "http://auth0.com/oauth/grant-type/password-realm"),
        ("realm", scene.connection.name.as_str()),
        ("client_id", client.id()),
        ("client_secret", &client.secret),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", SCOPE),
        ("audience", AUDIENCE),
    ];
    let answer = scene.app.post_form("/oauth/token", &fields).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(
        (access_token(&answer)["http://foo/bar"].as_str(), &*answer.text("scope")),
        (Some("value"), "array of strings")
    );
    // "not on client_credentials".
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", AUDIENCE),
    ];
    let machine = scene.app.post_form("/oauth/token", &fields).await;
    assert_eq!(access_token(&machine).get("http://foo/bar"), None);
}

/// What a device is told after its user agreed in a browser.
async fn device(stage: &Stage) -> (Answer, Answer) {
    let scene = &stage.scene;
    let native = with_grant(scene, &scene.native, DEVICE).await;
    let fields = [("client_id", native.id()), ("scope", SCOPE), ("audience", AUDIENCE)];
    let asked = scene.app.post_form("/oauth/device/code", &fields).await;
    let browser = scene.app.browser();
    let page = browser.fill_in("/activate", &[("user_code", &asked.text("user_code"))]).await;
    assert_eq!(page.status, 200, "{page:#?}");
    let confirmed = browser.submit("/activate/confirm", &page, &[("action", "confirm")]).await;
    let login = browser.get(confirmed.location()).await;
    let end = browser.log_in(&login, EMAIL, PASSWORD).await;
    let fields = [("grant_type", DEVICE), ("device_code", &*asked.text("device_code")), ("client_id", native.id())];
    (end, scene.app.post_form("/oauth/token", &fields).await)
}

#[tokio::test]
async fn r_9_2_it_changes_those_of_a_device() {
    let stage = Stage::new().await;
    stage.rule("seed", SEED).await;
    let (_, tokens) = device(&stage).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
    assert_eq!(access_token(&tokens)["http://foo/bar"], "value");
    assert_eq!(
        (tokens.text("scope"), &tokens.claims("id_token")["http://fiz/baz"]),
        ("array of strings".to_owned(), &json!("some other value"))
    );
    let told = stage.userinfo(&tokens.text("access_token")).await;
    assert_eq!(told.json()["http://fiz/baz"], "some other value", "{told:#?}");
}

#[tokio::test]
async fn r_2_4_tokens_in_the_response_are_changed() {
    let stage = Stage::new().await;
    let client = with_grant(&stage.scene, &stage.scene.web, "implicit").await;
    stage.rule("seed", SEED).await;
    stage.rule("protocol", "function (u, c, cb) { c.idToken['https://ns/p'] = c.protocol; cb(); }").await;
    for (response_type, protocol) in
        [("token id_token", "oidc-implicit-profile"), ("code token id_token", "oidc-hybrid-profile")]
    {
        let more = [
            ("response_type", response_type),
            ("nonce", "n"),
            ("scope", SCOPE),
            ("audience", AUDIENCE),
            ("response_mode", "fragment"),
        ];
        let browser = stage.scene.app.browser();
        let start = browser.get(&stage.scene.authorize_path(&client, &more)).await;
        let end = browser.log_in(&start, EMAIL, PASSWORD).await;
        let fragment = end.location().split_once('#').unwrap_or_else(|| panic!("{end:#?}")).1.to_owned();
        let parameters: std::collections::BTreeMap<String, String> =
            url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
        assert_eq!(parameters["scope"], "array of strings");
        let id_token = keywright_testkit::jwt_claims(&parameters["id_token"]);
        assert_eq!(
            (&id_token["http://fiz/baz"], &id_token["https://ns/p"]),
            (&json!("some other value"), &json!(protocol))
        );
        let told = stage.userinfo(&parameters["access_token"]).await;
        assert_eq!(told.json()["http://fiz/baz"], "some other value", "{told:#?}");
    }
}

#[tokio::test]
async fn sb_05_r_9_3_a_denial_holds_on_every_flow() {
    let stage = Stage::new().await;
    let scene = &stage.scene;
    // Whoever got in before is not let in again: not by the session, not silently, not by the refresh token.
    let browser = scene.app.browser();
    let before = stage.redeem(&stage.log_in_as(&browser, EMAIL, &[]).await).await;
    stage.rule("deny", DENY).await;
    denied(&stage.log_in(&[]).await, "unauthorized", "Come back tomorrow");
    let again = [("scope", SCOPE), ("audience", AUDIENCE), ("state", "the state")];
    denied(&browser.get(&scene.authorize_path(&scene.web, &again)).await, "unauthorized", "Come back tomorrow");
    let silent = [&again[..], &[("prompt", "none")]].concat();
    denied(&browser.get(&scene.authorize_path(&scene.web, &silent)).await, "unauthorized", "Come back tomorrow");
    let refresh = scene.refresh(&scene.web, &before.text("refresh_token"), &[]).await;
    refused(&refresh, 401, "unauthorized", "Come back tomorrow");
    // R §9 (4): "then `prompt=login` → login form".
    let login = [&again[..], &[("prompt", "login")]].concat();
    let form = browser.get(&scene.authorize_path(&scene.web, &login)).await;
    assert!(form.location().starts_with("/u/login?state="), "{form:#?}");
    // R §9 (5).
    let (end, poll) = device(&stage).await;
    assert_eq!(end.location(), "/activate/denied");
    refused(&poll, 403, "access_denied", "Come back tomorrow");
    let failed = stage.log("f").await;
    assert!(failed.iter().any(|entry| entry["description"] == "Come back tomorrow"), "{failed:#?}");
    // The denial rotated nothing: the token is as good as before when the rule is gone.
    stage.clear().await;
    let refresh = scene.refresh(&scene.web, &before.text("refresh_token"), &[]).await;
    assert_eq!(refresh.status, 200, "{refresh:#?}");
}

#[tokio::test]
async fn sb_05_a_denied_password_gives_nothing() {
    let stage = Stage::new().await;
    let scene = &stage.scene;
    let client = with_grant(scene, &scene.web, "http://auth0.com/oauth/grant-type/password-realm").await;
    stage
        .actions(
            "post-login",
            &["exports.onExecutePostLogin = async (e, api) => api.access.deny('Not like this');"],
            &[],
        )
        .await;
    let fields = [
        ("grant_type", "http://auth0.com/oauth/grant-type/password-realm"),
        ("realm", scene.connection.name.as_str()),
        ("client_id", client.id()),
        ("client_secret", &client.secret),
        ("username", EMAIL),
        ("password", PASSWORD),
    ];
    refused(&scene.app.post_form("/oauth/token", &fields).await, 403, "access_denied", "Not like this");
    assert_eq!(stage.log("fepft").await[0]["description"], "Not like this");
}

#[tokio::test]
async fn sb_05_a_script_that_fails_or_does_not_end_lets_nobody_in() {
    let stage = Stage::new().await;
    for (script, description) in [
        ("function (u, c, cb) { throw new Error('boom'); }", "boom"),
        ("function (u, c, cb) { cb('a text'); }", "a text"),
        ("function (u, c, cb) { u.user_metadata.x = 1; cb(); }", "cannot set property 'x' of undefined"),
        ("function (u, c, cb) { }", "The script ended without calling back"),
        (
            "function (u, c, cb) { c.idToken.big = 'x'.repeat(102401); cb(); }",
            "the custom claims of a token are larger than 100 KB",
        ),
        (
            "function (u, c, cb) { c.redirect = { url: 'javascript:alert(1)' }; cb(); }",
            "The address that a Rule redirects to is none of http or https",
        ),
    ] {
        stage.rule("broken", script).await;
        denied(&stage.log_in(&[]).await, "access_denied", description);
        stage.clear().await;
    }
    assert_eq!(stage.log_in(&[]).await.location_parameter("error"), None);
}

#[tokio::test]
async fn sb_02_a_script_without_end_is_stopped() {
    let stage = Stage::build_without_engine().await;
    let limits = ScriptLimits { wall_ms: 60_000, cpu_ms: 200, memory: 16 * 1024 * 1024, ..ScriptLimits::default() };
    stage.scene.app.run_scripts_with(script_engine_with(limits));
    for (script, expected) in [
        ("function (u, c, cb) { while (true) {} }", "processor time"),
        ("function (u, c, cb) { const a = []; while (true) a.push(new Array(1e6)); }", "memory"),
    ] {
        stage.rule("hostile", script).await;
        let answer = stage.log_in(&[]).await;
        let description = answer.location_parameter("error_description").unwrap_or_default();
        assert!(description.contains(expected), "{answer:#?}");
        denied(&answer, "access_denied", &description);
        stage.clear().await;
    }
    assert!(stage.log_in(&[]).await.location_parameter("code").is_some());
    let failures = stage.log("actions_execution_failed").await;
    assert!(failures.iter().any(|entry| entry["details"]["kind"] == "processor_time"), "{failures:#?}");
}

#[tokio::test]
async fn sb_05_without_an_engine_nothing_that_has_scripts_is_issued() {
    let stage = Stage::build_without_engine().await;
    assert!(stage.log_in(&[]).await.location_parameter("code").is_some());
    stage.rule("seed", SEED).await;
    denied(&stage.log_in(&[]).await, "access_denied", "Scripts cannot be run at the moment");
}

#[tokio::test]
async fn no_worker_is_started_for_a_tenant_without_scripts() {
    let stage = Stage::build_without_engine().await;
    let engine = script_engine();
    stage.scene.app.run_scripts_with(engine.clone());
    stage.tokens().await;
    assert_eq!(engine.idle_workers(), 0);
    stage.rule("seed", SEED).await;
    stage.tokens().await;
    assert_eq!(engine.idle_workers(), 1);
}

/// Until the other node knows of the last change.
async fn heard(stage: &Stage, other: &TestApp) {
    let newest = *stage.scene.app.app.store().config_changes().borrow();
    let mut changes = other.app.store().config_changes();
    let heard = tokio::time::timeout(Duration::from_secs(10), changes.wait_for(|version| *version >= newest)).await;
    assert!(heard.is_ok(), "the other node never heard of it");
}

/// R §9 (11), (12): what is changed on one node counts on the next login of every other.
async fn takes_effect_on_every_node(engine: Engine) {
    let stage = Stage::on(engine).await;
    let other = stage.scene.second_node().await;
    other.run_scripts_with(script_engine());
    let mut scene = stage.scene.clone();
    scene.app = other.clone();
    let elsewhere = Stage { scene, api: stage.api.clone() };
    assert_eq!(access_token(&elsewhere.tokens().await).get("http://foo/bar"), None);
    let rule = stage.rule("seed", SEED).await;
    heard(&stage, &other).await;
    assert_eq!(access_token(&elsewhere.tokens().await)["http://foo/bar"], "value");
    let path = format!("/rules/{}", rule["id"].as_str().unwrap());
    let disabled = stage.api.send(Method::PATCH, &path, Some(json!({ "enabled": false }))).await;
    assert_eq!(disabled.status, 200);
    heard(&stage, &other).await;
    assert_eq!(access_token(&elsewhere.tokens().await).get("http://foo/bar"), None);
    let ids = stage
        .actions(
            "post-login",
            &["exports.onExecutePostLogin = async (e, api) => { api.idToken.setCustomClaim('v', 1); };"],
            &[],
        )
        .await;
    heard(&stage, &other).await;
    assert_eq!(elsewhere.tokens().await.claims("id_token")["v"], 1);
    // R §9 (12): "Draft edits do not affect production until deploy".
    let path = format!("/actions/actions/{}", ids[0]);
    let code = "exports.onExecutePostLogin = async (e, api) => { api.idToken.setCustomClaim('v', 2); };";
    assert_eq!(stage.api.patch(&path, json!({ "code": code })).await.status, 200);
    heard(&stage, &other).await;
    assert_eq!(elsewhere.tokens().await.claims("id_token")["v"], 1);
    assert_eq!(stage.api.send(Method::POST, &format!("{path}/deploy"), None).await.status, 200);
    heard(&stage, &other).await;
    assert_eq!(elsewhere.tokens().await.claims("id_token")["v"], 2);
}

#[tokio::test]
async fn changes_take_effect_on_every_node() {
    for engine in Engine::all() {
        takes_effect_on_every_node(engine).await;
    }
}

#[tokio::test]
async fn r_9_15_logins_are_counted_before_rules_see_them() {
    let stage = Stage::new().await;
    stage.rule("count", "function (u, c, cb) { c.idToken.n = c.stats.loginsCount; cb(); }").await;
    let browser = stage.scene.app.browser();
    let first = stage.redeem(&stage.log_in_as(&browser, EMAIL, &[]).await).await;
    assert_eq!(first.claims("id_token")["n"], 1);
    let again = [("scope", SCOPE), ("audience", AUDIENCE), ("prompt", "none")];
    let silent = stage.redeem(&browser.get(&stage.scene.authorize_path(&stage.scene.web, &again)).await).await;
    assert_eq!(silent.claims("id_token")["n"], 1);
    assert_eq!(stage.tokens().await.claims("id_token")["n"], 2);
}

#[tokio::test]
async fn scripts_write_to_the_tenant_log_and_their_secrets_do_not() {
    let stage = Stage::new().await;
    stage.setting("KEY", "hush-hush-1").await;
    stage.rule("loud", "function (u, c, cb) { console.log('key is', configuration.KEY, u.user_id); cb(); }").await;
    let code =
        "exports.onExecutePostLogin = async (e) => { console.warn('secret', e.secrets.S); throw new Error('no'); };";
    stage.actions("post-login", &[code], &[("S", "hush-hush-2")]).await;
    denied(&stage.log_in(&[]).await, "access_denied", "no");
    let output = stage.log("script_output").await;
    let texts: Vec<&str> =
        output.iter().map(|entry| entry["details"]["console"][0]["text"].as_str().unwrap()).collect();
    assert!(texts.contains(&"secret [secret]"), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("key is [secret] auth0|")), "{texts:?}");
    let failed = stage.log("actions_execution_failed").await;
    assert_eq!((failed.len(), &failed[0]["description"]), (1, &json!("no")));
    assert!(!stage.api.get("/logs?per_page=100").await.body.contains("hush-hush"));
}
