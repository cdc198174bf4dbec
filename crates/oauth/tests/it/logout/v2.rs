//! `/v2/logout` and its old name `/logout` (§6.2; RU-07, SE-04).

use keywright_testkit::{Answer, Browser, Scene};
use keywright_types::AppType;

use super::OPEN_REDIRECTS;
use crate::expect::form;
use crate::outcome::{add_client, change_settings, is_logged_in, outcome, page};
use crate::routes;

const CLEARED: &str = "__Host-auth0=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0";

fn path(parameters: &[(&str, &str)]) -> String {
    format!("/v2/logout?{}", form(parameters))
}

async fn signed_in(scene: &Scene) -> Browser {
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    browser
}

/// Logs a new session out by `path`. Whatever the answer is, the session is over on the server and in the browser.
async fn log_out(scene: &Scene, path: &str) -> Answer {
    let browser = signed_in(scene).await;
    let cookie = browser.cookie("__Host-auth0").unwrap();
    let answer = browser.get(path).await;
    assert_eq!(answer.header("set-cookie"), CLEARED, "{path}");
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    browser.set_cookie("__Host-auth0", Some(&cookie));
    assert!(!is_logged_in(scene, &browser).await, "{path}");
    answer
}

async fn check_redirect(scene: &Scene, path: &str, location: &str) {
    let answer = log_out(scene, path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, location), "{path}");
}

async fn check_refused(scene: &Scene, path: &str, description: &str) {
    let answer = log_out(scene, path).await;
    assert_eq!(outcome(&answer), page(400, format!("invalid_request: {description}")), "{path}");
}

fn not_allowed(url: &str) -> String {
    format!(
        "The \"returnTo\" querystring parameter \"{url}\" is not defined as a valid URL in \"Allowed Logout URLs\"."
    )
}

#[tokio::test]
async fn without_parameters_it_says_ok() {
    let scene = Scene::new(routes).await;
    for path in ["/v2/logout", "/logout", "/v2/logout?federated", "/v2/logout?federated=&auth0Client=e30"] {
        let answer = log_out(&scene, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "OK"), "{path}");
    }
    // Nobody was logged in.
    let answer = scene.app.browser().get("/v2/logout").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "OK"));
}

#[tokio::test]
async fn a_client_selects_its_own_list_and_its_first_entry_is_the_default() {
    let scene = Scene::new(routes).await;
    let (first, second) = ("https://app.example.com/first", "https://app.example.com/second");
    let urls = vec![first.to_owned(), second.to_owned()];
    scene.app.change_client(&scene.web, |client| client.allowed_logout_urls = urls).await;
    change_settings(&scene, |settings| settings.allowed_logout_urls = vec!["https://www.example.com/".to_owned()])
        .await;
    let id = scene.web.id();
    check_redirect(&scene, &path(&[("client_id", id)]), first).await;
    check_redirect(&scene, &path(&[("client_id", id), ("returnTo", second)]), second).await;
    check_redirect(&scene, &path(&[("returnTo", "https://www.example.com/")]), "https://www.example.com/").await;
    // One list does not stand in for the other, nor does another application's.
    check_refused(&scene, &path(&[("returnTo", first)]), &not_allowed(first)).await;
    let of_tenant = "https://www.example.com/";
    check_refused(&scene, &path(&[("client_id", id), ("returnTo", of_tenant)]), &not_allowed(of_tenant)).await;
    check_refused(&scene, &path(&[("client_id", scene.spa.id()), ("returnTo", first)]), &not_allowed(first)).await;
    check_refused(&scene, &path(&[("client_id", "nobody"), ("returnTo", first)]), "Unknown client: nobody").await;
    check_refused(&scene, &path(&[("client_id", "nobody")]), "Unknown client: nobody").await;
}

#[tokio::test]
async fn an_application_without_logout_urls_goes_nowhere() {
    let scene = Scene::new(routes).await;
    scene.app.change_client(&scene.web, |client| client.allowed_logout_urls.clear()).await;
    let answer = log_out(&scene, &path(&[("client_id", scene.web.id())])).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "OK"));
    let url = "https://app.example.com/bye";
    check_refused(&scene, &path(&[("client_id", scene.web.id()), ("returnTo", url)]), &not_allowed(url)).await;
}

