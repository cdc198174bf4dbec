//! The tenant's own error page (§1.6) on the pages of this surface, and the entry of the tenant log about each refusal.

use keywright_types::CustomErrorPage;
use serde_json::{Value, json};

use crate::site::Site;

async fn set(site: &Site, page: Value) {
    let page: CustomErrorPage = serde_json::from_value(page).unwrap();
    site.set(|settings| settings.error_page = Some(page)).await;
}

#[tokio::test]
async fn the_browser_is_sent_to_the_tenants_address() {
    let site = Site::start().await;
    set(&site, json!({ "url": "https://acme.example/error?x=1" })).await;
    let browser = site.browser();
    let request = keywright_app::AuthorizationRequest {
        connection: Some(site.connection().name.clone()),
        ui_locales: Some("de".to_owned()),
        ..site.request()
    };
    site.set(|settings| {
        settings.enabled_locales = vec!["en".to_owned(), "de".to_owned()];
        settings.error_page = serde_json::from_value(json!({ "url": "https://acme.example/error?x=1" })).unwrap();
    })
    .await;
    let state = site.begin_with(&browser, request).await.handle;
    site.configure(|connection| connection.enabled_clients.clear()).await;
    let answer = browser.get(&format!("/u/login?state={state}")).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().starts_with("https://acme.example/error?x=1&client_id="), "{}", answer.location());
    for (name, value) in [
        ("client_id", Some(site.client.client_id.as_str())),
        ("connection", Some(site.connection().name.as_str())),
        ("lang", Some("de")),
        ("error", Some("invalid_request")),
        ("error_description", Some("no connections enabled for the client")),
        ("state", None),
    ] {
        assert_eq!(answer.location_parameter(name).as_deref(), value, "{name}");
    }
    // A form: the browser must not post there again what it has posted here.
    let answer = browser.post("/u/login", &[("state", "unknown"), ("_csrf", "x")]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("https://acme.example/error?x=1&lang="), "{}", answer.location());
}

#[tokio::test]
async fn every_page_shows_the_tenants_document() {
    let site = Site::start().await;
    let html = "<h1>Oh no</h1><p id='{{ tracking }}'>{{ error }}: {{ error_description }}</p><script>alert(1)</script>";
    set(&site, json!({ "html": html, "show_log_link": true })).await;
    let browser = site.browser();
    let mut answers = vec![browser.post("/u/unblock", &[("state", "x")]).await];
    for path in ["/u/login", "/u/signup", "/u/consent", "/u/logout"] {
        answers.push(browser.get(&format!("{path}?state=unknown")).await);
        answers.push(browser.post(path, &[("state", "x")]).await);
    }
    for answer in answers {
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{}", answer.status);
        assert!(answer.body.starts_with("<h1>Oh no</h1><p id='"), "{}", answer.body);
        assert!(answer.body.contains("'>invalid_request: "), "{}", answer.body);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    }
}

#[tokio::test]
async fn op_03_a_refused_page_leaves_an_entry_that_its_tracking_id_names() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    site.configure(|connection| connection.enabled_clients.clear()).await;
    for (path, kind, client, description) in [
        (format!("/u/login?state={state}"), "f", Some(&site.client.client_id), "no connections enabled for the client"),
        ("/u/logout?state=x".to_owned(), "flo", None, "This logout is no longer open. Please log out again."),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 400);
        let log = site.log().await;
        let entry = log.last().unwrap();
        assert_eq!((entry.kind.as_str(), entry.client_id.as_ref()), (kind, client));
        assert_eq!(entry.description.as_deref(), Some(description));
        let details: Value = serde_json::from_str(entry.details.as_deref().unwrap()).unwrap();
        assert!(answer.body.contains(details["tracking"].as_str().unwrap()), "{details}");
        assert!(!answer.body.contains(&entry.log_id), "only where the tenant wants it");
    }
}

#[tokio::test]
async fn show_log_link_names_the_entry_on_our_own_page() {
    let site = Site::start().await;
    set(&site, json!({ "show_log_link": true })).await;
    let answer = site.browser().get("/u/login?state=unknown").await;
    assert_eq!(answer.status, 400);
    let log = site.log().await;
    assert!(answer.body.contains(&log.last().unwrap().log_id), "{}", answer.body);
    assert!(answer.body.contains("Log entry"));
}
