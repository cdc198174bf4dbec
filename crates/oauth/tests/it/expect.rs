//! What answers of the JSON endpoints have in common (§0.4, CL-06), and ways to get a code without the login page.

use keywright_testkit::{Answer, Browser, Registered, Scene};
use keywright_types::ResourceServer;

/// A JSON answer that nobody may keep.
#[track_caller]
pub(crate) fn uncached_json(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{answer:#?}");
    uncached(answer);
}

/// CL-06, on every answer.
#[track_caller]
pub(crate) fn uncached(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:#?}");
    assert_eq!(answer.header("pragma"), "no-cache", "{answer:#?}");
}

/// An OAuth error: status, code and sentence, and nothing else that a caller could use.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.oauth_error(), (status, error.to_owned(), description.to_owned()), "{answer:#?}");
    let body = answer.json();
    let members = body.as_object().unwrap().keys().filter(|key| *key != "error_uri");
    assert_eq!(members.count(), 2, "{body}");
    uncached_json(answer);
}

/// A success of the token endpoint.
#[track_caller]
pub(crate) fn granted(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:#?}");
    uncached_json(answer);
}

/// `Authorization: Basic`, without the form encoding that our ids and secrets do not need.
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:{secret}")))
}

/// Parameters as a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A code from a browser whose user is logged in already; agrees to what is asked.
pub(crate) async fn next_code(
    scene: &Scene,
    browser: &Browser,
    registered: &Registered,
    more: &[(&str, &str)],
) -> String {
    let answer = browser.get(&scene.authorize_path(registered, more)).await;
    let answer = browser.consent(answer, "accept").await;
    answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"))
}

/// A browser with a session of the user.
pub(crate) async fn logged_in(scene: &Scene) -> Browser {
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[]).await;
    assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
    browser
}

/// `GET /userinfo` with a token in the header.
pub(crate) async fn userinfo(scene: &Scene, token: &str) -> Answer {
    scene.app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await
}

/// Changes the scene's API.
pub(crate) async fn change_api(scene: &Scene, change: impl FnOnce(&mut ResourceServer)) {
    let mut api = scene.api.clone();
    change(&mut api);
    scene.app.app.update_api(&scene.app.tenant.id, &api).await.unwrap();
}
