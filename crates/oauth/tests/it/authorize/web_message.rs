//! `response_mode=web_message` (§1.4; RU-08): silent authentication in an iframe, and logins in a popup.

use keywright_testkit::{Answer, Scene};

use crate::expect::logged_in;
use crate::outcome::{Outcome, answer_form, credentials, outcome, page};
use crate::received::{attribute, received};
use crate::routes;

/// The page hands its message to one origin, and only that one may frame it.
#[track_caller]
fn delivered_to(answer: &Answer, origin: &str) {
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(attribute(answer, "data-origin").as_deref(), Some(origin));
    let policy = answer.header("content-security-policy");
    assert!(policy.split("; ").any(|own| own == format!("frame-ancestors {origin}")), "{policy}");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert!(answer.headers.get("x-frame-options").is_none());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    // A popup needs its opener, an iframe has none: see the comment at `Policy::keeps_opener`.
    assert_eq!(answer.header("cross-origin-opener-policy"), "unsafe-none");
    // One script, with this answer's nonce, that names its target.
    assert_eq!(answer.body.matches("<script").count(), 1);
    let nonce = attribute(answer, "nonce").unwrap();
    assert!(policy.contains(&format!("script-src 'nonce-{nonce}'")), "{policy}");
    assert!(answer.body.contains("(window.opener ?? window.parent).postMessage(JSON.parse(message), origin);"));
}

#[tokio::test]
async fn ru_08_the_message_goes_to_the_origin_of_the_callback_alone() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    for (callback, origin) in [
        ("https://spa.example.com/callback?x=1", "https://spa.example.com"),
        ("https://spa.example.com:8443/", "https://spa.example.com:8443"),
        ("https://SPA.example.com:443/cb", "https://spa.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
    ] {
        let spa = scene.app.change_client(&scene.spa, |client| client.callbacks = vec![callback.to_owned()]).await;
        // The callback is the receiver, however many other origins the application has, and whatever else is asked for.
        let spa =
            scene.app.change_client(&spa, |client| client.web_origins = vec!["https://b.example".to_owned()]).await;
        let more = [
            ("response_mode", "web_message"),
            ("prompt", "none"),
            ("scope", "openid"),
            ("state", "\"</script><script>alert(1)</script>"),
            ("web_message_uri", "https://evil.example"),
            ("web_message_target", "https://evil.example"),
            ("origin", "https://evil.example"),
        ];
        let request = browser
            .request(http::Method::GET, &scene.authorize_path(&spa, &more))
            .header("origin", "https://evil.example")
            .header("referer", "https://evil.example/");
        let answer = browser.send(request.body(String::new()).unwrap()).await;
        delivered_to(&answer, origin);
        assert!(!answer.body.contains("evil.example"), "{answer:#?}");
        let response = received(&answer);
        // An application on `localhost` always has to ask (§1.10).
        if callback.starts_with("https") {
            assert_eq!(response.names(), ["code", "state"], "{callback}");
        } else {
            assert_eq!(response.get("error"), Some("consent_required"));
        }
        assert_eq!(response.get("state"), Some("\"</script><script>alert(1)</script>"));
    }
}

#[tokio::test]
async fn ru_08_errors_are_messages_to_the_same_origin() {
    let scene = Scene::new(routes).await;
    let path =
        scene.authorize_path(&scene.spa, &[("response_mode", "web_message"), ("prompt", "none"), ("state", "s")]);
    let answer = scene.app.browser().get(&path).await;
    delivered_to(&answer, "https://spa.example.com");
    let response = received(&answer);
    assert_eq!(response.names(), ["error", "error_description", "state"]);
    assert_eq!(response.get("error"), Some("login_required"));
    assert_eq!(response.get("error_description"), Some("Login required"));
}

#[tokio::test]
async fn ru_08_an_origin_that_is_not_registered_gets_nothing() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    for hostile in ["https://evil.example/callback", "https://spa.example.com.evil.example/callback", "null", "*"] {
        let more = [("response_mode", "web_message"), ("prompt", "none"), ("redirect_uri", hostile)];
        let answer = browser.get(&scene.authorize_path(&scene.spa, &more)).await;
        assert!(matches!(outcome(&answer), Outcome::Page(400, _)), "{hostile}: {answer:#?}");
        assert!(!answer.body.contains("<script"), "{hostile}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
    // A private scheme has no origin that a message could go to.
    let path = scene.authorize_path(&scene.native, &[("response_mode", "web_message"), ("prompt", "none")]);
    let text = "invalid_request: Parameter 'response_mode' is 'web_message', but the redirect URI has no web origin";
    assert_eq!(outcome(&browser.get(&path).await), page(400, text));
}

/// A popup ends with a message to the window that opened it, so every page on its way leaves the two connected; no page of
/// another login does, and none of them may be framed.
#[tokio::test]
async fn pages_of_a_login_in_a_popup_keep_their_opener() {
    let scene = Scene::new(routes).await;
    for (mode, policy) in [("web_message", "unsafe-none"), ("query", "same-origin"), ("form_post", "same-origin")] {
        let browser = scene.app.browser();
        let more = [("response_mode", mode), ("prompt", "consent"), ("scope", "openid")];
        let start = browser.get(&scene.authorize_path(&scene.spa, &more)).await;
        let login = browser.get(start.location()).await;
        let wrong = answer_form(&browser, &start, &[("username", "jane@example.com"), ("password", "no")]).await;
        let signup = browser.get(&start.location().replace("/u/login", "/u/signup")).await;
        let posted = answer_form(&browser, &start, &credentials(&scene)).await;
        let asked = browser.get(posted.location()).await;
        let consent = browser.get(asked.location()).await;
        for (name, page) in [("login", &login), ("wrong", &wrong), ("signup", &signup), ("consent", &consent)] {
            assert_eq!(page.header("cross-origin-opener-policy"), policy, "{mode} {name}");
            assert_eq!(page.header("x-frame-options"), "DENY", "{mode} {name}");
            assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{mode} {name}");
        }
        for (name, step) in [("start", &start), ("posted", &posted), ("asked", &asked)] {
            assert!(step.headers.get("cross-origin-opener-policy").is_none(), "{mode} {name}");
        }
        let accepted = answer_form(&browser, &asked, &[("action", "accept")]).await;
        let landed = browser.get(accepted.location()).await;
        assert_eq!(received(&landed).mode, mode);
        assert!(received(&landed).get("code").is_some(), "{landed:#?}");
        if mode == "web_message" {
            delivered_to(&landed, "https://spa.example.com");
        }
    }
}
