//! The tutorials' main road: authorize, log in, redeem, call, refresh.

use keywright_testkit::{Pkce, Scene};
use serde_json::json;

use crate::routes;

#[tokio::test]
async fn the_regular_web_app_tutorial_from_login_to_refresh() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let parameters = [
        ("scope", "openid profile email offline_access appointments contacts"),
        ("audience", "appointments:api"),
        ("state", "xyzABC123"),
    ];
    let answer = scene.log_in(&browser, &scene.web, &parameters).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().starts_with("https://app.example.com/callback?code="), "{}", answer.location());
    assert_eq!(answer.location_parameter("state").as_deref(), Some("xyzABC123"));

    let code = answer.location_parameter("code").unwrap();
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
    let body = tokens.json();
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_i64()), (Some("Bearer"), Some(86_400)));
    assert_eq!(body["scope"], "openid profile email offline_access appointments contacts");
    assert_eq!(
        tokens.claims("access_token"),
        json!({
            "iss": "https://login.example.com/",
            "sub": scene.user.user_id,
            "aud": ["appointments:api", "https://login.example.com/userinfo"],
            "iat": 1_772_366_400,
            "exp": 1_772_452_800,
            "scope": "openid profile email offline_access appointments contacts",
            "azp": scene.web.id(),
        })
    );

    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let claims = scene.app.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(claims.status, 200, "{claims:#?}");
    assert_eq!(claims.json()["sub"], scene.user.user_id);
    assert_eq!(claims.json()["email"], "jane@example.com");

    let refreshed = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{refreshed:#?}");
    assert_eq!(refreshed.claims("access_token")["gty"], "refresh_token");
    assert!(refreshed.json().get("refresh_token").is_none(), "this application does not rotate");
    assert!(refreshed.json().get("id_token").is_some());
}

#[tokio::test]
async fn the_pkce_tutorial_with_a_native_application() {
    let scene = Scene::new(routes).await;
    let pkce = Pkce::of('v');
    let challenge = [("code_challenge", pkce.challenge.as_str()), ("code_challenge_method", "S256")];
    let answer = scene.log_in(&scene.app.browser(), &scene.native, &challenge).await;
    assert!(answer.location().starts_with("com.example.app:/callback?code="), "{}", answer.location());
    let code = answer.location_parameter("code").unwrap();
    let body = json!({
        "grant_type": "authorization_code", "code_verifier": pkce.verifier, "code": code,
        "client_id": scene.native.id(), "redirect_uri": "com.example.app:/callback"
    });
    let tokens = scene.app.post_json("/oauth/token", &body).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
    assert!(tokens.json().get("scope").is_none(), "no scope was asked for");
}
