//! The other triggers of Actions (R §1, §3.4, §3.5): before and after a registration, after a change of a password, and before an
//! application gets a token for itself.

use keywright_testkit::PASSWORD;
use serde_json::{Value, json};

use super::{AUDIENCE, Stage};

const DENY: &str = "exports.onExecutePreUserRegistration = async (event, api) => {
  if (event.user.email.endsWith('@evil.example')) api.access.deny('a listed domain', 'Members only, please');
  api.user.setUserMetadata('by', event.connection.strategy);
  api.user.setAppMetadata('seen', { id: event.user.user_id === undefined, body: event.request.body });
};";

async fn sign_up(stage: &Stage, email: &str) -> keywright_testkit::Answer {
    let body = json!({
        "client_id": stage.scene.web.id(), "connection": stage.scene.connection.name, "email": email,
        "password": PASSWORD, "user_metadata": { "own": "1" },
    });
    stage.scene.app.post_json("/dbconnections/signup", &body).await
}

async fn found(stage: &Stage, email: &str) -> Value {
    stage.api.get(&format!("/users-by-email?email={email}")).await.json()
}

#[tokio::test]
async fn r_9_19_a_registration_is_denied_and_says_so_to_the_user_alone() {
    let stage = Stage::new().await;
    stage.actions("pre-user-registration", &[DENY], &[]).await;
    let answer = sign_up(&stage, "a@evil.example").await;
    assert_eq!(answer.status, 400, "{answer:#?}");
    assert_eq!(
        (&answer.json()["code"], &answer.json()["description"]),
        (&json!("extensibility_error"), &json!("Members only, please"))
    );
    assert!(!answer.body.contains("a listed domain"));
    assert_eq!(stage.log("fs").await[0]["description"], "a listed domain");
    assert_eq!(found(&stage, "a@evil.example").await, json!([]));
    // The page.
    let browser = stage.scene.app.browser();
    let start = browser.get(&stage.scene.authorize_path(&stage.scene.web, &[("screen_hint", "signup")])).await;
    let fields = [("email", "b@evil.example"), ("password", PASSWORD)];
    let page = browser.fill_in(start.location(), &fields).await;
    assert_eq!(page.status, 400, "{page:#?}");
    assert!(page.body.contains("Members only, please") && !page.body.contains("a listed domain"), "{page:#?}");
    assert_eq!(found(&stage, "b@evil.example").await, json!([]));
    // An administrator.
    let body = json!({ "connection": stage.scene.connection.name, "email": "c@evil.example", "password": PASSWORD });
    let refused = stage.api.post("/users", body).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["message"]), (400, &json!("a listed domain")));
    assert_eq!(found(&stage, "c@evil.example").await, json!([]));
}

#[tokio::test]
async fn r_3_5_metadata_of_a_registration_are_stored_and_no_password_is_told() {
    let stage = Stage::new().await;
    stage.actions("pre-user-registration", &[DENY], &[]).await;
    assert_eq!(sign_up(&stage, "a@good.example").await.status, 200);
    let user = &found(&stage, "a@good.example").await[0];
    assert_eq!(user["user_metadata"], json!({ "own": "1", "by": "auth0" }));
    assert_eq!(user["app_metadata"]["seen"]["id"], true);
    let told = user["app_metadata"]["seen"]["body"].to_string();
    assert!(told.contains("a@good.example") && !told.contains(PASSWORD), "{told}");
    // Somebody who is there already is none that Actions hear of.
    let again = sign_up(&stage, "a@good.example").await;
    assert_eq!(again.json()["code"], "invalid_signup", "{again:#?}");
}

#[tokio::test]
async fn r_3_8_a_registration_whose_action_fails_is_refused() {
    let stage = Stage::new().await;
    stage
        .actions(
            "pre-user-registration",
            &["exports.onExecutePreUserRegistration = async () => { throw new Error('broken'); };"],
            &[],
        )
        .await;
    let answer = sign_up(&stage, "a@good.example").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["description"]), (400, &json!("The sign-up was refused")));
    assert_eq!(found(&stage, "a@good.example").await, json!([]));
    assert_eq!(stage.log("actions_execution_failed").await[0]["description"], "broken");
}

#[tokio::test]
async fn r_1_actions_after_a_registration_or_a_change_of_a_password_run_behind_the_answer() {
    let stage = Stage::new().await;
    let told = |name: &str| {
        format!("exports.{name} = async (event) => {{ console.log(event.user.user_id, event.user.email); }};")
    };
    stage.actions("post-user-registration", &[&told("onExecutePostUserRegistration")], &[]).await;
    stage.actions("post-change-password", &[&told("onExecutePostChangePassword")], &[]).await;
    let user = stage.user("new@example.com", json!({})).await;
    let id = user["user_id"].as_str().unwrap();
    assert_eq!(stage.log("script_output").await.len(), 0);
    stage.run_jobs().await;
    let line = |entry: &Value| (entry["details"]["stage"].clone(), entry["details"]["console"][0]["text"].clone());
    let text = json!(format!("{id} new@example.com"));
    assert_eq!(line(&stage.log("script_output").await[0]), (json!("post-user-registration"), text.clone()));
    assert_eq!(stage.log("script_output").await[0]["user_id"], id);
    let changed = stage.api.patch(&format!("/users/{id}"), json!({ "password": "Another-horse-2" })).await;
    assert_eq!(changed.status, 200, "{changed:#?}");
    assert_eq!(changed.json()["last_password_reset"], "2026-03-01T12:00:00.000Z");
    stage.run_jobs().await;
    assert_eq!(line(&stage.log("script_output").await[0]), (json!("post-change-password"), text));
    // A public sign-up has both, and a registration that is refused has neither.
    sign_up(&stage, "public@example.com").await;
    sign_up(&stage, "public@example.com").await;
    stage.run_jobs().await;
    assert_eq!(stage.log("script_output").await.len(), 3);
}

