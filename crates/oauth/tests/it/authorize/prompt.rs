//! `prompt`, `max_age`, hints and the SSO session (§1.8; AR-05, AR-06).

use keywright_testkit::{Answer, Browser, Scene};
use serde_json::{Value, json};

use crate::outcome::{
    Outcome, add_client, add_user, answer_form, change_connection, credentials, handle, is_logged_in, login_required,
    outcome, refused,
};
use crate::routes;

/// `auth_time` of the ID token that the code in `answer` gives.
async fn auth_time(scene: &Scene, answer: &Answer) -> Value {
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"));
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    tokens.claims("id_token")["auth_time"].clone()
}

/// One cell: the age of the session in seconds (`None`: nobody is logged in), `prompt` and `max_age`.
async fn check(scene: &Scene, age: Option<i64>, prompt: &str, max_age: &str) {
    let browser = scene.app.browser();
    let started = scene.app.app.now().as_second();
    if age.is_some() {
        scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    }
    scene.app.advance(age.unwrap_or(0));
    let now = started + age.unwrap_or(0);
    let path = scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", prompt), ("max_age", max_age)]);
    let answer = browser.get(&path).await;
    let cell = format!("{age:?} prompt={prompt} max_age={max_age}");

    let too_old = match (age, max_age) {
        (None, _) | (_, "0") => true,
        (Some(_), "") => false,
        (Some(age), limit) => age > limit.parse().unwrap(),
    };
    let expected = match (prompt, too_old) {
        ("none", true) => login_required(),
        ("login" | "select_account", _) | (_, true) => Outcome::Login,
        ("consent", _) => Outcome::Consent,
        _ => Outcome::Code,
    };
    assert_eq!(outcome(&answer), expected, "{cell}");
    let says_auth_time = !max_age.is_empty() || prompt == "login";
    let claim = |at: i64| if says_auth_time { json!(at) } else { Value::Null };
    match expected {
        Outcome::Code => assert_eq!(auth_time(scene, &answer).await, claim(started), "{cell}"),
        Outcome::Login => {
            // To go on without logging in leads back to the page.
            let skipped = browser.get(&format!("/authorize/resume?state={}", handle(&answer))).await;
            assert_eq!(outcome(&skipped), Outcome::Login, "{cell}");
            let posted = answer_form(&browser, &answer, &credentials(scene)).await;
            let mut answer = browser.get(posted.location()).await;
            if prompt == "consent" {
                assert_eq!(outcome(&answer), Outcome::Consent, "{cell}");
                answer = browser.consent(answer, "accept").await;
            }
            assert_eq!(auth_time(scene, &answer).await, claim(now), "{cell}");
        }
        _ => {}
    }
}

#[tokio::test]
async fn ar_05_session_age_by_prompt_by_max_age() {
    let scene = Scene::new(routes).await;
    for age in [None, Some(0), Some(59), Some(60), Some(61), Some(7200)] {
        for prompt in ["", "none", "login", "consent", "select_account"] {
            for max_age in ["", "0", "60", "999999"] {
                check(&scene, age, prompt, max_age).await;
            }
        }
    }
}

#[tokio::test]
async fn ar_05_prompt_none_never_shows_a_page_whatever_is_missing() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let silent = async |more: &[(&str, &str)]| {
        outcome(&browser.get(&scene.authorize_path(&scene.web, &[&[("prompt", "none")], more].concat())).await)
    };
    assert_eq!(silent(&[("screen_hint", "signup")]).await, login_required());
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    assert_eq!(silent(&[("screen_hint", "signup")]).await, Outcome::Code);
    let consent_required = refused("consent_required", "Consent required");
    assert_eq!(silent(&[("audience", "appointments:api")]).await, consent_required);
    scene.app.change_client(&scene.web, |client| client.sso_disabled = true).await;
    assert_eq!(silent(&[]).await, login_required());
}

/// `id_token_hint` for the user of `browser`, made for the web application.
async fn hint(scene: &Scene, browser: &Browser) -> String {
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")])).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    tokens.text("id_token")
}

