//! Login transactions: bound to their browser, answered once, over after an hour (§1.7, SE-02, LG-01).

use keywright_testkit::{Answer, Browser, Engine, Scene};
use keywright_types::TenantSettings;

use crate::outcome::{
    Outcome, answer_form, change_settings, credentials, handle, is_logged_in, lost, outcome, page, rows,
};
use crate::routes;

const PAGES: [&str; 4] = ["/u/login", "/u/signup", "/u/consent", "/authorize/resume"];

async fn begin(scene: &Scene, browser: &Browser, more: &[(&str, &str)]) -> Answer {
    let answer = browser.get(&scene.authorize_path(&scene.web, &[&[("scope", "openid")], more].concat())).await;
    assert_eq!(outcome(&answer), Outcome::Login);
    answer
}

/// Every page and form of the transaction says that it is not open for this browser, and changes nothing.
async fn check_lost(scene: &Scene, browser: &Browser, state: &str, csrf: &str) {
    let before = rows(&scene.app).await;
    for path in PAGES {
        let got = browser.get(&format!("{path}?state={state}")).await;
        assert_eq!(outcome(&got), lost(), "{path}");
        assert!(got.headers.get("set-cookie").is_none(), "{path}");
    }
    for path in &PAGES[..3] {
        let fields = [
            ("state", state),
            ("_csrf", csrf),
            ("username", "jane@example.com"),
            ("email", "new@example.com"),
            ("password", scene.password()),
            ("action", "accept"),
        ];
        let posted = browser.post(path, &fields).await;
        assert_eq!(outcome(&posted), lost(), "{path}");
        assert!(posted.headers.get("set-cookie").is_none(), "{path}");
    }
    assert_eq!(rows(&scene.app).await, before);
}

#[tokio::test]
async fn se_02_a_link_works_only_in_the_browser_that_began() {
    let scene = Scene::new(routes).await;
    let attacker = scene.app.browser();
    let start = begin(&scene, &attacker, &[]).await;
    let csrf = attacker.get(start.location()).await.input("_csrf").unwrap();
    // A browser without any cookie, one with a transaction of its own, and one that is logged in.
    let stranger = scene.app.browser();
    check_lost(&scene, &stranger, &handle(&start), &csrf).await;
    begin(&scene, &stranger, &[]).await;
    check_lost(&scene, &stranger, &handle(&start), &csrf).await;
    let victim = scene.app.browser();
    scene.log_in(&victim, &scene.web, &[("scope", "openid")]).await;
    check_lost(&scene, &victim, &handle(&start), &csrf).await;
    // The attacker has gained nothing by it.
    let resumed = attacker.get(&format!("/authorize/resume?state={}", handle(&start))).await;
    assert_eq!(outcome(&resumed), Outcome::Login);
}

#[tokio::test]
async fn se_02_a_flow_that_has_lost_its_browser_cookie_cannot_go_on() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    let csrf = browser.get(start.location()).await.input("_csrf").unwrap();
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    // Logged in, but not the browser that began.
    browser.set_cookie("__Host-auth0-browser", None);
    check_lost(&scene, &browser, &handle(&start), &csrf).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), lost());
}

/// An attacker plants the cookie of his own browser in the victim's, and lets the victim finish his link.
#[tokio::test]
async fn se_02_a_planted_browser_cookie_gives_the_planter_nothing() {
    let scene = Scene::new(routes).await;
    let (attacker, victim) = (scene.app.browser(), scene.app.browser());
    let start = begin(&scene, &attacker, &[]).await;
    victim.set_cookie("__Host-auth0-browser", attacker.cookie("__Host-auth0-browser").as_deref());
    let posted = answer_form(&victim, &start, &credentials(&scene)).await;
    assert_eq!(outcome(&posted), Outcome::Resume);
    // The session is the victim's alone, and without it the transaction knows nobody.
    let resumed = attacker.get(posted.location()).await;
    assert_eq!(outcome(&resumed), Outcome::Login);
    assert!(!is_logged_in(&scene, &attacker).await);
    assert_eq!(outcome(&victim.get(posted.location()).await), Outcome::Code);
    assert_eq!(outcome(&attacker.get(posted.location()).await), lost());
}

