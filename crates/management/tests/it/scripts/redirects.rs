//! Sending the user elsewhere and coming back (R §2.10, §3.6; SE-02).

use keywright_testkit::{Answer, Browser, EMAIL};
use serde_json::json;

use super::{AUDIENCE, SCOPE, Stage, denied, refused};

const RULE: &str = "function (user, context, callback) {
  context.idToken.protocol = context.protocol;
  if (context.protocol === 'redirect-callback') {
    context.idToken.answer = context.request.query.answer || context.request.body.answer;
    context.redirect = { url: 'https://ignored.example/' };
  } else {
    context.redirect = { url: 'https://terms.example/accept?a=1' };
  }
  callback(null, user, context);
}";

const ACTION: &str = "
exports.onExecutePostLogin = async (event, api) => {
  api.user.setUserMetadata('before', event.transaction.protocol);
  api.transaction.setMetadata('kept', 'yes');
  const token = api.redirect.encodeToken({ secret: event.secrets.S, payload: { step: 1 } });
  api.redirect.sendUserTo('https://terms.example/', { query: { session_token: token } });
};
exports.onContinuePostLogin = async (event, api) => {
  const claims = api.redirect.validateToken({ secret: event.secrets.S });
  api.idToken.setCustomClaim('terms', claims.terms);
  api.idToken.setCustomClaim('kept', event.transaction.metadata.kept);
  api.user.setUserMetadata('terms', claims.terms);
};";

/// The end of what comes after `/continue`.
async fn back(browser: &Browser, state: &str, query: &str) -> Answer {
    let answer = browser.get(&format!("/continue?state={state}{query}")).await;
    assert!(answer.location().starts_with("/authorize/resume?state="), "{answer:#?}");
    browser.consent(browser.get(answer.location()).await, "accept").await
}

fn state_of(answer: &Answer) -> String {
    answer.location_parameter("state").unwrap_or_else(|| panic!("{answer:#?}"))
}

#[tokio::test]
async fn r_9_8_all_rules_run_again_when_the_user_is_back() {
    let stage = Stage::new().await;
    stage.rule("redirect", RULE).await;
    stage
        .rule("later", "function (u, c, cb) { c.idToken.later = !c.redirect || c.redirect.url; cb(null, u, c); }")
        .await;
    let browser = stage.scene.app.browser();
    let away = stage.log_in_as(&browser, EMAIL, &[]).await;
    assert!(away.location().starts_with("https://terms.example/accept?a=1&state="), "{away:#?}");
    let state = state_of(&away);
    // Whoever goes on without having been there is sent there again.
    let again = browser.get(&format!("/authorize/resume?state={state}")).await;
    assert_eq!(again.location(), away.location());
    let end = back(&browser, &state, "&answer=yes").await;
    let tokens = stage.redeem(&end).await;
    let claims = tokens.claims("id_token");
    assert_eq!((&claims["protocol"], &claims["answer"]), (&json!("redirect-callback"), &json!("yes")));
    assert_eq!(claims["later"], "https://ignored.example/", "the later rule runs before the redirect and sees it");
    // The transaction is over.
    let over = browser.get(&format!("/continue?state={state}")).await;
    assert_eq!(over.status, 400, "{over:#?}");
}

#[tokio::test]
async fn se_02_r_9_8_only_the_browser_of_the_login_comes_back() {
    let stage = Stage::new().await;
    stage.rule("redirect", RULE).await;
    let browser = stage.scene.app.browser();
    let state = state_of(&stage.log_in_as(&browser, EMAIL, &[]).await);
    for wrong in ["", "nonsense", &format!("{state}x")] {
        let answer = browser.get(&format!("/continue?state={wrong}")).await;
        assert_eq!(answer.status, 400, "{answer:#?}");
        assert!(answer.body.contains("invalid_request"), "{answer:#?}");
    }
    let stranger = stage.scene.app.browser().get(&format!("/continue?state={state}&answer=yes")).await;
    assert_eq!(stranger.status, 400, "{stranger:#?}");
    // None of them has used anything up.
    assert!(back(&browser, &state, "").await.location_parameter("code").is_some());
}

