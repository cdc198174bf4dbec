//! `POST /oauth/token` with a device code (§5.3; DV-04, DV-06).

use jiff::SignedDuration;
use keywright_testkit::{Answer, Scene};
use serde_json::json;

use super::{Device, GRANT, INVALID, PENDING, entry, logged, say, scene, standard};
use crate::expect::{granted, refused, userinfo};

const SLOW: &str = "You are polling faster than the specified interval of 5 seconds.";
const CANCELLED: &str = "User cancelled the confirmation prompt.";

fn wait(scene: &Scene, milliseconds: i64) {
    scene.app.app.clock().advance(SignedDuration::from_millis(milliseconds));
}

#[tokio::test]
async fn dv_04_a_device_waits_for_its_interval_to_the_millisecond() {
    for (scene, pending, slow) in [(scene().await, 403, 429), (standard().await, 400, 400)] {
        let device = Device::new(&scene, &[]).await;
        let poll = async || device.poll(&scene.app, &scene.native).await;
        let is_pending = |answer: &Answer| refused(answer, pending, "authorization_pending", PENDING);
        is_pending(&poll().await);
        wait(&scene, 5000);
        is_pending(&poll().await);
        wait(&scene, 5010);
        is_pending(&poll().await);
        wait(&scene, 4990);
        refused(&poll().await, slow, "slow_down", SLOW);
        // RFC 8628 §3.5: five seconds more "for this and all subsequent requests", counted from the last question.
        wait(&scene, 9990);
        refused(&poll().await, slow, "slow_down", &SLOW.replace('5', "10"));
        wait(&scene, 15_000);
        is_pending(&poll().await);
        wait(&scene, 14_999);
        refused(&poll().await, slow, "slow_down", &SLOW.replace('5', "15"));
        wait(&scene, 20_000);
        is_pending(&poll().await);
        assert_eq!(logged(&scene).await, [], "a device that waits is no event");
    }
}

#[tokio::test]
async fn dv_04_an_interval_that_grew_is_the_same_for_every_node() {
    let scene = scene().await;
    let second = scene.second_node().await;
    let device = Device::new(&scene, &[]).await;
    refused(&device.poll(&scene.app, &scene.native).await, 403, "authorization_pending", PENDING);
    refused(&device.poll(&scene.app, &scene.native).await, 429, "slow_down", SLOW);
    refused(&device.poll(&second, &scene.native).await, 403, "authorization_pending", PENDING);
    wait(&scene, 9000);
    refused(&device.poll(&second, &scene.native).await, 429, "slow_down", &SLOW.replace('5', "10"));
}

#[tokio::test]
async fn devices_do_not_count_for_each_other() {
    let scene = scene().await;
    for _ in 0..3 {
        let device = Device::new(&scene, &[]).await;
        refused(&device.poll(&scene.app, &scene.native).await, 403, "authorization_pending", PENDING);
    }
}

#[tokio::test]
async fn dv_06_expiry_is_told_once() {
    for (scene, status) in [(scene().await, 403), (standard().await, 400)] {
        let device = Device::new(&scene, &[]).await;
        wait(&scene, 899_999);
        refused(&device.poll(&scene.app, &scene.native).await, status, "authorization_pending", PENDING);
        wait(&scene, 1);
        refused(&device.poll(&scene.app, &scene.native).await, status, "expired_token", "The device code has expired.");
        refused(&device.poll(&scene.app, &scene.native).await, status, "invalid_grant", INVALID);
        let expected = [
            entry("fede", "The device code has expired.", false, true),
            entry("fede", "the device code has had its end", false, true),
        ];
        assert_eq!(logged(&scene).await, expected);
    }
}

#[tokio::test]
async fn dv_06_a_refusal_is_told_once() {
    for (scene, status) in [(scene().await, 403), (standard().await, 400)] {
        let device = Device::new(&scene, &[]).await;
        let browser = scene.app.browser();
        let page = device.question(&browser).await;
        assert_eq!(say(&browser, &page, "cancel").await.location(), "/activate/denied");
        refused(&device.poll(&scene.app, &scene.native).await, status, "access_denied", CANCELLED);
        refused(&device.poll(&scene.app, &scene.native).await, status, "invalid_grant", INVALID);
        assert_eq!(logged(&scene).await[0], entry("fdecc", CANCELLED, false, true));
    }
}

#[tokio::test]
async fn dv_06_tokens_are_given_once() {
    let scene = scene().await;
    let fields = [("scope", "openid email offline_access read:contacts"), ("audience", "appointments:api")];
    let device = Device::new(&scene, &fields).await;
    refused(&device.poll(&scene.app, &scene.native).await, 403, "authorization_pending", PENDING);
    assert_eq!(device.activate(&scene.app.browser()).await.location(), "/activate/complete");
    // The device need not wait for its interval any more.
    let tokens = device.poll(&scene.app, &scene.native).await;
    granted(&tokens);
    let body = tokens.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(86400)));
    assert_eq!(body["scope"], fields[0].1);
    let access = tokens.claims("access_token");
    assert_eq!((&access["sub"], &access["azp"]), (&json!(scene.user.user_id), &json!(scene.native.id())));
    assert_eq!(access["aud"], json!(["appointments:api", "https://login.example.com/userinfo"]));
    // §3.2: `gty` is "absent for code/implicit/device".
    assert_eq!(access.get("gty"), None);
    let id = tokens.claims("id_token");
    assert_eq!((&id["aud"], &id["email"]), (&json!(scene.native.id()), &json!("jane@example.com")));
    assert!(id["sid"].is_string() && id.get("nonce").is_none());
    assert_eq!(userinfo(&scene, &tokens.text("access_token")).await.json()["sub"], scene.user.user_id);
    granted(&scene.refresh(&scene.native, &tokens.text("refresh_token"), &[]).await);
    refused(&device.poll(&scene.app, &scene.native).await, 403, "invalid_grant", INVALID);
    let log = logged(&scene).await;
    assert_eq!(log[0], entry("sede", "", true, true));
    assert_eq!(log[1], entry("fede", "the device code has had its end", false, true));
    assert_eq!(log.len(), 2);
}

