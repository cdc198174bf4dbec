//! Modules about claims: user info, scopes and the `claims` parameter.

use http::Method;
use serde_json::json;

use super::super::relying_party::{RelyingParty, SCOPES};

async fn userinfo(party: &RelyingParty, method: Method, headers: &[(&str, &str)], body: &str) {
    let answer = party.scene.app.request(method, "/userinfo", headers, body.to_owned()).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(answer.json()["sub"], party.scene.user.user_id.as_str());
}

pub(crate) async fn oidcc_userinfo_get(party: RelyingParty) {
    let token = party.flow(&party.scene.app.browser(), &[]).await.access_token.unwrap();
    userinfo(&party, Method::GET, &[("authorization", &format!("Bearer {token}"))], "").await;
}

pub(crate) async fn oidcc_userinfo_post_header(party: RelyingParty) {
    let token = party.flow(&party.scene.app.browser(), &[]).await.access_token.unwrap();
    userinfo(&party, Method::POST, &[("authorization", &format!("Bearer {token}"))], "").await;
}

pub(crate) async fn oidcc_userinfo_post_body(party: RelyingParty) {
    let token = party.flow(&party.scene.app.browser(), &[]).await.access_token.unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    userinfo(&party, Method::POST, &form, &crate::expect::form(&[("access_token", &token)])).await;
}

async fn scope(party: &RelyingParty, names: &[&str]) {
    let wanted = format!("openid {}", names.join(" "));
    let tokens = party.flow(&party.scene.app.browser(), &[("scope", &wanted)]).await;
    // Without an access token the claims are in the ID token (OpenID Connect Core §5.4).
    let claims = match &tokens.access_token {
        Some(access_token) => party.userinfo(access_token).await,
        None => tokens.claims().clone(),
    };
    for (scope, members) in SCOPES {
        for member in members {
            assert_eq!(claims.get(*member).is_some(), names.contains(&scope), "{scope} {member}: {claims}");
        }
    }
}

pub(crate) async fn oidcc_scope_profile(party: RelyingParty) {
    scope(&party, &["profile"]).await;
}

pub(crate) async fn oidcc_scope_email(party: RelyingParty) {
    scope(&party, &["email"]).await;
}

pub(crate) async fn oidcc_scope_address(party: RelyingParty) {
    scope(&party, &["address"]).await;
}

pub(crate) async fn oidcc_scope_phone(party: RelyingParty) {
    scope(&party, &["phone"]).await;
}

pub(crate) async fn oidcc_scope_all(party: RelyingParty) {
    scope(&party, &["profile", "email", "address", "phone"]).await;
}

pub(crate) async fn oidcc_claims_essential(party: RelyingParty) {
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let tokens = party.flow(&party.scene.app.browser(), &[("claims", &claims)]).await;
    assert!(tokens.id_tokens.iter().all(|claims| claims.get("name").is_none()), "asked for at userinfo only");
    if let Some(access_token) = &tokens.access_token {
        assert_eq!(party.userinfo(access_token).await["name"], "Jane Doe");
    }
}
