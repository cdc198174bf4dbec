//! SSO sessions (§1.11; SE-01, SE-04, SE-07).

use jiff::SignedDuration;
use keywright_testkit::{Browser, Engine, Scene, TestApp};
use keywright_types::{SessionCookieMode, TenantSettings};

use crate::outcome::{
    Outcome, add_user, answer_form, change_settings, credentials, handle, is_logged_in, login_required, outcome, rows,
};
use crate::routes;

const SESSION: &str = "__Host-auth0";

async fn signed_in(scene: &Scene) -> Browser {
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    browser
}

/// Subject of the session in `browser`, by a silent request.
async fn subject(scene: &Scene, browser: &Browser) -> String {
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")])).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    tokens.claims("id_token")["sub"].as_str().unwrap().to_owned()
}

/// `sid` of the session in `browser`.
async fn session_id(scene: &Scene, browser: &Browser) -> String {
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")])).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    tokens.claims("id_token")["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn se_01_a_login_makes_a_new_identifier_and_the_old_one_dies() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let (old_cookie, old_id) = (browser.cookie(SESSION).unwrap(), session_id(&scene, &browser).await);
    let thief = scene.app.browser();
    thief.set_cookie(SESSION, Some(&old_cookie));
    assert!(is_logged_in(&scene, &thief).await);

    let again = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    assert!(is_logged_in(&scene, &thief).await, "to see the page changes nothing");
    answer_form(&browser, &again, &credentials(&scene)).await;
    assert_ne!(browser.cookie(SESSION).unwrap(), old_cookie);
    assert!(!is_logged_in(&scene, &thief).await, "the old identifier is dead");
    assert_eq!(rows(&scene.app).await[0], 1);
    // Its applications stay in it: for them it is the same session, until somebody else logs in.
    assert_eq!(session_id(&scene, &browser).await, old_id);
    add_user(&scene, "john@example.com").await;
    let other = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    answer_form(&browser, &other, &[("username", "john@example.com"), ("password", scene.password())]).await;
    assert_ne!(session_id(&scene, &browser).await, old_id);
    assert_eq!(rows(&scene.app).await[0], 1);
}

#[tokio::test]
async fn se_01_a_planted_session_cookie_gives_the_planter_nothing() {
    let scene = Scene::new(routes).await;
    add_user(&scene, "mallory@example.com").await;
    let (mallory, jane) = (scene.app.browser(), scene.app.browser());
    let start = mallory.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    mallory.log_in(&start, "mallory@example.com", scene.password()).await;
    // Jane's browser carries Mallory's session when she logs in, by the login page and by the sign-up page.
    jane.set_cookie(SESSION, mallory.cookie(SESSION).as_deref());
    let start = jane.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "login")])).await;
    answer_form(&jane, &start, &credentials(&scene)).await;
    assert_eq!(subject(&scene, &jane).await, scene.user.user_id);
    assert!(!is_logged_in(&scene, &mallory).await);
    // A cookie that never was a session is replaced as well.
    let other = scene.app.browser();
    other.set_cookie(SESSION, Some("planted"));
    let start = other.get(&scene.authorize_path(&scene.web, &[("screen_hint", "signup")])).await;
    assert_eq!(outcome(&start), Outcome::SignUp);
    answer_form(&other, &start, &[("email", "new@example.com"), ("password", "Correct-horse-2")]).await;
    assert_ne!(other.cookie(SESSION).unwrap(), "planted");
    assert!(is_logged_in(&scene, &other).await);
}

#[tokio::test]
async fn se_04_logout_removes_the_record_on_the_server() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let (cookie, old_id) = (browser.cookie(SESSION).unwrap(), session_id(&scene, &browser).await);
    assert_eq!(browser.get("/v2/logout").await.status, 200);
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(rows(&scene.app).await[0], 0);
    // The cookie was kept by somebody.
    browser.set_cookie(SESSION, Some(&cookie));
    assert!(!is_logged_in(&scene, &browser).await);
    // Nor does its identifier come back with a new login.
    browser.set_cookie(SESSION, None);
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    assert_ne!(session_id(&scene, &browser).await, old_id);
    browser.set_cookie(SESSION, Some(&cookie));
    assert!(!is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn se_04_another_user_of_the_browser_starts_clean() {
    let scene = Scene::new(routes).await;
    let john = add_user(&scene, "john@example.com").await;
    let johns = [("username", "john@example.com"), ("password", scene.password())];
    let api = [("audience", "appointments:api"), ("scope", "openid appointments")];
    // What remains of Jane: everything, the browser cookie only, the session cookie only.
    for (logs_out, forgets) in
        [(false, None), (true, None), (false, Some("__Host-auth0-browser")), (false, Some(SESSION))]
    {
        let browser = signed_in(&scene).await;
        let janes = browser.cookie(SESSION).unwrap();
        let asked = browser.get(&scene.authorize_path(&scene.web, &api)).await;
        if outcome(&asked) == Outcome::Consent {
            answer_form(&browser, &asked, &[("action", "accept")]).await;
        }
        if logs_out {
            browser.get("/v2/logout").await;
        }
        if let Some(name) = forgets {
            browser.set_cookie(name, None);
        }
        let start = browser.get(&scene.authorize_path(&scene.web, &[&api[..], &[("prompt", "login")]].concat())).await;
        assert_eq!(outcome(&start), Outcome::Login);
        let page = browser.get(start.location()).await;
        assert!(!page.body.contains("jane@example.com"), "{}", page.body);
        let posted = answer_form(&browser, &start, &johns).await;
        assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Consent, "Jane's yes is not John's");
        assert_eq!(subject(&scene, &browser).await, john.user_id);
        if forgets != Some(SESSION) {
            browser.set_cookie(SESSION, Some(&janes));
            assert!(!is_logged_in(&scene, &browser).await, "{logs_out} {forgets:?}");
        }
    }
}