#[tokio::test]
async fn r_3_5_actions_decide_about_tokens_of_applications() {
    let stage = Stage::new().await;
    let machine = &stage.scene.machine;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", machine.id()),
        ("client_secret", machine.secret.as_str()),
        ("audience", AUDIENCE),
    ];
    let ask = || stage.scene.app.post_form("/oauth/token", &fields);
    for (code, expected) in [
        (
            "api.accessToken.setCustomClaim('https://ns/who', [event.client.name, event.resource_server.identifier, event.request.body.client_secret === undefined]);",
            json!({ "status": 200, "claim": ["Machine", AUDIENCE, true] }),
        ),
        (
            "api.access.deny('invalid_scope', 'not this one');",
            json!({ "status": 400, "error": "invalid_scope", "text": "not this one" }),
        ),
        (
            "api.access.deny('invalid_request', 'no');",
            json!({ "status": 400, "error": "invalid_request", "text": "no" }),
        ),
        (
            "api.access.deny('server_error', 'later');",
            json!({ "status": 500, "error": "server_error", "text": "later" }),
        ),
        ("throw new Error('boom');", json!({ "status": 500, "error": "server_error", "text": "boom" })),
        ("api.transaction.setTargetScopes(['contacts', 'admin']);", json!({ "status": 200, "scope": "contacts" })),
        (
            "api.accessToken.setCustomClaim('sub', 'somebody');",
            json!({ "status": 200, "sub": format!("{}@clients", machine.id()) }),
        ),
    ] {
        let code = format!("exports.onExecuteCredentialsExchange = async (event, api) => {{ {code} }};");
        stage.actions("credentials-exchange", &[&code], &[]).await;
        let answer = ask().await;
        let mut found = json!({ "status": answer.status.as_u16() });
        if answer.status == 200 {
            let claims = answer.claims("access_token");
            found["claim"] = claims["https://ns/who"].clone();
            found["scope"] = json!(answer.text("scope"));
            found["sub"] = claims["sub"].clone();
        } else {
            found["error"] = answer.json()["error"].clone();
            found["text"] = answer.json()["error_description"].clone();
        }
        let differences = keywright_rules::tester::differences(&expected, &found);
        assert!(differences.is_empty(), "{code}: {differences:?}");
    }
    assert!(stage.log("feccft").await.iter().any(|entry| entry["description"] == "not this one"));
}

#[tokio::test]
async fn r_3_5_actions_decide_who_may_set_another_password() {
    let stage = Stage::new().await;
    let ticket = async || {
        let body = json!({ "user_id": stage.scene.user.user_id, "result_url": "https://app.example.com/done" });
        let made = stage.api.create("/tickets/password-change", body).await;
        let url = made["ticket"].as_str().unwrap().to_owned();
        url.split_once("login.example.com").unwrap().1.trim_end_matches('#').to_owned()
    };
    let browser = stage.scene.app.browser();
    // The form of a link from before there was an Action.
    let path = ticket().await;
    let form = browser.get(&path).await;
    assert_eq!(form.status, 200, "{form:#?}");
    let deny = "exports.onExecutePostChallenge = async (event, api) => {
      if (event.request.query.ticket !== undefined) throw new Error('the secret was told');
      if (event.user.email.startsWith('jane@')) api.access.deny('ask the help desk');
    };";
    stage.actions("password-reset-post-challenge", &[deny], &[]).await;
    let path = ticket().await;
    let page = browser.get(&path).await;
    assert_eq!(page.status, 403, "{page:#?}");
    assert!(page.input("_csrf").is_none() && !page.body.contains("help desk"), "{page:#?}");
    assert_eq!(stage.log("fcp").await[0]["description"], "ask the help desk");
    // A form of another page about the same link does not open it.
    let secret = path.split("ticket=").nth(1).unwrap();
    let other = browser.get(&format!("/u/email-verification?ticket={secret}")).await;
    let forged = other.input("_csrf").unwrap_or_default();
    let fields = [
        ("state", secret),
        ("_csrf", forged.as_str()),
        ("password", "Another-horse-2"),
        ("re-enter-password", "Another-horse-2"),
    ];
    assert_eq!(browser.post("/u/reset-password", &fields).await.status, 403);
    let allow = "exports.onExecutePostChallenge = async (event, api) => { api.transaction.setResultUrl('https://app.example.com/elsewhere'); };";
    stage.actions("password-reset-post-challenge", &[allow], &[]).await;
    let path = ticket().await;
    let fields = [("password", "Another-horse-2"), ("re-enter-password", "Another-horse-2")];
    let end = browser.fill_in(&path, &fields).await;
    assert!(end.location().starts_with("https://app.example.com/elsewhere?success=true"), "{end:#?}");
}
