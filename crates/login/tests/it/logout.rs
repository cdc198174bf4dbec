//! `/u/logout`.

use jiff::SignedDuration;
use keywright_app::LogoutRequest;

use crate::site::{EMAIL, PASSWORD, Site};
use keywright_testkit::Browser;

fn logout(site: &Site, target: Option<&str>) -> String {
    let request = LogoutRequest {
        client_id: None,
        client_name: Some("Appointments".to_owned()),
        target: target.map(str::to_owned),
        ui_locales: None,
    };
    format!("/u/logout?state={}", site.app.seal_logout(&site.tenant.id, request))
}

async fn logged_in(site: &Site) -> Browser {
    let browser = site.browser();
    let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
    browser.fill_in(&path, &[("username", EMAIL), ("password", PASSWORD)]).await;
    assert!(site.logged_in(&browser).await.is_some());
    browser
}

#[tokio::test]
async fn se_04_yes_ends_the_session_on_the_server() {
    let site = Site::start().await;
    let browser = logged_in(&site).await;
    let cookie = browser.cookie("__Host-auth0").unwrap();
    let path = logout(&site, None);
    assert!(browser.get(&path).await.body.contains("Are you sure you want to log out from Appointments?"));
    let answer = browser.fill_in(&path, &[("action", "accept")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/u/logout-complete"));
    assert_eq!(browser.cookie("__Host-auth0"), None);
    browser.set_cookie("__Host-auth0", Some(&cookie));
    assert_eq!(site.logged_in(&browser).await, None, "a kept cookie is worth nothing");
    let page = browser.get("/u/logout-complete").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Logged out"));
}

#[tokio::test]
async fn yes_leads_to_the_target_that_was_sealed() {
    let site = Site::start().await;
    let browser = logged_in(&site).await;
    let target = format!("https://app.example/bye?state={}", "s".repeat(2000));
    let answer = browser.fill_in(&logout(&site, Some(&target)), &[("action", "accept")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, target.as_str()));
}

#[tokio::test]
async fn no_keeps_the_session() {
    let site = Site::start().await;
    let browser = logged_in(&site).await;
    let answer = browser.fill_in(&logout(&site, Some("https://app.example/bye")), &[("action", "deny")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/u/logout-aborted"));
    assert!(site.logged_in(&browser).await.is_some());
    assert!(browser.get("/u/logout-aborted").await.body.contains("Still logged in"));
}

#[tokio::test]
async fn a_browser_without_any_cookie_can_answer() {
    let site = Site::start().await;
    let browser = site.browser();
    assert_eq!(browser.fill_in(&logout(&site, None), &[("action", "accept")]).await.location(), "/u/logout-complete");
}

#[tokio::test]
async fn a_forged_or_old_logout_is_refused() {
    let site = Site::start().await;
    let browser = logged_in(&site).await;
    let path = logout(&site, Some("https://app.example/bye"));
    let page = browser.get(&path).await;
    let (state, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    for forged in ["/u/logout".to_owned(), "/u/logout?state=x".to_owned(), format!("{path}A")] {
        let answer = browser.get(&forged).await;
        assert_eq!(answer.status, 400, "{forged}");
        assert!(answer.body.contains("This logout is no longer open"));
    }
    // The value of one logout does not open another.
    let other = logout(&site, None);
    let other = other.split_once('=').unwrap().1;
    assert_eq!(
        browser.post("/u/logout", &[("state", other), ("_csrf", &csrf), ("action", "accept")]).await.status,
        403
    );
    site.app.clock().advance(SignedDuration::from_mins(31));
    let late = browser.post(&path, &[("state", &state), ("_csrf", &csrf), ("action", "accept")]).await;
    assert_eq!(late.status, 400);
    assert!(site.logged_in(&browser).await.is_some());
}
