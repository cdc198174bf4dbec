//! ID tokens: claims, algorithms, lifetimes (§3.5, §3.6; OpenID Connect Core §2; TK-09).

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keywright_app::NewUser;
use keywright_store::users;
use keywright_testkit::{Answer, Pkce, Scene};
use keywright_types::JwtConfiguration;
use serde_json::{Value, json};

use crate::expect::{logged_in, next_code, userinfo};
use crate::routes;

#[tokio::test]
async fn the_claims_are_those_of_3_6_and_no_others() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let code = scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await.location_parameter("code").unwrap();
    let answer = scene.redeem(&scene.web, &code, &[]).await;
    let mut claims = answer.claims("id_token");
    let sid = claims["sid"].take();
    assert!(sid.as_str().is_some_and(|sid| sid.len() >= 16), "{sid}");
    let expected = json!({
        "iss": "https://login.example.com/", "sub": scene.user.user_id, "aud": scene.web.id(),
        "iat": 1_772_366_400, "exp": 1_772_402_400, "sid": null
    });
    assert_eq!(claims, expected, "no azp, no jti, no at_hash with a code");
    // Another application in the same session has the same `sid`, another login another one.
    let second = next_code(&scene, &browser, &scene.native, &[("scope", "openid")]).await;
    assert_eq!(scene.redeem(&scene.native, &second, &[]).await.claims("id_token")["sid"], sid);
    assert_ne!(scene.tokens(&scene.web, "openid", "").await.claims("id_token")["sid"], sid);
}

#[tokio::test]
async fn claims_about_the_user_follow_the_scopes() {
    let scene = Scene::new(routes).await;
    for (scope, present, absent) in [
        ("openid", vec![], vec!["name", "nickname", "email", "email_verified", "updated_at", "picture"]),
        (
            "openid profile",
            vec!["name", "nickname", "picture", "updated_at"],
            vec!["email", "email_verified", "user_id"],
        ),
        ("openid email", vec!["email", "email_verified"], vec!["name", "updated_at"]),
        ("openid phone address", vec![], vec!["phone_number", "phone_number_verified", "address"]),
    ] {
        let claims = scene.tokens(&scene.web, scope, "").await.claims("id_token");
        for name in present {
            assert!(!claims[name].is_null(), "{scope}: {name}");
        }
        for name in absent {
            assert_eq!(claims.get(name), None, "{scope}: {name}");
        }
    }
}

#[tokio::test]
async fn nonce_is_copied_exactly() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let long = "n".repeat(2048);
    for nonce in ["n-0S6_WzA2Mj", "a b+c&d=e%20\"<ü>", &long] {
        let code = next_code(&scene, &browser, &scene.web, &[("scope", "openid"), ("nonce", nonce)]).await;
        assert_eq!(scene.redeem(&scene.web, &code, &[]).await.claims("id_token")["nonce"], nonce);
    }
    let code = next_code(&scene, &browser, &scene.web, &[("scope", "openid")]).await;
    assert_eq!(scene.redeem(&scene.web, &code, &[]).await.claims("id_token").get("nonce"), None);
}

#[tokio::test]
async fn auth_time_is_there_when_max_age_or_a_new_login_was_asked_for() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let logged_in_at = 1_772_366_400;
    scene.app.advance(100);
    for (more, auth_time) in [
        (vec![], None),
        (vec![("max_age", "1000")], Some(logged_in_at)),
        (vec![("max_age", "100")], Some(logged_in_at)),
        (vec![("prompt", "none")], None),
    ] {
        let more = [vec![("scope", "openid")], more].concat();
        let code = next_code(&scene, &browser, &scene.web, &more).await;
        let claims = scene.redeem(&scene.web, &code, &[]).await.claims("id_token");
        assert_eq!(claims.get("auth_time").and_then(Value::as_i64), auth_time, "{more:?}");
        assert_eq!(claims["iat"], logged_in_at + 100);
    }
    // AR-05: a forced login sets it anew.
    for more in [[("scope", "openid"), ("prompt", "login")], [("scope", "openid"), ("max_age", "0")]] {
        scene.app.advance(10);
        let now = scene.app.app.now().as_second();
        let code = scene.log_in(&browser, &scene.web, &more).await.location_parameter("code").unwrap();
        scene.app.advance(5);
        let claims = scene.redeem(&scene.web, &code, &[]).await.claims("id_token");
        assert_eq!(claims["auth_time"], now, "{more:?}");
    }
}

