//! Grant `refresh_token`: answers, scopes, rotation and reuse (§4.3, §4.4; RT-02, RT-05, RT-07).

use keywright_testkit::{Engine, Registered, Scene, TestApp};
use keywright_types::{AppType, RotationType, TenantSettings};
use serde_json::{Value, json};

use crate::expect::{change_api, granted, refused};
use crate::routes;

const INVALID: &str = "Unknown or invalid refresh token.";

async fn is_dead(scene: &Scene, client: &Registered, token: &str) {
    refused(&scene.refresh(client, token, &[]).await, 403, "invalid_grant", INVALID);
}

#[tokio::test]
async fn the_answer_is_the_same_for_json_and_form() {
    let scene = Scene::new(routes).await;
    let first = scene.tokens(&scene.web, "openid email offline_access contacts", "appointments:api").await;
    let token = first.text("refresh_token");
    scene.app.advance(3600);
    let body = json!({
        "grant_type": "refresh_token", "refresh_token": token, "client_id": scene.web.id(),
        "client_secret": scene.web.secret, "scope": null, "audience": null
    });
    for answer in [scene.refresh(&scene.web, &token, &[]).await, scene.app.post_json("/oauth/token", &body).await] {
        granted(&answer);
        let body = answer.json();
        assert_eq!(body["scope"], "openid email offline_access contacts");
        assert_eq!((body["token_type"].as_str(), body["expires_in"].as_i64()), (Some("Bearer"), Some(86_400)));
        assert!(body.get("refresh_token").is_none(), "§4.3: only with rotation");
        let claims = answer.claims("access_token");
        assert_eq!(claims["gty"], "refresh_token");
        assert_eq!(claims["iat"].as_i64(), Some(1_772_370_000), "issued now");
        assert_eq!(claims["sub"], scene.user.user_id);
    }
}

