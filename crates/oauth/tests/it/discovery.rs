//! Discovery (§6.10; MD-01): everything advertised works, and what is not advertised is refused.

use std::collections::BTreeSet;

use http::Method;
use keywright_testkit::{Answer, Pkce, Scene};
use keywright_types::{Client, JwtConfiguration, OidcLogout, Profile, TenantSettings, TokenEndpointAuthMethod};
use serde_json::{Value, json};

use crate::expect::{basic, form, logged_in, next_code, userinfo};
use crate::key_holder::{KeyHolder, asserted, with_key};
use crate::received::received;
use crate::routes;

const PATH: &str = "/.well-known/openid-configuration";

async fn document(scene: &Scene) -> Value {
    let answer = scene.app.get(PATH, &[]).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    answer.json()
}

fn list(document: &Value, member: &str) -> BTreeSet<String> {
    let values = document[member].as_array().unwrap_or_else(|| panic!("no list {member}"));
    let set: BTreeSet<String> = values.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
    assert_eq!(set.len(), values.len(), "{member} repeats itself");
    set
}

fn set<const N: usize>(values: [&str; N]) -> BTreeSet<String> {
    values.map(str::to_owned).into()
}

#[tokio::test]
async fn md_01_the_issuer_is_the_prefix_of_every_endpoint_and_the_iss_of_every_token() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let answer = scene.app.get(PATH, &[]).await;
        assert_eq!(answer.header("content-type"), "application/json");
        let document = answer.json();
        assert_eq!(document, scene.app.get("/.well-known/oauth-authorization-server", &[]).await.json());
        let issuer = document["issuer"].as_str().unwrap();
        assert_eq!(issuer, "https://login.example.com/", "with the slash");
        for (member, value) in document.as_object().unwrap() {
            let url = value.as_str().unwrap_or_default();
            assert!(member == "issuer" || !url.starts_with("http") || url.starts_with(issuer), "{member}: {url}");
        }
        let tokens = scene.tokens(&scene.web, "openid", "appointments:api").await;
        assert_eq!(tokens.claims("id_token")["iss"], issuer);
        assert_eq!(tokens.claims("access_token")["iss"], issuer);
        let opaque = scene.tokens(&scene.web, "openid", "").await;
        assert_eq!(opaque.jwt_header("access_token")["iss"], issuer);
        // RFC 9207, where it is advertised and only there.
        let advertised = document.get("authorization_response_iss_parameter_supported") == Some(&json!(true));
        let answer = scene.log_in(&scene.app.browser(), &scene.web, &[]).await;
        assert_eq!(answer.location_parameter("iss").as_deref(), advertised.then_some(issuer));
        assert_eq!(advertised, scene.app.tenant.settings.profile == Profile::Standard);
    }
}

#[tokio::test]
async fn md_01_the_document_is_cacheable_and_carries_a_validator() {
    let scene = Scene::new(routes).await;
    for path in [PATH, "/.well-known/oauth-authorization-server"] {
        let answer = scene.app.get(path, &[]).await;
        let cache = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400";
        assert_eq!(answer.header("cache-control"), cache);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let again = scene.app.get(path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
        assert_eq!(scene.app.get(path, &[("if-none-match", "\"other\"")]).await.status, 200);
        assert_eq!(scene.app.request(Method::POST, path, &[], String::new()).await.status, 405);
        let preflight = [("origin", "https://any.example"), ("access-control-request-method", "GET")];
        assert_eq!(scene.app.request(Method::OPTIONS, path, &preflight, String::new()).await.status, 204);
    }
}

/// Every endpoint of the document answers as itself, and nothing else of §0.1 is there.
#[tokio::test]
async fn md_01_every_endpoint_answers_and_no_other_one_is_named() {
    let scene = Scene::new(routes).await;
    let document = document(&scene).await;
    let urls: Vec<(&str, &str)> = document
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(member, value)| Some((member.as_str(), value.as_str()?)))
        .filter(|(member, _)| *member != "issuer")
        .collect();
    let mut named: Vec<&str> = urls.iter().map(|(member, _)| *member).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "authorization_endpoint",
            "device_authorization_endpoint",
            "end_session_endpoint",
            "jwks_uri",
            "revocation_endpoint",
            "token_endpoint",
            "userinfo_endpoint"
        ]
    );
    for (member, url) in urls {
        let path = url.strip_prefix("https://login.example.com").unwrap();
        let (method, status) = match member {
            "authorization_endpoint" => (Method::GET, 400),
            "token_endpoint" | "revocation_endpoint" | "device_authorization_endpoint" => (Method::POST, 400),
            "userinfo_endpoint" => (Method::GET, 401),
            "end_session_endpoint" => (Method::GET, 302),
            _ => (Method::GET, 200),
        };
        let answer = scene.app.request(method, path, &[], String::new()).await;
        assert_eq!(answer.status.as_u16(), status, "{member}: {answer:#?}");
    }
    for path in ["/oauth/par", "/oidc/register", "/bc-authorize", "/mfa/challenge", "/oauth/introspect"] {
        let answer = scene.app.request(Method::POST, path, &[], String::new()).await;
        assert_eq!(answer.status, 404, "{path} works but is not advertised");
    }
}