/// A pattern is no address, and neither is what registration would have refused.
#[tokio::test]
async fn ru_07_the_default_is_the_first_entry_that_is_an_address() {
    let scene = Scene::new(routes).await;
    let urls = ["https://*.example.com/bye", "javascript:alert(1)", "https://app.example.com/bye"];
    let urls = urls.map(str::to_owned).to_vec();
    scene.app.change_client(&scene.web, |client| client.allowed_logout_urls = urls).await;
    check_redirect(&scene, &path(&[("client_id", scene.web.id())]), "https://app.example.com/bye").await;
}

#[tokio::test]
async fn query_and_fragment_are_ignored_and_case_counts_in_the_path_only() {
    let scene = Scene::new(routes).await;
    let id = scene.web.id();
    for (return_to, lands_at) in [
        ("https://app.example.com/bye?from=a%20b&x", "https://app.example.com/bye?from=a%20b&x"),
        ("https://app.example.com/bye?u=https://evil.example/", "https://app.example.com/bye?u=https://evil.example/"),
        ("https://app.example.com/bye#top", "https://app.example.com/bye"),
        ("HTTPS://APP.example.com/bye", "HTTPS://APP.example.com/bye"),
    ] {
        check_redirect(&scene, &path(&[("client_id", id), ("returnTo", return_to)]), lands_at).await;
    }
    let client = add_client(&scene, "Wildcard", AppType::RegularWeb, "https://a.example.com/cb").await;
    let star = vec!["https://*.example.com/bye".to_owned()];
    let client = scene.app.change_client(&client, |client| client.allowed_logout_urls = star).await;
    let good = "https://shop.example.com/bye?x=1";
    check_redirect(&scene, &path(&[("client_id", client.id()), ("returnTo", good)]), good).await;
    for bad in ["https://a.b.example.com/bye", "https://example.com/bye", "https://evil.example?.example.com/bye"] {
        check_refused(&scene, &path(&[("client_id", client.id()), ("returnTo", bad)]), &not_allowed(bad)).await;
    }
}

#[tokio::test]
async fn ru_07_the_redirect_is_never_open() {
    let scene = Scene::new(routes).await;
    let url = "https://app.example.com/bye";
    change_settings(&scene, |settings| settings.allowed_logout_urls = vec![url.to_owned()]).await;
    let browser = scene.app.browser();
    for hostile in OPEN_REDIRECTS {
        for by_client in [&[][..], &[("client_id", scene.web.id())]] {
            let answer = browser.get(&path(&[&[("returnTo", hostile)], by_client].concat())).await;
            let expected = page(400, format!("invalid_request: {}", not_allowed(hostile)));
            assert_eq!(outcome(&answer), expected, "{hostile:?}");
            assert_eq!(answer.header("set-cookie"), CLEARED);
        }
    }
    check_redirect(&scene, &path(&[("returnTo", url)]), url).await;
}

#[tokio::test]
async fn a_malformed_request_still_logs_out() {
    let scene = Scene::new(routes).await;
    let url = "https://app.example.com/bye";
    let twice = path(&[("client_id", scene.web.id()), ("returnTo", url), ("returnTo", url)]);
    check_refused(&scene, &twice, "Parameter 'returnTo' was sent more than once").await;
    check_refused(&scene, "/v2/logout?returnTo=%FF", "The request is not valid UTF-8").await;
    check_refused(&scene, "/v2/logout?returnTo=%00", "The request contains a NUL character").await;
    let long = format!("{url}?{}", "x".repeat(2048));
    check_refused(&scene, &path(&[("returnTo", &long)]), "Parameter 'returnTo' is too long").await;
}

#[tokio::test]
async fn offline_access_outlives_the_logout() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    assert_eq!(browser.get("/v2/logout").await.status, 200);
    let refreshed = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{refreshed:#?}");
}

#[tokio::test]
async fn se_04_one_browser_logs_nobody_else_out() {
    let scene = Scene::new(routes).await;
    let (one, two) = (signed_in(&scene).await, signed_in(&scene).await);
    assert_eq!(one.get("/v2/logout").await.status, 200);
    assert!(!is_logged_in(&scene, &one).await);
    assert!(is_logged_in(&scene, &two).await);
}
