//! `DPoP` over HTTP (§8.6, §8.7; RFC 9449; FP-03, RT-07): tokens bound to a key, and who may use them.

use keywright_jose::sha256;
use keywright_testkit::{Answer, Engine, Registered, Scene, TestApp};
use keywright_types::{PossessionMechanism, ProofOfPossession, RequiredFor, TenantSettings};
use serde_json::{Value, json};

use crate::expect::{change_api, form, granted, only_one, race, refused};
use crate::key_holder::{KeyHolder, encode};
use crate::routes;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A request to the token endpoint with a proof.
async fn token(scene: &Scene, client: &Registered, proof: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("client_id", client.id())];
    if !client.client.is_public() {
        all.push(("client_secret", &client.secret));
    }
    let mut headers = vec![FORM];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    scene.app.request(http::Method::POST, "/oauth/token", &headers, form(&[&all, fields].concat())).await
}

async fn redeem(scene: &Scene, client: &Registered, code: &str, proof: Option<&str>) -> Answer {
    let callback = client.client.callbacks[0].as_str();
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback)];
    token(scene, client, proof, &fields).await
}

async fn refresh(scene: &Scene, client: &Registered, refresh_token: &str, proof: Option<&str>) -> Answer {
    token(scene, client, proof, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
}

fn proof(scene: &Scene, key: &KeyHolder, changes: &Value) -> String {
    key.proof(scene, "POST", "/oauth/token", changes)
}

async fn userinfo(node: &TestApp, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let authorization = format!("{scheme} {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    node.get("/userinfo", &headers).await
}

#[track_caller]
fn challenged(answer: &Answer, error: &str) {
    assert_eq!(answer.status, 401, "{answer:#?}");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with(&format!("DPoP algs=\"ES256\", error=\"{error}\"")), "{challenge}");
}

/// A nonce of the server.
async fn nonce(scene: &Scene, key: &KeyHolder) -> String {
    let answer = redeem(scene, &scene.spa, "x", Some(&proof(scene, key, &json!({})))).await;
    refused(&answer, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof");
    answer.header("dpop-nonce").to_owned()
}

#[tokio::test]
async fn fp_03_a_bound_token_works_with_its_key_and_with_nothing_else() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let (key, thief) = (KeyHolder::new(), KeyHolder::new());
        let code = scene.code(&scene.web, &[("scope", "openid offline_access")]).await;
        let tokens = redeem(&scene, &scene.web, &code, Some(&proof(&scene, &key, &json!({})))).await;
        granted(&tokens);
        assert_eq!(tokens.text("token_type"), "DPoP");
        assert!(!tokens.header("dpop-nonce").is_empty());
        let token = tokens.text("access_token");
        let good = key.userinfo_proof(&scene, &token);
        let answer = userinfo(&scene.app, "DPoP", &token, Some(&good)).await;
        assert_eq!((answer.status.as_u16(), answer.text("sub")), (200, scene.user.user_id.clone()));
        // Replay on another node.
        let second = scene.second_node().await;
        challenged(&userinfo(&second, "DPoP", &token, Some(&good)).await, "invalid_dpop_proof");
        challenged(&userinfo(&scene.app, "Bearer", &token, None).await, "invalid_token");
        challenged(
            &userinfo(&scene.app, "Bearer", &token, Some(&key.userinfo_proof(&scene, &token))).await,
            "invalid_token",
        );
        challenged(&userinfo(&scene.app, "DPoP", &token, None).await, "invalid_dpop_proof");
        let stolen = thief.userinfo_proof(&scene, &token);
        challenged(&userinfo(&scene.app, "DPoP", &token, Some(&stolen)).await, "invalid_token");
        for wrong in [
            key.userinfo_proof(&scene, "another token"),
            key.proof(&scene, "GET", "/userinfo", &json!({})),
            proof(&scene, &key, &json!({ "ath": "x" })),
            "x".to_owned(),
        ] {
            challenged(&userinfo(&scene.app, "DPoP", &token, Some(&wrong)).await, "invalid_dpop_proof");
        }
        let query = scene.app.get(&format!("/userinfo?access_token={token}"), &[]).await;
        challenged(&query, "invalid_token");
        // A stale nonce asks for a new one.
        let ath = encode(sha256(token.as_bytes()));
        let stale = key.proof(&scene, "GET", "/userinfo", &json!({ "ath": ath, "nonce": "x" }));
        let answer = userinfo(&scene.app, "DPoP", &token, Some(&stale)).await;
        challenged(&answer, "use_dpop_nonce");
        let nonce = answer.header("dpop-nonce");
        let fresh = key.proof(&scene, "GET", "/userinfo", &json!({ "ath": ath, "nonce": nonce }));
        assert_eq!(userinfo(&scene.app, "DPoP", &token, Some(&fresh)).await.status, 200);
        // A plain token is not worth more for a proof.
        let plain = scene.tokens(&scene.web, "openid", "").await;
        assert_eq!(plain.text("token_type"), "Bearer");
        let plain = plain.text("access_token");
        let with_proof = key.userinfo_proof(&scene, &plain);
        challenged(&userinfo(&scene.app, "DPoP", &plain, Some(&with_proof)).await, "invalid_token");
        assert_eq!(userinfo(&scene.app, "Bearer", &plain, None).await.status, 200);
        // Nobody: both schemes are named.
        let nobody = scene.app.get("/userinfo", &[]).await;
        let schemes: Vec<_> = nobody.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(schemes, ["Bearer realm=\"Users\"", "DPoP algs=\"ES256\""]);
    }
}

