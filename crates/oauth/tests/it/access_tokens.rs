//! Access tokens: their shape by audience, dialect and algorithm (§3.1 to §3.5; TK-08). Signatures are checked by a library
//! that APIs use, with keys from the JWKS document.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keywright_testkit::{Answer, Scene};
use keywright_types::{ResourceServer, TokenDialect};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::expect::{change_api, userinfo};
use crate::routes;

const USERINFO: &str = "https://login.example.com/userinfo";

/// What a resource server does with a token: key by `kid` from the JWKS document, one algorithm, issuer and audience.
async fn verified(scene: &Scene, token: &str, algorithm: Algorithm) -> Value {
    let set: JwkSet = serde_json::from_str(&scene.app.get("/.well-known/jwks.json", &[]).await.body).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.expect("a kid");
    let key = DecodingKey::from_jwk(set.find(&kid).expect("a published key")).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["appointments:api"]);
    validation.set_issuer(&["https://login.example.com/"]);
    // Time stands still in the scene; the machine's clock is another one.
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a good signature").claims
}

async fn token(scene: &Scene, scope: &str) -> Answer {
    scene.tokens(&scene.web, scope, "appointments:api").await
}

#[tokio::test]
async fn an_api_gets_a_jwt_that_its_library_verifies() {
    let scene = Scene::new(routes).await;
    let answer = token(&scene, "openid contacts").await;
    let kid = scene.app.get("/.well-known/jwks.json", &[]).await.json()["keys"][0]["kid"].clone();
    assert_eq!(answer.jwt_header("access_token"), json!({ "alg": "RS256", "typ": "JWT", "kid": kid }));
    assert_eq!(
        verified(&scene, &answer.text("access_token"), Algorithm::RS256).await,
        json!({
            "iss": "https://login.example.com/", "sub": scene.user.user_id, "aud": ["appointments:api", USERINFO],
            "iat": 1_772_366_400, "exp": 1_772_452_800, "scope": "openid contacts", "azp": scene.web.id()
        }),
        "§3.2: no jti, nbf, client_id, auth_time or gty here"
    );
    let first = URL_SAFE_NO_PAD.decode(answer.text("access_token").split('.').nth(1).unwrap()).unwrap();
    assert!(String::from_utf8(first).unwrap().starts_with("{\"iss\":"), "claims in Auth0's order");
}

