//! Online refresh tokens (§4.6): bound to the session, and gone with it.

use http::Method;
use keywright_testkit::{Answer, Browser, Engine, Registered, Scene};
use keywright_types::{SessionCookieMode, TenantSettings};
use serde_json::json;

use crate::expect::{change_api, form, granted, refused};
use crate::key_holder::KeyHolder;
use crate::outcome::{change_settings, outcome, refused as refused_redirect};
use crate::routes;

const API: &str = "appointments:api";
const SCOPE: &str = "openid online_access contacts";
const INVALID: &str = "Unknown or invalid refresh token.";

/// A scene whose API allows online access.
async fn scene_on(engine: Engine) -> Scene {
    let scene = Scene::with(routes, engine, TenantSettings::default()).await;
    change_api(&scene, |api| api.allow_online_access = true).await;
    scene
}

/// Tokens through a login of this browser.
async fn tokens(scene: &Scene, browser: &Browser, client: &Registered, more: &[(&str, &str)]) -> Answer {
    let standard = [("scope", SCOPE), ("audience", API)];
    let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let all: Vec<_> = kept.chain(more).copied().collect();
    let answer = scene.log_in(browser, client, &all).await;
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"));
    let answer = scene.redeem(client, &code, &[]).await;
    granted(&answer);
    answer
}

async fn is_dead(scene: &Scene, token: &str) {
    refused(&scene.refresh(&scene.web, token, &[]).await, 403, "invalid_grant", INVALID);
}

async fn is_good(scene: &Scene, token: &str) {
    granted(&scene.refresh(&scene.web, token, &[]).await);
}

#[tokio::test]
async fn rt_08_an_online_refresh_token_ends_with_the_session() {
    for engine in Engine::all() {
        let scene = scene_on(engine).await;
        let browser = scene.app.browser();
        let first = tokens(&scene, &browser, &scene.web, &[]).await;
        assert_eq!(first.text("scope"), SCOPE);
        let online = first.text("refresh_token");
        let again = scene.refresh(&scene.web, &online, &[]).await;
        granted(&again);
        assert_eq!(again.text("scope"), SCOPE);
        let other = scene.app.browser();
        let offline = tokens(&scene, &other, &scene.web, &[("scope", "openid offline_access")]).await;
        // The other browser's logout is not ours.
        assert_eq!(other.get("/v2/logout").await.status, 200);
        is_good(&scene, &online).await;
        assert_eq!(browser.get("/v2/logout").await.status, 200);
        is_dead(&scene, &online).await;
        let narrowed = scene.refresh(&scene.web, &online, &[("scope", "contacts")]).await;
        refused(&narrowed, 403, "invalid_grant", INVALID);
        is_good(&scene, &offline.text("refresh_token")).await;
    }
}

#[tokio::test]
async fn rt_08_it_ends_at_the_ends_of_the_session_which_it_does_not_move() {
    let scene = scene_on(Engine::Sqlite).await;
    let hours = |hours: i64| scene.app.advance(hours * 3600);
    let token = tokens(&scene, &scene.app.browser(), &scene.web, &[]).await.text("refresh_token");
    hours(71);
    is_good(&scene, &token).await;
    hours(1);
    is_dead(&scene, &token).await;
    // A limit that has become shorter counts at once.
    let token = tokens(&scene, &scene.app.browser(), &scene.web, &[]).await.text("refresh_token");
    hours(2);
    is_good(&scene, &token).await;
    change_settings(&scene, |settings| settings.session_lifetime = 1.0).await;
    is_dead(&scene, &token).await;
}

#[tokio::test]
async fn a_new_login_of_the_same_user_goes_on_with_the_session() {
    let scene = scene_on(Engine::Sqlite).await;
    let browser = scene.app.browser();
    let token = tokens(&scene, &browser, &scene.web, &[]).await.text("refresh_token");
    tokens(&scene, &browser, &scene.web, &[("prompt", "login")]).await;
    is_good(&scene, &token).await;
}

#[tokio::test]
async fn a_refresh_token_is_of_one_kind() {
    let scene = scene_on(Engine::Sqlite).await;
    let both = [("scope", "openid online_access offline_access"), ("state", "s")];
    let answer = scene.app.browser().get(&scene.authorize_path(&scene.web, &both)).await;
    let text = "Cannot request both online_access and offline_access scopes";
    assert_eq!(outcome(&answer), refused_redirect("invalid_request", text));
}