#[tokio::test]
async fn md_01_the_tenants_setting_hides_the_end_session_endpoint() {
    let oidc_logout = OidcLogout { rp_logout_end_session_endpoint_discovery: false };
    let settings = TenantSettings { oidc_logout, ..TenantSettings::default() };
    let scene = Scene::with(routes, keywright_testkit::Engine::Sqlite, settings).await;
    assert_eq!(document(&scene).await.get("end_session_endpoint"), None);
}

#[tokio::test]
async fn md_01_response_types_and_modes_and_request_objects() {
    let scene = Scene::new(routes).await;
    let document = document(&scene).await;
    let browser = logged_in(&scene).await;
    let web = scene.app.change_client(&scene.web, |client| client.grant_types.push("implicit".to_owned())).await;
    let types = list(&document, "response_types_supported");
    for wanted in
        ["code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"]
    {
        let answer = browser.get(&scene.authorize_path(&web, &[("response_type", wanted), ("nonce", "n")])).await;
        let works = answer.status == 302 && received(&answer).get("error").is_none();
        assert_eq!(works, types.contains(wanted), "{wanted}: {answer:#?}");
        assert!(works || answer.status == 501, "{wanted}: {answer:#?}");
    }
    let modes = list(&document, "response_modes_supported");
    for wanted in ["query", "form_post", "fragment", "web_message", "jwt", "query.jwt"] {
        let answer = browser.get(&scene.authorize_path(&scene.web, &[("response_mode", wanted)])).await;
        let works = answer.status != 501 && received(&answer).mode == wanted;
        assert_eq!(works, modes.contains(wanted), "{wanted}: {answer:#?}");
    }
    for (parameter, member) in
        [("request", "request_parameter_supported"), ("request_uri", "request_uri_parameter_supported")]
    {
        assert_eq!(document[member], false);
        let answer = browser.get(&scene.authorize_path(&scene.web, &[(parameter, "x")])).await;
        assert_eq!(answer.status, 400, "{parameter}");
    }
}

/// §1.1: profile `auth0` accepts the parameter and does nothing.
#[tokio::test]
async fn md_01_profile_claims_parameter() {
    for (scene, supported) in [(Scene::new(routes).await, false), (Scene::standard(routes).await, true)] {
        assert_eq!(document(&scene).await["claims_parameter_supported"], supported);
        let more = [("scope", "openid"), ("claims", "{\"id_token\":{\"email\":null}}")];
        let tokens = scene.redeem(&scene.web, &scene.code(&scene.web, &more).await, &[]).await;
        assert_eq!(tokens.claims("id_token").get("email").is_some(), supported);
    }
}

#[tokio::test]
async fn md_01_prompts() {
    let scene = Scene::new(routes).await;
    let prompts = list(&document(&scene).await, "prompt_values_supported");
    assert_eq!(prompts, set(["none", "login", "consent", "select_account"]));
    let browser = logged_in(&scene).await;
    for (wanted, page) in [("login", "/u/login"), ("select_account", "/u/login"), ("consent", "/u/consent")] {
        let answer = browser.get(&scene.authorize_path(&scene.web, &[("prompt", wanted)])).await;
        assert!(answer.location().starts_with(page), "{wanted}: {answer:#?}");
    }
    let silent = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
    assert!(silent.location_parameter("code").is_some());
    for unknown in ["create", "x"] {
        let answer = browser.get(&scene.authorize_path(&scene.web, &[("prompt", unknown)])).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"), "{unknown}");
    }
}