#[tokio::test]
async fn fp_03_public_clients_repeat_a_nonce_that_any_node_gave() {
    let scene = Scene::new(routes).await;
    let key = KeyHolder::new();
    let given = nonce(&scene, &key).await;
    let with = |nonce: &str| proof(&scene, &key, &json!({ "nonce": nonce }));
    let code = scene.code(&scene.spa, &[("scope", "openid")]).await;
    let again = redeem(&scene, &scene.spa, &code, Some(&with("made up"))).await;
    assert_eq!(again.text("error"), "use_dpop_nonce");
    scene.app.advance(300);
    let second = scene.second_node().await;
    let headers = [FORM, ("dpop", &*with(&given))];
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", scene.spa.id()),
        ("code", code.as_str()),
        ("redirect_uri", "https://spa.example.com/callback"),
    ];
    let answer = second.request(http::Method::POST, "/oauth/token", &headers, form(&fields)).await;
    granted(&answer);
    assert_eq!(answer.text("token_type"), "DPoP");
    scene.app.advance(1);
    let code = scene.code(&scene.spa, &[("scope", "openid")]).await;
    let late = redeem(&scene, &scene.spa, &code, Some(&with(&given))).await;
    refused(&late, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof");
    let fresh = late.header("dpop-nonce").to_owned();
    granted(&redeem(&scene, &scene.spa, &code, Some(&with(&fresh))).await);
    // Without a proof a public client gets what it always got.
    let code = scene.code(&scene.spa, &[("scope", "openid")]).await;
    assert_eq!(redeem(&scene, &scene.spa, &code, None).await.text("token_type"), "Bearer");
}