#[tokio::test]
async fn an_approved_code_expires_like_every_other() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    device.activate(&scene.app.browser()).await;
    wait(&scene, 900_000);
    refused(&device.poll(&scene.app, &scene.native).await, 403, "expired_token", "The device code has expired.");
    refused(&device.poll(&scene.app, &scene.native).await, 403, "invalid_grant", INVALID);
}

#[tokio::test]
async fn without_openid_or_offline_access_there_is_an_access_token_only() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    device.activate(&scene.app.browser()).await;
    let body = device.poll(&scene.app, &scene.native).await.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["access_token", "expires_in", "token_type"]);
}

#[tokio::test]
async fn co_04_no_other_secret_is_a_device_code_and_a_device_code_is_no_other() {
    let scene = scene().await;
    let device = Device::new(&scene, &[("scope", "openid offline_access")]).await;
    let code = scene.code(&scene.native, &[("scope", "openid offline_access")]).await;
    for other in [&code, &device.user_code, "", "x"] {
        let presented = Device { code: other.to_owned(), user_code: String::new() };
        let answer = presented.poll(&scene.app, &scene.native).await;
        if other.is_empty() {
            refused(&answer, 400, "invalid_request", "Missing required parameter: device_code");
        } else {
            refused(&answer, 403, "invalid_grant", INVALID);
        }
    }
    device.activate(&scene.app.browser()).await;
    refused(&scene.redeem(&scene.native, &device.code, &[]).await, 403, "invalid_grant", "Invalid authorization code");
    let answer = scene.refresh(&scene.native, &device.code, &[]).await;
    refused(&answer, 403, "invalid_grant", "Unknown or invalid refresh token.");
    let page = scene.app.browser().get(&format!("/authorize/resume?state={}", device.code)).await;
    assert_eq!(page.status, 400);
    granted(&device.poll(&scene.app, &scene.native).await);
}

/// A question of a device that waits is one read: nothing of the database changes.
#[tokio::test]
async fn waiting_changes_nothing() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let state = async || {
        let read = |tx: &mut keywright_store::Tx<'_>| {
            let codes = tx.query("SELECT * FROM device_codes", &[])?;
            let logs = tx.query("SELECT * FROM logs", &[])?;
            let limits = tx.query("SELECT * FROM rate_limits", &[])?;
            Ok::<_, keywright_store::StoreError>((codes, logs, limits))
        };
        scene.app.app.store().read(read).await.unwrap()
    };
    let before = state().await;
    for _ in 0..5 {
        refused(&device.poll(&scene.app, &scene.native).await, 403, "authorization_pending", PENDING);
        wait(&scene, 5000);
    }
    assert_eq!(state().await, before);
}

#[tokio::test]
async fn online_access_needs_a_proof_of_possession() {
    let scene = scene().await;
    let device = Device::new(&scene, &[("scope", "openid online_access")]).await;
    device.activate(&scene.app.browser()).await;
    let answer = device.poll(&scene.app, &scene.native).await;
    let text = "A public client needs a DPoP proof for a refresh token that is bound to the session";
    refused(&answer, 400, "invalid_request", text);
    let key = crate::key_holder::KeyHolder::new();
    let fields = [("grant_type", GRANT), ("device_code", &*device.code), ("client_id", scene.native.id())];
    let prove = async |changes: &serde_json::Value| -> Answer {
        let proof = key.proof(&scene, "POST", "/oauth/token", changes);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", &*proof)];
        scene.app.request(http::Method::POST, "/oauth/token", &headers, crate::expect::form(fields)).await
    };
    let asked = prove(&json!({})).await;
    assert_eq!(asked.text("error"), "use_dpop_nonce");
    let answer = prove(&json!({ "nonce": asked.header("dpop-nonce") })).await;
    granted(&answer);
    assert_eq!(answer.text("token_type"), "DPoP");
    assert!(answer.json()["refresh_token"].is_string());
}

#[tokio::test]
async fn what_has_changed_since_the_answer_counts() {
    for (name, sentence) in
        [("blocked", "user is blocked"), ("deleted", "The user is gone"), ("logged out", "The session has ended")]
    {
        let scene = scene().await;
        let device = Device::new(&scene, &[]).await;
        let browser = scene.app.browser();
        device.activate(&browser).await;
        let (id, user) = (scene.app.tenant.id.clone(), scene.user.user_id.clone());
        let now = scene.app.app.now();
        match name {
            "blocked" => drop(
                scene
                    .app
                    .app
                    .store()
                    .write(move |tx| keywright_store::users::set_blocked(tx, &id, &user, true, now))
                    .await
                    .unwrap(),
            ),
            "deleted" => drop(
                scene
                    .app
                    .app
                    .store()
                    .write(move |tx| keywright_store::users::delete(tx, &id, &user, now))
                    .await
                    .unwrap(),
            ),
            _ => drop(browser.get("/v2/logout").await),
        }
        refused(&device.poll(&scene.app, &scene.native).await, 403, "access_denied", sentence);
        // DV-06: it is over then.
        refused(&device.poll(&scene.app, &scene.native).await, 403, "invalid_grant", INVALID);
        assert_eq!(logged(&scene).await[0], entry("fede", sentence, false, true));
    }
}