#[tokio::test]
async fn r_2_10_a_form_of_another_site_comes_back_too() {
    let stage = Stage::new().await;
    stage.rule("redirect", RULE).await;
    let browser = stage.scene.app.browser();
    let state = state_of(&stage.log_in_as(&browser, EMAIL, &[]).await);
    let path = format!("/continue?state={state}");
    // Browsers leave `SameSite=Lax` cookies out.
    let cookie = browser.cookie("__Host-auth0-browser");
    browser.set_cookie("__Host-auth0-browser", None);
    let foreign = [("origin", "https://terms.example"), ("sec-fetch-site", "cross-site")];
    let page = browser.post_from(&path, &[("answer", "by form")], &foreign).await;
    assert_eq!(page.status, 200, "{page:#?}");
    assert_eq!(page.input("answer").as_deref(), Some("by form"));
    browser.set_cookie("__Host-auth0-browser", cookie.as_deref());
    let answer = browser.submit(&path, &page, &[]).await;
    let end = browser.consent(browser.get(answer.location()).await, "accept").await;
    assert_eq!(stage.redeem(&end).await.claims("id_token")["answer"], "by form");
}

#[tokio::test]
async fn r_9_8_where_nobody_can_be_redirected_there_is_an_interaction_required() {
    let stage = Stage::new().await;
    let browser = stage.scene.app.browser();
    let before = stage.redeem(&stage.log_in_as(&browser, EMAIL, &[]).await).await;
    stage.rule("redirect", RULE).await;
    let text = "The scripts of this login want to redirect the user, which is not possible here";
    let silent = [("scope", SCOPE), ("audience", AUDIENCE), ("state", "the state"), ("prompt", "none")];
    denied(&browser.get(&stage.scene.authorize_path(&stage.scene.web, &silent)).await, "interaction_required", text);
    let refresh = stage.scene.refresh(&stage.scene.web, &before.text("refresh_token"), &[]).await;
    refused(&refresh, 403, "interaction_required", text);
}

#[tokio::test]
async fn r_9_9_an_action_goes_on_where_it_sent_the_user_away() {
    let stage = Stage::new().await;
    let second = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('second', true); };";
    stage.actions("post-login", &[ACTION, second], &[("S", "a shared secret")]).await;
    let browser = stage.scene.app.browser();
    let away = stage.log_in_as(&browser, EMAIL, &[]).await;
    assert!(away.location().starts_with("https://terms.example/?session_token="), "{away:#?}");
    let state = state_of(&away);
    let sent = keywright_testkit::jwt_claims(&away.location_parameter("session_token").unwrap());
    assert_eq!((&sent["sub"], &sent["iss"]), (&json!(stage.scene.user.user_id), &json!("login.example.com")));
    // What it set is written when the whole trigger is over, not before.
    let path = format!("/users/{}", stage.scene.user.user_id);
    assert_eq!(stage.api.get(&path).await.json().get("user_metadata"), None);
    let now = stage.scene.app.app.now().as_second();
    let token = |secret: &str, state: &str| {
        let claims = json!({
            "sub": stage.scene.user.user_id, "iss": "https://terms.example", "iat": now, "exp": now + 60,
            "state": state, "terms": "accepted",
        });
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
    };
    let end = back(&browser, &state, &format!("&session_token={}", token("a shared secret", &state))).await;
    let claims = stage.redeem(&end).await.claims("id_token");
    assert_eq!(
        (&claims["terms"], &claims["kept"], &claims["second"]),
        (&json!("accepted"), &json!("yes"), &json!(true))
    );
    let metadata = &stage.api.get(&path).await.json()["user_metadata"];
    assert_eq!(*metadata, json!({ "before": "oidc-basic-profile", "terms": "accepted" }));
    // R §9 (10): a token of another state, or by another secret, lets nobody through.
    for (secret, other) in [("a shared secret", "another"), ("a guess", "")] {
        let state = state_of(&stage.log_in_as(&browser, EMAIL, &[("prompt", "login")]).await);
        let named = if other.is_empty() { state.as_str() } else { other };
        let end = back(&browser, &state, &format!("&session_token={}", token(secret, named))).await;
        assert_eq!(end.location_parameter("error").as_deref(), Some("access_denied"), "{end:#?}");
        assert_eq!(end.location_parameter("code"), None);
    }
}

#[tokio::test]
async fn se_02_another_user_in_the_transaction_runs_the_scripts_anew() {
    let stage = Stage::new().await;
    stage.rule("redirect", RULE).await;
    stage.user("other@example.com", json!({})).await;
    let browser = stage.scene.app.browser();
    let state = state_of(&stage.log_in_as(&browser, EMAIL, &[]).await);
    back(&browser, &state, "&answer=yes").await;
    // Another login of another user in the same browser: what the rules said of the first does not count for it.
    let away = stage.log_in_as(&browser, "other@example.com", &[("prompt", "login")]).await;
    assert!(away.location().starts_with("https://terms.example/"), "{away:#?}");
}