#[tokio::test]
async fn se_04_a_login_that_is_cancelled_leaves_everything_as_it_was() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let before = session_id(&scene, &browser).await;
    let start = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login"), ("state", "s")])).await;
    browser.get(start.location()).await;
    let wrong = answer_form(&browser, &start, &[("username", "john@example.com"), ("password", "x")]).await;
    assert_eq!(wrong.status, 400);
    // The page is closed. The pending request gives no code to the session that was there.
    let resumed = browser.get(&format!("/authorize/resume?state={}", handle(&start))).await;
    assert_eq!(outcome(&resumed), Outcome::Login);
    assert_eq!(session_id(&scene, &browser).await, before);
    assert_eq!(subject(&scene, &browser).await, scene.user.user_id);
}

#[tokio::test]
async fn se_04_a_logout_in_another_tab_ends_a_pending_login() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    let cookie = browser.cookie(SESSION).unwrap();
    browser.get("/v2/logout").await;
    browser.set_cookie(SESSION, Some(&cookie));
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Login);
}

/// Whether the cookies of `browser` are a session on `node`, without using it there.
async fn lives_on(scene: &Scene, node: &TestApp, browser: &Browser) -> bool {
    let session = node.app.session(&scene.app.tenant, browser.cookie(SESSION).as_deref()).await.unwrap();
    session.is_some()
}

/// Advances to one second, and then one millisecond, before the end, and over it; on both nodes.
async fn check_end(scene: &Scene, node: &TestApp, browser: &Browser, in_seconds: i64) {
    let clock = scene.app.app.clock();
    clock.advance(SignedDuration::from_secs(in_seconds - 1));
    assert!(lives_on(scene, &scene.app, browser).await && lives_on(scene, node, browser).await);
    clock.advance(SignedDuration::from_millis(999));
    assert!(lives_on(scene, &scene.app, browser).await && lives_on(scene, node, browser).await);
    clock.advance(SignedDuration::from_millis(1));
    assert!(!lives_on(scene, &scene.app, browser).await && !lives_on(scene, node, browser).await);
    let path = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    for app in [&scene.app, node] {
        let other = app.browser();
        other.set_cookie(SESSION, browser.cookie(SESSION).as_deref());
        assert_eq!(outcome(&other.get(&path).await), login_required());
    }
    clock.advance(SignedDuration::from_secs(1));
    assert!(!is_logged_in(scene, browser).await);
}

const HOUR: i64 = 3600;

#[tokio::test]
async fn se_07_the_idle_end_on_every_node() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let node = scene.second_node().await;
        let browser = signed_in(&scene).await;
        check_end(&scene, &node, &browser, 72 * HOUR).await;
    }
}

/// §1.11: "Idle timer resets on `/authorize`, silent auth and SSO", on either node, but not by a look at a page.
#[tokio::test]
async fn se_07_use_puts_the_idle_end_off() {
    let scene = Scene::new(routes).await;
    let node = scene.second_node().await;
    let browser = signed_in(&scene).await;
    scene.app.advance(72 * HOUR - 1);
    let on_second = node.browser();
    on_second.set_cookie(SESSION, browser.cookie(SESSION).as_deref());
    let silent = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    assert_eq!(outcome(&on_second.get(&silent).await), Outcome::Code);
    scene.app.advance(10 * HOUR);
    // Neither is use: a login page that is looked at, an error, a logout that is not confirmed.
    browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    browser.get(&scene.authorize_path(&scene.web, &[("audience", "no:api")])).await;
    browser.get("/oidc/logout").await;
    check_end(&scene, &node, &browser, 62 * HOUR).await;
}

#[tokio::test]
async fn se_07_the_absolute_end_on_every_node_whatever_the_use() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let node = scene.second_node().await;
        let browser = signed_in(&scene).await;
        for _ in 0..4 {
            scene.app.advance(40 * HOUR);
            assert!(is_logged_in(&scene, &browser).await);
        }
        check_end(&scene, &node, &browser, 8 * HOUR).await;
    }
}