#[tokio::test]
async fn se_02_wb_02_a_form_needs_its_own_value_and_its_own_site() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    let good = browser.get(start.location()).await.input("_csrf").unwrap();
    let second = begin(&scene, &browser, &[]).await;
    let of_second = browser.get(second.location()).await.input("_csrf").unwrap();
    let other = scene.app.browser();
    let others = begin(&scene, &other, &[]).await;
    let of_other = other.get(others.location()).await.input("_csrf").unwrap();
    let cut = &good[..good.len() - 1];
    let before = rows(&scene.app).await;
    let text =
        "invalid_request: The form was not sent from its own page. Go back, load the page again and try once more.";
    let state = handle(&start);
    let fields = |csrf| {
        let answers = [("username", "jane@example.com"), ("email", "new@example.com"), ("action", "accept")];
        [&[("state", state.as_str()), ("_csrf", csrf), ("password", scene.password())], &answers[..]].concat()
    };
    for path in &PAGES[..3] {
        for csrf in ["", "x", cut, &of_second, &of_other, &state] {
            assert_eq!(outcome(&browser.post(path, &fields(csrf)).await), page(403, text), "{path} {csrf}");
        }
        // The right value, but another site made the browser send it.
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "https://evil.example"),
            ("origin", "http://login.example.com"),
            ("origin", "https://login.example.com.evil.example"),
        ] {
            let answer = browser.post_from(path, &fields(&good), &[(name, value)]).await;
            assert_eq!(outcome(&answer), page(403, text), "{path} {name}: {value}");
        }
    }
    assert_eq!(rows(&scene.app).await, before);
    assert_eq!(outcome(&browser.post("/u/login", &fields(&good)).await), Outcome::Resume);
}

#[tokio::test]
async fn a_transaction_is_open_for_an_hour() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    let csrf = browser.get(start.location()).await.input("_csrf").unwrap();
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    let unfinished = begin(&scene, &browser, &[("prompt", "login")]).await;
    scene.app.advance(3599);
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    assert_eq!(browser.get(unfinished.location()).await.status, 200);
    scene.app.advance(1);
    check_lost(&scene, &browser, &handle(&unfinished), &csrf).await;
}

#[tokio::test]
async fn a_finished_transaction_cannot_be_gone_back_to() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    let login_page = browser.get(start.location()).await;
    let posted = browser.submit(start.location(), &login_page, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    check_lost(&scene, &browser, &handle(&start), &login_page.input("_csrf").unwrap()).await;
    assert!(is_logged_in(&scene, &browser).await);
}