async fn signed_by(scene: &Scene, alg: &str) -> Answer {
    let configuration = JwtConfiguration { alg: Some(alg.to_owned()), ..JwtConfiguration::default() };
    let web = scene.app.change_client(&scene.web, |client| client.jwt_configuration = configuration).await;
    scene.tokens(&web, "openid", "").await
}

#[tokio::test]
async fn tk_10_an_application_chooses_its_algorithm() {
    let scene = Scene::new(routes).await;
    let set: JwkSet = serde_json::from_str(&scene.app.get("/.well-known/jwks.json", &[]).await.body).unwrap();
    let public = || DecodingKey::from_jwk(&set.keys[0]).unwrap();
    let on_curve = DecodingKey::from_jwk(&set.keys[2]).unwrap();
    for (alg, algorithm, key) in [
        ("RS256", Algorithm::RS256, public()),
        ("RS512", Algorithm::RS512, public()),
        ("PS256", Algorithm::PS256, public()),
        ("ES256", Algorithm::ES256, on_curve),
        ("HS256", Algorithm::HS256, DecodingKey::from_secret(scene.web.secret.as_bytes())),
    ] {
        let answer = signed_by(&scene, alg).await;
        assert_eq!(answer.jwt_header("id_token")["alg"], alg);
        assert_eq!(answer.jwt_header("id_token").get("kid").is_some(), alg != "HS256");
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[scene.web.id()]);
        validation.set_issuer(&["https://login.example.com/"]);
        validation.validate_exp = false;
        let token = answer.text("id_token");
        jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap_or_else(|error| panic!("{alg}: {error}"));
    }
}

/// §3.5: "key = client secret, base64-decoded when `secret_encoded` legacy".
#[tokio::test]
async fn a_legacy_secret_is_decoded_before_it_signs() {
    let scene = Scene::new(routes).await;
    let configuration =
        JwtConfiguration { alg: Some("HS256".to_owned()), secret_encoded: true, ..JwtConfiguration::default() };
    let web = scene.app.change_client(&scene.web, |client| client.jwt_configuration = configuration).await;
    let answer = scene.tokens(&web, "openid", "").await;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[web.id()]);
    validation.validate_exp = false;
    let token = answer.text("id_token");
    let decoded = DecodingKey::from_base64_secret(&web.secret).unwrap();
    jsonwebtoken::decode::<Value>(&token, &decoded, &validation).expect("signed by the decoded secret");
    let literal = DecodingKey::from_secret(web.secret.as_bytes());
    assert!(jsonwebtoken::decode::<Value>(&token, &literal, &validation).is_err());
    // The same key is asked when the token comes back.
    let query = crate::expect::form(&[("id_token_hint", &token)]);
    assert_eq!(scene.app.browser().get(&format!("/oidc/logout?{query}")).await.status, 302);
    // At the token endpoint the secret is what it was.
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_public_applications_id_tokens_are_always_rs256() {
    let scene = Scene::new(routes).await;
    for alg in ["HS256", "PS256", "RS256", "RS512", "ES256", "none"] {
        let configuration = JwtConfiguration { alg: Some(alg.to_owned()), ..JwtConfiguration::default() };
        let spa = scene.app.change_client(&scene.spa, |client| client.jwt_configuration = configuration).await;
        let answer = scene.tokens(&spa, "openid", "").await;
        assert_eq!(answer.jwt_header("id_token")["alg"], "RS256", "§3.5, configured {alg}");
    }
}

