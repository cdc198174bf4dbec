//! What holds for both ways to log out: nobody is logged out by HEAD, and the tenant log tells (§6; SE-05, OP-03).

use http::Method;
use keywright_store::logs;
use keywright_testkit::Scene;

use super::signed_in;
use crate::outcome::is_logged_in;
use crate::routes;

/// RFC 9110 §9.2.1: link checkers and previews ask by HEAD.
#[tokio::test]
async fn head_logs_nobody_out() {
    let scene = Scene::new(routes).await;
    let (browser, tokens) = signed_in(&scene).await;
    let with_hint = format!("/oidc/logout?id_token_hint={}", tokens.text("id_token"));
    for path in ["/v2/logout", "/logout", &with_hint] {
        let answer = browser.send(browser.request(Method::HEAD, path).body(String::new()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("set-cookie")), (200, None), "{path}");
    }
    assert!(is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn op_03_logouts_are_in_the_tenant_log() {
    let scene = Scene::new(routes).await;
    let (browser, tokens) = signed_in(&scene).await;
    browser.get(&format!("/oidc/logout?id_token_hint={}", tokens.text("id_token"))).await;
    browser.get("/oidc/logout?post_logout_redirect_uri=https://evil.example/secret").await;
    let (browser, _) = signed_in(&scene).await;
    browser.get(&format!("/v2/logout?client_id={}&federated", scene.web.id())).await;
    browser.get("/v2/logout").await;
    let tenant = scene.app.tenant.id.clone();
    let all = scene.app.app.store().read(move |tx| logs::list_after(tx, &tenant, "", jiff::Timestamp::MAX, 99)).await;
    let about_logout = all.unwrap().into_iter().filter(|entry| entry.kind == "slo" || entry.kind == "flo");
    let entries: Vec<_> =
        about_logout.map(|entry| (entry.kind, entry.user_id, entry.client_id, entry.description)).collect();
    let user = Some(scene.user.user_id.clone());
    let web = Some(scene.web.id().to_owned());
    let not_allowed = Some("The post_logout_redirect_uri is not allowed".to_owned());
    assert_eq!(
        entries,
        [
            ("slo".to_owned(), user.clone(), web.clone(), None),
            ("flo".to_owned(), None, None, not_allowed),
            ("slo".to_owned(), user, web, None),
        ]
    );
}
