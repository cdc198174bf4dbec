//! Pages of the protocol's own endpoints are worded by `ui_locales`, then by `Accept-Language` (§1.1, §6.3).

use keywright_testkit::{Answer, Scene};

use crate::routes;

#[track_caller]
fn worded(answer: &Answer, tag: &str, text: &str) {
    assert_eq!(answer.header("content-language"), tag, "{answer:#?}");
    assert_eq!(answer.header("vary"), "Accept-Language");
    assert!(answer.body.contains(&format!("<html lang=\"{tag}\">")) && answer.body.contains(text), "{}", answer.body);
}

#[tokio::test]
async fn error_pages_of_authorize_and_logout() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser().speaking("ja, en");
    let mismatch = [("redirect_uri", "https://evil.example/cb")];
    worded(&browser.get(&scene.authorize_path(&scene.web, &mismatch)).await, "ja", "コールバックURLが一致しません。");
    let german = [mismatch[0], ("ui_locales", "gsw de-AT")];
    worded(
        &browser.get(&scene.authorize_path(&scene.web, &german)).await,
        "de",
        "Die Callback-URL stimmt nicht überein.",
    );
    worded(&browser.get("/authorize/resume?state=x").await, "ja", "このログインは無効になりました。");
    for path in ["/v2/logout", "/oidc/logout"] {
        let path = format!("{path}?client_id=unknown&ui_locales=es");
        worded(&browser.get(&path).await, "es", "Vaya, algo ha salido mal");
    }
}

#[tokio::test]
async fn ui_locales_stay_with_the_login_to_its_end() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser().speaking("ja, en");
    let wanted = [("ui_locales", "pt"), ("response_mode", "form_post"), ("scope", "openid")];
    let login = browser.get(&scene.authorize_path(&scene.web, &wanted)).await.location().to_owned();
    let page = browser.get(&login).await;
    worded(&page, "pt-BR", "Entrar em Regular Web App");
    let fields = [("username", "jane@example.com"), ("password", scene.password())];
    let answer = browser.submit(&login, &page, &fields).await;
    worded(&browser.get(answer.location()).await, "pt-BR", "Levando você de volta para Regular Web App.");
    // Conformance modules, oidcc-ui-locales: "accept ui_locales=se … without error".
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("ui_locales", "se"), ("prompt", "login")])).await;
    worded(&browser.get(answer.location()).await, "ja", "Regular Web Appにログイン");
}

#[tokio::test]
async fn a_logout_is_worded_as_its_request_says() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser().speaking("ja, en");
    let done = browser.get("/oidc/logout?ui_locales=fr").await;
    assert_eq!(done.location(), "/u/logout-complete?ui_locales=fr");
    worded(&browser.get(done.location()).await, "fr", "Déconnexion réussie");
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let question = browser.get("/oidc/logout?ui_locales=de").await;
    worded(&browser.get(question.location()).await, "de", "Möchten Sie sich wirklich von");
}
