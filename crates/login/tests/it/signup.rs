//! `/u/signup`.

use keywright_app::HashingCost;
use keywright_types::ConnectionOptions;

use crate::site::{EMAIL, PASSWORD, Site};

#[tokio::test]
async fn a_new_user_is_logged_in() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let fields = [("email", "New@Example.com"), ("password", PASSWORD), ("action", "default")];
    let answer = browser.fill_in(&format!("/u/signup?state={state}"), &fields).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize/resume?state={state}").as_str()));
    let user_id = site.logged_in(&browser).await.unwrap();
    let user = site.app.user(&site.tenant.id, &user_id).await.unwrap().unwrap();
    assert_eq!(user.email.as_deref(), Some("new@example.com"));
    assert!(!user.email_verified);
    assert_eq!(site.progress(&browser, &state).await.unwrap().login.unwrap().user_id, user_id);
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let options = ConnectionOptions { requires_username: true, ..ConnectionOptions::default() };
    let site = Site::with(options, HashingCost::Minimal).await;
    let browser = site.browser();
    let path = format!("/u/signup?state={}", site.begin(&browser).await.handle);
    for (email, username, password, text) in [
        ("", "new", PASSWORD, "Please enter an email address"),
        ("new@example", "new", PASSWORD, "This does not look like an email address"),
        ("new@example.com", "", PASSWORD, "Username is required"),
        ("new@example.com", "new user", PASSWORD, "A username has 1 to 15 letters"),
        ("new@example.com", "new", "", "Password is required"),
        ("new@example.com", "new", "short", "The password is too weak"),
    ] {
        let answer = browser.fill_in(&path, &[("email", email), ("username", username), ("password", password)]).await;
        assert_eq!(answer.status, 400, "{text}");
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
        assert_eq!(answer.input("email").unwrap(), email, "what was entered is kept");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    assert_eq!(site.logged_in(&browser).await, None);
}

#[tokio::test]
async fn the_rules_show_what_the_password_broke() {
    let site = Site::start().await;
    let browser = site.browser();
    let path = format!("/u/signup?state={}", site.begin(&browser).await.handle);
    let page = browser.get(&path).await;
    assert!(page.body.contains("At least 8 characters in length"));
    assert_eq!(page.body.matches("<li class=\"open\">").count(), 6);
    let answer = browser.fill_in(&path, &[("email", "new@example.com"), ("password", "abcdefgh")]).await;
    assert_eq!(answer.body.matches("<li class=\"met\">").count(), 2, "the length and the lower case letters");
    assert_eq!(answer.body.matches("<li class=\"unmet\">").count(), 4);
    assert!(!answer.body.contains("value=\"abcdefgh\""), "the password is not sent back");
}

#[tokio::test]
async fn lg_03_whether_an_account_exists_is_said_only_where_the_tenant_wants_it() {
    let site = Site::start().await;
    let browser = site.browser();
    let path = format!("/u/signup?state={}", site.begin(&browser).await.handle);
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let answer = browser.fill_in(&path, &fields).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("This account could not be created"));
    assert!(!answer.body.contains("already exists"));
    site.set(|settings| {
        settings.flags.other.insert("enable_public_signup_user_exists_error".to_owned(), true.into());
    })
    .await;
    assert!(browser.fill_in(&path, &fields).await.body.contains("The user already exists."));
    assert_eq!(site.logged_in(&browser).await, None);
}

#[tokio::test]
async fn where_signup_is_disabled_the_page_leads_to_login() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let path = format!("/u/signup?state={state}");
    let page = browser.get(&path).await;
    let (state_field, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    site.configure(|connection| connection.options.disable_signup = true).await;
    let login = format!("/u/login?state={state}");
    let answer = browser.get(&path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, login.as_str()));
    let fields =
        [("state", state_field.as_str()), ("_csrf", &csrf), ("email", "new@example.com"), ("password", PASSWORD)];
    let answer = browser.post(&path, &fields).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, login.as_str()));
    assert_eq!(site.logged_in(&browser).await, None);
}