#[tokio::test]
async fn ar_06_a_hint_for_another_user_yields_login_required() {
    let scene = Scene::new(routes).await;
    add_user(&scene, "john@example.com").await;
    let (jane, john) = (scene.app.browser(), scene.app.browser());
    scene.log_in(&jane, &scene.web, &[("scope", "openid")]).await;
    let start = john.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    john.log_in(&start, "john@example.com", scene.password()).await;
    let (janes, johns) = (hint(&scene, &jane).await, hint(&scene, &john).await);
    // Also long after it expired.
    for advance in [0, 36_001] {
        scene.app.advance(advance);
        for (browser, hint, expected) in [
            (&jane, &janes, Outcome::Code),
            (&jane, &johns, login_required()),
            (&john, &johns, Outcome::Code),
            (&john, &janes, login_required()),
        ] {
            let more = [("id_token_hint", hint.as_str()), ("prompt", "none")];
            assert_eq!(outcome(&browser.get(&scene.authorize_path(&scene.web, &more)).await), expected);
        }
    }
    // With a page: the hinted user may log in; anybody else is refused and the application learns it.
    let asked = async || jane.get(&scene.authorize_path(&scene.web, &[("id_token_hint", johns.as_str())])).await;
    let answer = asked().await;
    assert_eq!(outcome(&answer), Outcome::Login);
    let wrong = answer_form(&jane, &answer, &credentials(&scene)).await;
    assert_eq!(outcome(&jane.get(wrong.location()).await), login_required());
    let right = [("username", "john@example.com"), ("password", scene.password())];
    let posted = answer_form(&jane, &asked().await, &right).await;
    assert_eq!(outcome(&jane.get(posted.location()).await), Outcome::Code);
}

/// §1.1: `id_token_hint` is "accepted, no documented effect" where it says nothing about a user.
#[tokio::test]
async fn ar_06_what_is_no_id_token_for_this_application_is_no_hint() {
    let scene = Scene::new(routes).await;
    add_user(&scene, "john@example.com").await;
    let (jane, john) = (scene.app.browser(), scene.app.browser());
    scene.log_in(&jane, &scene.web, &[("scope", "openid")]).await;
    let start =
        john.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("audience", "appointments:api")])).await;
    let answer = john.log_in(&start, "john@example.com", scene.password()).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    let id_token = tokens.text("id_token");
    let cut = &id_token[..id_token.len() - 1];
    for hint in [tokens.text("access_token").as_str(), cut, "x", "a.b.c"] {
        let path = scene.authorize_path(&scene.web, &[("id_token_hint", hint), ("prompt", "none")]);
        assert_eq!(outcome(&jane.get(&path).await), Outcome::Code, "{hint:.20}");
    }
    let path = scene.authorize_path(&scene.spa, &[("id_token_hint", &id_token), ("prompt", "none")]);
    assert_eq!(outcome(&jane.get(&path).await), Outcome::Code, "another application's");
}

#[tokio::test]
async fn an_application_with_sso_disabled_ignores_the_session() {
    let scene = Scene::new(routes).await;
    let alone = add_client(&scene, "Alone", keywright_types::AppType::RegularWeb, "https://alone.example.com/cb").await;
    let alone = scene.app.change_client(&alone, |client| client.sso_disabled = true).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    for _ in 0..2 {
        let answer = browser.get(&scene.authorize_path(&alone, &[])).await;
        assert_eq!(outcome(&answer), Outcome::Login);
        let posted = answer_form(&browser, &answer, &credentials(&scene)).await;
        assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
        assert!(is_logged_in(&scene, &browser).await, "other applications go on");
    }
    let answer = browser.get(&scene.authorize_path(&alone, &[("prompt", "none")])).await;
    assert_eq!(outcome(&answer), login_required());
}

