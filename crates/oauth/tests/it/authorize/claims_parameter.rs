//! The request parameter `claims` (OpenID Connect Core §5.5), and the parameters that are accepted and change nothing.

use keywright_testkit::Scene;
use serde_json::{Value, json};

use crate::expect::{logged_in, next_code, userinfo};
use crate::outcome::{Outcome, add_user, login_required, outcome, refused};
use crate::routes;

const CLAIMS: &str = r#"{"userinfo":{"name":{"essential":true},"app_metadata":null},"id_token":{"email":null}}"#;

/// Whether `name` is at `/userinfo` and `email` in the ID token, of tokens from a code and from a refresh token.
async fn given(scene: &Scene, audience: &str) -> Vec<(bool, bool)> {
    let browser = logged_in(scene).await;
    let more = [("scope", "openid offline_access"), ("claims", CLAIMS), ("audience", audience)];
    let code = next_code(scene, &browser, &scene.web, &more).await;
    let first = scene.redeem(&scene.web, &code, &[]).await;
    let second = scene.refresh(&scene.web, &first.text("refresh_token"), &[]).await;
    let mut given = Vec::new();
    for tokens in [first, second] {
        let claims = userinfo(scene, &tokens.text("access_token")).await.json();
        assert_eq!(claims["sub"], scene.user.user_id);
        let id_token = tokens.claims("id_token");
        assert_eq!((claims.get("email"), claims.get("app_metadata"), id_token.get("name")), (None, None, None));
        given.push((claims.get("name").is_some(), id_token.get("email").is_some()));
    }
    given
}

#[tokio::test]
async fn profile_standard_gives_claims_by_name_in_their_place() {
    for audience in ["", "appointments:api"] {
        assert_eq!(given(&Scene::standard(routes).await, audience).await, [(true, true), (true, true)]);
        assert_eq!(given(&Scene::new(routes).await, audience).await, [(false, false), (false, false)]);
    }
}

#[tokio::test]
async fn auth_time_and_sub_can_be_asked_for() {
    let scene = Scene::standard(routes).await;
    let browser = logged_in(&scene).await;
    let more = [("scope", "openid"), ("claims", r#"{"id_token":{"auth_time":{"essential":true}}}"#)];
    let code = next_code(&scene, &browser, &scene.web, &more).await;
    assert_eq!(scene.redeem(&scene.web, &code, &[]).await.claims("id_token")["auth_time"], 1_772_366_400);
    let other = add_user(&scene, "john@example.com").await;
    for (sub, expected) in [(&scene.user.user_id, Outcome::Code), (&other.user_id, login_required())] {
        let claims = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        let more = [("scope", "openid"), ("prompt", "none"), ("claims", claims.as_str())];
        assert_eq!(outcome(&browser.get(&scene.authorize_path(&scene.web, &more)).await), expected);
    }
}

#[tokio::test]
async fn a_malformed_claims_parameter_is_an_error_where_it_counts() {
    let standard = Scene::standard(routes).await;
    let auth0 = Scene::new(routes).await;
    for claims in ["{", "[]", "1", "null", r#"{"userinfo":{"name":"x"}}"#] {
        let more = [("claims", claims), ("prompt", "none")];
        let answer = standard.app.browser().get(&standard.authorize_path(&standard.web, &more)).await;
        let expected = refused("invalid_request", "Parameter 'claims' is malformed");
        assert_eq!(outcome(&answer), expected, "{claims}");
        let answer = auth0.app.browser().get(&auth0.authorize_path(&auth0.web, &more)).await;
        assert_eq!(outcome(&answer), login_required(), "{claims}");
    }
}

/// `oidcc-display-page`, `-popup`, `oidcc-ui-locales`, `oidcc-claims-locales`, `oidcc-ensure-request-with-acr-values-succeeds`,
/// `oidcc-ensure-request-with-unknown-parameter-succeeds`, `oidcc-login-hint`: accepted without an error.
#[tokio::test]
async fn hints_and_unknown_parameters_are_accepted() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let browser = logged_in(&scene).await;
        for more in [
            ("display", "page"),
            ("display", "popup"),
            ("display", "hologram"),
            ("ui_locales", "se"),
            ("claims_locales", "se"),
            ("acr_values", "1 2"),
            ("login_hint", "buffy@login.example.com"),
            ("extra", "foobar"),
        ] {
            let answer = browser.get(&scene.authorize_path(&scene.web, &[more, ("scope", "openid")])).await;
            assert_eq!(outcome(&answer), Outcome::Code, "{more:?}");
        }
        // The values are recorded for what comes later in the login.
        let nobody = scene.app.browser();
        nobody.get(&scene.authorize_path(&scene.web, &[("acr_values", "urn:a urn:b")])).await;
        let recorded = scene.app.app.store().read(|tx| {
            let rows = tx.query("SELECT request FROM transactions ORDER BY created_at DESC", &[])?;
            let texts: Result<Vec<String>, _> = rows.iter().map(|row| row.get(0)).collect();
            texts
        });
        let requests: Vec<Value> =
            recorded.await.unwrap().iter().map(|request| serde_json::from_str(request).unwrap()).collect();
        assert!(requests.iter().any(|request| request["acr_values"] == "urn:a urn:b"), "{requests:?}");
    }
}
