//! Cross-origin requests (§9, WB-09): registered origins, `*` for public metadata, nothing for pages.

use http::Method;
use keywright_testkit::{Answer, Scene};
use keywright_types::{Organization, OrganizationUsage};

use crate::expect::form;
use crate::routes;

const APP: &str = "https://spa.example.com";
const APIS: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/userinfo"];

async fn preflight(scene: &Scene, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "auth0-client,content-type"),
    ];
    scene.app.request(Method::OPTIONS, path, &headers, String::new()).await
}

/// Value of a header, if it is there.
fn optional<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn wb_09_origins_are_compared_exactly() {
    let scene = Scene::new(routes).await;
    scene
        .app
        .change_client(&scene.web, |client| {
            client.callbacks = vec!["http://localhost:3000/cb".to_owned(), "com.example.app:/cb".to_owned()];
            client.allowed_origins =
                ["https://xhr.example.com", "https://b.example.com:8443", "https://slash.example.com/"]
                    .map(str::to_owned)
                    .to_vec();
            client.web_origins =
                ["https://web.example.com", "https://path.example.com/x", "null", "*"].map(str::to_owned).to_vec();
        })
        .await;
    let registered = [
        APP,
        "http://localhost:3000",
        "https://xhr.example.com",
        "https://b.example.com:8443",
        "https://web.example.com",
    ];
    let foreign = [
        "https://evil.example",
        "http://spa.example.com",
        "https://spa.example.com:8443",
        "https://spa.example.com.evil.example",
        "https://evil-spa.example.com",
        "https://a.spa.example.com",
        "https://spa.example.com/",
        "https://SPA.example.com",
        "https://b.example.com",
        "https://slash.example.com",
        "https://slash.example.com/",
        "https://path.example.com",
        "https://login.example.com",
        "com.example.app:",
        "null",
        "*",
        "",
    ];
    let origins = registered.map(|origin| (origin, true)).into_iter().chain(foreign.map(|origin| (origin, false)));
    for (origin, allowed) in origins {
        for path in APIS {
            let asked = preflight(&scene, path, origin).await;
            assert_eq!(asked.status, 204, "{path}");
            let called = scene.app.request(Method::POST, path, &[("origin", origin)], String::new()).await;
            assert!(called.status.is_client_error(), "processed all the same: {called:#?}");
            for answer in [&asked, &called] {
                let echoed = optional(answer, "access-control-allow-origin");
                assert_eq!(echoed, allowed.then_some(origin), "{path} {origin}");
                let credentials = optional(answer, "access-control-allow-credentials");
                assert_eq!(credentials, allowed.then_some("true"), "{path} {origin}");
                assert!(answer.headers.get_all("vary").iter().any(|value| value == "Origin"), "{path} {origin}");
            }
            if allowed {
                assert_eq!(asked.header("access-control-allow-methods"), "GET, POST");
                let headers = asked.header("access-control-allow-headers");
                assert_eq!(headers, "authorization, content-type, auth0-client, dpop");
            }
        }
    }
}

async fn allows(scene: &Scene, origin: &str) -> bool {
    optional(&preflight(scene, "/oauth/token", origin).await, "access-control-allow-origin") == Some(origin)
}

#[tokio::test]
async fn wb_09_a_wildcard_in_an_origin_is_one_left_most_label() {
    for (scene, wildcards) in [(Scene::new(routes).await, true), (Scene::standard(routes).await, false)] {
        scene
            .app
            .change_client(&scene.web, |client| {
                client.callbacks = vec!["https://*.callback.example.com/cb?x".to_owned()];
                client.allowed_origins =
                    ["https://*.xhr.example.com", "https://pre-*.example.org:8443", "https://*.com"]
                        .map(str::to_owned)
                        .to_vec();
                client.web_origins =
                    ["https://*.web.example.com", "https://*.path.example.com/"].map(str::to_owned).to_vec();
            })
            .await;
        for origin in [
            "https://a.callback.example.com",
            "https://a.xhr.example.com",
            "https://pre-a.example.org:8443",
            "https://a.web.example.com",
        ] {
            assert_eq!(allows(&scene, origin).await, wildcards, "{origin}");
        }
        for origin in [
            "https://xhr.example.com",
            "https://a.b.xhr.example.com",
            "https://.xhr.example.com",
            "https://*.xhr.example.com",
            "https://A.xhr.example.com",
            "http://a.xhr.example.com",
            "https://a.xhr.example.com:8443",
            "https://a.xhr.example.com/",
            "https://a.xhr.example.com.evil.example",
            "https://evil.example/.xhr.example.com",
            "https://pre-a.example.org",
            "https://pre-.example.org:8443",
            "https://evil.com",
            "https://a.path.example.com",
        ] {
            assert!(!allows(&scene, origin).await, "{origin}");
        }
    }
}

