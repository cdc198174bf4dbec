//! Modules about a session that is there or not: `prompt`, `max_age`, `id_token_hint`.

use super::super::relying_party::{Page, RelyingParty, Tokens};
use super::{long_state, refused};

pub(crate) async fn oidcc_prompt_login(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[]).await;
    party.scene.app.advance(1);
    let second = party.flow(&browser, &[("prompt", "login")]).await;
    assert_eq!(second.pages, [Page::Login], "although a session exists");
    let (before, after) = (first.claims()["iat"].as_i64().unwrap(), second.claims()["auth_time"].as_i64().unwrap());
    assert!(after > before, "{before} {after}");
}

pub(crate) async fn oidcc_prompt_none_not_logged_in(party: RelyingParty) {
    let state = long_state();
    let more = [("prompt", "none"), ("state", state.as_str())];
    let reply = party.reply(&party.scene.app.browser(), &more).await;
    assert_eq!(reply.pages, []);
    let errors = ["login_required", "interaction_required", "consent_required", "account_selection_required"];
    refused(&reply, &state, &errors);
}

pub(crate) async fn oidcc_prompt_none_logged_in(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[]).await;
    let second = party.flow(&browser, &[("prompt", "none")]).await;
    assert_eq!(second.pages, []);
    for name in ["sub", "auth_time"] {
        assert_eq!(first.claims().get(name), second.claims().get(name), "{name}");
    }
}

pub(crate) async fn oidcc_max_age_1(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[("max_age", "15000")]).await;
    party.scene.app.advance(2);
    let second = party.flow(&browser, &[("max_age", "1")]).await;
    assert_eq!(second.pages, [Page::Login]);
    let at = |tokens: &Tokens| tokens.claims()["auth_time"].as_i64().unwrap();
    assert!(at(&second) > at(&first));
    assert!(party.scene.app.app.now().as_second() - at(&second) < 60, "recent");
}

pub(crate) async fn oidcc_max_age_10000(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[("max_age", "15000")]).await;
    party.scene.app.advance(30);
    let second = party.flow(&browser, &[("max_age", "10000")]).await;
    assert_eq!(second.pages, []);
    for name in ["sub", "auth_time"] {
        assert!(first.claims().get(name).is_some(), "{name}");
        assert_eq!(first.claims()[name], second.claims()[name], "{name}");
    }
}

pub(crate) async fn oidcc_id_token_hint(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[]).await;
    let second = party.flow(&browser, &[("prompt", "none"), ("id_token_hint", &first.id_token)]).await;
    assert_eq!(second.pages, []);
    assert_eq!(first.claims()["sub"], second.claims()["sub"]);
    assert_eq!(first.claims().get("auth_time"), second.claims().get("auth_time"));
}
