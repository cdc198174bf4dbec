//! What `/authorize` writes to the tenant log (`management-api.md` §12.1): `ssa`, `fsa` and `f`.

use keywright_testkit::{Answer, Scene};
use serde_json::{Value, json};

use crate::expect::logged_in;
use crate::outcome::{Outcome, answer_form, credentials, login_required, outcome, refused};
use crate::routes;

/// Types, descriptions, users and details of the entries of this endpoint so far.
async fn entries(scene: &Scene) -> Vec<(String, Option<String>, Option<String>, Value)> {
    let read = scene.app.app.store().read(|tx| {
        let sql = "SELECT type, description, user_id, details, client_id FROM logs ORDER BY log_id";
        let mut entries = Vec::new();
        for row in tx.query(sql, &[])? {
            let kind: String = row.get(0)?;
            if ["ssa", "fsa", "f"].contains(&kind.as_str()) {
                let details: Option<String> = row.get(3)?;
                let details = details.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap());
                assert!(row.get::<Option<String>>(4)?.is_some(), "the application is named");
                entries.push((kind, row.get(1)?, row.get(2)?, details));
            }
        }
        Ok::<_, keywright_store::StoreError>(entries)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_login_without_a_page_is_a_silent_authentication() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    assert_eq!(entries(&scene).await, [], "a login through the page is the page's to report");
    let silently = async |more: &[(&str, &str)]| browser.get(&scene.authorize_path(&scene.web, more)).await;
    assert_eq!(outcome(&silently(&[("prompt", "none"), ("scope", "openid")]).await), Outcome::Code);
    assert_eq!(outcome(&silently(&[]).await), Outcome::Code);
    let details = json!({ "response_type": "code", "redirect_uri": "https://app.example.com/callback" });
    let user = Some(scene.user.user_id.clone());
    let expected = ("ssa".to_owned(), None, user, details);
    assert_eq!(entries(&scene).await, [expected.clone(), expected]);
}

#[tokio::test]
async fn refusals_are_logged_before_they_are_answered() {
    let scene = Scene::new(routes).await;
    let ask = async |browser: &keywright_testkit::Browser, more: &[(&str, &str)]| -> Answer {
        browser.get(&scene.authorize_path(&scene.web, more)).await
    };
    let nobody = scene.app.browser();
    assert_eq!(outcome(&ask(&nobody, &[("prompt", "none")]).await), login_required());
    let text = "Parameter 'max_age' must be a number of seconds";
    assert_eq!(outcome(&ask(&nobody, &[("max_age", "x")]).await), refused("invalid_request", text));
    let start = ask(&nobody, &[("prompt", "consent")]).await;
    let posted = answer_form(&nobody, &start, &credentials(&scene)).await;
    let asked = nobody.get(posted.location()).await;
    let declined = answer_form(&nobody, &asked, &[("action", "deny")]).await;
    let text = "User did not authorize the request";
    assert_eq!(outcome(&nobody.get(declined.location()).await), refused("access_denied", text));
    let found: Vec<_> = entries(&scene)
        .await
        .into_iter()
        .map(|(kind, description, user, details)| (kind, description, user.is_some(), details["error"].clone()))
        .collect();
    let entry =
        |kind: &str, text: &str, user: bool, error: &str| (kind.to_owned(), Some(text.to_owned()), user, json!(error));
    assert_eq!(
        found,
        [
            entry("fsa", "Login required", false, "login_required"),
            entry("f", "Parameter 'max_age' must be a number of seconds", false, "invalid_request"),
            entry("f", "User did not authorize the request", true, "access_denied"),
        ]
    );
}

/// What cannot be logged is not answered, and what is not answered has not happened.
#[tokio::test]
async fn without_the_log_nobody_is_logged_in() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let broken = scene.app.app.store().write(|tx| tx.execute("ALTER TABLE logs RENAME TO lost", &[]));
    broken.await.unwrap();
    for more in [&[("prompt", "none")][..], &[], &[("max_age", "x")]] {
        let answer = browser.get(&scene.authorize_path(&scene.web, more)).await;
        assert!(matches!(outcome(&answer), Outcome::Page(500 | 503, _)), "{more:?}: {answer:#?}");
    }
    let repaired = scene.app.app.store().write(|tx| tx.execute("ALTER TABLE lost RENAME TO logs", &[]));
    repaired.await.unwrap();
    assert_eq!(entries(&scene).await, []);
}
