//! The RP-initiated and the back-channel logout plan (`conformance-modules.md` §7).

use keywright_jose::{JwtType, NewSigningKey, Random, Signer, SigningAlg, SigningKey, sign};
use keywright_testkit::{Answer, Browser};
use serde_json::{Value, json};

use super::modules::discovery;
use super::relying_party::{ISSUER, LOGGED_OUT, RelyingParty, Variant};

async fn party() -> (RelyingParty, Browser, String) {
    let party = RelyingParty::new(Variant { response_type: "code", form_post: false }).await;
    let browser = party.scene.app.browser();
    let id_token = party.flow(&browser, &[]).await.id_token;
    (party, browser, id_token)
}

fn path(fields: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", crate::expect::form(fields))
}

fn state() -> String {
    "aZ09-._~".repeat(16)
}

/// `prompt=none` no longer finds anybody.
async fn logged_out(party: &RelyingParty, browser: &Browser) -> bool {
    let reply = party.reply(browser, &[("prompt", "none")]).await;
    reply.get("error") == Some("login_required")
}

/// No redirect to anywhere but our own pages; gives the page that the browser ends on, which says yes when it is asked.
async fn own_page(browser: &Browser, answer: Answer, yes: bool) -> Answer {
    let mut answer = answer;
    for _ in 0..5 {
        let Some(location) = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned()) else {
            break;
        };
        assert!(location.starts_with("/u/logout"), "{location}");
        answer = browser.get(&location).await;
        if yes && answer.body.contains("name=\"action\"") {
            answer = browser.submit(&location, &answer.clone(), &[("action", "accept")]).await;
        }
    }
    answer
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let (party, ..) = party().await;
    let metadata = discovery(&party).await;
    assert!(metadata["end_session_endpoint"].as_str().unwrap().starts_with("https://"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let (party, browser, hint) = party().await;
    let state = state();
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", LOGGED_OUT), ("state", &state)];
    let answer = browser.get(&path(&fields)).await;
    assert_eq!(
        answer.location(),
        format!("{LOGGED_OUT}?{}", crate::expect::form(&[("state", &state)])),
        "nothing else"
    );
    assert!(logged_out(&party, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let (party, browser, hint) = party().await;
    let answer = browser.get(&path(&[("id_token_hint", &hint), ("post_logout_redirect_uri", LOGGED_OUT)])).await;
    assert_eq!(answer.location(), LOGGED_OUT, "no state is invented");
    assert!(logged_out(&party, &browser).await);
}

async fn refuses(fields: &[(&str, &str)]) {
    let (_, browser, hint) = party().await;
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, if *value == "GENUINE" { hint.as_str() } else { value })).collect();
    let answer = browser.get(&path(&fields)).await;
    let page = own_page(&browser, answer, false).await;
    assert!(page.header("content-type").starts_with("text/html"), "{page:#?}");
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    refuses(&[("id_token_hint", "GENUINE"), ("post_logout_redirect_uri", "https://suite.example.com/elsewhere")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    refuses(&[("id_token_hint", "GENUINE"), ("post_logout_redirect_uri", &format!("{LOGGED_OUT}?foo=bar"))]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let (party, browser, hint) = party().await;
    let claims = hint.split('.').nth(1).unwrap();
    let modified = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let answer = browser.get(&path(&[("id_token_hint", &modified), ("post_logout_redirect_uri", LOGGED_OUT)])).await;
    own_page(&browser, answer, false).await;
    assert!(!logged_out(&party, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let (party, browser, _) = party().await;
    let now = party.scene.app.app.now();
    let key = NewSigningKey::generate_rsa("foreign", now, &Random::system()).unwrap();
    let key = SigningKey::load(key.kid, &key.private_key, &key.certificate).unwrap();
    for (issuer, audience) in [(ISSUER, party.client.id()), ("https://other.example.com/", "other")] {
        let claims: Value = json!({
            "iss": issuer, "aud": audience, "sub": party.scene.user.user_id, "iat": now.as_second(), "exp": now.as_second() + 60
        });
        let foreign = sign(JwtType::Jwt, Signer::Rsa(&key, SigningAlg::RS256), &claims).unwrap();
        let answer = browser.get(&path(&[("id_token_hint", &foreign), ("post_logout_redirect_uri", LOGGED_OUT)])).await;
        own_page(&browser, answer, false).await;
    }
    assert!(!logged_out(&party, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    refuses(&[("post_logout_redirect_uri", LOGGED_OUT)]).await;
}

/// Logs out, after a question, and says so on a page of ours.
async fn says_so(fields: &[(&str, &str)]) {
    let (party, browser, hint) = party().await;
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, if *value == "GENUINE" { hint.as_str() } else { value })).collect();
    let answer = browser.get(&path(&fields)).await;
    let page = own_page(&browser, answer, true).await;
    assert_eq!(page.status, 200, "{page:#?}");
    assert!(logged_out(&party, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    says_so(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    says_so(&[("state", STATE)]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    says_so(&[("id_token_hint", "GENUINE"), ("state", STATE)]).await;
}

const STATE: &str = "aB3dE5gH7j";
