//! Grant `authorization_code`: its answers, and how long and how well a code keeps (§2.3, §2.4; CO-01, CO-03).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_store::{refresh_tokens, users};
use keywright_testkit::{Pkce, Scene};
use serde_json::json;

use crate::expect::{granted, logged_in, next_code, refused, userinfo};
use crate::routes;

const INVALID: &str = "Invalid authorization code";

#[tokio::test]
async fn the_answer_is_the_same_for_json_and_form() {
    let scene = Scene::new(routes).await;
    let more = [("scope", "openid offline_access contacts"), ("audience", "appointments:api")];
    let code = scene.code(&scene.web, &more).await;
    let by_form = scene.redeem(&scene.web, &code, &[]).await;
    let code = scene.code(&scene.web, &more).await;
    let by_json = json!({
        "grant_type": "authorization_code", "code": code, "client_id": scene.web.id(),
        "client_secret": scene.web.secret, "redirect_uri": "https://app.example.com/callback"
    });
    let by_json = scene.app.post_json("/oauth/token", &by_json).await;
    for answer in [by_form, by_json] {
        granted(&answer);
        let body = answer.json();
        let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
        assert_eq!(members, BTreeSet::from(expected));
        assert_eq!((body["token_type"].as_str(), body["expires_in"].as_i64()), (Some("Bearer"), Some(86_400)));
        assert_eq!(body["scope"], "openid offline_access contacts");
        assert!(answer.text("refresh_token").starts_with("v1."));
    }
}

#[tokio::test]
async fn members_appear_only_when_they_were_granted() {
    let scene = Scene::new(routes).await;
    for (scope, audience, id_token, refresh_token, granted_scope) in [
        ("", "", false, false, None),
        ("", "appointments:api", false, false, None),
        ("openid", "", true, false, Some("openid")),
        ("offline_access", "", false, true, Some("offline_access")),
        ("profile email", "", false, false, Some("profile email")),
        ("openid unknown delete:all", "appointments:api", true, false, Some("openid")),
        // `contacts` is a scope of the API, so without the API it means nothing.
        ("openid contacts", "", true, false, Some("openid")),
        ("contacts contacts appointments", "appointments:api", false, false, Some("contacts appointments")),
        ("openid", "https://login.example.com/userinfo", true, false, Some("openid")),
    ] {
        let body = scene.tokens(&scene.web, scope, audience).await.json();
        assert_eq!(body.get("id_token").is_some(), id_token, "{scope} {audience}");
        assert_eq!(body.get("refresh_token").is_some(), refresh_token, "{scope} {audience}");
        assert_eq!(body.get("scope").and_then(|scope| scope.as_str()), granted_scope, "{scope} {audience}");
        let parts = body["access_token"].as_str().unwrap().split('.').count();
        assert_eq!(parts, if audience == "appointments:api" { 3 } else { 5 }, "§3.1: JWT or opaque");
    }
}

#[tokio::test]
async fn a_code_that_is_missing_or_unknown_is_refused() {
    let scene = Scene::new(routes).await;
    let answer = scene.redeem(&scene.web, "", &[]).await;
    refused(&answer, 400, "invalid_request", "Missing required parameter: code");
    let code = scene.code(&scene.web, &[]).await;
    let longer = format!("{code}A");
    for unknown in ["x", "ä", &code[..code.len() - 1], &code[1..], &longer, &code.to_lowercase()] {
        refused(&scene.redeem(&scene.web, unknown, &[]).await, 403, "invalid_grant", INVALID);
    }
    granted(&scene.redeem(&scene.web, &code, &[]).await);
    let standard = Scene::standard(routes).await;
    refused(&standard.redeem(&standard.web, "x", &[]).await, 400, "invalid_grant", INVALID);
}

#[tokio::test]
async fn co_01_a_code_has_more_than_128_random_bits() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let mut codes = Vec::new();
    for _ in 0..64 {
        let code = next_code(&scene, &browser, &scene.web, &[]).await;
        codes.push(URL_SAFE_NO_PAD.decode(&code).expect("base64url without padding"));
    }
    // Bit positions that were both 0 and 1 among 64 codes: a constant bit is missed by chance once in 2^63.
    let varying: u32 = (0..codes[0].len())
        .map(|at| {
            let (ones, zeros) = codes.iter().fold((0, 0), |(ones, zeros), code| (ones | code[at], zeros | !code[at]));
            (ones & zeros).count_ones()
        })
        .sum();
    assert!(varying >= 128, "only {varying} bits of a code vary");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 64);
}