async fn token(scene: &Scene, authorization: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(authorization.map(|value| ("authorization", value)));
    scene.app.request(Method::POST, "/oauth/token", &headers, form(fields)).await
}

#[tokio::test]
async fn md_01_grants() {
    let scene = Scene::new(routes).await;
    let grants = list(&document(&scene).await, "grant_types_supported");
    // `implicit` has no token request; `md_01_response_types_and_modes_and_request_objects` exercises it.
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let known = ["authorization_code", "implicit", "refresh_token", "client_credentials", "password", realm, device];
    assert_eq!(grants, set(known));
    let settings = TenantSettings { default_directory: scene.connection.name.clone(), ..TenantSettings::default() };
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    let web = |client: &mut Client| client.grant_types.extend(["password".to_owned(), realm.to_owned()]);
    let web = scene.app.change_client(&scene.web, web).await;
    let client = [("client_id", web.id()), ("client_secret", &*web.secret), ("realm", &*scene.connection.name)];
    let login = [("username", "jane@example.com"), ("password", scene.password())];
    for grant in ["password", realm] {
        assert_eq!(token(&scene, None, &[&[("grant_type", grant)][..], &login, &client].concat()).await.status, 200);
    }
    let code = scene.code(&scene.web, &[("scope", "offline_access")]).await;
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await.status, 200);
    let machine = [("client_id", scene.machine.id()), ("client_secret", &*scene.machine.secret)];
    let fields = [("grant_type", "client_credentials"), ("audience", "appointments:api")];
    assert_eq!(token(&scene, None, &[&fields[..], &machine].concat()).await.status, 200);
    let native = scene.app.change_client(&scene.native, |client| client.grant_types.push(device.to_owned())).await;
    let codes = scene.app.post_form("/oauth/device/code", &[("client_id", native.id())]).await;
    let code = codes.text("device_code");
    let fields = [("grant_type", device), ("device_code", &*code), ("client_id", native.id())];
    assert_eq!(token(&scene, None, &fields).await.text("error"), "authorization_pending");
    for unknown in [
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:openid:params:grant-type:ciba",
        "AUTHORIZATION_CODE",
    ] {
        let answer = token(&scene, None, &[&[("grant_type", unknown)][..], &machine].concat()).await;
        assert_eq!(answer.text("error"), "unsupported_grant_type", "{unknown}");
    }
}

