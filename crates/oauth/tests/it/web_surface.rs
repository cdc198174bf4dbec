//! What every page and every redirect of a login sends (WB-01, WB-03, WB-05, WB-06, WB-07).

use keywright_testkit::{Answer, Scene};
use keywright_types::AppType;

use crate::expect::form;
use crate::outcome::{Outcome, add_client, answer_form, change_settings, credentials, outcome};
use crate::routes;

/// Every kind of answer that a browser gets on the way, by name.
async fn tour(scene: &Scene) -> Vec<(&'static str, Answer)> {
    let browser = scene.app.browser();
    let api = [("audience", "appointments:api"), ("scope", "openid appointments")];
    let mut tour = Vec::new();
    let start = browser.get(&scene.authorize_path(&scene.web, &api)).await;
    tour.push(("login page", browser.get(start.location()).await));
    tour.push(("wrong password", answer_form(&browser, &start, &[("username", "a"), ("password", "b")]).await));
    let signup = start.location().replace("/u/login", "/u/signup");
    let signup_page = browser.get(&signup).await;
    tour.push((
        "weak password",
        browser.submit(&signup, &signup_page, &[("email", "a@b.co"), ("password", "x")]).await,
    ));
    tour.push(("signup page", signup_page));
    let posted = answer_form(&browser, &start, &credentials(scene)).await;
    let asked = browser.get(posted.location()).await;
    tour.push(("consent page", browser.get(asked.location()).await));
    let accepted = answer_form(&browser, &asked, &[("action", "accept")]).await;
    let landed = browser.get(accepted.location()).await;
    assert_eq!(outcome(&landed), Outcome::Code);
    let form_post = scene.authorize_path(&scene.web, &[("response_mode", "form_post")]);
    tour.push(("form_post page", browser.get(&form_post).await));
    tour.push(("error page", browser.get("/authorize").await));
    tour.push(("lost transaction", browser.get("/u/login?state=x").await));
    let confirm = browser.get("/oidc/logout").await;
    tour.push(("logout page", browser.get(confirm.location()).await));
    let denied = answer_form(&browser, &confirm, &[("action", "deny")]).await;
    tour.push(("aborted page", browser.get(denied.location()).await));
    let left = answer_form(&browser, &confirm, &[("action", "accept")]).await;
    tour.push(("complete page", browser.get(left.location()).await));
    let ok = browser.get("/v2/logout").await;
    tour.extend([("start", start), ("login post", posted), ("resume", asked), ("consent post", accepted)]);
    tour.extend([("code", landed), ("logout", confirm), ("logout denied", denied), ("logged out", left), ("ok", ok)]);
    tour
}

#[tokio::test]
async fn wb_06_nothing_of_a_login_is_stored_by_anybody() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        for (name, answer) in tour(&scene).await {
            assert_eq!(answer.header("cache-control"), "no-store", "{name}");
        }
    }
}

#[tokio::test]
async fn wb_01_wb_03_wb_07_every_page_is_protected_and_loads_nothing() {
    let scene = Scene::new(routes).await;
    let mut pages = 0;
    for (name, answer) in tour(&scene).await {
        if answer.status.is_redirection() {
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{name}");
            assert_eq!(answer.body, "", "{name}");
            continue;
        }
        if name == "ok" {
            continue;
        }
        pages += 1;
        for (header, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.header(header), value, "{name}");
        }
        let policy = answer.header("content-security-policy");
        for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.split("; ").any(|own| own == directive), "{name}: {directive} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{name}: {policy}");
        assert_eq!(answer.body.matches("<script").count(), usize::from(name == "form_post page"), "{name}");
        for foreign in ["src=\"http", "href=\"http", "url(http", "//cdn", "onclick=", "onload=", "javascript:"] {
            assert!(!answer.body.contains(foreign), "{name}: {foreign}");
        }
    }
    assert_eq!(pages, 11);
}

/// Each value that a visitor or an application chooses, with what would end an attribute, an element or a comment.
#[tokio::test]
async fn wb_01_reflected_and_stored_values_stay_text() {
    const PAYLOAD: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}--><!--&lt;";
    let scene = Scene::new(routes).await;
    let client = add_client(&scene, PAYLOAD, AppType::RegularWeb, "https://app.example.com/callback").await;
    change_settings(&scene, |settings| {
        settings.friendly_name = Some(PAYLOAD.to_owned());
        settings.support_email = Some(PAYLOAD.to_owned());
        settings.support_url = Some(format!("javascript:{PAYLOAD}"));
    })
    .await;
    let browser = scene.app.browser();
    let mut pages = Vec::new();
    for (name, value) in [
        ("client_id", PAYLOAD),
        ("redirect_uri", PAYLOAD),
        ("response_type", PAYLOAD),
        ("response_mode", PAYLOAD),
        ("redirect_uri", "https://app.example.com/\"'><script>alert(1)</script>"),
    ] {
        pages.push(browser.get(&scene.authorize_path(&client, &[(name, value)])).await);
    }
    let query = form(&[("returnTo", PAYLOAD)]);
    pages.push(browser.get(&format!("/v2/logout?{query}")).await);
    let more = [("login_hint", PAYLOAD), ("state", PAYLOAD), ("scope", "openid"), ("prompt", "consent")];
    let start = browser.get(&scene.authorize_path(&client, &more)).await;
    pages.push(browser.get(start.location()).await);
    pages.push(answer_form(&browser, &start, &[("username", PAYLOAD), ("password", PAYLOAD)]).await);
    let signup = start.location().replace("/u/login", "/u/signup");
    let page = browser.get(&signup).await;
    pages.push(browser.submit(&signup, &page, &[("email", PAYLOAD), ("password", PAYLOAD)]).await);
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    let asked = browser.get(posted.location()).await;
    assert_eq!(outcome(&asked), Outcome::Consent);
    pages.push(browser.get(asked.location()).await);
    let more = [("response_mode", "form_post"), ("state", PAYLOAD)];
    pages.push(browser.get(&scene.authorize_path(&client, &more)).await);
    let confirm = browser.get(&format!("/oidc/logout?client_id={}", client.id())).await;
    pages.push(browser.get(confirm.location()).await);
    for page in &pages {
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let own_scripts = page.body.matches("<script nonce=").count();
        assert_eq!(page.body.matches("<script").count(), own_scripts, "{}", page.body);
        assert!(!page.body.contains("<img src=x") && !page.body.contains("javascript:"), "{}", page.body);
        assert!(!page.body.contains("<!--"), "{}", page.body);
        assert!(page.body.contains("&#60;script&#62;") || page.body.contains("&lt;script&gt;"), "{}", page.body);
    }
    assert_eq!(pages.len(), 12);
}

/// One address for each thing: no other spelling of a path reaches it.
#[tokio::test]
async fn wb_05_paths_have_one_spelling() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let query = scene.authorize_path(&scene.web, &[]).split_once('?').unwrap().1.to_owned();
    for path in [
        "/authorize/",
        "//authorize",
        "/./authorize",
        "/u/../authorize",
        "/authorize;a=b",
        "/%61uthorize",
        "/Authorize",
        "/authorize%00",
        "/authorize%2fresume",
        "/authorize//resume",
        "/v2//logout",
        "/v2/logout/",
        "/v2%2flogout",
        "/v2/logout;jsessionid=1",
        "/u/login/../../v2/logout",
        "/u/%2e%2e/v2/logout",
        "/oidc/logout/.",
        "/oauth/..;/v2/logout",
    ] {
        let answer = browser.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
    }
    assert!(crate::outcome::is_logged_in(&scene, &browser).await);
}
