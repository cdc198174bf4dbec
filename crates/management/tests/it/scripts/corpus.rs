//! Scripts of the kinds of R §7 and §8, written against the documented API, run through real logins: each as data (script, what
//! it is given, what has to come out), all behind one function.

use keywright_rules::tester::differences;
use keywright_testkit::Browser;
use serde_json::{Map, Value, json};

use super::cases::{Case, cases};
use super::{AUDIENCE, SCOPE, Stage};

/// Everything that a login shows to the outside.
async fn report(stage: &Stage, index: usize, case: &Case) -> Value {
    stage.clear().await;
    for (key, value) in case.settings {
        stage.setting(key, value).await;
    }
    for (position, rule) in case.rules.iter().enumerate() {
        stage.rule(&format!("rule {position}"), rule).await;
    }
    let actions: Vec<&str> = case.actions.to_vec();
    stage.actions("post-login", &actions, &[("KEY", "a secret of the action")]).await;
    let email = format!("user{index}@{}", case.domain);
    let members: Value = serde_json::from_str(if case.user.is_empty() { "{}" } else { case.user }).unwrap();
    let user = stage.user(&email, members).await;
    let browser = stage.scene.app.browser();
    let more: Vec<(&str, &str)> = case.request.to_vec();
    let end = stage.log_in_as(&browser, &email, &more).await;
    let mut report = Map::new();
    outcome(stage, &browser, &end, &more, &mut report).await;
    let path = format!("/users/{}", user["user_id"].as_str().unwrap());
    let stored = stage.api.get(&path).await.json();
    for name in ["user_metadata", "app_metadata"] {
        report.insert(name.to_owned(), stored[name].clone());
    }
    Value::Object(report)
}

async fn outcome(
    stage: &Stage,
    browser: &Browser,
    end: &keywright_testkit::Answer,
    more: &[(&str, &str)],
    report: &mut Map<String, Value>,
) {
    if !end.location().starts_with("https://app.example.com/callback") {
        report.insert("sent_to".to_owned(), json!(end.location().split("state=").next()));
        return;
    }
    if let Some(error) = end.location_parameter("error") {
        report.insert("error".to_owned(), json!(error));
        report.insert("description".to_owned(), json!(end.location_parameter("error_description")));
        return;
    }
    let tokens = stage.redeem(end).await;
    report.insert("id_token".to_owned(), tokens.claims("id_token"));
    report.insert("access_token".to_owned(), tokens.claims("access_token"));
    report.insert("scope".to_owned(), tokens.json()["scope"].clone());
    report.insert("userinfo".to_owned(), stage.userinfo(&tokens.text("access_token")).await.json());
    let refreshed = stage.scene.refresh(&stage.scene.web, &tokens.text("refresh_token"), &[]).await;
    report.insert(
        "refreshed".to_owned(),
        match refreshed.status.as_u16() {
            200 => {
                json!({ "id_token": refreshed.claims("id_token"), "access_token": refreshed.claims("access_token") })
            }
            _ => refreshed.json(),
        },
    );
    // The session is there now.
    let standard = [("scope", SCOPE), ("audience", AUDIENCE), ("state", "the state"), ("prompt", "none")];
    let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).copied();
    let all: Vec<(&str, &str)> = kept.chain(more.iter().copied()).collect();
    let silent = browser.get(&stage.scene.authorize_path(&stage.scene.web, &all)).await;
    report
        .insert("silent".to_owned(), json!(silent.location_parameter("error").unwrap_or_else(|| "passed".to_owned())));
}

#[tokio::test]
async fn scripts_of_every_kind_do_in_logins_what_they_are_written_for() {
    let all = cases();
    assert!(all.len() >= 40, "{} cases", all.len());
    let stage = Stage::new().await;
    let mut wrong = Vec::new();
    for (index, case) in all.iter().enumerate() {
        let found = report(&stage, index, case).await;
        for difference in differences(&case.expect, &found) {
            wrong.push(format!("{}: {difference}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