#[tokio::test]
async fn wb_09_an_origin_of_an_organization_needs_the_organization() {
    for (scene, placeholders) in [(Scene::new(routes).await, true), (Scene::standard(routes).await, false)] {
        let acme = Organization { name: "acme".to_owned(), ..Organization::default() };
        scene.app.app.create_organization(&scene.app.tenant.id, acme).await.unwrap();
        let used = |usage| {
            scene.app.change_client(&scene.web, move |client| {
                client.organization_usage = usage;
                client.callbacks = vec!["https://{organization_name}.callback.example.com/cb".to_owned()];
                client.allowed_origins = vec!["https://{organization_name}.xhr.example.com".to_owned()];
                client.web_origins = vec!["https://{organization_name}.web.example.com".to_owned()];
            })
        };
        used(OrganizationUsage::Allow).await;
        for origin in ["https://acme.xhr.example.com", "https://acme.callback.example.com"] {
            assert_eq!(allows(&scene, origin).await, placeholders, "{origin}");
        }
        for origin in [
            "https://other.xhr.example.com",
            "https://xhr.example.com",
            "https://a.acme.xhr.example.com",
            "https://ACME.xhr.example.com",
            "http://acme.xhr.example.com",
            "https://acme.xhr.example.com:8443",
            // §9: only in Allowed Origins.
            "https://acme.web.example.com",
        ] {
            assert!(!allows(&scene, origin).await, "{origin}");
        }
        used(OrganizationUsage::Deny).await;
        assert!(!allows(&scene, "https://acme.xhr.example.com").await);
    }
}

#[tokio::test]
async fn a_request_of_an_unregistered_origin_is_processed_without_the_header() {
    let scene = Scene::new(routes).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", "appointments:api"),
    ];
    let body = form(fields);
    for (origin, allowed) in [(APP, true), ("https://evil.example", false)] {
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        let answer = scene.app.request(Method::POST, "/oauth/token", &headers, body.clone()).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(optional(&answer, "access-control-allow-origin"), allowed.then_some(origin));
        assert_eq!(optional(&answer, "access-control-expose-headers").is_some(), allowed);
    }
    let answer = scene.app.request(Method::POST, "/oauth/token", &[], String::new()).await;
    assert_eq!(optional(&answer, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn an_origin_that_is_taken_back_no_longer_counts() {
    let scene = Scene::new(routes).await;
    assert_eq!(optional(&preflight(&scene, "/oauth/token", APP).await, "access-control-allow-origin"), Some(APP));
    scene.app.change_client(&scene.spa, |client| client.callbacks.clear()).await;
    assert_eq!(optional(&preflight(&scene, "/oauth/token", APP).await, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn public_metadata_is_for_everybody_and_never_with_credentials() {
    let scene = Scene::new(routes).await;
    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"]
    {
        for origin in [APP, "https://evil.example", "null"] {
            let asked = preflight(&scene, path, origin).await;
            let got = scene.app.get(path, &[("origin", origin)]).await;
            assert_eq!((asked.status.as_u16(), got.status.as_u16()), (204, 200), "{path}");
            for answer in [asked, got] {
                assert_eq!(answer.header("access-control-allow-origin"), "*");
                assert_eq!(optional(&answer, "access-control-allow-credentials"), None);
            }
        }
    }
}

#[tokio::test]
async fn wb_09_pages_have_no_cors_headers() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let login = start.location().to_owned();
    let silent = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    for path in [silent.as_str(), "/authorize", "/v2/logout", "/oidc/logout", &login, "/u/logout-complete"] {
        let request = browser.request(Method::GET, path).header("origin", APP);
        let answer = browser.send(request.body(String::new()).unwrap()).await;
        for name in ["access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods"]
        {
            assert_eq!(optional(&answer, name), None, "{path} {name}");
        }
        let asked = preflight(&scene, path, APP).await;
        assert_eq!(asked.status, 405, "{path}");
        assert_eq!(optional(&asked, "access-control-allow-origin"), None, "{path}");
    }
}
