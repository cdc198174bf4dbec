//! The RP-initiated logout plan, and the discovery module of the back-channel plan (`conformance-modules.md` §7). The other
//! module of that plan is beside the tests of the deliveries, in `logout/backchannel.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_jose::{JwtType, NewSigningKey, Random, Signer, SigningAlg, SigningKey, sign};
use keywright_testkit::{Answer, Browser};
use serde_json::json;

use super::modules::{discovery, long_state};
use super::relying_party::{ISSUER, LOGGED_OUT, RelyingParty, Variant};
use crate::expect::form;
use crate::outcome::{Outcome, found_session, outcome};

/// A relying party whose user is logged in.
struct LoggedIn {
    party: RelyingParty,
    browser: Browser,
    /// The ID token that the login gave.
    hint: String,
}

impl LoggedIn {
    async fn new() -> Self {
        let party = RelyingParty::new(Variant { response_type: "code", form_post: false }).await;
        let browser = party.scene.app.browser();
        let hint = party.flow(&browser, &[]).await.id_token;
        Self { party, browser, hint }
    }

    async fn log_out(&self, fields: &[(&str, &str)]) -> Answer {
        self.browser.get(&format!("/oidc/logout?{}", form(fields))).await
    }

    async fn is_still(&self) -> bool {
        found_session(&self.browser.get(&self.party.path(&self.party.client, &[("prompt", "none")])).await)
    }

    /// "No redirect": an error page, or our own page that asks. Nothing has happened by then.
    async fn stays_here(&self, fields: &[(&str, &str)]) {
        let answer = self.log_out(fields).await;
        if answer.headers.contains_key("location") {
            self.question(&answer).await;
        } else {
            assert!(matches!(outcome(&answer), Outcome::Page(400, _)), "{fields:?}: {answer:#?}");
        }
        assert!(self.is_still().await, "{fields:?}");
    }

    /// The page that asks, which `answer` leads to.
    async fn question(&self, answer: &Answer) -> Answer {
        assert!(answer.location().starts_with("/u/logout?state="), "{answer:#?}");
        let page = self.browser.get(answer.location()).await;
        assert_eq!(page.status, 200, "{page:#?}");
        page
    }

    /// Says yes where it is asked, ends on our own page that says so, and is logged out.
    async fn logged_out_here(&self, mut answer: Answer) {
        if answer.location() != "/u/logout-complete" {
            let question = self.question(&answer).await;
            answer = self.browser.submit(answer.location(), &question, &[("action", "accept")]).await;
        }
        assert_eq!(answer.location(), "/u/logout-complete");
        assert_eq!(self.browser.get("/u/logout-complete").await.status, 200);
        assert!(!self.is_still().await);
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let metadata = discovery(&LoggedIn::new().await.party).await;
    assert_eq!(metadata["end_session_endpoint"], format!("{ISSUER}oidc/logout"));
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let metadata = discovery(&LoggedIn::new().await.party).await;
    assert_eq!(metadata["backchannel_logout_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
    assert_eq!(metadata["end_session_endpoint"], format!("{ISSUER}oidc/logout"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let user = LoggedIn::new().await;
    let state = ("state", &*long_state());
    let answer = user.log_out(&[("id_token_hint", &user.hint), ("post_logout_redirect_uri", LOGGED_OUT), state]).await;
    let expected = format!("{LOGGED_OUT}?{}", form([state]));
    assert_eq!((answer.status.as_u16(), answer.location()), (302, expected.as_str()), "the state and nothing else");
    assert!(!user.is_still().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let user = LoggedIn::new().await;
    let answer = user.log_out(&[("id_token_hint", &user.hint), ("post_logout_redirect_uri", LOGGED_OUT)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, LOGGED_OUT), "no state is invented");
    assert!(!user.is_still().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let user = LoggedIn::new().await;
    for uri in ["https://suite.example.com/elsewhere", "https://evil.example/bye"] {
        let fields = [("id_token_hint", user.hint.as_str()), ("post_logout_redirect_uri", uri)];
        user.stays_here(&[&fields[..], &[("state", &long_state())]].concat()).await;
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let user = LoggedIn::new().await;
    let with_query = format!("{LOGGED_OUT}?foo=bar");
    let fields = [("id_token_hint", user.hint.as_str()), ("post_logout_redirect_uri", &with_query)];
    user.stays_here(&[&fields[..], &[("state", &long_state())]].concat()).await;
}

/// A hint that is not ours changes nothing.
async fn hint_stays_here(user: &LoggedIn, hint: &str) {
    let state = long_state();
    user.stays_here(&[("id_token_hint", hint), ("post_logout_redirect_uri", LOGGED_OUT), ("state", &state)]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let user = LoggedIn::new().await;
    let claims = user.hint.split('.').nth(1).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    hint_stays_here(&user, &format!("{header}.{claims}.")).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let user = LoggedIn::new().await;
    let now = user.party.scene.app.app.now();
    let key = NewSigningKey::generate_rsa("foreign", now, &Random::system()).unwrap();
    let key = SigningKey::load(key.kid, &key.private_key, &key.certificate).unwrap();
    for (issuer, audience) in [(ISSUER, user.party.client.id()), ("https://other.example.com/", "other")] {
        let (iat, exp) = (now.as_second(), now.as_second() + 60);
        let claims =
            json!({ "iss": issuer, "aud": audience, "sub": user.party.scene.user.user_id, "iat": iat, "exp": exp });
        let foreign = sign(JwtType::Jwt, Signer::Rsa(&key, SigningAlg::RS256), &claims).unwrap();
        hint_stays_here(&user, &foreign).await;
        // The genuine header and claims, with the key's id, under another signature.
        let genuine = user.hint.rsplit_once('.').unwrap().0;
        hint_stays_here(&user, &format!("{genuine}.{}", foreign.rsplit_once('.').unwrap().1)).await;
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let user = LoggedIn::new().await;
    user.stays_here(&[("post_logout_redirect_uri", LOGGED_OUT), ("state", &long_state())]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let user = LoggedIn::new().await;
    user.logged_out_here(user.log_out(&[]).await).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let user = LoggedIn::new().await;
    user.logged_out_here(user.log_out(&[("state", &long_state())]).await).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let user = LoggedIn::new().await;
    let answer = user.log_out(&[("id_token_hint", &user.hint), ("state", &long_state())]).await;
    assert_eq!(answer.location(), "/u/logout-complete", "the hint is answer enough");
    user.logged_out_here(answer).await;
}
