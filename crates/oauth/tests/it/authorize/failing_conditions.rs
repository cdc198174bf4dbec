//! AR-04: "An unknown or failing policy condition denies." Each record that a decision rests on is made unreadable in
//! the database, as another version of the server or an accident could leave it.

use keywright_store::Value;
use keywright_testkit::{Answer, Browser, Scene};

use crate::outcome::{Outcome, answer_form, change_settings, credentials, handle, outcome, page, rows};
use crate::routes;

const REQUEST: &[(&str, &str)] = &[("audience", "appointments:api"), ("scope", "openid appointments")];

/// Replaces a text in a document of the configuration. The node reads the configuration again afterwards.
async fn edit(scene: &Scene, select: &'static str, update: &'static str, from: &str, to: &str) {
    let (from, to) = (from.to_owned(), to.to_owned());
    let edited = scene.app.app.store().write(move |tx| {
        let document: String = tx.query(select, &[])?.first().unwrap().get(0)?;
        assert!(document.contains(&from), "{from} in {document}");
        tx.execute(update, &[Value::from(document.replacen(&from, &to, 1)), Value::from(document)])
    });
    assert_eq!(edited.await.unwrap(), 1);
    change_settings(scene, |_| {}).await;
}

fn failed() -> Outcome {
    page(500, "server_error: Internal error")
}

/// A login that has come to its last step: the user is logged in and has accepted.
async fn almost_done(scene: &Scene, browser: &Browser) -> Answer {
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    let asked = browser.get(answer_form(browser, &start, &credentials(scene)).await.location()).await;
    answer_form(browser, &asked, &[("action", "accept")]).await
}

async fn check(select: &'static str, update: &'static str, from: &str, to: &str) {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let last = almost_done(&scene, &browser).await;
    edit(&scene, select, update, from, to).await;
    let before = rows(&scene.app).await;
    // The pending request and new ones, with and without pages. `outcome` asserts that no page redirects.
    assert_eq!(outcome(&browser.get(last.location()).await), failed(), "{to}");
    for prompt in ["none", "login", "consent"] {
        let more = [REQUEST, &[("prompt", prompt)]].concat();
        assert_eq!(outcome(&browser.get(&scene.authorize_path(&scene.web, &more)).await), failed(), "{to} {prompt}");
    }
    assert_eq!(rows(&scene.app).await, before, "{to}");
    // It was the condition, and nothing else.
    edit(&scene, select, update, to, from).await;
    assert_eq!(outcome(&browser.get(last.location()).await), Outcome::Code, "{to}");
}

#[tokio::test]
async fn ar_04_an_api_policy_that_nobody_knows_denies() {
    let select = "SELECT document FROM resource_servers WHERE identifier = 'appointments:api'";
    let update = "UPDATE resource_servers SET document = $1 WHERE document = $2";
    check(select, update, "\"user\":{\"policy\":\"allow_all\"}", "\"user\":{\"policy\":\"allow_some\"}").await;
    check(
        select,
        update,
        "\"skip_consent_for_verifiable_first_party_clients\":false",
        "\"skip_consent_for_verifiable_first_party_clients\":\"no\"",
    )
    .await;
}

#[tokio::test]
async fn ar_04_an_application_that_cannot_be_read_denies() {
    let select = "SELECT document FROM clients WHERE name = 'Regular Web App'";
    let update = "UPDATE clients SET document = $1 WHERE document = $2";
    for (from, to) in [
        ("\"is_first_party\":true", "\"is_first_party\":\"maybe\""),
        ("\"sso_disabled\":false", "\"sso_disabled\":3"),
        ("\"callbacks\":[", "\"callbacks\":[7,"),
        ("\"app_type\":\"regular_web\"", "\"app_type\":\"quantum\""),
    ] {
        check(select, update, from, to).await;
    }
}

#[tokio::test]
async fn ar_04_a_connection_that_cannot_be_read_denies() {
    let select = "SELECT document FROM connections";
    let update = "UPDATE connections SET document = $1 WHERE document = $2";
    check(select, update, "\"disable_signup\":false", "\"disable_signup\":\"sometimes\"").await;
    check(select, update, "\"enabled_clients\":[", "\"enabled_clients\":[{},").await;
}

/// What a transaction holds is read strictly as well: a prompt of another version is not forgotten.
#[tokio::test]
async fn ar_04_a_pending_request_that_cannot_be_read_denies() {
    let (select, update) =
        ("SELECT request FROM transactions", "UPDATE transactions SET request = $1 WHERE request = $2");
    let (progress, update_progress) =
        ("SELECT progress FROM transactions", "UPDATE transactions SET progress = $1 WHERE progress = $2");
    for (select, update, from, to) in [
        (select, update, "\"response_mode\":\"query\"", "\"response_mode\":\"query\",\"prompt\":[\"passkey\"]"),
        (select, update, "\"response_mode\":\"query\"", "\"response_mode\":\"smoke\""),
        (select, update, "\"response_type\":\"code\"", "\"response_type\":\"code magic\""),
        (progress, update_progress, "\"accepted\":true", "\"accepted\":\"perhaps\""),
    ] {
        let scene = Scene::new(routes).await;
        let browser = scene.app.browser();
        let last = almost_done(&scene, &browser).await;
        edit(&scene, select, update, from, to).await;
        for path in ["/authorize/resume", "/u/login", "/u/consent"] {
            let answer = browser.get(&format!("{path}?state={}", handle(&last))).await;
            assert_eq!(outcome(&answer), failed(), "{path} {to}");
        }
        edit(&scene, select, update, to, from).await;
        assert_eq!(outcome(&browser.get(last.location()).await), Outcome::Code, "{to}");
    }
}