#[tokio::test]
async fn se_07_the_use_of_a_refresh_token_is_no_use_of_the_session() {
    let scene = Scene::new(routes).await;
    let node = scene.second_node().await;
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    scene.app.advance(70 * HOUR);
    let refreshed = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{refreshed:#?}");
    check_end(&scene, &node, &browser, 2 * HOUR).await;
    let refreshed = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "offline access outlives the session");
}

/// Settings count in hours, and fractions of them.
#[tokio::test]
async fn se_07_the_tenant_sets_both_ends() {
    for (idle, absolute, ends_after) in [(0.5, 1.0, 1800), (2.0, 1.0, 3600), (100.0, 0.25, 900)] {
        let settings =
            TenantSettings { idle_session_lifetime: idle, session_lifetime: absolute, ..TenantSettings::default() };
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let node = scene.second_node().await;
        let browser = signed_in(&scene).await;
        check_end(&scene, &node, &browser, ends_after).await;
    }
}

/// §1.11: "a longer new tenant setting applies at next login, a shorter one at next activity".
#[tokio::test]
async fn se_07_a_new_setting_counts_for_running_sessions_when_it_is_shorter() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    change_settings(&scene, |settings| settings.session_lifetime = 1000.0).await;
    for _ in 0..3 {
        scene.app.advance(50 * HOUR);
        assert!(is_logged_in(&scene, &browser).await);
    }
    scene.app.advance(18 * HOUR);
    assert!(!is_logged_in(&scene, &browser).await, "a longer one does not prolong it");
    let browser = signed_in(&scene).await;
    change_settings(&scene, |settings| settings.session_lifetime = 10.0).await;
    scene.app.advance(9 * HOUR);
    assert!(is_logged_in(&scene, &browser).await, "this activity brings the end closer");
    scene.app.advance(HOUR - 1);
    assert!(is_logged_in(&scene, &browser).await);
    scene.app.advance(1);
    assert!(!is_logged_in(&scene, &browser).await);
}

/// §1.11: idle limits as absolute ones; three nodes on one database see the same.
#[tokio::test]
async fn se_07_a_new_idle_limit_counts_on_three_nodes_at_the_next_activity() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let nodes = [scene.app.clone(), scene.second_node().await, scene.second_node().await];
        let on = async |node: &TestApp, browser: &Browser| {
            // What every request does: the tenant as this node knows it.
            let mut changes = node.app.store().config_changes();
            let wanted = *scene.app.app.store().config_changes().borrow();
            changes.wait_for(|version| *version >= wanted).await.unwrap();
            let tenant = node.app.tenant_by_domain(&scene.app.tenant.domain).await.unwrap().unwrap();
            node.app.session(&tenant, browser.cookie(SESSION).as_deref()).await.unwrap().is_some()
        };
        let (old, used) = (signed_in(&scene).await, signed_in(&scene).await);
        scene.app.advance(2 * HOUR);
        change_settings(&scene, |settings| settings.idle_session_lifetime_in_minutes = Some(150.0)).await;
        for node in &nodes {
            assert!(on(node, &old).await && on(node, &used).await);
        }
        assert!(is_logged_in(&scene, &used).await);
        scene.app.advance(1800);
        for node in &nodes {
            assert!(!on(node, &old).await, "{engine:?}: 150 minutes without use");
            assert!(on(node, &used).await, "{engine:?}");
        }
        // A longer one is for the next login.
        change_settings(&scene, |settings| settings.idle_session_lifetime = 100.0).await;
        assert!(is_logged_in(&scene, &used).await);
        let fresh = signed_in(&scene).await;
        scene.app.advance(9000);
        for node in &nodes {
            assert!(!on(node, &used).await && on(node, &fresh).await, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn se_07_non_persistent_sessions_have_limits_of_their_own() {
    let mut settings = TenantSettings::default();
    settings.session_cookie.mode = SessionCookieMode::NonPersistent;
    settings.ephemeral_session_lifetime = Some(3.0);
    settings.idle_ephemeral_session_lifetime_in_minutes = Some(60.0);
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    let node = scene.second_node().await;
    let browser = signed_in(&scene).await;
    check_end(&scene, &node, &browser, HOUR).await;
    let browser = signed_in(&scene).await;
    for _ in 0..4 {
        scene.app.advance(40 * 60);
        assert!(is_logged_in(&scene, &browser).await);
    }
    check_end(&scene, &node, &browser, 20 * 60).await;
}

#[tokio::test]
async fn the_cookie_ends_with_the_browser_where_the_tenant_says_so() {
    for (mode, expected) in [
        (SessionCookieMode::Persistent, "; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=604800"),
        (SessionCookieMode::NonPersistent, "; HttpOnly; SameSite=None; Secure; Path=/"),
    ] {
        let mut settings = TenantSettings::default();
        settings.session_cookie.mode = mode;
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let browser = scene.app.browser();
        let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
        let posted = answer_form(&browser, &start, &credentials(&scene)).await;
        let cookie = browser.cookie(SESSION).unwrap();
        assert_eq!(posted.header("set-cookie"), format!("__Host-auth0={cookie}{expected}"));
        assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    }
}
