//! Modules about the authorization request: its forms, its parameters, and what it may not hold.

use super::super::relying_party::{CALLBACK, RelyingParty, STATE};
use super::refused;
use crate::expect::form;
use crate::outcome::{Outcome, outcome, page};

pub(crate) async fn oidcc_response_type_missing(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let answer = browser.get(&party.path(&party.client, &[("response_type", "")])).await;
    assert_eq!(outcome(&answer), page(400, "invalid_request: Missing required parameter: response_type"));
}

pub(crate) async fn oidcc_alternate_happy_flow(party: RelyingParty) {
    let more = [("scope", "email openid profile"), ("redirect_uri", CALLBACK), ("client_id", party.client.id())];
    let pairs = party.request(&party.client, &more);
    let reversed: Vec<(&str, &str)> = pairs.iter().rev().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let browser = party.scene.app.browser();
    let first = browser.get(&format!("/authorize?{}", form(&reversed))).await;
    let reply = party.follow(&browser, first).await;
    party.finish(reply, &more).await;
}

pub(crate) async fn oidcc_ensure_post_request_succeeds(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let pairs = party.request(&party.client, &[]);
    let fields: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let first = browser.post("/authorize", &fields).await;
    let reply = party.follow(&browser, first).await;
    party.finish(reply, &[]).await;
}

pub(crate) async fn oidcc_ensure_registered_redirect_uri(party: RelyingParty) {
    for wrong in ["https://suite.example.com/other", &format!("{CALLBACK}?foo=bar"), &format!("{CALLBACK}/")] {
        let answer = party.scene.app.browser().get(&party.path(&party.client, &[("redirect_uri", wrong)])).await;
        assert!(matches!(outcome(&answer), Outcome::Page(400, text) if text.contains("Callback URL mismatch")));
    }
}

/// The request with one more parameter goes through as without it.
async fn accepted(party: &RelyingParty, name: &str, value: &str) {
    let tokens = party.flow(&party.scene.app.browser(), &[(name, value)]).await;
    assert_eq!(tokens.claims()["sub"], party.scene.user.user_id.as_str());
}

pub(crate) async fn oidcc_display_page(party: RelyingParty) {
    accepted(&party, "display", "page").await;
}

pub(crate) async fn oidcc_display_popup(party: RelyingParty) {
    accepted(&party, "display", "popup").await;
}

pub(crate) async fn oidcc_login_hint(party: RelyingParty) {
    accepted(&party, "login_hint", "buffy@login.example.com").await;
}

pub(crate) async fn oidcc_ui_locales(party: RelyingParty) {
    accepted(&party, "ui_locales", "se").await;
}

pub(crate) async fn oidcc_claims_locales(party: RelyingParty) {
    accepted(&party, "claims_locales", "se").await;
}

pub(crate) async fn oidcc_ensure_request_with_acr_values_succeeds(party: RelyingParty) {
    accepted(&party, "acr_values", "1 2").await;
}

pub(crate) async fn oidcc_ensure_request_with_unknown_parameter_succeeds(party: RelyingParty) {
    accepted(&party, "extra", "foobar").await;
}

/// An unsigned request object or its address is never ignored: an error at the application, or our own page.
async fn not_ignored(party: &RelyingParty, name: &str, value: &str, error: &str) {
    let browser = party.scene.app.browser();
    let answer = browser.get(&party.path(&party.client, &[(name, value)])).await;
    if answer.status.as_u16() >= 400 {
        assert!(matches!(outcome(&answer), Outcome::Page(_, text) if text.starts_with(error)), "{answer:#?}");
    } else {
        refused(&party.follow(&browser, answer).await, STATE, &[error]);
    }
}

pub(crate) async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(party: RelyingParty) {
    let metadata = party.scene.app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(metadata["request_uri_parameter_supported"], false, "absent would mean true");
    not_ignored(&party, "request_uri", "https://suite.example.com/request", "request_uri_not_supported").await;
}

/// `{"alg":"none"}` and a request for another state.
const UNSIGNED: &str = "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6Im90aGVyIn0.";

pub(crate) async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(party: RelyingParty) {
    not_ignored(&party, "request", UNSIGNED, "request_not_supported").await;
}

pub(crate) async fn oidcc_ensure_request_object_with_redirect_uri(party: RelyingParty) {
    let more = [("request", UNSIGNED), ("redirect_uri", "https://suite.example.com/other")];
    let answer = party.scene.app.browser().get(&party.path(&party.client, &more)).await;
    assert!(matches!(outcome(&answer), Outcome::Page(..)), "never to a default URI: {answer:#?}");
}
