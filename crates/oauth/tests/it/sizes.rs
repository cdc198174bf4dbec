//! DO-03: depth, size and count are capped before a request is understood, in the shape of its surface.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use keywright_testkit::{Engine, Scene};
use keywright_types::{TenantFlags, TenantSettings};

use crate::expect::userinfo;
use crate::routes;

async fn scene() -> Scene {
    let flags = TenantFlags { enable_dynamic_client_registration: true, ..TenantFlags::default() };
    Scene::with(routes, Engine::Sqlite, TenantSettings { flags, ..TenantSettings::default() }).await
}

const LIMIT: usize = 64 * 1024;

#[tokio::test]
async fn do_03_json_is_capped_in_depth_size_and_count() {
    let scene = scene().await;
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let many: Vec<String> = (0..101).map(|number| format!("\"p{number}\":\"1\"")).collect();
    let send = async |path: &str, body: String| {
        let answer = scene.app.request(Method::POST, path, &[("content-type", "application/json")], body).await;
        (answer.status.as_u16(), answer.text("error"))
    };
    let invalid = (400, "invalid_request".to_owned());
    let too_large = (413, "invalid_request".to_owned());
    for path in ["/oauth/token", "/oauth/revoke"] {
        assert_eq!(send(path, format!("{{\"x\":{}}}", deep(200))).await, invalid, "{path}");
        assert_eq!(send(path, format!("{{\"x\":{}}}", deep(30_000))).await, invalid, "{path}");
        assert_eq!(send(path, format!("{{{}}}", many.join(","))).await, too_large, "{path}");
        assert_eq!(send(path, format!("{{\"x\":\"{}\"}}", "x".repeat(LIMIT))).await, too_large, "{path}");
        assert_eq!(send(path, format!("{{\"x\":\"{}\"}}", "x".repeat(20_000))).await, invalid, "{path}");
    }
    let metadata = (400, "invalid_client_metadata".to_owned());
    let jwks = |value: String| format!("{{\"redirect_uris\":[\"https://a.example/cb\"],\"jwks\":{value}}}");
    assert_eq!(send("/oidc/register", jwks(deep(30_000))).await, metadata);
    assert_eq!(send("/oidc/register", jwks(format!("\"{}\"", "x".repeat(LIMIT)))).await, too_large);
    let urls = vec!["\"https://a.example/cb\""; 51].join(",");
    let addresses = (400, "invalid_redirect_uri".to_owned());
    assert_eq!(send("/oidc/register", format!("{{\"redirect_uris\":[{urls}]}}")).await, addresses);
}

#[tokio::test]
async fn do_03_forms_and_addresses_are_capped_in_size_and_count() {
    let scene = scene().await;
    let many: Vec<String> = (0..101).map(|number| format!("p{number}=1")).collect();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for body in [many.join("&"), format!("a={}", "x".repeat(LIMIT))] {
        for path in ["/oauth/token", "/oauth/revoke"] {
            let answer = scene.app.request(Method::POST, path, &form, body.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (413, "invalid_request"), "{path}");
        }
    }
    for query in [many.join("&"), format!("a={}", "x".repeat(9_000))] {
        for path in ["/authorize", "/authorize/resume"] {
            assert_eq!(scene.app.get(&format!("{path}?{query}"), &[]).await.status, 414, "{path}");
        }
        assert_eq!(scene.app.request(Method::POST, "/authorize", &form, query.clone()).await.status, 413);
    }
}

/// CVE-2022-36083, CVE-2023-49290 (key derivation as often as the caller likes) and CVE-2024-28180 (compressed text).
#[tokio::test]
async fn do_03_tokens_that_cost_more_than_their_size_are_refused() {
    let scene = scene().await;
    let token = scene.tokens(&scene.web, "openid", "").await.text("access_token");
    assert_eq!(userinfo(&scene, &token).await.status, 200);
    let rest = token.split_once('.').unwrap().1;
    for header in [
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2s":"c2FsdA","p2c":2147483647}"#,
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"dir","enc":"A256GCM","iss":"https://login.example.com/","zip":"DEF"}"#,
    ] {
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(userinfo(&scene, &forged).await.status, 401, "{header}");
    }
    assert_eq!(userinfo(&scene, &format!("{token}{}", "x".repeat(20_000))).await.status, 401);
    assert_eq!(userinfo(&scene, &".".repeat(15_000)).await.status, 401);
}
