//! `/u/login`.

use keywright_app::HashingCost;
use keywright_types::ConnectionOptions;

use crate::site::{EMAIL, PASSWORD, Site};

#[tokio::test]
async fn a_right_password_begins_a_session_and_resumes() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let fields = [("username", EMAIL), ("password", PASSWORD), ("action", "default")];
    let answer = browser.fill_in(&format!("/u/login?state={state}"), &fields).await;
    // AR-09: 303, so that the browser does not post the password on.
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize/resume?state={state}").as_str()));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-auth0=") && cookie.contains("HttpOnly; SameSite=None; Secure; Path=/"),
        "{cookie}"
    );
    assert_eq!(site.logged_in(&browser).await.as_deref(), Some(site.user.user_id.as_str()));
    let progress = site.progress(&browser, &state).await.unwrap();
    assert_eq!(progress.login.unwrap().user_id, site.user.user_id);
}

#[tokio::test]
async fn the_page_shows_the_application_and_the_hint() {
    let site = Site::start().await;
    let browser = site.browser();
    let request =
        keywright_app::AuthorizationRequest { login_hint: Some("a\"b@example.com".to_owned()), ..site.request() };
    let state = site.begin_with(&browser, request).await.handle;
    let page = browser.get(&format!("/u/login?state={state}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Log in to Appointments"));
    assert!(page.body.contains("value=\"a&#34;b@example.com\""));
    assert!(page.body.contains(&format!("/u/signup?state={state}")));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    site.configure(|connection| connection.options.disable_signup = true).await;
    assert!(!browser.get(&format!("/u/login?state={state}")).await.body.contains("/u/signup"));
}

