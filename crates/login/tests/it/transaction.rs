//! §1.7: transactions that are unknown, over, or another browser's.

use jiff::SignedDuration;

use crate::site::{EMAIL, PASSWORD, Site};
use keywright_testkit::Browser;

const PAGES: [&str; 3] = ["/u/login", "/u/signup", "/u/consent"];

async fn assert_lost(browser: &Browser, state: &str, csrf: &str) {
    for path in PAGES {
        let fields = [("state", state), ("_csrf", csrf), ("username", EMAIL), ("password", PASSWORD)];
        for answer in [browser.get(&format!("{path}?state={state}")).await, browser.post(path, &fields).await] {
            assert_eq!(answer.status, 400, "{path}");
            assert!(answer.body.contains("Oops!, something went wrong"), "{path}");
            assert!(answer.body.contains("invalid_request: You may have pressed the back button"), "{path}");
            assert!(!answer.body.contains("<form"), "{path}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
}

#[tokio::test]
async fn an_unknown_transaction_is_an_error_page() {
    let site = Site::start().await;
    let browser = site.browser();
    assert_lost(&browser, "unknown", "x").await;
    assert_eq!(browser.get("/u/login").await.status, 400);
    site.begin(&browser).await;
    assert_lost(&browser, "unknown", "x").await;
}

#[tokio::test]
async fn a_transaction_ends_after_an_hour() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let csrf = browser.get(&format!("/u/login?state={state}")).await.input("_csrf").unwrap();
    site.app.clock().advance(SignedDuration::from_secs(3599));
    assert_eq!(browser.get(&format!("/u/login?state={state}")).await.status, 200);
    site.app.clock().advance(SignedDuration::from_secs(1));
    assert_lost(&browser, &state, &csrf).await;
}

#[tokio::test]
async fn se_02_a_link_finished_by_another_browser_gives_nothing() {
    let site = Site::start().await;
    let attacker = site.browser();
    let state = site.begin(&attacker).await.handle;
    let csrf = attacker.get(&format!("/u/login?state={state}")).await.input("_csrf").unwrap();
    let victim = site.browser();
    assert_lost(&victim, &state, &csrf).await;
    site.begin(&victim).await;
    assert_lost(&victim, &state, &csrf).await;
    assert_eq!(site.progress(&attacker, &state).await, Some(keywright_app::Progress::default()));
}

#[tokio::test]
async fn a_lost_login_starts_again_where_the_tenant_says() {
    let site = Site::start().await;
    site.set(|settings| settings.default_redirection_uri = Some("https://acme.example/start?a=1".to_owned())).await;
    let browser = site.browser();
    let expected = "https://acme.example/start?a=1&iss=https%3A%2F%2Flogin.example.com%2F";
    let answer = browser.get("/u/login?state=unknown").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, expected));
    let answer = browser.post("/u/login", &[("state", "unknown"), ("_csrf", "x")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, expected));
}

#[tokio::test]
async fn an_application_without_connections_gets_an_error_page() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    site.configure(|connection| connection.enabled_clients.clear()).await;
    for path in ["/u/login", "/u/signup"] {
        let answer = browser.get(&format!("{path}?state={state}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("no connections enabled for the client"));
    }
}
