//! Implicit and hybrid flow (§1.1, §1.4; OpenID Connect Core §3.2, §3.3): every response type in every response mode, what
//! is in the tokens, and who may have them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keywright_testkit::{Browser, Registered, Scene};
use keywright_types::{AppType, JwtConfiguration};
use serde_json::Value;

use crate::expect::{change_api, logged_in, userinfo};
use crate::outcome::{Outcome, answer_form, credentials, outcome, page, rows};
use crate::received::{Received, received};
use crate::routes;

const TYPES: [&str; 7] =
    ["code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

/// The web application with the grant type `implicit`.
async fn implicit(scene: &Scene) -> Registered {
    scene.app.change_client(&scene.web, |client| client.grant_types.push("implicit".to_owned())).await
}

async fn ask(scene: &Scene, browser: &Browser, client: &Registered, more: &[(&str, &str)]) -> Received {
    let usual = [("scope", "openid"), ("nonce", "n-1"), ("state", "s t")];
    let usual = usual.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let all: Vec<_> = usual.chain(more).copied().collect();
    received(&browser.get(&scene.authorize_path(client, &all)).await)
}

/// Claims of an ID token whose signature was verified with the tenant's keys.
async fn verified(scene: &Scene, token: &str, algorithm: Algorithm) -> Value {
    let set: JwkSet = serde_json::from_str(&scene.app.get("/.well-known/jwks.json", &[]).await.body).unwrap();
    let key = if algorithm == Algorithm::HS256 {
        DecodingKey::from_secret(scene.web.secret.as_bytes())
    } else {
        let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap()
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[scene.web.id()]);
    validation.set_issuer(&["https://login.example.com/"]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

/// OpenID Connect Core §3.3.2.11, by another implementation than the server's.
fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

/// The answer holds what the response type names and nothing else, in the mode that was asked for.
async fn check(scene: &Scene, browser: &Browser, client: &Registered, wanted: &str, mode: &str) {
    let bears_tokens = wanted != "code";
    let more = [("response_type", wanted), ("response_mode", mode), ("scope", "openid profile offline_access")];
    let answer = ask(scene, browser, client, &more).await;
    let label = format!("{wanted} {mode}");
    let default = if bears_tokens { "fragment" } else { "query" };
    if bears_tokens && mode == "query" {
        assert_eq!(answer.mode, "fragment", "{label}");
        assert_eq!(answer.names(), ["error", "error_description", "state"], "{label}");
        assert_eq!(answer.get("error"), Some("invalid_request"), "{label}");
        return;
    }
    assert_eq!(answer.mode, if mode.is_empty() { default } else { mode }, "{label}");
    let has = |word: &str| wanted.split(' ').any(|own| own == word);
    let mut names = vec!["state"];
    names.extend(has("code").then_some("code"));
    names.extend(has("id_token").then_some("id_token"));
    names.extend(has("token").then_some(["access_token", "expires_in", "scope", "token_type"]).into_iter().flatten());
    names.sort_unstable();
    assert_eq!(answer.names(), names, "{label}");
    assert_eq!(answer.get("state"), Some("s t"), "{label}");
    if has("token") {
        // §3.4: "86400 s (code), 7200 s (implicit); fixed". §4.1: no refresh token, and no scope that would give one.
        assert_eq!(answer.get("expires_in"), Some("7200"), "{label}");
        assert_eq!(answer.get("token_type"), Some("Bearer"), "{label}");
        assert_eq!(answer.get("scope"), Some("openid profile"), "{label}");
        let claims = userinfo(scene, &answer.text("access_token")).await;
        assert_eq!(claims.json()["sub"], scene.user.user_id, "{label}");
    }
    let front = match answer.get("id_token") {
        Some(id_token) => {
            let claims = verified(scene, id_token, Algorithm::RS256).await;
            assert_eq!(claims["nonce"], "n-1", "{label}");
            assert_eq!(claims.get("at_hash").cloned(), answer.get("access_token").map(|own| half_hash(own).into()));
            assert_eq!(claims.get("c_hash").cloned(), answer.get("code").map(|own| half_hash(own).into()));
            Some(claims)
        }
        None => None,
    };
    if has("code") {
        let tokens = scene.redeem(client, &answer.text("code"), &[]).await;
        assert_eq!(tokens.status, 200, "{label}: {tokens:#?}");
        assert_eq!(tokens.json()["expires_in"], 86_400, "{label}");
        assert!(!tokens.text("refresh_token").is_empty(), "{label}");
        // OpenID Connect Core §3.3.3.6: "the iss and sub Claim Values MUST be identical in both ID Tokens", and so has to be
        // whatever else both say.
        let back = tokens.claims("id_token");
        for (name, value) in front.iter().flat_map(|claims| claims.as_object().unwrap()) {
            if name != "at_hash" && name != "c_hash" {
                assert_eq!(back[name], *value, "{label}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn every_response_type_in_every_response_mode() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    for wanted in TYPES {
        for mode in ["", "query", "fragment", "form_post", "web_message"] {
            check(&scene, &browser, &client, wanted, mode).await;
        }
    }
}

#[tokio::test]
async fn the_order_of_response_types_does_not_matter() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    for (wanted, names) in [
        ("token id_token", vec!["access_token", "expires_in", "id_token", "scope", "state", "token_type"]),
        ("id_token code", vec!["code", "id_token", "state"]),
        ("token code id_token", vec!["access_token", "code", "expires_in", "id_token", "scope", "state", "token_type"]),
    ] {
        assert_eq!(ask(&scene, &browser, &client, &[("response_type", wanted)]).await.names(), names, "{wanted}");
    }
    for wanted in ["code code", "token  id_token", "code,token", "id_token none", "code token magic"] {
        let answer = browser.get(&scene.authorize_path(&client, &[("response_type", wanted), ("nonce", "n")])).await;
        let text = format!("unsupported_response_type: Unsupported response type: {wanted}");
        assert_eq!(outcome(&answer), page(501, text));
    }
}

#[tokio::test]
async fn hashes_are_there_whatever_signs_the_id_token() {
    let scene = Scene::new(routes).await;
    implicit(&scene).await;
    for (alg, algorithm) in [("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256), ("HS256", Algorithm::HS256)] {
        let configuration = JwtConfiguration { alg: Some(alg.to_owned()), ..JwtConfiguration::default() };
        let client = scene
            .app
            .change_client(&scene.web, |client| {
                client.jwt_configuration = configuration;
                client.grant_types.push("implicit".to_owned());
            })
            .await;
        let browser = logged_in(&scene).await;
        let answer = ask(&scene, &browser, &client, &[("response_type", "code id_token token")]).await;
        let claims = verified(&scene, &answer.text("id_token"), algorithm).await;
        assert_eq!(claims["at_hash"], half_hash(&answer.text("access_token")), "{alg}");
        assert_eq!(claims["c_hash"], half_hash(&answer.text("code")), "{alg}");
    }
}

#[tokio::test]
async fn front_channel_tokens_for_an_api_live_as_long_as_it_says() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    let more = [("response_type", "token"), ("audience", "appointments:api"), ("scope", "openid contacts")];
    // The user agrees first, at the consent page of a first request.
    let asked = browser.get(&scene.authorize_path(&client, &more)).await;
    assert_eq!(received(&browser.consent(asked, "accept").await).mode, "fragment");
    for (for_web, lifetime, expected) in [(7200, 86_400, 7200), (60, 86_400, 60), (7200, 600, 600)] {
        change_api(&scene, |api| (api.token_lifetime_for_web, api.token_lifetime) = (for_web, lifetime)).await;
        let answer = ask(&scene, &browser, &client, &more).await;
        assert_eq!(answer.get("expires_in"), Some(expected.to_string().as_str()));
        assert_eq!(answer.get("scope"), Some("openid contacts"));
        let payload = answer.text("access_token").split('.').nth(1).unwrap().to_owned();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), expected);
        assert_eq!(claims["azp"], scene.web.id());
        assert_eq!(claims["scope"], "openid contacts");
        // §3.2: `gty` is "absent for code/implicit/device".
        assert_eq!(claims.get("gty"), None);
    }
}

#[tokio::test]
async fn cl_07_tokens_from_here_need_the_grant_type_implicit_which_new_applications_lack() {
    let scene = Scene::new(routes).await;
    for (app_type, callback) in [
        (AppType::RegularWeb, "https://new.example.com/cb"),
        (AppType::Spa, "https://new.example.com/cb"),
        (AppType::Native, "com.example.new:/cb"),
        (AppType::NonInteractive, ""),
    ] {
        let new = scene.app.register("New", app_type, callback).await;
        assert!(!new.client.allows_grant("implicit"), "{app_type:?}");
    }
    let only = |grants: &'static [&str]| {
        scene.app.change_client(&scene.web, move |client| {
            client.grant_types = grants.iter().map(ToString::to_string).collect();
        })
    };
    let browser = logged_in(&scene).await;
    let both: &[&str] = &["implicit", "authorization_code"];
    for grants in [&["authorization_code"][..], &["implicit"], both] {
        let client = only(match grants {
            ["authorization_code"] => &["authorization_code"],
            ["implicit"] => &["implicit"],
            _ => &["implicit", "authorization_code"],
        })
        .await;
        for wanted in TYPES {
            let (bears, code) = (wanted != "code", wanted.starts_with("code"));
            let missing = [(bears, "implicit"), (code, "authorization_code")]
                .into_iter()
                .find_map(|(needed, grant)| (needed && !grants.contains(&grant)).then_some(grant));
            let path = scene.authorize_path(&client, &[("response_type", wanted), ("nonce", "n")]);
            let answer = browser.get(&path).await;
            match missing {
                Some(grant) => {
                    let text = format!("unauthorized_client: Grant type '{grant}' not allowed for the client.");
                    assert_eq!(outcome(&answer), page(403, text), "{wanted} with {grants:?}");
                }
                None => assert_eq!(received(&answer).get("error"), None, "{wanted} with {grants:?}"),
            }
        }
    }
}

/// CVE-2026-7571: a disabled implicit flow came back through a link that goes on with a login.
#[tokio::test]
async fn ar_03_implicit_that_is_switched_off_meanwhile_gives_nothing() {
    let scene = Scene::new(routes).await;
    for wanted in TYPES.into_iter().filter(|wanted| *wanted != "code") {
        let client = implicit(&scene).await;
        let browser = scene.app.browser();
        let more = [("response_type", wanted), ("nonce", "n"), ("scope", "openid")];
        let start = browser.get(&scene.authorize_path(&client, &more)).await;
        assert_eq!(outcome(&start), Outcome::Login);
        let posted = answer_form(&browser, &start, &credentials(&scene)).await;
        scene.app.change_client(&scene.web, |_| {}).await;
        let before = rows(&scene.app).await;
        let answer = browser.get(posted.location()).await;
        let text = "unauthorized_client: Grant type 'implicit' not allowed for the client.";
        assert_eq!(outcome(&answer), page(403, text), "{wanted}");
        assert_eq!(rows(&scene.app).await, before, "{wanted}");
    }
}

#[tokio::test]
async fn an_id_token_is_asked_for_with_a_nonce() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    for wanted in TYPES {
        let answer = ask(&scene, &browser, &client, &[("response_type", wanted), ("nonce", "")]).await;
        let refused = wanted.contains("id_token");
        assert_eq!(answer.get("error"), refused.then_some("invalid_request"), "{wanted}");
        let text = refused.then_some("Missing required parameter: nonce");
        assert_eq!(answer.get("error_description"), text, "{wanted}");
        assert_eq!(answer.mode, if wanted == "code" { "query" } else { "fragment" });
    }
}

/// OpenID Connect Core §3.2.2.6: errors of these flows are "returned in the fragment component of the Redirection URI".
#[tokio::test]
async fn errors_go_where_the_tokens_would_have_gone() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    for wanted in TYPES {
        for (mode, expected) in [
            ("", if wanted == "code" { "query" } else { "fragment" }),
            ("fragment", "fragment"),
            ("form_post", "form_post"),
            ("web_message", "web_message"),
        ] {
            for (more, error) in [
                (("prompt", "none"), "login_required"),
                (("max_age", "x"), "invalid_request"),
                (("audience", "no:api"), "access_denied"),
                (("connection", "nowhere"), "invalid_request"),
            ] {
                let more = [("response_type", wanted), ("response_mode", mode), more];
                let answer = ask(&scene, &scene.app.browser(), &client, &more).await;
                assert_eq!(answer.mode, expected, "{wanted} {mode} {error}");
                assert_eq!(answer.names(), ["error", "error_description", "state"], "{wanted} {mode}");
                assert_eq!((answer.get("error"), answer.get("state")), (Some(error), Some("s t")), "{wanted} {mode}");
            }
        }
    }
}

