//! What browsers do that applications do not ask for: HEAD requests, posts from other sites, two tabs at once.

use http::Method;
use keywright_testkit::Scene;

use crate::expect::logged_in;
use crate::outcome::{Outcome, answer_form, credentials, handle, outcome, rows};
use crate::routes;

/// RFC 9110 §9.3.2: a HEAD is "safe"; a link preview must neither begin a login nor finish one.
#[tokio::test]
async fn head_has_no_effect() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let start = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    let before = rows(&scene.app).await;
    for path in [&scene.authorize_path(&scene.web, &[]), posted.location()] {
        let request = browser.request(Method::HEAD, path).body(String::new()).unwrap();
        let answer = browser.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{path}");
        assert_eq!(rows(&scene.app).await, before, "{path}");
    }
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}

/// A form of another site brings no `SameSite=Lax` cookie. The logins in the browser's other tabs survive it.
#[tokio::test]
async fn a_request_posted_by_another_site_loses_no_open_login() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let open = browser.get(&scene.authorize_path(&scene.web, &[("state", "first tab")])).await;
    let fields = [
        ("response_type", "code"),
        ("client_id", scene.web.id()),
        ("redirect_uri", "https://app.example.com/callback"),
        ("state", "a b&c"),
    ];
    let lax = browser.cookie("__Host-auth0-browser").unwrap();
    browser.set_cookie("__Host-auth0-browser", None);
    let before = rows(&scene.app).await;
    let answer = browser.post_from("/authorize", &fields, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("/authorize?"), "{answer:#?}");
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(rows(&scene.app).await, before);
    // The redirect is a GET, which brings the cookie.
    browser.set_cookie("__Host-auth0-browser", Some(&lax));
    let second = browser.get(answer.location()).await;
    assert_eq!(outcome(&second), Outcome::Login);
    for (start, state) in [(open, "first tab"), (second, "a b&c")] {
        let posted = answer_form(&browser, &start, &credentials(&scene)).await;
        let landed = browser.get(posted.location()).await;
        assert_eq!(landed.location_parameter("state").as_deref(), Some(state), "{landed:#?}");
    }
}

/// Two tabs go on with a login while a third one logs out: both end at the login page, none is lost.
#[tokio::test]
async fn a_login_resumed_during_a_logout_asks_again() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(outcome(&posted), Outcome::Resume);
    // Between the look at the session and the write there is nothing that a test can hold; the write itself is asked to
    // find the session gone.
    let app = scene.app.app.clone();
    let trigger = "CREATE TRIGGER logout BEFORE UPDATE OF completed_at ON transactions \
                   BEGIN DELETE FROM sessions; END";
    app.store().write(move |tx| tx.execute(trigger, &[])).await.unwrap();
    let resume = format!("/authorize/resume?state={}", handle(&start));
    let first = browser.get(&resume).await;
    assert_eq!(outcome(&first), Outcome::Resume, "look again: {first:#?}");
    app.store().write(|tx| tx.execute("DROP TRIGGER logout", &[])).await.unwrap();
    app.store().write(|tx| tx.execute("DELETE FROM sessions", &[])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(outcome(&browser.get(&resume).await), Outcome::Login);
    }
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}
