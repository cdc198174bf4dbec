//! `/u/consent`.

use keywright_app::Progress;
use keywright_types::ScopeSet;

use crate::site::{EMAIL, PASSWORD, Site};
use keywright_testkit::Browser;

/// Logs in and lets the transaction ask for consent, as `/authorize/resume` does.
async fn asked(site: &Site, browser: &Browser, scope: &str) -> String {
    let transaction = site.begin(browser).await;
    let state = transaction.handle.clone();
    browser.fill_in(&format!("/u/login?state={state}"), &[("username", EMAIL), ("password", PASSWORD)]).await;
    ask(site, browser, &state, scope).await;
    state
}

async fn ask(site: &Site, browser: &Browser, state: &str, scope: &str) {
    let id = site.app.browser(&site.tenant.id, browser.cookie("__Host-auth0-browser").as_deref()).unwrap();
    let transaction = site.app.transaction(&site.tenant.id, state, Some(&id)).await.unwrap().unwrap();
    let progress = Progress { consent_asked: Some(ScopeSet::parse(scope)), ..transaction.progress.clone() };
    assert!(site.app.record_progress(&site.tenant.id, &transaction, &progress).await.unwrap());
}

#[tokio::test]
async fn the_page_says_who_wants_what_from_whom() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = asked(&site, &browser, "openid profile read:contacts update:contacts").await;
    let page = browser.get(&format!("/u/consent?state={state}")).await;
    assert_eq!(page.status, 200);
    for text in [
        "Authorize App",
        "<strong>Appointments</strong> is requesting access to your <strong>Acme Health</strong> account.",
        "Logged in as jane@example.com",
        "<strong>Contacts:</strong> <span>read and update your contacts</span>",
        "<strong>Profile:</strong>",
    ] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    site.set(|settings| settings.flags.use_scope_descriptions_for_consent = true).await;
    let page = browser.get(&format!("/u/consent?state={state}")).await;
    assert!(page.body.contains("<strong>See contacts</strong>"), "{}", page.body);
    assert!(page.body.contains("<span>update your contacts</span>"));
}

#[tokio::test]
async fn ar_07_the_answer_is_recorded_for_the_user_and_the_scopes_that_were_shown() {
    for (action, accepted) in [("accept", true), ("deny", false)] {
        let site = Site::start().await;
        let browser = site.browser();
        let state = asked(&site, &browser, "openid read:contacts").await;
        let answer = browser.fill_in(&format!("/u/consent?state={state}"), &[("action", action)]).await;
        let resume = format!("/authorize/resume?state={state}");
        assert_eq!((answer.status.as_u16(), answer.location()), (303, resume.as_str()));
        let decision = site.progress(&browser, &state).await.unwrap().consent.unwrap();
        assert_eq!((decision.accepted, decision.user_id), (accepted, site.user.user_id.clone()));
        assert_eq!(decision.scope, ScopeSet::parse("openid read:contacts"));
    }
}

#[tokio::test]
async fn ar_07_an_answer_to_another_question_decides_nothing() {
    // The application asks for more while the page is open.
    let site = Site::start().await;
    let browser = site.browser();
    let state = asked(&site, &browser, "openid").await;
    let path = format!("/u/consent?state={state}");
    let page = browser.get(&path).await;
    ask(&site, &browser, &state, "openid read:contacts").await;
    let answer = browser.submit(&path, &page, &[("action", "accept")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize/resume?state={state}").as_str()));
    assert_eq!(site.progress(&browser, &state).await.unwrap().consent, None);

    // Somebody else's session takes the place of the one that was asked.
    let page = browser.get(&path).await;
    let other = site.begin(&browser).await.handle.clone();
    let john = [("email", "john@example.com"), ("password", "Correct-horse-2")];
    assert_eq!(browser.fill_in(&format!("/u/signup?state={other}"), &john).await.status, 303);
    assert_ne!(site.logged_in(&browser).await, Some(site.user.user_id.clone()));
    browser.submit(&path, &page, &[("action", "accept")]).await;
    assert_eq!(site.progress(&browser, &state).await.unwrap().consent, None);
}

#[tokio::test]
async fn an_unknown_action_decides_nothing() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = asked(&site, &browser, "openid").await;
    for fields in [&[][..], &[("action", "yes")]] {
        let answer = browser.fill_in(&format!("/u/consent?state={state}"), fields).await;
        assert_eq!(answer.status, 400);
    }
    assert_eq!(site.progress(&browser, &state).await.unwrap().consent, None);
}

#[tokio::test]
async fn lg_01_consent_is_neither_shown_nor_taken_before_its_turn() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let (path, resume) = (format!("/u/consent?state={state}"), format!("/authorize/resume?state={state}"));
    let csrf = browser.get(&format!("/u/login?state={state}")).await.input("_csrf").unwrap();
    let fields = [("state", state.as_str()), ("_csrf", &csrf), ("action", "accept")];
    // Nobody is logged in, and nobody asked.
    let answer = browser.get(&path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, resume.as_str()));
    assert_eq!(browser.post(&path, &fields).await.location(), resume);
    // Asked, but nobody is logged in.
    ask(&site, &browser, &state, "openid").await;
    assert_eq!(browser.get(&path).await.location(), resume);
    assert_eq!(browser.post(&path, &fields).await.location(), resume);
    assert_eq!(site.progress(&browser, &state).await.unwrap().consent, None);
}