#[tokio::test]
async fn the_lifetime_is_the_applications() {
    let scene = Scene::new(routes).await;
    for lifetime in [1, 36_000, 2_592_000] {
        let configuration = JwtConfiguration { lifetime_in_seconds: lifetime, ..JwtConfiguration::default() };
        let web = scene.app.change_client(&scene.web, |client| client.jwt_configuration = configuration).await;
        let answer = scene.tokens(&web, "openid", "appointments:api").await;
        let claims = answer.claims("id_token");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), i64::from(lifetime));
        assert_eq!(answer.json()["expires_in"], 86_400, "that of the access token is another one");
    }
}

#[tokio::test]
async fn an_id_token_is_for_the_application_that_asked_whatever_the_api() {
    let scene = Scene::new(routes).await;
    let pkce = Pkce::of('v');
    let more = [
        ("scope", "openid contacts"),
        ("audience", "appointments:api"),
        ("code_challenge", pkce.challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let code = scene.code(&scene.native, &more).await;
    let answer = scene.redeem(&scene.native, &code, &[("code_verifier", &pkce.verifier)]).await;
    assert_eq!(answer.claims("id_token")["aud"], scene.native.id());
    assert_eq!(answer.claims("id_token").get("scope"), None);
}

#[tokio::test]
async fn tk_09_a_subject_is_never_used_again() {
    let scene = Scene::new(routes).await;
    let first = scene.tokens(&scene.web, "openid", "").await.claims("id_token")["sub"].clone();
    // The same for every application, in every token, at `/userinfo`, and whatever changes about the user.
    let caller = keywright_app::Caller::default();
    for email in ["jane@example.com", "jane.doe@example.com", "jane@example.com"] {
        let (app, user) = (&scene.app.app, first.as_str().unwrap());
        app.change_email(&scene.app.tenant, user, email, true, &caller).await.unwrap();
        let browser = scene.app.browser();
        let start = browser.get(&scene.authorize_path(&scene.spa, &[("scope", "openid")])).await;
        let code = browser.log_in(&start, email, scene.password()).await.location_parameter("code").unwrap();
        let tokens = scene.redeem(&scene.spa, &code, &[]).await;
        assert_eq!(tokens.claims("id_token")["sub"], first);
        assert_eq!(userinfo(&scene, &tokens.text("access_token")).await.json()["sub"], first);
        let more = [("scope", "openid"), ("audience", "appointments:api")];
        let start = browser.get(&scene.authorize_path(&scene.web, &more)).await;
        let code = browser.consent(start, "accept").await.location_parameter("code").unwrap();
        let tokens = scene.redeem(&scene.web, &code, &[]).await;
        assert_eq!((&tokens.claims("id_token")["sub"], &tokens.claims("access_token")["sub"]), (&first, &first));
    }
    let mut subjects = vec![first];
    for _ in 0..3 {
        let (id, user) = (scene.app.tenant.id.clone(), subjects.last().unwrap().as_str().unwrap().to_owned());
        let now = scene.app.app.now();
        assert!(scene.app.app.store().write(move |tx| users::delete(tx, &id, &user, now)).await.unwrap());
        let new = NewUser {
            email: "jane@example.com".to_owned(),
            username: None,
            password: scene.password().to_owned(),
            email_verified: true,
            ..NewUser::default()
        };
        scene.app.app.create_user(&scene.app.tenant.id, &scene.connection, new).await.unwrap();
        subjects.push(scene.tokens(&scene.web, "openid", "").await.claims("id_token")["sub"].clone());
    }
    for (at, subject) in subjects.iter().enumerate() {
        let text = subject.as_str().unwrap();
        assert!(text.is_ascii() && text.len() <= 255 && text.starts_with("auth0|"), "{text}");
        assert!(!subjects[..at].contains(subject), "{text} came back");
    }
}