#[tokio::test]
async fn tk_08_the_audience_is_that_api_alone_and_userinfo_when_openid_was_asked() {
    let scene = Scene::new(routes).await;
    for (scope, audience) in [
        ("openid contacts", json!(["appointments:api", USERINFO])),
        ("openid", json!(["appointments:api", USERINFO])),
        ("profile email contacts", json!("appointments:api")),
        ("", json!("appointments:api")),
    ] {
        assert_eq!(token(&scene, scope).await.claims("access_token")["aud"], audience, "{scope}");
    }
    // One API only: two audiences name none.
    let both = scene.authorize_path(&scene.web, &[("audience", "appointments:api https://login.example.com/api/v2/")]);
    let answer = scene.app.browser().get(&both).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn lifetimes_are_those_of_the_api_and_expires_in_matches() {
    let scene = Scene::new(routes).await;
    for lifetime in [1, 300, 2_592_000] {
        change_api(&scene, |api| api.token_lifetime = lifetime).await;
        for (client, asked) in [(&scene.web, "openid offline_access"), (&scene.spa, "offline_access")] {
            let answer = scene.tokens(client, asked, "appointments:api").await;
            let refreshed = scene.refresh(client, &answer.text("refresh_token"), &[]).await;
            for answer in [answer, refreshed] {
                let claims = answer.claims("access_token");
                let length = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
                assert_eq!(length, i64::from(lifetime));
                assert_eq!(answer.json()["expires_in"], length);
            }
        }
    }
    // §3.4: fixed for tokens that are only for /userinfo.
    assert_eq!(scene.tokens(&scene.web, "openid", "").await.json()["expires_in"], 86_400);
}

#[tokio::test]
async fn tk_10_an_api_chooses_its_algorithm() {
    let scene = Scene::new(routes).await;
    for algorithm in [Algorithm::PS256, Algorithm::RS512, Algorithm::ES256] {
        let name = format!("{algorithm:?}");
        change_api(&scene, |api| api.signing_alg.clone_from(&name)).await;
        let answer = token(&scene, "openid contacts").await;
        assert_eq!(answer.jwt_header("access_token")["alg"], name);
        let claims = verified(&scene, &answer.text("access_token"), algorithm).await;
        assert_eq!(claims["aud"], "appointments:api", "§3.2: only RS256 is shared with /userinfo");
    }

    let secret = "a-signing-secret-of-the-api";
    let symmetric = ResourceServer {
        id: "5f0c0000000000000000cccc".to_owned(),
        identifier: "hmac".to_owned(),
        signing_alg: "HS256".to_owned(),
        ..scene.api.clone()
    };
    let tenant = &scene.app.tenant.id;
    scene.app.app.create_api(tenant, &symmetric, Some(&SecretString::from(secret))).await.unwrap();
    let answer = scene.tokens(&scene.web, "openid contacts", "hmac").await;
    assert_eq!(answer.jwt_header("access_token"), json!({ "alg": "HS256", "typ": "JWT" }));
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&["hmac"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::decode::<Value>(&answer.text("access_token"), &key, &validation).expect("signed by the API's secret");
    // The ID token beside it is signed for the application, not for the API.
    assert_eq!(answer.jwt_header("id_token")["alg"], "RS256");
}

#[tokio::test]
async fn the_rfc_9068_dialect_has_its_own_claims() {
    let scene = Scene::new(routes).await;
    for dialect in [TokenDialect::Rfc9068Profile, TokenDialect::Rfc9068ProfileAuthz] {
        change_api(&scene, |api| api.token_dialect = dialect).await;
        let answer = token(&scene, "openid offline_access contacts").await;
        let refreshed = scene.refresh(&scene.web, &answer.text("refresh_token"), &[]).await;
        let machine = scene
            .app
            .post_form(
                "/oauth/token",
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", scene.machine.id()),
                    ("client_secret", &scene.machine.secret),
                    ("audience", "appointments:api"),
                ],
            )
            .await;
        let mut ids = BTreeSet::new();
        for (answer, client) in [(&answer, &scene.web), (&refreshed, &scene.web), (&machine, &scene.machine)] {
            assert_eq!(answer.jwt_header("access_token")["typ"], "at+jwt");
            let claims = verified(&scene, &answer.text("access_token"), Algorithm::RS256).await;
            // RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat and jti are required.
            for required in ["iss", "exp", "aud", "sub", "iat", "jti", "scope"] {
                assert!(!claims[required].is_null(), "{required}");
            }
            assert_eq!(claims["client_id"], client.id(), "§3.3: replaces azp");
            assert_eq!((claims.get("azp"), claims.get("gty")), (None, None));
            ids.insert(claims["jti"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), 3, "each token has an identifier of its own");
        assert_eq!(userinfo(&scene, &answer.text("access_token")).await.status, 200);
    }
}

#[tokio::test]
async fn op_05_test_controls_mark_every_token() {
    let scene = Scene::new(routes).await;
    let mark = |answer: &Answer, token: &str| answer.claims(token).get("https://keywright.dev/test").cloned();
    let plain = scene.tokens(&scene.web, "openid", "appointments:api").await;
    assert_eq!([mark(&plain, "access_token"), mark(&plain, "id_token")], [None, None]);
    scene.app.app.enable_test_controls();
    let marked = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let on = Some(json!(true));
    assert_eq!([mark(&marked, "access_token"), mark(&marked, "id_token")], [on.clone(), on]);
}