#[tokio::test]
async fn fp_03_bad_proofs_spend_nothing() {
    let scene = Scene::new(routes).await;
    let key = KeyHolder::new();
    let code = scene.code(&scene.web, &[("scope", "openid")]).await;
    let now = scene.app.app.now().as_second();
    for wrong in [
        proof(&scene, &key, &json!({ "htm": "GET" })),
        proof(&scene, &key, &json!({ "htu": "https://login.example.com/userinfo" })),
        proof(&scene, &key, &json!({ "iat": now - 301 })),
        proof(&scene, &key, &json!({ "iat": now + 60 })),
        proof(&scene, &key, &json!({ "jti": null })),
        "a.b.c".to_owned(),
        String::new(),
    ] {
        let answer = redeem(&scene, &scene.web, &code, Some(&wrong)).await;
        refused(&answer, 400, "invalid_dpop_proof", "Invalid DPoP proof");
    }
    let good = proof(&scene, &key, &json!({}));
    let mut twice = http::Request::post("/oauth/token").header(FORM.0, FORM.1);
    for _ in 0..2 {
        twice = twice.header("dpop", good.as_str());
    }
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
    ]);
    refused(&scene.app.send(twice.body(body).unwrap()).await, 400, "invalid_dpop_proof", "Invalid DPoP proof");
    granted(&redeem(&scene, &scene.web, &code, Some(&good)).await);
    let code = scene.code(&scene.web, &[("scope", "openid")]).await;
    let replayed = redeem(&scene, &scene.web, &code, Some(&good)).await;
    refused(&replayed, 400, "invalid_dpop_proof", "Invalid DPoP proof");
}

#[tokio::test]
async fn rt_07_a_public_clients_refresh_token_works_with_its_key_only() {
    let scene = Scene::new(routes).await;
    let (key, thief) = (KeyHolder::new(), KeyHolder::new());
    let given = nonce(&scene, &key).await;
    let with = |key: &KeyHolder| proof(&scene, key, &json!({ "nonce": given }));
    let code = scene.code(&scene.spa, &[("scope", "openid offline_access")]).await;
    let tokens = redeem(&scene, &scene.spa, &code, Some(&with(&key))).await;
    granted(&tokens);
    let first = tokens.text("refresh_token");
    let invalid = "Unknown or invalid refresh token.";
    refused(&refresh(&scene, &scene.spa, &first, None).await, 403, "invalid_grant", invalid);
    refused(&refresh(&scene, &scene.spa, &first, Some(&with(&thief))).await, 403, "invalid_grant", invalid);
    let next = refresh(&scene, &scene.spa, &first, Some(&with(&key))).await;
    granted(&next);
    assert_eq!(next.text("token_type"), "DPoP");
    granted(&refresh(&scene, &scene.spa, &next.text("refresh_token"), Some(&with(&key))).await);
    // A confidential client's is bound to the client: it may change its key.
    let code = scene.code(&scene.web, &[("scope", "openid offline_access")]).await;
    let tokens = redeem(&scene, &scene.web, &code, Some(&proof(&scene, &key, &json!({})))).await;
    let refresh_token = tokens.text("refresh_token");
    granted(&refresh(&scene, &scene.web, &refresh_token, Some(&proof(&scene, &thief, &json!({})))).await);
}

