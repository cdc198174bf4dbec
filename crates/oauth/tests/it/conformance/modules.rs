//! The modules of the browser plans: one function each, named after it (`conformance-modules.md` §6).

use http::Method;
use keywright_types::Tenant;
use serde_json::{Value, json};

use super::relying_party::{CALLBACK, ISSUER, NONCE, Page, RelyingParty, SCOPES, STATE, entropy};
use crate::outcome::{Outcome, outcome, page};

/// Longest state that the suite sends: 128 characters, with the marks that URLs leave alone.
fn long_state() -> String {
    "aZ09-._~".repeat(16)
}

/// A redirect with an error, and nothing else than an error may hold (§2.4).
fn refused(reply: &super::relying_party::Reply, state: &str, errors: &[&str]) {
    let error = reply.get("error").unwrap_or_else(|| panic!("no error: {reply:?}"));
    assert!(errors.contains(&error), "{reply:?}");
    assert_eq!(reply.get("state"), Some(state));
    assert_eq!(reply.get("code"), None);
    let known = ["error", "error_description", "error_uri", "state", "session_state", "iss"];
    assert!(reply.parameters.keys().all(|name| known.contains(&name.as_str())), "{reply:?}");
    let text = reply.get("error_description").unwrap_or_default();
    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{text}");
}

pub(crate) async fn oidcc_server(party: RelyingParty) {
    let tokens = party.flow(&party.scene.app.browser(), &[]).await;
    assert_eq!(tokens.pages, [Page::Login]);
    for claims in &tokens.id_tokens {
        assert_eq!(claims.get("name"), None, "unasked");
    }
}

pub(crate) async fn oidcc_response_type_missing(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let answer = browser.get(&party.path(&party.client, &[("response_type", "")])).await;
    assert_eq!(outcome(&answer), page(400, "invalid_request: Missing required parameter: response_type"));
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

pub(crate) async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party: RelyingParty) {
    let tokens = party.flow(&party.scene.app.browser(), &[("nonce", "")]).await;
    assert_eq!(tokens.claims().get("nonce"), None);
}

pub(crate) async fn oidcc_ensure_request_without_nonce_fails(party: RelyingParty) {
    let reply = party.reply(&party.scene.app.browser(), &[("nonce", "")]).await;
    refused(&reply, STATE, &["invalid_request"]);
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

pub(crate) async fn oidcc_alternate_happy_flow(party: RelyingParty) {
    let more = [("scope", "email openid profile"), ("redirect_uri", CALLBACK), ("client_id", party.client.id())];
    let mut pairs = party.request(&party.client, &more);
    pairs.reverse();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let browser = party.scene.app.browser();
    let first = browser.get(&format!("/authorize?{query}")).await;
    let reply = party.follow(&browser, first).await;
    party.finish(reply, &more).await;
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
    let at = |tokens: &super::relying_party::Tokens| tokens.claims()["auth_time"].as_i64().unwrap();
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

pub(crate) async fn oidcc_ensure_request_with_unknown_parameter_succeeds(party: RelyingParty) {
    accepted(&party, "extra", "foobar").await;
}

pub(crate) async fn oidcc_id_token_hint(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let first = party.flow(&browser, &[]).await;
    let second = party.flow(&browser, &[("prompt", "none"), ("id_token_hint", &first.id_token)]).await;
    assert_eq!(second.pages, []);
    assert_eq!(first.claims()["sub"], second.claims()["sub"]);
    assert_eq!(first.claims().get("auth_time"), second.claims().get("auth_time"));
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

pub(crate) async fn oidcc_ensure_registered_redirect_uri(party: RelyingParty) {
    for wrong in ["https://suite.example.com/other", &format!("{CALLBACK}?foo=bar"), &format!("{CALLBACK}/")] {
        let answer = party.scene.app.browser().get(&party.path(&party.client, &[("redirect_uri", wrong)])).await;
        assert!(matches!(outcome(&answer), Outcome::Page(400, text) if text.contains("Callback URL mismatch")));
    }
}

pub(crate) async fn oidcc_ensure_post_request_succeeds(party: RelyingParty) {
    let browser = party.scene.app.browser();
    let pairs = party.request(&party.client, &[]);
    let fields: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let first = browser.post("/authorize", &fields).await;
    let reply = party.follow(&browser, first).await;
    party.finish(reply, &[]).await;
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

pub(crate) async fn oidcc_claims_essential(party: RelyingParty) {
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let tokens = party.flow(&party.scene.app.browser(), &[("claims", &claims)]).await;
    assert!(tokens.id_tokens.iter().all(|claims| claims.get("name").is_none()), "asked for at userinfo only");
    if let Some(access_token) = &tokens.access_token {
        assert_eq!(party.userinfo(access_token).await["name"], "Jane Doe");
    }
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

/// §5, the one module of the config plan, with what the RP-initiated and the back-channel plan add to it.
pub(crate) async fn discovery(party: &RelyingParty) -> Value {
    let answer = party.scene.app.get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/json"));
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], ISSUER);
    let tenant: &Tenant = &party.scene.app.tenant;
    assert_eq!(metadata["issuer"], tenant.issuer());
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().is_some_and(|url| url.starts_with("https://")), "{name}: {value}");
        }
    }
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        assert!(metadata[name].is_string(), "{name}");
    }
    let list = |name: &str| -> Vec<String> {
        let values = metadata[name].as_array().unwrap_or_else(|| panic!("{name}"));
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let types = list("response_types_supported");
    for needed in ["code", "id_token"] {
        assert!(types.iter().any(|own| own == needed), "{needed}: {types:?}");
    }
    assert!(list("subject_types_supported").contains(&"public".to_owned()));
    assert!(list("id_token_signing_alg_values_supported").contains(&"RS256".to_owned()));
    assert!(list("scopes_supported").contains(&"openid".to_owned()));
    assert!(!list("claims_supported").is_empty());
    for needed in ["authorization_code", "implicit"] {
        assert!(list("grant_types_supported").contains(&needed.to_owned()), "{needed}");
    }
    for needed in ["client_secret_basic", "client_secret_post"] {
        assert!(list("token_endpoint_auth_methods_supported").contains(&needed.to_owned()), "{needed}");
    }
    assert!(!list("code_challenge_methods_supported").is_empty());
    assert_eq!(metadata["request_uri_parameter_supported"], false);
    // §2.1, keys.
    let keys = party.scene.app.get("/.well-known/jwks.json", &[]).await.json();
    let keys = keys["keys"].as_array().unwrap();
    let kids: std::collections::BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids.len(), keys.len(), "distinct");
    for key in keys {
        let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
        assert!(private.iter().all(|name| key.get(*name).is_none()), "{key}");
        let needed: &[&str] = if key["kty"] == "EC" { &["crv", "x", "y"] } else { &["n", "e"] };
        for name in needed {
            let text = key[*name].as_str().unwrap();
            assert!(!text.contains('=') && !text.contains('+') && !text.contains('/'), "{name}: {text}");
        }
    }
    metadata
}