/// §1.7: the application's `initiate_login_uri`, else the tenant's `default_redirection_uri`, else the page.
#[tokio::test]
async fn a_lost_transaction_starts_again_where_the_application_or_the_tenant_says() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    let iss = "iss=https%3A%2F%2Flogin.example.com%2F";
    let check = async |state: String, expected: Option<String>| {
        for path in PAGES {
            let get = browser.get(&format!("{path}?state={state}")).await;
            let post = browser.post(path, &[("state", &state), ("_csrf", "x")]).await;
            for (answer, status) in [(get, 302), (post, 303)] {
                if path == "/authorize/resume" && status == 303 {
                    continue;
                }
                match &expected {
                    Some(url) => {
                        assert_eq!((answer.status.as_u16(), answer.location()), (status, url.as_str()), "{path}");
                    }
                    None => assert_eq!(outcome(&answer), lost(), "{path}"),
                }
            }
        }
    };
    scene.app.advance(3600);
    let (known, unknown) = (handle(&start), "bm9zdWNo".to_owned());
    check(known.clone(), None).await;
    check(unknown.clone(), None).await;
    change_settings(&scene, |settings| {
        settings.default_redirection_uri = Some("https://www.example.com/start?a=1".to_owned());
    })
    .await;
    let of_tenant = Some(format!("https://www.example.com/start?a=1&{iss}"));
    check(known.clone(), of_tenant.clone()).await;
    check(unknown.clone(), of_tenant.clone()).await;
    let start_again = Some("https://app.example.com/login".to_owned());
    scene.app.change_client(&scene.web, |client| client.initiate_login_uri = start_again).await;
    check(known.clone(), Some(format!("https://app.example.com/login?{iss}"))).await;
    check(unknown, of_tenant.clone()).await;
    check(format!("x.{}", scene.spa.id()), of_tenant).await;
    // A broken link, a finished transaction, and cookies that are switched off.
    check(format!("x.{}", scene.web.id()), Some(format!("https://app.example.com/login?{iss}"))).await;
    let again = begin(&scene, &browser, &[]).await;
    browser.set_cookie("__Host-auth0-browser", None);
    check(handle(&again), Some(format!("https://app.example.com/login?{iss}"))).await;
}

/// Two posts of one login form at once, and two resumes at once: one session is left and one code is issued.
#[tokio::test]
async fn a_form_that_is_sent_twice_has_one_result() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let browser = scene.app.browser();
        let start = begin(&scene, &browser, &[("state", "s")]).await;
        let page = browser.get(start.location()).await;
        let (path, form) = (start.location(), credentials(&scene));
        let (one, two) = tokio::join!(browser.submit(path, &page, &form), browser.submit(path, &page, &form));
        assert_eq!((outcome(&one), outcome(&two)), (Outcome::Resume, Outcome::Resume));
        assert_eq!(rows(&scene.app).await[0], 1, "the session of one of the two is over");
        let resume = one.location();
        let (one, two, three) = tokio::join!(browser.get(resume), browser.get(resume), browser.get(resume));
        let mut codes = 0;
        for answer in [one, two, three] {
            match outcome(&answer) {
                Outcome::Code => codes += 1,
                other => assert_eq!(other, lost()),
            }
        }
        assert_eq!((codes, rows(&scene.app).await[2]), (1, 1), "{engine:?}");
        assert!(is_logged_in(&scene, &browser).await);
    }
}

#[tokio::test]
async fn two_tabs_finish_independently() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let one = begin(&scene, &browser, &[("state", "one"), ("nonce", "n1")]).await;
    let two = begin(&scene, &browser, &[("state", "two"), ("nonce", "n2")]).await;
    assert_ne!(handle(&one), handle(&two));
    let first = answer_form(&browser, &one, &credentials(&scene)).await;
    let second = answer_form(&browser, &two, &credentials(&scene)).await;
    for (posted, state, nonce) in [(second, "two", "n2"), (first, "one", "n1")] {
        let answer = browser.get(posted.location()).await;
        assert_eq!(answer.location_parameter("state").as_deref(), Some(state));
        let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
        assert_eq!(tokens.claims("id_token")["nonce"], nonce);
    }
}

#[tokio::test]
async fn a_wrong_password_can_be_corrected() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = begin(&scene, &browser, &[]).await;
    for (username, password, text) in [
        ("jane@example.com", "wrong", "Wrong email or password"),
        ("nobody@example.com", scene.password(), "Wrong email or password"),
        ("", scene.password(), "Please enter an email address"),
        ("jane@example.com", "", "Password is required"),
    ] {
        let answer = answer_form(&browser, &start, &[("username", username), ("password", password)]).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.body.contains(text), "{text} in {}", answer.body);
        assert_eq!(answer.input("username").as_deref(), Some(username));
        assert!(answer.headers.get("set-cookie").is_none());
        let resumed = browser.get(&format!("/authorize/resume?state={}", handle(&start))).await;
        assert_eq!(outcome(&resumed), Outcome::Login);
    }
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}