#[tokio::test]
async fn a_refreshed_id_token_keeps_the_session_and_the_time_of_login_and_has_no_nonce() {
    let scene = Scene::new(routes).await;
    let more = [("scope", "openid offline_access"), ("nonce", "n-1"), ("max_age", "600")];
    let code = scene.code(&scene.web, &more).await;
    let first = scene.redeem(&scene.web, &code, &[]).await;
    scene.app.advance(500);
    let again = scene.refresh(&scene.web, &first.text("refresh_token"), &[]).await;
    let (before, after) = (first.claims("id_token"), again.claims("id_token"));
    assert_eq!(before["nonce"], "n-1");
    assert_eq!(after.get("nonce"), None, "§4.3");
    // OpenID Connect Core §12.2: iss, sub, aud and auth_time are those of the first one; iat is new.
    for claim in ["iss", "sub", "aud", "sid", "auth_time"] {
        assert!(!before[claim].is_null(), "{claim}");
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert_eq!(after["iat"].as_i64(), before["iat"].as_i64().map(|iat| iat + 500));
    let without = scene.tokens(&scene.web, "offline_access", "").await;
    let answer = scene.refresh(&scene.web, &without.text("refresh_token"), &[]).await;
    assert!(answer.json().get("id_token").is_none(), "without openid");
}

#[tokio::test]
async fn a_missing_or_unknown_token_is_refused() {
    let scene = Scene::new(routes).await;
    let answer = scene.refresh(&scene.web, "", &[]).await;
    refused(&answer, 400, "invalid_request", "Missing required parameter: refresh_token");
    for token in ["x", "v1.", "v1.AAAA", "v2.x", "ä"] {
        is_dead(&scene, &scene.web, token).await;
    }
    let standard = Scene::standard(routes).await;
    refused(&standard.refresh(&standard.web, "x", &[]).await, 400, "invalid_grant", INVALID);
}

#[tokio::test]
async fn tk_04_every_truncation_and_extension_is_refused() {
    let scene = Scene::new(routes).await;
    let token = scene.tokens(&scene.spa, "offline_access", "").await.text("refresh_token");
    for at in 0..token.len() {
        let (before, after) = token.split_at(at);
        // One character is another one of the alphabet.
        let other = if after.starts_with('A') { "B" } else { "A" };
        is_dead(&scene, &scene.spa, &format!("{before}{other}{}", &after[1..])).await;
        if at > 0 {
            is_dead(&scene, &scene.spa, before).await;
            is_dead(&scene, &scene.spa, after).await;
        }
    }
    for longer in [format!("{token}A"), format!("{token}="), format!("v1.{token}"), format!("{token}.{token}")] {
        is_dead(&scene, &scene.spa, &longer).await;
    }
    // None of them was taken for reuse.
    granted(&scene.refresh(&scene.spa, &token, &[]).await);
}

#[tokio::test]
async fn rt_05_scopes_narrow_for_one_answer_and_never_grow() {
    let scene = Scene::new(routes).await;
    let all = "openid offline_access appointments contacts";
    let first = scene.tokens(&scene.web, all, "appointments:api").await;
    let token = first.text("refresh_token");
    for (asked, given) in [
        ("", Some(all)),
        ("contacts", Some("contacts")),
        ("contacts openid", Some("openid contacts")),
        // §12.10: what was not granted is ignored, be it defined on the API or not.
        ("contacts read:contacts email unknown", Some("contacts")),
        ("openid profile", Some("openid")),
        ("read:contacts", None),
        // Narrowing is about one answer only.
        ("", Some(all)),
    ] {
        let answer = scene.refresh(&scene.web, &token, &[("scope", asked)]).await;
        granted(&answer);
        let body = answer.json();
        assert_eq!(body.get("scope").and_then(Value::as_str), given, "{asked}");
        assert_eq!(answer.claims("access_token").get("scope").and_then(Value::as_str), given, "{asked}");
        assert_eq!(body.get("id_token").is_some(), given.is_some_and(|given| given.contains("openid")), "{asked}");
    }
}

#[tokio::test]
async fn rt_05_the_audience_stays_and_scopes_follow_the_api_as_it_is_now() {
    let scene = Scene::new(routes).await;
    let scope = "openid offline_access appointments contacts";
    let first = scene.tokens(&scene.web, scope, "appointments:api").await;
    let token = first.text("refresh_token");
    let management = "https://login.example.com/api/v2/";
    // Without a policy for it, another audience is refused, and the token stays good.
    let other = scene.refresh(&scene.web, &token, &[("audience", management)]).await;
    assert!(other.status.is_client_error(), "{other:#?}");
    let answer = scene.refresh(&scene.web, &token, &[]).await;
    let both = json!(["appointments:api", "https://login.example.com/userinfo"]);
    assert_eq!(answer.claims("access_token")["aud"], both);
    // The API takes a scope back and gives it again: claims are recomputed at every use.
    change_api(&scene, |api| api.scopes.retain(|scope| scope.value != "contacts")).await;
    let answer = scene.refresh(&scene.web, &token, &[]).await;
    assert_eq!(answer.json()["scope"], "openid offline_access appointments");
    change_api(&scene, |_| ()).await;
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.json()["scope"], scope);
}

#[tokio::test]
async fn rt_07_a_token_is_good_for_its_own_client_only() {
    let scene = Scene::new(routes).await;
    let other = scene.app.register("Other", AppType::Spa, "https://spa.example.com/callback").await;
    let token = scene.tokens(&scene.spa, "offline_access", "").await.text("refresh_token");
    let successor = scene.refresh(&scene.spa, &token, &[]).await.text("refresh_token");
    for thief in [&other, &scene.native, &scene.web] {
        is_dead(&scene, thief, &successor).await;
        // Nor does another client's reuse end the family: nobody may harm it from outside.
        is_dead(&scene, thief, &token).await;
    }
    granted(&scene.refresh(&scene.spa, &successor, &[]).await);
}

#[tokio::test]
async fn rt_02_without_a_leeway_the_second_use_ends_the_family() {
    let scene = Scene::new(routes).await;
    let first = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
    let second = scene.refresh(&scene.spa, &first, &[]).await.text("refresh_token");
    let third = scene.refresh(&scene.spa, &second, &[]).await.text("refresh_token");
    // A family of its own is not harmed by it.
    let other = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
    is_dead(&scene, &scene.spa, &first).await;
    is_dead(&scene, &scene.spa, &third).await;
    is_dead(&scene, &scene.spa, &second).await;
    granted(&scene.refresh(&scene.spa, &other, &[]).await);
}

async fn with_leeway(engine: Engine, leeway: u32) -> (Scene, Registered) {
    let scene = Scene::with(routes, engine, TenantSettings::default()).await;
    let spa = scene.app.change_client(&scene.spa, |client| client.refresh_token.leeway = leeway).await;
    (scene, spa)
}

