//! In which language pages are shown: `ui_locales`, `Accept-Language`, and what the tenant enabled.

use keywright_app::{AuthorizationRequest, LogoutRequest};

use crate::site::Site;
use keywright_testkit::{Answer, Browser};

fn assert_language(answer: &Answer, tag: &str, text: &str) {
    assert_eq!(answer.headers["content-language"], tag, "{text}");
    assert_eq!(answer.headers["vary"], "Accept-Language");
    assert!(answer.body.contains(&format!("<html lang=\"{tag}\">")), "{tag}");
    assert!(answer.body.contains(text), "{text} in {}", answer.body);
}

async fn begin(site: &Site, browser: &Browser, ui_locales: Option<&str>) -> String {
    let request = AuthorizationRequest { ui_locales: ui_locales.map(str::to_owned), ..site.request() };
    site.begin_with(browser, request).await.handle
}

#[tokio::test]
async fn a_page_follows_accept_language_and_ui_locales_go_before_it() {
    let site = Site::start().await;
    let browser = site.browser();
    let plain = begin(&site, &browser, None).await;
    let asked = begin(&site, &browser, Some("zh fr-CA ja")).await;
    let page = |state: &str| format!("/u/login?state={state}");
    assert_language(&browser.get(&page(&plain)).await, "en", "Log in to Appointments");
    let browser = browser.speaking("de-CH, de;q=0.9, en;q=0.5");
    assert_language(&browser.get(&page(&plain)).await, "de", "Bei Appointments anmelden");
    assert_language(&browser.get(&page(&asked)).await, "fr", "Se connecter à Appointments");
    // Refusals and errors are worded alike.
    let fields = [("username", "jane@example.com"), ("password", "wrong")];
    let refused = browser.fill_in(&page(&asked), &fields).await;
    assert_language(&refused, "fr", "Adresse e-mail ou mot de passe incorrect.");
    let forged = browser.post(&page(&asked), &[("state", &asked), ("_csrf", "x")]).await;
    assert_language(&forged, "fr", "Une erreur est survenue");
    let lost = browser.get("/u/login?state=unknown").await;
    assert_language(&lost, "de", "Diese Anmeldung ist nicht mehr offen.");
    assert!(lost.body.contains("<dd lang=\"en\"><code>invalid_request: You may have pressed the back button"));
}

#[tokio::test]
async fn only_languages_that_the_tenant_enabled_are_shown() {
    let site = Site::start().await;
    site.set(|settings| settings.enabled_locales = vec!["es".to_owned(), "ja".to_owned()]).await;
    let browser = site.browser();
    let path = format!("/u/login?state={}", begin(&site, &browser, Some("de")).await);
    assert_language(&browser.get(&path).await, "es", "Iniciar sesión en Appointments");
    let browser = browser.speaking("fr, ja;q=0.1");
    assert_language(&browser.get(&path).await, "ja", "Appointmentsにログイン");
}

#[tokio::test]
async fn a_logout_keeps_its_language_to_the_last_page() {
    let site = Site::start().await;
    for (action, path, text) in [
        ("accept", "/u/logout-complete?ui_locales=nl", "U bent uitgelogd bij Acme Health."),
        ("deny", "/u/logout-aborted?ui_locales=nl", "Nog ingelogd"),
    ] {
        let browser = site.browser().speaking("de");
        let request =
            LogoutRequest { client_id: None, client_name: None, target: None, ui_locales: Some("nl".to_owned()) };
        let question = format!("/u/logout?state={}", site.app.seal_logout(&site.tenant.id, request));
        assert_language(&browser.get(&question).await, "nl", "Weet u zeker dat u wilt uitloggen bij Acme Health?");
        let answer = browser.fill_in(&question, &[("action", action)]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, path));
        assert_language(&browser.get(path).await, "nl", text);
    }
}

#[tokio::test]
async fn every_page_of_a_login_links_the_policies_of_the_application() {
    let site = Site::start().await;
    let mut client = site.client.clone();
    client.policy_uri = Some("https://app.example/privacy".to_owned());
    client.tos_uri = Some("javascript:alert(1)".to_owned());
    site.app.update_client(&site.tenant.id, &client).await.unwrap();
    let browser = site.browser().speaking("it");
    let state = begin(&site, &browser, None).await;
    for path in ["/u/login", "/u/signup"] {
        let page = browser.get(&format!("{path}?state={state}")).await;
        assert_language(&page, "it", "Informativa sulla privacy di Appointments</a>");
        assert!(page.body.contains("href=\"https://app.example/privacy\" rel=\"noreferrer\""), "{path}");
        assert!(!page.body.contains("javascript:"), "{path}");
    }
}