#[tokio::test]
async fn md_01_authentication_methods() {
    use TokenEndpointAuthMethod::{ClientSecretBasic, ClientSecretPost, None as Public};
    let scene = Scene::standard(routes).await;
    let document = document(&scene).await;
    for member in ["token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"] {
        let methods = set(["client_secret_basic", "client_secret_post", "none", "private_key_jwt"]);
        assert_eq!(list(&document, member), methods);
    }
    let credentials = basic(scene.web.id(), &scene.web.secret);
    let public = [("client_id", scene.web.id())];
    let posted = [public[0], ("client_secret", &*scene.web.secret)];
    for (method, authorization, fields) in [
        (ClientSecretBasic, Some(credentials.as_str()), &[][..]),
        (ClientSecretPost, None, &posted[..]),
        (Public, None, &public[..]),
    ] {
        scene.app.change_client(&scene.web, |client| client.token_endpoint_auth_method = method).await;
        let pkce = Pkce::of('v');
        let more = [
            ("code_challenge", pkce.challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("scope", "offline_access"),
        ];
        let code = scene.code(&scene.web, &more).await;
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("code_verifier", &*pkce.verifier),
            ("redirect_uri", "https://app.example.com/callback"),
        ];
        let answer = token(&scene, authorization, &[&grant, fields].concat()).await;
        assert_eq!(answer.status, 200, "{method:?}: {answer:#?}");
        let refresh_token = answer.text("refresh_token");
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let body = form(&[&[("token", &*refresh_token)], fields].concat());
        assert_eq!(scene.app.request(Method::POST, "/oauth/revoke", &headers, body).await.status, 200);
        let again = [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token)];
        assert_eq!(token(&scene, authorization, &[&again, fields].concat()).await.text("error"), "invalid_grant");
    }
    let key = KeyHolder::new();
    let machine = with_key(&scene, &scene.machine, &key).await;
    let assertion = key.assertion(&scene, machine.id(), &json!({}));
    let fields = [("grant_type", "client_credentials"), ("audience", "appointments:api")];
    assert_eq!(token(&scene, None, &[&fields[..], &asserted(&assertion)].concat()).await.status, 200);
    let again = token(&scene, None, &[&fields[..], &asserted(&assertion)].concat()).await;
    assert_eq!(again.text("error"), "invalid_client");
    // Each algorithm works with a key that is made for it: `cl_03_each_algorithm_of_the_key_is_accepted_and_no_other`.
    let algorithms = set(["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"]);
    for endpoint in ["token", "revocation"] {
        assert_eq!(list(&document, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported")), algorithms);
    }
    assert_eq!(list(&document, "dpop_signing_alg_values_supported"), set(["ES256"]));
}

#[tokio::test]
async fn md_01_challenge_methods() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let methods = list(&document(&scene).await, "code_challenge_methods_supported");
        let pkce = Pkce::of('v');
        for (method, challenge) in [("S256", &pkce.challenge), ("plain", &pkce.verifier), ("S512", &pkce.challenge)] {
            let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", method)];
            let answer = scene.app.browser().get(&scene.authorize_path(&scene.spa, &more)).await;
            let works = answer.location().starts_with("/u/login");
            assert_eq!(works, methods.contains(method), "{method}: {answer:#?}");
            if works {
                let code = scene.code(&scene.spa, &more).await;
                assert_eq!(scene.redeem(&scene.spa, &code, &[("code_verifier", &pkce.verifier)]).await.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn md_01_scopes_claims_and_algorithms() {
    let scene = Scene::new(routes).await;
    let document = document(&scene).await;
    let (id, user) = (scene.app.tenant.id.clone(), scene.user.user_id.clone());
    let profile = json!({
        "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "middle_name": "Q", "nickname": "jd",
        "picture": "https://cdn.example.com/jane.png", "preferred_username": "jane", "phone_number": "+4930123",
        "phone_verified": true, "address": { "country": "DE" }, "locale": "de", "gender": "x"
    });
    let changed = scene.app.app.store().write(move |tx| {
        let sql = "UPDATE users SET profile = $3 WHERE tenant_id = $1 AND user_id = $2";
        tx.execute(sql, &[(&id).into(), user.into(), profile.to_string().into()])
    });
    assert_eq!(changed.await.unwrap(), 1);
    let browser = logged_in(&scene).await;
    let scopes = list(&document, "scopes_supported").into_iter().collect::<Vec<_>>().join(" ");
    let more = [("scope", scopes.as_str()), ("nonce", "n"), ("max_age", "100")];
    let code = next_code(&scene, &browser, &scene.web, &more).await;
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(tokens.json()["scope"], scopes, "every advertised scope is granted");
    let mut given: BTreeSet<String> = tokens.claims("id_token").as_object().unwrap().keys().cloned().collect();
    let claims = userinfo(&scene, &tokens.text("access_token")).await.json();
    given.extend(claims.as_object().unwrap().keys().cloned());
    assert_eq!(given, list(&document, "claims_supported"), "claims are those advertised, all of them and no others");
    let algorithms = list(&document, "id_token_signing_alg_values_supported");
    assert_eq!(algorithms, set(["ES256", "HS256", "PS256", "RS256", "RS512"]));
    for alg in algorithms {
        let configuration = JwtConfiguration { alg: Some(alg.clone()), ..JwtConfiguration::default() };
        let web = scene.app.change_client(&scene.web, |client| client.jwt_configuration = configuration).await;
        assert_eq!(scene.tokens(&web, "openid", "").await.jwt_header("id_token")["alg"], alg);
    }
    assert_eq!(list(&document, "subject_types_supported"), set(["public"]));
}
