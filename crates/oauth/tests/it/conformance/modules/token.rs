//! Modules about the token endpoint: codes, client authentication, PKCE and refresh tokens.

use super::super::relying_party::{CALLBACK, NONCE, RelyingParty, entropy};

async fn code_reuse(party: &RelyingParty, seconds: i64) {
    let tokens = party.flow(&party.scene.app.browser(), &[]).await;
    party.scene.app.advance(seconds);
    let again = party.redeem(&party.client, &tokens.code.unwrap()).await;
    assert_eq!(again.status, 400, "{again:#?}");
    assert_eq!(again.text("error"), "invalid_grant");
    let bearer = format!("Bearer {}", tokens.access_token.unwrap());
    let answer = party.scene.app.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(answer.status, 401, "the access token first issued is refused");
}

pub(crate) async fn oidcc_codereuse(party: RelyingParty) {
    code_reuse(&party, 0).await;
}

pub(crate) async fn oidcc_codereuse_30seconds(party: RelyingParty) {
    code_reuse(&party, 30).await;
}

pub(crate) async fn oidcc_server_client_secret_post(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = browser.get(&party.path(&party.post_client, &[])).await;
    let code = party.follow(&browser, first).await.parameters.remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", party.post_client.id()),
        ("client_secret", party.post_client.secret.as_str()),
    ];
    let answer = party.scene.app.post_form("/oauth/token", &fields).await;
    let body = RelyingParty::token_response(&answer);
    let nonce = (party.variant.response_type != "code").then_some(NONCE);
    party.id_token(&party.post_client, body["id_token"].as_str().unwrap(), nonce).await;
}

pub(crate) async fn oidcc_ensure_request_with_valid_pkce_succeeds(party: RelyingParty) {
    let pkce = keywright_testkit::Pkce::of('v');
    let more = [("code_challenge", pkce.challenge.as_str()), ("code_challenge_method", "S256")];
    let reply = party.reply(&party.scene.app.browser(), &more).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", reply.get("code").unwrap()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", pkce.verifier.as_str()),
    ];
    RelyingParty::token_response(&party.token(&party.client, &fields).await);
}

/// §6 "Refresh module in detail".
pub(crate) async fn oidcc_refresh_token(party: RelyingParty) {
    let more = [("scope", "openid offline_access"), ("prompt", "consent")];
    let first = party.flow(&party.scene.app.browser(), &more).await;
    let browser = party.scene.app.browser();
    let path = party.path(&party.second, &more);
    let reply = party.follow(&browser, browser.get(&path).await).await;
    let second = RelyingParty::token_response(&party.redeem(&party.second, reply.get("code").unwrap()).await);
    party.scene.app.advance(5);
    let second_token = second["refresh_token"].as_str().unwrap().to_owned();
    for (client, token, scope) in [
        (&party.client, first.refresh_token.clone().unwrap(), Some("openid offline_access")),
        (&party.second, second_token.clone(), None),
    ] {
        assert!(entropy(&token) > 96.0 && token.bytes().all(|b| (b' '..=b'~').contains(&b)));
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        fields.extend(scope.map(|scope| ("scope", scope)));
        let body = RelyingParty::token_response(&party.token(client, &fields).await);
        let claims = party.id_token(client, body["id_token"].as_str().unwrap(), None).await;
        if client.id() == party.client.id() {
            let before = first.claims();
            for name in ["iss", "sub", "aud", "azp", "auth_time"] {
                assert_eq!(claims.get(name), before.get(name), "{name}");
            }
            assert_ne!(claims["iat"], before["iat"]);
        }
    }
    let stolen = [("grant_type", "refresh_token"), ("refresh_token", second_token.as_str())];
    let answer = party.token(&party.client, &stolen).await;
    assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (400, "invalid_grant"));
}