#[tokio::test]
async fn co_01_a_code_lives_for_ten_minutes() {
    let scene = Scene::new(routes).await;
    for (age, good) in [(599, true), (600, false), (601, false)] {
        let code = scene.code(&scene.web, &[]).await;
        scene.app.advance(age);
        let answer = scene.redeem(&scene.web, &code, &[]).await;
        if good { granted(&answer) } else { refused(&answer, 403, "invalid_grant", INVALID) }
    }
}

#[tokio::test]
async fn co_01_st_03_a_copy_of_the_database_holds_no_code_token_or_secret_in_clear() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let more = [("scope", "openid offline_access"), ("audience", "appointments:api")];
    let started = browser.get(&scene.authorize_path(&scene.web, &more)).await;
    let handle = started.location_parameter("state").unwrap();
    let answer = browser.log_in(&started, "jane@example.com", scene.password()).await;
    let code = answer.location_parameter("code").unwrap();
    let unused = next_code(&scene, &browser, &scene.web, &more).await;
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    let spa = scene.tokens(&scene.spa, "openid offline_access", "").await;
    let rotated = scene.refresh(&scene.spa, &spa.text("refresh_token"), &[]).await;
    let keys = scene.app.app.signing_keys(&scene.app.tenant.id).await.unwrap();
    let secrets = [
        ("login transaction", handle),
        ("redeemed code", code),
        ("unused code", unused),
        ("access token", tokens.text("access_token")),
        ("ID token", tokens.text("id_token")),
        ("refresh token", tokens.text("refresh_token")),
        ("rotated refresh token", spa.text("refresh_token")),
        ("its successor", rotated.text("refresh_token")),
        ("opaque access token", spa.text("access_token")),
        ("client secret", scene.web.secret.clone()),
        ("password", scene.password().to_owned()),
        ("session cookie", browser.cookie("__Host-auth0").unwrap()),
        ("browser cookie", browser.cookie("__Host-auth0-browser").unwrap()),
    ];
    let files = scene.database_files();
    let holds = |needle: &[u8]| files.windows(needle.len()).any(|window| window == needle);
    // The search finds what is stored in clear by right, so that it can fail.
    for stored in ["jane@example.com", scene.web.id(), tokens.claims("id_token")["sid"].as_str().unwrap()] {
        assert!(holds(stored.as_bytes()), "{stored}");
    }
    assert!(holds(keys.current().kid().as_bytes()));
    for (name, secret) in secrets {
        // A long value may be cut at the end of a page: its halves count too.
        let bytes = secret.as_bytes();
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let decoded = URL_SAFE_NO_PAD.decode(&secret).unwrap_or_else(|_| bytes.to_vec());
        for needle in [first, second, &decoded] {
            // The header of tokens is no secret, and the refresh token's family is the key of its row.
            let needle =
                if name.contains("refresh") || name.contains("token") { &needle[needle.len() / 2..] } else { needle };
            assert!(!holds(needle), "the database holds the {name}");
        }
    }
}

#[tokio::test]
async fn co_03_a_replay_is_refused_and_ends_what_the_first_use_gave() {
    let scene = Scene::new(routes).await;
    let more = [("scope", "openid offline_access")];
    let code = scene.code(&scene.web, &more).await;
    let stolen = scene.redeem(&scene.web, &code, &[]).await;
    granted(&stolen);
    scene.app.advance(5);
    // Another login of the same user with the same application stays out of it.
    let other = scene.redeem(&scene.web, &scene.code(&scene.web, &more).await, &[]).await;
    assert_eq!(userinfo(&scene, &stolen.text("access_token")).await.status, 200);

    refused(&scene.redeem(&scene.web, &code, &[]).await, 403, "invalid_grant", INVALID);

    let dead = userinfo(&scene, &stolen.text("access_token")).await;
    assert_eq!((dead.status.as_u16(), dead.body.as_str()), (401, "Unauthorized"));
    let answer = scene.refresh(&scene.web, &stolen.text("refresh_token"), &[]).await;
    refused(&answer, 403, "invalid_grant", "Unknown or invalid refresh token.");
    assert_eq!(userinfo(&scene, &other.text("access_token")).await.status, 200);
    granted(&scene.refresh(&scene.web, &other.text("refresh_token"), &[]).await);
    // A second replay changes nothing more, and neither does one after the code's time.
    refused(&scene.redeem(&scene.web, &code, &[]).await, 403, "invalid_grant", INVALID);
    scene.app.advance(601);
    refused(&scene.redeem(&scene.web, &code, &[]).await, 403, "invalid_grant", INVALID);
    granted(&scene.refresh(&scene.web, &other.text("refresh_token"), &[]).await);
}