#[tokio::test]
async fn profile_standard_names_the_issuer_in_every_mode() {
    let scene = Scene::standard(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    for wanted in TYPES {
        for mode in ["fragment", "form_post", "web_message"] {
            let more = [("response_type", wanted), ("response_mode", mode)];
            let answer = ask(&scene, &browser, &client, &more).await;
            assert_eq!(answer.get("iss"), Some("https://login.example.com/"), "{wanted} {mode}");
            assert_eq!(answer.get("error"), None, "{wanted} {mode}");
        }
    }
}

/// OpenID Connect Core §3.2.2.1 wants `openid` with an ID token; who asks for one without it gets one all the same.
#[tokio::test]
async fn an_id_token_without_scopes_names_the_user_and_no_more() {
    let scene = Scene::new(routes).await;
    let client = implicit(&scene).await;
    let browser = logged_in(&scene).await;
    for scope in ["", "openid"] {
        let more = [("response_type", "id_token"), ("scope", scope)];
        let answer = ask(&scene, &browser, &client, &more).await;
        let claims = verified(&scene, &answer.text("id_token"), Algorithm::RS256).await;
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["aud", "exp", "iat", "iss", "nonce", "sid", "sub"]);
    }
    // `token` alone brings no ID token, whatever the scope (§11: "access token only").
    let answer = ask(&scene, &browser, &client, &[("response_type", "token")]).await;
    assert_eq!(answer.get("id_token"), None);
}

#[tokio::test]
async fn pkce_is_for_codes() {
    let scene = Scene::standard(routes).await;
    let spa = scene.app.change_client(&scene.spa, |client| client.grant_types.push("implicit".to_owned())).await;
    let browser = logged_in(&scene).await;
    let answer = ask(&scene, &browser, &spa, &[("response_type", "id_token")]).await;
    assert_eq!(answer.get("error"), None, "no code, no challenge: {answer:?}");
    let answer = ask(&scene, &browser, &spa, &[("response_type", "code id_token")]).await;
    assert_eq!(answer.get("error_description"), Some("Parameter 'code_challenge' is required"));
}
