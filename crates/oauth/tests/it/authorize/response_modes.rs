//! How responses are carried (§1.4): query and form, with `state` byte for byte and `iss` where it is due (AR-02).

use keywright_jose::Random;
use keywright_testkit::{Answer, Scene};
use keywright_types::{Profile, TenantSettings};
use serde_json::json;

use crate::outcome::{Outcome, answer_form, credentials, login_required, outcome, refused};
use crate::routes;

/// Two thousand and forty-eight random printable characters.
fn long_state() -> String {
    let mut bytes = vec![0; 2048];
    Random::system().fill(&mut bytes);
    bytes.into_iter().map(|byte| char::from(b' ' + byte % 95)).collect()
}

/// `state`, `iss`, and `code` or `error` of a response in either mode, as the application receives them.
fn response(answer: &Answer, mode: &str) -> [Option<String>; 4] {
    ["state", "iss", "code", "error"].map(|name| match mode {
        "form_post" => answer.input(name),
        _ => answer.location_parameter(name),
    })
}

async fn check(scene: &Scene, iss: Option<&str>) {
    for mode in ["query", "form_post"] {
        let state = long_state();
        let checked = |answer: &Answer, error: Option<&str>| {
            let [echoed, issuer, code, failure] = response(answer, mode);
            assert_eq!(echoed.as_deref(), Some(state.as_str()), "{mode} {error:?}");
            assert_eq!(issuer.as_deref(), iss, "{mode} {error:?}");
            assert_eq!((code.is_some(), failure.as_deref()), (error.is_none(), error), "{mode}");
        };
        let send = async |browser: &keywright_testkit::Browser, more: &[(&str, &str)]| {
            let all = [&[("state", state.as_str()), ("response_mode", mode)], more].concat();
            browser.get(&scene.authorize_path(&scene.web, &all)).await
        };
        let browser = scene.app.browser();
        // Errors before anybody logs in, one for each check that answers the application.
        for (more, error) in [
            (("prompt", "none"), "login_required"),
            (("prompt", "none login"), "invalid_request"),
            (("max_age", "x"), "invalid_request"),
            (("audience", "no:api"), "access_denied"),
            (("connection", "nowhere"), "invalid_request"),
        ] {
            checked(&send(&browser, &[more]).await, Some(error));
        }
        // Through the login page, and through it again with a consent that is declined.
        let answer = answer_form(&browser, &send(&browser, &[]).await, &credentials(scene)).await;
        checked(&browser.get(answer.location()).await, None);
        let asked = send(&browser, &[("prompt", "consent")]).await;
        let answer = answer_form(&browser, &asked, &[("action", "deny")]).await;
        checked(&browser.get(answer.location()).await, Some("access_denied"));
        // With the session that is there now.
        checked(&send(&browser, &[]).await, None);
        checked(
            &send(&browser, &[("audience", "appointments:api"), ("prompt", "none")]).await,
            Some("consent_required"),
        );
    }
}

#[tokio::test]
async fn ar_02_state_comes_back_byte_for_byte_and_iss_per_profile() {
    check(&Scene::new(routes).await, None).await;
    check(&Scene::standard(routes).await, Some("https://login.example.com/")).await;
    // §1.4: "only when tenant `authorization_response_iss_parameter_supported` is on".
    let mut settings = TenantSettings::default();
    settings.other.insert("authorization_response_iss_parameter_supported".to_owned(), json!(true));
    let scene = Scene::with(routes, keywright_testkit::Engine::Sqlite, settings).await;
    check(&scene, Some("https://login.example.com/")).await;
}

#[tokio::test]
async fn ar_02_no_state_is_sent_where_none_was() {
    let scene = Scene::new(routes).await;
    for mode in ["query", "form_post"] {
        for state in ["", "state="] {
            let path = scene.authorize_path(&scene.web, &[("prompt", "none"), ("response_mode", mode)]);
            let answer = scene.app.browser().get(&format!("{path}&{state}")).await;
            assert_eq!(response(&answer, mode)[0], None);
            assert_eq!(response(&answer, mode)[3].as_deref(), Some("login_required"));
        }
    }
}