#[tokio::test]
async fn co_03_a_jwt_access_token_dies_with_its_code_at_userinfo() {
    let scene = Scene::new(routes).await;
    let code = scene.code(&scene.web, &[("scope", "openid"), ("audience", "appointments:api")]).await;
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(userinfo(&scene, &tokens.text("access_token")).await.status, 200);
    // With a wrong secret nobody replays anything.
    assert_eq!(scene.redeem(&scene.web, &code, &[("client_secret", "no")]).await.status, 401);
    assert_eq!(userinfo(&scene, &tokens.text("access_token")).await.status, 200);
    assert_eq!(scene.redeem(&scene.web, &code, &[]).await.status, 403);
    assert_eq!(userinfo(&scene, &tokens.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn a_user_who_is_blocked_or_gone_gets_nothing_for_a_code() {
    for (profile, scene) in [("auth0", Scene::new(routes).await), ("standard", Scene::standard(routes).await)] {
        let code = scene.code(&scene.web, &[("scope", "offline_access")]).await;
        let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
        let store = scene.app.app.store().clone();
        let block = |blocked: bool| {
            let (id, user) = (id.clone(), user.clone());
            store.write(move |tx| users::set_blocked(tx, &id, &user, blocked, now))
        };
        block(true).await.unwrap();
        let answer = scene.redeem(&scene.web, &code, &[]).await;
        let (status, error) = if profile == "auth0" { (403, "unauthorized") } else { (400, "invalid_grant") };
        refused(&answer, status, error, "user is blocked");
        block(false).await.unwrap();
        store
            .write({
                let (id, user) = (id.clone(), user.clone());
                move |tx| users::delete(tx, &id, &user, now)
            })
            .await
            .unwrap();
        let answer = scene.redeem(&scene.web, &code, &[]).await;
        refused(&answer, status, "invalid_grant", INVALID);
    }
}

#[tokio::test]
async fn the_grant_type_may_be_switched_off_before_the_code_comes() {
    let scene = Scene::new(routes).await;
    let pkce = Pkce::of('v');
    let more = [("code_challenge", pkce.challenge.as_str()), ("code_challenge_method", "S256")];
    let code = scene.code(&scene.web, &more).await;
    scene.app.change_client(&scene.web, |client| client.grant_types.retain(|own| own != "authorization_code")).await;
    let answer = scene.redeem(&scene.web, &code, &[("code_verifier", &pkce.verifier)]).await;
    let sentence = "Grant type 'authorization_code' not allowed for the client.";
    refused(&answer, 403, "unauthorized_client", sentence);
    // What was refused was not taken.
    scene.app.change_client(&scene.web, |_| ()).await;
    granted(&scene.redeem(&scene.web, &code, &[("code_verifier", &pkce.verifier)]).await);
}

#[tokio::test]
async fn offline_access_counts_only_where_application_and_api_allow_it() {
    let scene = Scene::new(routes).await;
    let scope = "openid offline_access contacts";
    let check = async |audience: &str, issued: bool| {
        let body = scene.tokens(&scene.web, scope, audience).await.json();
        assert_eq!(body.get("refresh_token").is_some(), issued, "{body}");
        assert_eq!(body["scope"].as_str().unwrap().contains("offline_access"), issued, "§4.1: only if issued");
    };
    check("appointments:api", true).await;
    crate::expect::change_api(&scene, |api| api.allow_offline_access = false).await;
    check("appointments:api", false).await;
    check("", true).await;
    scene.app.change_client(&scene.web, |client| client.grant_types.retain(|own| own != "refresh_token")).await;
    check("", false).await;
    // Nothing is left behind for a code that gave none.
    let (id, user) = (scene.app.tenant.id.clone(), scene.user.user_id.clone());
    let client = scene.web.id().to_owned();
    let now = scene.app.app.now();
    let revoked = scene
        .app
        .app
        .store()
        .write(move |tx| refresh_tokens::revoke_for_grant(tx, &id, &client, &user, "appointments:api", now));
    assert_eq!(revoked.await.unwrap(), 1, "the first one, and no other");
}
