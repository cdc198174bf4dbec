//! The modules of OpenID's certification of RP-initiated logout, each by its name, on a tenant with profile `standard`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use keywright_store::logs;
use keywright_testkit::{Answer, Browser, Scene};

use crate::outcome::{Outcome, is_logged_in, login_required, outcome};
use crate::routes;

const BYE: &str = "https://app.example.com/bye";
const STATE: &str = "0123456789-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv";

async fn signed_in(scene: &Scene) -> (Browser, String) {
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    (browser, tokens.text("id_token"))
}

async fn log_out(browser: &Browser, parameters: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    browser.get(&format!("/oidc/logout?{query}")).await
}

/// An error page, or our own page that asks: nothing that leads to the application.
fn stays_here(answer: &Answer) -> bool {
    match answer.headers.get("location") {
        None => matches!(outcome(answer), Outcome::Page(400, _)),
        Some(location) => location.to_str().unwrap().starts_with("/u/logout?state="),
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let scene = Scene::standard(routes).await;
    let document = scene.app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(document["end_session_endpoint"], "https://login.example.com/oidc/logout");
    let members = document.as_object().unwrap();
    let endpoints = members.iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    assert!(endpoints.into_iter().all(|(_, value)| value.as_str().unwrap().starts_with("https://login.example.com/")));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let scene = Scene::standard(routes).await;
    let (browser, hint) = signed_in(&scene).await;
    let answer =
        log_out(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", STATE)]).await;
    let expected = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", STATE).finish();
    assert_eq!((answer.status.as_u16(), answer.location()), (302, format!("{BYE}?{expected}").as_str()));
    let silent = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")])).await;
    assert_eq!(outcome(&silent), login_required());
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let scene = Scene::standard(routes).await;
    let (browser, hint) = signed_in(&scene).await;
    let answer = log_out(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(answer.location(), BYE);
    assert!(!is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_and_query_added_post_logout_redirect_uri() {
    let scene = Scene::standard(routes).await;
    let (browser, hint) = signed_in(&scene).await;
    for uri in ["https://app.example.com/other", "https://app.example.com/bye?foo=bar", "https://evil.example/bye"] {
        let answer =
            log_out(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", uri), ("state", STATE)]).await;
        assert!(stays_here(&answer), "{uri}: {answer:?}");
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_and_bad_id_token_hint() {
    let scene = Scene::standard(routes).await;
    let other = Scene::standard(routes).await;
    let (browser, hint) = signed_in(&scene).await;
    let (_, foreign) = signed_in(&other).await;
    let payload = hint.split('.').nth(1).unwrap();
    let none = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    let resigned = format!("{}.{}", hint.rsplit_once('.').unwrap().0, foreign.rsplit_once('.').unwrap().1);
    for hint in [none.as_str(), &foreign, &resigned] {
        let answer =
            log_out(&browser, &[("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", STATE)]).await;
        assert!(stays_here(&answer), "{answer:?}");
    }
    assert!(is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let scene = Scene::standard(routes).await;
    let (browser, _) = signed_in(&scene).await;
    assert!(stays_here(&log_out(&browser, &[("post_logout_redirect_uri", BYE), ("state", STATE)]).await));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params_only_state_and_no_post_logout_redirect_uri() {
    let scene = Scene::standard(routes).await;
    for with_state in [false, true] {
        let (browser, _) = signed_in(&scene).await;
        let parameters: &[(&str, &str)] = if with_state { &[("state", STATE)] } else { &[] };
        let asked = log_out(&browser, parameters).await;
        assert!(stays_here(&asked));
        let path = asked.location().to_owned();
        let page = browser.get(&path).await;
        let answered = browser.submit(&path, &page, &[("action", "accept")]).await;
        assert_eq!(answered.location(), "/u/logout-complete");
        assert_eq!(browser.get("/u/logout-complete").await.status, 200);
        assert!(!is_logged_in(&scene, &browser).await);
    }
    let (browser, hint) = signed_in(&scene).await;
    assert_eq!(log_out(&browser, &[("id_token_hint", &hint), ("state", STATE)]).await.location(), "/u/logout-complete");
    assert!(!is_logged_in(&scene, &browser).await);
}

/// RFC 9110 §9.2.1: link checkers and previews ask by HEAD.
#[tokio::test]
async fn head_logs_nobody_out() {
    let scene = Scene::new(routes).await;
    let (browser, hint) = signed_in(&scene).await;
    for path in ["/v2/logout".to_owned(), "/logout".to_owned(), format!("/oidc/logout?id_token_hint={hint}")] {
        let answer = browser.send(browser.request(Method::HEAD, &path).body(String::new()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("set-cookie")), (200, None), "{path}");
    }
    assert!(is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn op_03_logouts_are_in_the_tenant_log() {
    let scene = Scene::new(routes).await;
    let entries = async || {
        let tenant = scene.app.tenant.id.clone();
        let all =
            scene.app.app.store().read(move |tx| logs::list_after(tx, &tenant, "", jiff::Timestamp::MAX, 99)).await;
        let about_logout = all.unwrap().into_iter().filter(|entry| entry.kind == "slo" || entry.kind == "flo");
        about_logout.map(|entry| (entry.kind, entry.user_id, entry.client_id, entry.description)).collect::<Vec<_>>()
    };
    let user = Some(scene.user.user_id.clone());
    let (browser, hint) = signed_in(&scene).await;
    log_out(&browser, &[("id_token_hint", &hint)]).await;
    log_out(&browser, &[("post_logout_redirect_uri", "https://evil.example/secret")]).await;
    let (browser, _) = signed_in(&scene).await;
    browser.get(&format!("/v2/logout?client_id={}&federated", scene.web.id())).await;
    browser.get("/v2/logout").await;
    let web = Some(scene.web.id().to_owned());
    let not_allowed = Some("The post_logout_redirect_uri is not allowed".to_owned());
    assert_eq!(
        entries().await,
        [
            ("slo".to_owned(), user.clone(), web.clone(), None),
            ("flo".to_owned(), None, None, not_allowed),
            ("slo".to_owned(), user, web, None),
        ]
    );
}