#[tokio::test]
async fn a_session_counts_only_through_a_connection_of_the_application() {
    let scene = Scene::new(routes).await;
    let mut second = scene.connection.clone();
    second.id = "con_0000000000000002".to_owned();
    second.name = "Staff".to_owned();
    second.enabled_clients = vec![scene.web.id().to_owned(), scene.native.id().to_owned()];
    scene.app.app.create_connection(&scene.app.tenant.id, &second).await.unwrap();
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("connection", "Username-Password-Authentication")]).await;
    let led_to = async |more: &[(&str, &str)]| outcome(&browser.get(&scene.authorize_path(&scene.web, more)).await);
    assert_eq!(led_to(&[]).await, Outcome::Code);
    assert_eq!(led_to(&[("connection", "Username-Password-Authentication")]).await, Outcome::Code);
    assert_eq!(led_to(&[("connection", "Staff")]).await, Outcome::Login);
    assert_eq!(led_to(&[("connection", "Staff"), ("prompt", "none")]).await, login_required());
    // The page of the named connection takes its users only.
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("connection", "Staff")])).await;
    assert_eq!(answer_form(&browser, &answer, &credentials(&scene)).await.status, 400);
    change_connection(&scene, |connection| connection.enabled_clients.retain(|id| id != scene.web.id())).await;
    assert_eq!(led_to(&[]).await, Outcome::Login);
    assert_eq!(led_to(&[("prompt", "none")]).await, login_required());
}

#[tokio::test]
async fn hints_choose_the_page_and_fill_it_in() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let hint = "jane+\"<b>'@example.com";
    for (more, led_to, name) in [
        (&[("login_hint", hint)][..], Outcome::Login, "username"),
        (&[("login_hint", hint), ("screen_hint", "login")], Outcome::Login, "username"),
        (&[("login_hint", hint), ("screen_hint", "signup")], Outcome::SignUp, "email"),
        (&[("login_hint", hint), ("screen_hint", "signup"), ("prompt", "login")], Outcome::SignUp, "email"),
    ] {
        let answer = browser.get(&scene.authorize_path(&scene.web, more)).await;
        assert_eq!(outcome(&answer), led_to, "{more:?}");
        let page = browser.get(answer.location()).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.input(name).as_deref(), Some(hint), "{more:?}");
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    scene.log_in(&browser, &scene.web, &[]).await;
    for (more, led_to) in [
        (&[("screen_hint", "signup")][..], Outcome::Code),
        (&[("screen_hint", "signup"), ("prompt", "login")], Outcome::SignUp),
        (&[("login_hint", "john@example.com")], Outcome::Code),
    ] {
        assert_eq!(outcome(&browser.get(&scene.authorize_path(&scene.web, more)).await), led_to, "{more:?}");
    }
}

#[tokio::test]
async fn a_blocked_user_is_refused_at_the_application_with_every_kind_of_visit() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let asked = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "consent")])).await;
    assert_eq!(outcome(&asked), Outcome::Consent);
    let (tenant, user_id, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    let store = scene.app.app.store();
    let blocked = store.write(move |tx| keywright_store::users::set_blocked(tx, &tenant, &user_id, true, now)).await;
    assert!(blocked.is_ok_and(|found: bool| found));
    let expected = refused("unauthorized", "user is blocked");
    for more in [&[][..], &[("prompt", "none")], &[("prompt", "consent")], &[("audience", "appointments:api")]] {
        let answer = browser.get(&scene.authorize_path(&scene.web, more)).await;
        assert_eq!(outcome(&answer), expected, "{more:?}");
    }
    let posted = answer_form(&browser, &asked, &[("action", "accept")]).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), expected);
    // A new login, in a browser that nobody knows.
    let other = scene.app.browser();
    let start = other.get(&scene.authorize_path(&scene.web, &[("state", "s")])).await;
    let wrong = answer_form(&other, &start, &[("username", "jane@example.com"), ("password", "wrong")]).await;
    assert_eq!(wrong.status, 400, "who does not know the password does not learn it");
    assert!(wrong.body.contains("Wrong email or password") && !wrong.body.contains("blocked"));
    let posted = answer_form(&other, &start, &credentials(&scene)).await;
    assert!(posted.headers.get("set-cookie").is_none());
    let answer = other.get(posted.location()).await;
    assert_eq!(outcome(&answer), expected);
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"));
    assert!(!is_logged_in(&scene, &other).await);
}
