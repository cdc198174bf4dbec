//! `/u/signup` as a step of a login (§1.8, §7.1, §7.2).

use keywright_testkit::{Answer, Browser, Scene};
use serde_json::json;

use crate::outcome::{
    Outcome, answer_form, change_connection, change_settings, handle, is_logged_in, outcome, refused, rows,
};
use crate::routes;

const NEW: [(&str, &str); 2] = [("email", "New@Example.com"), ("password", "Correct-horse-2")];

/// Begins at the sign-up page.
async fn begin(scene: &Scene, browser: &Browser) -> Answer {
    let more = [("scope", "openid email"), ("screen_hint", "signup"), ("state", "s")];
    let answer = browser.get(&scene.authorize_path(&scene.web, &more)).await;
    assert_eq!(outcome(&answer), Outcome::SignUp);
    answer
}

#[tokio::test]
async fn a_new_user_comes_to_the_application_and_can_log_in_later() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let posted = answer_form(&browser, &begin(&scene, &browser).await, &NEW).await;
    let answer = browser.get(posted.location()).await;
    assert_eq!(outcome(&answer), Outcome::Code);
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"));
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    let claims = tokens.claims("id_token");
    assert_eq!((claims["email"].as_str(), claims["email_verified"].as_bool()), (Some("new@example.com"), Some(false)));
    assert_ne!(claims["sub"], scene.user.user_id);

    let other = scene.app.browser();
    let start = other.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    let answer = other.log_in(&start, "new@EXAMPLE.com", "Correct-horse-2").await;
    let again = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    assert_eq!(again.claims("id_token")["sub"], claims["sub"]);
}

#[tokio::test]
async fn a_refused_signup_shows_the_page_again_and_makes_nobody() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser).await;
    let before = rows(&scene.app).await;
    let generic = "This account could not be created. If you have signed up before, log in instead.";
    let long_address = format!("{}@example.com", "a".repeat(65));
    let long_password = format!("Aa1!{}", "x".repeat(1021));
    // Within the limit as it is sent, beyond it once it is normalized.
    let longer_in_nfc = format!("Aa1!{}", "\u{958}".repeat(300));
    for (email, password, text) in [
        ("", "Correct-horse-2", "Please enter an email address"),
        ("   ", "Correct-horse-2", "Please enter an email address"),
        ("new@example.com", "", "Password is required"),
        ("new", "Correct-horse-2", "This does not look like an email address"),
        ("new@example", "Correct-horse-2", "This does not look like an email address"),
        ("a b@example.com", "Correct-horse-2", "This does not look like an email address"),
        (&long_address, "Correct-horse-2", "This does not look like an email address"),
        ("new@example.com", "Sh0rt!a", "The password is too weak"),
        ("new@example.com", "onlylowercase", "The password is too weak"),
        ("new@example.com", &long_password, "The password is too weak"),
        ("new@example.com", &longer_in_nfc, "The password is too weak"),
        ("jane@example.com", "Correct-horse-2", generic),
        (" JANE@example.COM ", "Correct-horse-2", generic),
        // The right password of an existing user is no login here.
        ("jane@example.com", scene.password(), generic),
    ] {
        let answer = answer_form(&browser, &start, &[("email", email), ("password", password)]).await;
        assert_eq!(answer.status, 400, "{email} {password}");
        assert!(answer.body.contains(text), "{text} in {}", answer.body);
        assert!(!answer.body.contains(password) || password.is_empty(), "a password is never echoed");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    assert_eq!(rows(&scene.app).await, before);
    assert!(!is_logged_in(&scene, &browser).await);
    // The same form still works.
    let posted = answer_form(&browser, &start, &NEW).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}

#[tokio::test]
async fn the_tenant_may_let_the_page_name_existing_users() {
    let scene = Scene::new(routes).await;
    change_settings(&scene, |settings| {
        settings.flags.other.insert("enable_public_signup_user_exists_error".to_owned(), json!(true));
    })
    .await;
    let browser = scene.app.browser();
    let taken = [("email", "jane@example.com"), ("password", "Correct-horse-2")];
    let answer = answer_form(&browser, &begin(&scene, &browser).await, &taken).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("The user already exists."), "{}", answer.body);
}

/// One account and one code, whichever of the two posts is first.
#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_user() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser).await;
    let page = browser.get(start.location()).await;
    let users = rows(&scene.app).await[4];
    let path = start.location();
    let (one, two) = tokio::join!(browser.submit(path, &page, &NEW), browser.submit(path, &page, &NEW));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400], "{one:#?} {two:#?}");
    assert_eq!(rows(&scene.app).await[4], users + 1);
    let answer = browser.get(&format!("/authorize/resume?state={}", handle(&start))).await;
    assert_eq!(outcome(&answer), Outcome::Code);
    assert_eq!(rows(&scene.app).await[2], 1);
}

#[tokio::test]
async fn signups_that_are_switched_off_meanwhile_lead_to_the_login_page() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser).await;
    let page = browser.get(start.location()).await;
    change_connection(&scene, |connection| connection.options.disable_signup = true).await;
    let before = rows(&scene.app).await;
    assert_eq!(outcome(&browser.get(start.location()).await), Outcome::Login);
    assert_eq!(outcome(&browser.submit(start.location(), &page, &NEW).await), Outcome::Login);
    assert_eq!(rows(&scene.app).await, before);
    // AR-03: the request itself is refused as well, once it is looked at again.
    let resumed = browser.get(&format!("/authorize/resume?state={}", handle(&start))).await;
    assert_eq!(outcome(&resumed), refused("invalid_request", "signup is disabled"));
    let login = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    assert!(!browser.get(login.location()).await.body.contains("/u/signup"), "no link to a closed door");
}