#[tokio::test]
async fn the_api_has_a_switch_that_is_looked_at_again() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let without = tokens(&scene, &browser, &scene.web, &[]).await;
    assert_eq!(without.text("scope"), "openid contacts");
    assert!(without.json().get("refresh_token").is_none(), "off by default");
    change_api(&scene, |api| api.allow_online_access = true).await;
    let token = tokens(&scene, &browser, &scene.web, &[("prompt", "login")]).await.text("refresh_token");
    change_api(&scene, |api| api.allow_online_access = false).await;
    is_dead(&scene, &token).await;
    change_api(&scene, |api| api.allow_online_access = true).await;
    is_good(&scene, &token).await;
    // Without an API there is no switch, as for offline access.
    let more = [("scope", "openid online_access"), ("audience", ""), ("prompt", "login")];
    assert!(!tokens(&scene, &browser, &scene.web, &more).await.text("refresh_token").is_empty());
}

#[tokio::test]
async fn sessions_that_end_with_the_browser_need_a_switch_of_their_own() {
    let scene = scene_on(Engine::Sqlite).await;
    change_settings(&scene, |settings| settings.session_cookie.mode = SessionCookieMode::NonPersistent).await;
    let without = tokens(&scene, &scene.app.browser(), &scene.web, &[]).await;
    assert_eq!(without.text("scope"), "openid contacts");
    assert!(without.json().get("refresh_token").is_none());
    change_api(&scene, |api| {
        api.allow_online_access = true;
        api.allow_online_access_with_ephemeral_sessions = true;
    })
    .await;
    let browser = scene.app.browser();
    let token = tokens(&scene, &browser, &scene.web, &[]).await.text("refresh_token");
    is_good(&scene, &token).await;
    browser.get("/v2/logout").await;
    is_dead(&scene, &token).await;
}

#[tokio::test]
async fn rt_07_a_public_client_binds_it_to_a_key() {
    let scene = scene_on(Engine::Sqlite).await;
    let (key, thief) = (KeyHolder::new(), KeyHolder::new());
    let code = scene.code(&scene.native, &[("scope", SCOPE), ("audience", API)]).await;
    let answer = scene.redeem(&scene.native, &code, &[]).await;
    let text = "A public client needs a DPoP proof for a refresh token that is bound to the session";
    refused(&answer, 400, "invalid_request", text);
    let send = async |key: &KeyHolder, fields: &[(&str, &str)]| {
        let ask = async |nonce: &str| {
            let changes = if nonce.is_empty() { json!({}) } else { json!({ "nonce": nonce }) };
            let proof = key.proof(&scene, "POST", "/oauth/token", &changes);
            let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", &*proof)];
            let fields = [&[("client_id", scene.native.id())], fields].concat();
            scene.app.request(Method::POST, "/oauth/token", &headers, form(&fields)).await
        };
        let first = ask("").await;
        let nonce = first.headers.get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned());
        match nonce {
            Some(nonce) if first.status == 400 => ask(&nonce).await,
            _ => first,
        }
    };
    // The code is not spent by what was refused.
    let redeem =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", "com.example.app:/callback")];
    let tokens = send(&key, &redeem).await;
    granted(&tokens);
    let token = tokens.text("refresh_token");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    refused(&send(&thief, &refresh).await, 403, "invalid_grant", INVALID);
    refused(&scene.refresh(&scene.native, &token, &[]).await, 403, "invalid_grant", INVALID);
    granted(&send(&key, &refresh).await);
}

#[tokio::test]
async fn without_a_session_there_is_none() {
    let scene = scene_on(Engine::Sqlite).await;
    let connection = scene.connection.name.clone();
    change_settings(&scene, |settings| settings.default_directory = connection).await;
    let web = scene.app.change_client(&scene.web, |client| client.grant_types.push("password".to_owned())).await;
    let fields = [
        ("grant_type", "password"),
        ("client_id", web.id()),
        ("client_secret", &*web.secret),
        ("username", "jane@example.com"),
        ("password", scene.password()),
        ("scope", SCOPE),
        ("audience", API),
    ];
    let answer = scene.app.post_form("/oauth/token", &fields).await;
    granted(&answer);
    assert_eq!(answer.text("scope"), "openid contacts");
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn the_front_channel_brings_none() {
    let scene = scene_on(Engine::Sqlite).await;
    let web = scene.app.change_client(&scene.web, |client| client.grant_types.push("implicit".to_owned())).await;
    let more = [("response_type", "token"), ("scope", SCOPE), ("audience", API)];
    let answer = scene.log_in(&scene.app.browser(), &web, &more).await;
    assert!(answer.location().contains("access_token="), "{answer:#?}");
    assert!(
        !answer.location().contains("online_access") && !answer.location().contains("refresh_token"),
        "{answer:#?}"
    );
}