#[tokio::test]
async fn lg_03_unknown_and_known_accounts_give_the_same_answer() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let path = format!("/u/login?state={state}");
    let mut answers = Vec::new();
    for username in [EMAIL, "john@example.com"] {
        let answer = browser.fill_in(&path, &[("username", username), ("password", "wrong")]).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("Wrong email or password"));
        assert!(answer.headers.get("set-cookie").is_none());
        assert!(!answer.body.contains("\"wrong\""), "the password is not sent back");
        let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        answers.push(answer.body.replace(username, "X").replace(&nonce, "N"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(site.logged_in(&browser).await, None);
    assert_eq!(site.progress(&browser, &state).await, Some(keywright_app::Progress::default()));
}

#[tokio::test]
async fn usernames_are_accepted_where_the_connection_has_them() {
    let options = ConnectionOptions { requires_username: true, ..ConnectionOptions::default() };
    let site = Site::with(options, HashingCost::Minimal).await;
    let browser = site.browser();
    let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
    let answer = browser.fill_in(&path, &[("username", "jane"), ("password", "wrong")]).await;
    assert!(answer.body.contains("Wrong username or password"));
    assert_eq!(browser.fill_in(&path, &[("username", "Jane"), ("password", PASSWORD)]).await.status, 303);
}

#[tokio::test]
async fn empty_fields_are_named() {
    let site = Site::start().await;
    let browser = site.browser();
    let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
    for (fields, text) in [
        (&[("username", " "), ("password", "x")][..], "Please enter an email address"),
        (&[("username", EMAIL), ("password", "")], "Password is required"),
        (&[], "Please enter an email address"),
    ] {
        let answer = browser.fill_in(&path, fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert!(answer.body.contains(text), "{fields:?}");
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_a_page() {
    let site = Site::start().await;
    let browser = site.browser();
    let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
    let long = "x".repeat(3000);
    let huge = "x".repeat(9000);
    for (fields, status) in [
        (&[("password", "a\0b")][..], 400),
        (&[("password", "a"), ("password", "b")], 400),
        (&[("password", &long)], 400),
        (&[("password", &huge)], 413),
    ] {
        let answer = browser.fill_in(&path, fields).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.contains("Oops!, something went wrong"));
        assert!(!answer.body.contains("xxx"), "values are not echoed");
    }
}

#[tokio::test]
async fn a_blocked_user_is_told_by_way_of_the_application_and_only_with_the_right_password() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let (tenant, user) = (site.tenant.id.clone(), site.user.user_id.clone());
    let now = site.app.now();
    site.app.store().write(move |tx| keywright_store::users::set_blocked(tx, &tenant, &user, true, now)).await.unwrap();
    let path = format!("/u/login?state={state}");
    let answer = browser.fill_in(&path, &[("username", EMAIL), ("password", "wrong")]).await;
    assert!(answer.body.contains("Wrong email or password"));
    let answer = browser.fill_in(&path, &[("username", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize/resume?state={state}").as_str()));
    let denial = site.progress(&browser, &state).await.unwrap().denial.unwrap();
    assert_eq!((denial.error.as_str(), denial.description.as_str()), ("unauthorized", "user is blocked"));
    assert_eq!(site.logged_in(&browser).await, None);
}

#[tokio::test]
async fn se_01_a_login_replaces_the_session_that_was_there() {
    let site = Site::start().await;
    let browser = site.browser();
    let fields = [("username", EMAIL), ("password", PASSWORD)];
    let first = format!("/u/login?state={}", site.begin(&browser).await.handle);
    browser.fill_in(&first, &fields).await;
    let old = browser.cookie("__Host-auth0").unwrap();
    let second = format!("/u/login?state={}", site.begin(&browser).await.handle);
    browser.fill_in(&second, &fields).await;
    assert_ne!(browser.cookie("__Host-auth0").as_ref(), Some(&old));
    let thief = site.browser();
    thief.set_cookie("__Host-auth0", Some(&old));
    assert_eq!(site.logged_in(&thief).await, None, "the old cookie is worth nothing");
}

#[tokio::test]
async fn pressing_the_button_twice_still_logs_in() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let path = format!("/u/login?state={state}");
    let page = browser.get(&path).await;
    let (state_field, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    let fields = [("state", state_field.as_str()), ("_csrf", &csrf), ("username", EMAIL), ("password", PASSWORD)];
    let impatient = site.browser();
    impatient.set_cookie("__Host-auth0-browser", browser.cookie("__Host-auth0-browser").as_deref());
    let (first, second) = tokio::join!(browser.post(&path, &fields), impatient.post(&path, &fields));
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303));
    let recorded = site.progress(&browser, &state).await.unwrap().login.unwrap();
    assert_eq!(recorded.user_id, site.user.user_id);
}

#[tokio::test]
async fn lg_04_overload_answers_503_with_retry_after() {
    let site = Site::with(ConnectionOptions::default(), HashingCost::Production).await;
    let browser = site.browser();
    let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
    let page = browser.get(&path).await;
    let (state, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    let cookie = browser.cookie("__Host-auth0-browser").unwrap();
    // The pool lets some thirty requests wait for each core.
    let flood = 200 * std::thread::available_parallelism().map_or(2, usize::from);
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..flood {
        let bot = site.browser();
        bot.set_cookie("__Host-auth0-browser", Some(&cookie));
        let (path, state, csrf) = (path.clone(), state.clone(), csrf.clone());
        // Each at another account, so that none is blocked.
        let username = format!("user{number}@example.com");
        posts.spawn(async move {
            let fields = [("state", state.as_str()), ("_csrf", &csrf), ("username", &username), ("password", "wrong")];
            bot.post(&path, &fields).await
        });
    }
    let answers = posts.join_all().await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty(), "somebody is sent away");
    assert!(answers.iter().all(|answer| answer.status == 503 || answer.status == 400));
    assert!(answers.iter().any(|answer| answer.status == 400), "and somebody is served");
    assert_eq!(refused[0].headers["retry-after"], "1");
    assert!(refused[0].body.contains("temporarily_unavailable"));
}
