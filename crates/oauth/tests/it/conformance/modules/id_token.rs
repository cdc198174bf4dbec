//! Modules about the ID token: signature, nonce, and what nobody asked for.

use serde_json::json;

use super::super::relying_party::{Page, RelyingParty, STATE};
use super::refused;

pub(crate) async fn oidcc_server(party: RelyingParty) {
    let tokens = party.flow(&party.scene.app.browser(), &[]).await;
    assert_eq!(tokens.pages, [Page::Login]);
    for claims in &tokens.id_tokens {
        assert_eq!(claims.get("name"), None, "unasked");
    }
}

pub(crate) async fn oidcc_idtoken_signature(party: RelyingParty) {
    let tokens = party.flow(&party.scene.app.browser(), &[]).await;
    let header = jsonwebtoken::decode_header(&tokens.id_token).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256);
    assert!(header.kid.is_some());
}

/// `none` is not advertised, so the suite skips the module.
pub(crate) async fn oidcc_idtoken_unsigned(party: RelyingParty) {
    let metadata = party.scene.app.get("/.well-known/openid-configuration", &[]).await.json();
    let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(!algorithms.contains(&json!("none")) && algorithms.contains(&json!("RS256")));
}

pub(crate) async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party: RelyingParty) {
    let tokens = party.flow(&party.scene.app.browser(), &[("nonce", "")]).await;
    assert_eq!(tokens.claims().get("nonce"), None);
}

pub(crate) async fn oidcc_ensure_request_without_nonce_fails(party: RelyingParty) {
    let reply = party.reply(&party.scene.app.browser(), &[("nonce", "")]).await;
    refused(&reply, STATE, &["invalid_request"]);
}