#[tokio::test]
async fn co_02_dpop_jkt_binds_the_code_to_the_key() {
    let scene = Scene::new(routes).await;
    let (key, thief) = (KeyHolder::new(), KeyHolder::new());
    let jkt = key.thumbprint();
    let code = scene.code(&scene.web, &[("scope", "openid"), ("dpop_jkt", &jkt)]).await;
    for wrong in [None, Some(proof(&scene, &thief, &json!({})))] {
        let answer = redeem(&scene, &scene.web, &code, wrong.as_deref()).await;
        refused(&answer, 403, "invalid_grant", "Invalid authorization code");
    }
    granted(&redeem(&scene, &scene.web, &code, Some(&proof(&scene, &key, &json!({})))).await);
    let answer = scene.app.browser().get(&scene.authorize_path(&scene.web, &[("dpop_jkt", "short")])).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn fp_03_apis_and_clients_that_require_possession() {
    let scene = Scene::new(routes).await;
    let key = KeyHolder::new();
    let fields = [("grant_type", "client_credentials"), ("audience", "appointments:api")];
    let plain = token(&scene, &scene.machine, Some(&proof(&scene, &key, &json!({}))), &fields).await;
    assert_eq!(
        (plain.text("token_type"), plain.claims("access_token").get("cnf").cloned()),
        ("Bearer".to_owned(), None)
    );
    let policy = ProofOfPossession {
        mechanism: PossessionMechanism::Dpop,
        required: true,
        required_for: RequiredFor::AllClients,
    };
    change_api(&scene, |api| api.proof_of_possession = Some(policy)).await;
    let without = token(&scene, &scene.machine, None, &fields).await;
    refused(&without, 400, "invalid_dpop_proof", "A DPoP proof is required");
    let bound = token(&scene, &scene.machine, Some(&proof(&scene, &key, &json!({}))), &fields).await;
    assert_eq!(bound.text("token_type"), "DPoP");
    assert_eq!(bound.claims("access_token")["cnf"], json!({ "jkt": key.thumbprint() }));
    // A code is not spent by a token that cannot be had.
    change_api(&scene, |api| api.proof_of_possession = None).await;
    let web = scene.app.change_client(&scene.web, |client| client.require_proof_of_possession = true).await;
    let code = scene.code(&web, &[("scope", "openid"), ("audience", "appointments:api")]).await;
    let impossible = redeem(&scene, &web, &code, Some(&proof(&scene, &key, &json!({})))).await;
    let sentence = "The client requires proof of possession, and the API does not support it";
    refused(&impossible, 403, "access_denied", sentence);
    change_api(&scene, |api| api.proof_of_possession = Some(policy)).await;
    granted(&redeem(&scene, &web, &code, Some(&proof(&scene, &key, &json!({})))).await);
}

#[tokio::test]
async fn fp_03_one_proof_at_once_on_two_nodes_counts_once() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let key = KeyHolder::new();
        let code = scene.code(&scene.web, &[("scope", "openid")]).await;
        let tokens = redeem(&scene, &scene.web, &code, Some(&proof(&scene, &key, &json!({})))).await;
        let access_token = tokens.text("access_token");
        let good = key.userinfo_proof(&scene, &access_token);
        let answers = race(&[&scene.app, &scene.second_node().await], 10, |node| {
            let (token, good) = (access_token.clone(), good.clone());
            async move { userinfo(&node, "DPoP", &token, Some(&good)).await }
        })
        .await;
        let (_, others) = only_one(answers, 200);
        for answer in &others {
            challenged(answer, "invalid_dpop_proof");
        }
    }
}

#[tokio::test]
async fn browsers_may_send_proofs_and_read_nonces() {
    let scene = Scene::new(routes).await;
    let key = KeyHolder::new();
    let origin = ("origin", "https://spa.example.com");
    let preflight = [origin, ("access-control-request-method", "POST"), ("access-control-request-headers", "dpop")];
    let answer = scene.app.request(http::Method::OPTIONS, "/oauth/token", &preflight, String::new()).await;
    assert!(answer.header("access-control-allow-headers").contains("dpop"));
    let headers = [FORM, origin, ("dpop", &*proof(&scene, &key, &json!({})))];
    let fields = [("grant_type", "refresh_token"), ("client_id", scene.spa.id()), ("refresh_token", "x")];
    let answer = scene.app.request(http::Method::POST, "/oauth/token", &headers, form(&fields)).await;
    assert_eq!(answer.text("error"), "use_dpop_nonce");
    assert!(answer.header("access-control-expose-headers").contains("dpop-nonce"));
}

#[tokio::test]
async fn fp_03_the_authorization_endpoint_gives_no_token_that_must_be_bound() {
    let scene = Scene::new(routes).await;
    let web = scene
        .app
        .change_client(&scene.web, |client| {
            client.grant_types.push("implicit".to_owned());
            client.require_proof_of_possession = true;
        })
        .await;
    let front = [("response_type", "token"), ("scope", "openid")];
    let answer = scene.app.browser().get(&scene.authorize_path(&web, &front)).await;
    assert!(answer.location().contains("error=invalid_request"), "{answer:#?}");
    let identity = [("response_type", "id_token"), ("scope", "openid"), ("nonce", "n")];
    let answer = scene.log_in(&scene.app.browser(), &web, &identity).await;
    assert!(answer.location().contains("#id_token="), "{answer:#?}");
}