#[tokio::test]
async fn query_keeps_what_the_redirect_uri_has_and_names_nothing_else() {
    let scene = Scene::new(routes).await;
    let callback = "https://app.example.com/callback?tenant=a%2Fb&x=";
    let web = scene.app.change_client(&scene.web, |client| client.callbacks = vec![callback.to_owned()]).await;
    let answer = scene.log_in(&scene.app.browser(), &web, &[("state", "s t"), ("response_mode", "query")]).await;
    let code = answer.location_parameter("code").unwrap();
    assert_eq!(answer.location(), format!("{callback}&code={code}&state=s+t"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let tokens = scene.redeem(&web, &code, &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
}

#[tokio::test]
async fn form_post_is_a_page_that_posts_itself() {
    let scene = Scene::new(routes).await;
    let callback = "https://app.example.com/callback?a=1&b=\"'";
    let web = scene.app.change_client(&scene.web, |client| client.callbacks = vec![callback.to_owned()]).await;
    let state = "\"><script>alert(1)</script>&amp;'";
    let answer = scene
        .log_in(&scene.app.browser(), &web, &[("response_mode", "form_post"), ("state", state), ("redirect_uri", "")])
        .await;
    // `"` and `'` are plain characters for our matcher, so they must be escaped in the page.
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get("location").is_none());
    let action = answer.body.split("<form method=\"post\" action=\"").nth(1).unwrap().split("\">").next().unwrap();
    assert_eq!(keywright_testkit::unescaped(action), callback);
    assert_eq!(answer.input("state").as_deref(), Some(state));
    assert_eq!(answer.body.matches("<script").count(), 1, "{}", answer.body);
    // The one script runs only with the nonce of this answer's policy.
    let nonce = answer.body.split("<script nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let policy = answer.header("content-security-policy");
    assert!(policy.contains(&format!("script-src 'nonce-{nonce}'")), "{policy}");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let names: Vec<_> =
        answer.body.split("<input type=\"hidden\" name=\"").skip(1).map(|tag| tag.split('"').next().unwrap()).collect();
    assert_eq!(names, ["code", "state"]);
    let tokens = scene.redeem(&web, &answer.input("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
}

#[tokio::test]
async fn form_post_carries_errors_too() {
    for (scene, names) in [
        (Scene::new(routes).await, &["error", "error_description", "state"][..]),
        (Scene::standard(routes).await, &["error", "error_description", "state", "iss"]),
    ] {
        let path = scene.authorize_path(
            &scene.web,
            &[("response_mode", "form_post"), ("prompt", "none"), ("state", "x"), ("scope", "openid")],
        );
        let browser = scene.app.browser();
        for answer in [browser.get(&path).await, browser.post(&path, &[]).await] {
            assert_eq!(answer.status, 200, "{answer:#?}");
            let sent: Vec<_> = answer
                .body
                .split("<input type=\"hidden\" name=\"")
                .skip(1)
                .map(|tag| tag.split('"').next().unwrap())
                .collect();
            assert_eq!(sent, names);
            assert_eq!(answer.input("error").as_deref(), Some("login_required"));
            assert_eq!(answer.input("error_description").as_deref(), Some("Login required"));
        }
    }
}

/// AR-09: 302 after GET, 303 after POST, for every kind of answer and in every step; never 307 or 308.
#[tokio::test]
async fn ar_09_every_step_answers_a_post_with_303() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = if profile == Profile::Auth0 { Scene::new(routes).await } else { Scene::standard(routes).await };
        let browser = scene.app.browser();
        let fields = [
            ("response_type", "code"),
            ("client_id", scene.web.id()),
            ("redirect_uri", "https://app.example.com/callback"),
            ("audience", "appointments:api"),
        ];
        let posted = async |more: &[(&str, &str)]| browser.post("/authorize", &[&fields, more].concat()).await;
        let status = |answer: &Answer, expected: u16, led_to: Outcome| {
            assert_eq!((answer.status.as_u16(), outcome(answer)), (expected, led_to));
        };
        status(&posted(&[("prompt", "none")]).await, 303, login_required());
        let answer = posted(&[("screen_hint", "signup")]).await;
        status(&answer, 303, Outcome::SignUp);
        let answer =
            answer_form(&browser, &answer, &[("email", "new@example.com"), ("password", "Correct-horse-2")]).await;
        status(&answer, 303, Outcome::Resume);
        let answer = posted(&[("prompt", "login")]).await;
        status(&answer, 303, Outcome::Login);
        let answer = answer_form(&browser, &answer, &credentials(&scene)).await;
        status(&answer, 303, Outcome::Resume);
        let answer = browser.get(answer.location()).await;
        status(&answer, 302, Outcome::Consent);
        let answer = answer_form(&browser, &answer, &[("action", "accept")]).await;
        status(&answer, 303, Outcome::Resume);
        status(&browser.get(answer.location()).await, 302, Outcome::Code);
        status(&posted(&[]).await, 303, Outcome::Code);
        status(&browser.get(&scene.authorize_path(&scene.web, &[])).await, 302, Outcome::Code);
        let answer = posted(&[("prompt", "consent")]).await;
        status(&answer, 303, Outcome::Consent);
        let answer = answer_form(&browser, &answer, &[("action", "deny")]).await;
        status(&answer, 303, Outcome::Resume);
        let declined = refused("access_denied", "User did not authorize the request");
        status(&browser.get(answer.location()).await, 302, declined);
        // Logout: the confirmation, its answer, and the old endpoint.
        let answer = browser.post("/oidc/logout", &[]).await;
        assert_eq!((answer.status.as_u16(), &answer.location()[..16]), (303, "/u/logout?state="));
        let answer = answer_form(&browser, &answer, &[("action", "accept")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/u/logout-complete"));
        let path = format!("/v2/logout?client_id={}", scene.web.id());
        assert_eq!(browser.get(&path).await.status, 302);
    }
}