#[tokio::test]
async fn rt_02_within_the_leeway_the_previous_token_gives_the_same_successor() {
    for engine in Engine::all() {
        let (scene, spa) = with_leeway(engine, 60).await;
        let first = scene.tokens(&spa, "openid offline_access", "").await.text("refresh_token");
        let second = scene.refresh(&spa, &first, &[]).await.text("refresh_token");
        for _ in 0..3 {
            scene.app.advance(19);
            // Using it again does not begin a new leeway: 19, 38 and 57 seconds after the one rotation.
            assert_eq!(scene.refresh(&spa, &first, &[]).await.text("refresh_token"), second);
        }
        granted(&scene.refresh(&spa, &second, &[]).await);
    }
}

#[tokio::test]
async fn rt_02_after_the_leeway_reuse_ends_the_family() {
    for (age, alarm) in [(59, false), (61, true)] {
        let (scene, spa) = with_leeway(Engine::Sqlite, 60).await;
        let first = scene.tokens(&spa, "offline_access", "").await.text("refresh_token");
        let second = scene.refresh(&spa, &first, &[]).await.text("refresh_token");
        scene.app.advance(age);
        if alarm {
            is_dead(&scene, &spa, &first).await;
            is_dead(&scene, &spa, &second).await;
        } else {
            assert_eq!(scene.refresh(&spa, &first, &[]).await.text("refresh_token"), second, "{age}");
        }
    }
}

#[tokio::test]
async fn rt_02_the_second_to_last_token_is_reuse_even_within_the_leeway() {
    for engine in Engine::all() {
        let (scene, spa) = with_leeway(engine, 60).await;
        let first = scene.tokens(&spa, "offline_access", "").await.text("refresh_token");
        let second = scene.refresh(&spa, &first, &[]).await.text("refresh_token");
        let third = scene.refresh(&spa, &second, &[]).await.text("refresh_token");
        assert_eq!(scene.refresh(&spa, &second, &[]).await.text("refresh_token"), third, "the last but one is fine");
        is_dead(&scene, &spa, &first).await;
        is_dead(&scene, &spa, &second).await;
        is_dead(&scene, &spa, &third).await;
    }
}

async fn rotation(app: &TestApp, client: &Registered, rotation_type: RotationType) -> Registered {
    app.change_client(client, |client| client.refresh_token.rotation_type = rotation_type).await
}

#[tokio::test]
async fn switching_rotation_on_converts_at_the_next_use_and_ends_the_users_other_tokens_for_the_api() {
    let scene = Scene::new(routes).await;
    let scope = "openid offline_access contacts";
    let used = scene.tokens(&scene.web, scope, "appointments:api").await.text("refresh_token");
    let idle = scene.tokens(&scene.web, scope, "appointments:api").await.text("refresh_token");
    let elsewhere = scene.tokens(&scene.web, "openid offline_access", "").await.text("refresh_token");
    let others = scene.tokens(&scene.native, scope, "appointments:api").await.text("refresh_token");
    let web = rotation(&scene.app, &scene.web, RotationType::Rotating).await;
    let converted = scene.refresh(&web, &used, &[]).await;
    granted(&converted);
    assert_ne!(converted.text("refresh_token"), used);
    is_dead(&scene, &web, &idle).await;
    granted(&scene.refresh(&web, &elsewhere, &[]).await);
    granted(&scene.refresh(&scene.native, &others, &[]).await);
    // From now on it is a rotating token like any other.
    is_dead(&scene, &web, &used).await;
    is_dead(&scene, &web, &converted.text("refresh_token")).await;
}

#[tokio::test]
async fn switching_rotation_off_lets_a_rotating_token_go_on_unchanged() {
    let scene = Scene::new(routes).await;
    let first = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
    let token = scene.refresh(&scene.spa, &first, &[]).await.text("refresh_token");
    let spa = rotation(&scene.app, &scene.spa, RotationType::NonRotating).await;
    for _ in 0..3 {
        let answer = scene.refresh(&spa, &token, &[]).await;
        granted(&answer);
        assert!(answer.json().get("refresh_token").is_none());
    }
    // What was rotated away stays reuse.
    is_dead(&scene, &spa, &first).await;
    is_dead(&scene, &spa, &token).await;
}
