//! `/activate` and what follows it (§5.4; DV-02, DV-03, LG-01, WB-03).

use keywright_testkit::{Answer, Scene};
use keywright_types::{AccessPolicy, SubjectTypeAuthorization, SubjectTypePolicy};

use super::{Device, PENDING, enter, entry, finish, logged, say, scene};
use crate::expect::{change_api, granted, logged_in, refused};
use crate::outcome::{Outcome, add_user, outcome, rows};

async fn waits(scene: &Scene, device: &Device) -> bool {
    let answer = device.poll(&scene.app, &scene.native).await;
    let waits = answer.text("error") == "authorization_pending" || answer.text("error") == "slow_down";
    assert!(waits || answer.status == 403, "{answer:#?}");
    waits
}

#[track_caller]
fn shows(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
}

#[tokio::test]
async fn dv_02_the_question_names_application_place_time_and_scopes() {
    let scene = scene().await;
    let device = Device::of(
        &scene.app.from_address("198.51.100.7"),
        &scene.native,
        &[("scope", "openid read:contacts offline_access"), ("audience", "appointments:api")],
    )
    .await;
    scene.app.advance(3 * 60 + 59);
    let elsewhere = scene.app.from_address("203.0.113.9").browser();
    let page = device.question(&elsewhere).await;
    shows(
        &page,
        &[
            "Device Confirmation",
            "Please confirm this is the code displayed on your <strong>Native App</strong>:",
            &device.user_code,
            "198.51.100.7, another network than the one that you are in now",
            "3 min ago",
            "<strong>Identity:</strong>",
            "<strong>Contacts:</strong> <span>read your contacts</span>",
            "<strong>Offline access:</strong>",
            "If you did not initiate this action or you do not recognize this device select cancel.",
        ],
    );
    assert!(!page.body.contains("Logged in as"), "{}", page.body);
    let here = scene.app.from_address("198.51.100.7").browser();
    shows(&device.question(&here).await, &["198.51.100.7, the network that you are in now"]);
    shows(&device.question(&scene.app.browser()).await, &["198.51.100.7, another network"]);
    // WB-03, and nobody keeps it.
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!((page.header("x-frame-options"), page.header("cache-control")), ("DENY", "no-store"));
}

/// Neither a session, nor an earlier consent, nor the link with the code in it does what a person has not done.
#[tokio::test]
async fn dv_02_following_the_link_alone_grants_nothing() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    // Agreed to the same application and scopes before.
    let first = Device::new(&scene, &[("scope", "openid")]).await;
    assert_eq!(first.activate(&browser).await.location(), "/activate/complete");
    granted(&first.poll(&scene.app, &scene.native).await);
    let second = Device::new(&scene, &[("scope", "openid")]).await;
    let before = rows(&scene.app).await;
    // The link.
    let page = browser.get(&format!("/activate?user_code={}", second.user_code)).await;
    assert_eq!(page.input("user_code").unwrap(), second.user_code);
    assert!(waits(&scene, &second).await);
    // The code.
    let filled_in = page.input("user_code").unwrap();
    let page = browser.submit("/activate", &page, &[("user_code", &filled_in)]).await;
    shows(&page, &["Device Confirmation", "Logged in as jane@example.com"]);
    scene.app.advance(30);
    assert!(waits(&scene, &second).await);
    assert_eq!(rows(&scene.app).await, before, "no transaction has begun");
    // The question.
    let answer = say(&browser, &page, "confirm").await;
    let answer = browser.get(answer.location()).await;
    assert_eq!(answer.location(), "/activate/complete", "the session and the earlier consent count from here on");
    granted(&second.poll(&scene.app, &scene.native).await);
}

#[tokio::test]
async fn somebody_new_logs_in_and_agrees() {
    let scene = scene().await;
    let browser = scene.app.browser();
    let device = Device::new(&scene, &[("scope", "openid profile")]).await;
    let login = device.confirm(&browser).await;
    assert_eq!(outcome(&login), Outcome::Login);
    let credentials = crate::outcome::credentials(&scene);
    let posted = browser.fill_in(login.location(), &credentials).await;
    let consent = browser.get(posted.location()).await;
    // A native application's callback can be anybody's, and a device has none: it always asks (§1.10).
    assert_eq!(outcome(&consent), Outcome::Consent);
    assert!(waits(&scene, &device).await);
    let done = browser.consent(consent, "accept").await;
    assert_eq!(done.location(), "/activate/complete");
    let page = browser.get(done.location()).await;
    shows(&page, &["Congratulations, you&#39;re all set!", "Your device is now connected."]);
    assert!(!page.body.contains("<form"));
    granted(&device.poll(&scene.app, &scene.native).await);
}

#[tokio::test]
async fn codes_are_taken_as_people_type_them() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let plain = device.user_code.replace('-', "");
    let spaced = plain.chars().map(String::from).collect::<Vec<_>>().join(" ");
    for typed in [device.user_code.clone(), plain.to_lowercase(), spaced, format!(" {} ", plain.replace('B', "b"))] {
        shows(&enter(&scene.app.browser(), &typed).await, &["Device Confirmation", &device.user_code]);
    }
}

#[tokio::test]
async fn wrong_codes_show_the_form_again() {
    let scene = scene().await;
    let browser = scene.app.browser();
    for (typed, text) in [
        (" ", "Please enter the code displayed on your device"),
        ("QTZL-MCB", "The code you entered is invalid"),
        ("0000-0000", "The code you entered is invalid"),
        ("<script>", "The code you entered is invalid"),
        ("QTZL-MCBW", "Invalid or expired user code"),
    ] {
        let answer = browser.fill_in("/activate", &[("user_code", typed)]).await;
        assert_eq!(answer.status, 400, "{typed}");
        shows(&answer, &[text]);
        assert!(!answer.body.contains("<script"));
        assert_eq!(answer.input("user_code").unwrap_or_default(), typed.trim());
    }
    let long = "B".repeat(100);
    let answer = browser.get(&format!("/activate?user_code={long}")).await;
    assert_eq!((answer.status.as_u16(), answer.input("user_code").unwrap_or_default().as_str()), (200, ""));
    assert_eq!(browser.fill_in("/activate", &[("user_code", &long)]).await.status, 400);
    let text = "No device waits under the code that was entered";
    assert_eq!(logged(&scene).await, [entry("fdeac", text, false, false)]);
}

#[tokio::test]
async fn dv_03_declined_consent_is_a_refusal() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let device = Device::new(&scene, &[("scope", "openid")]).await;
    let consent = device.confirm(&browser).await;
    let answer = browser.consent(consent, "deny").await;
    assert_eq!(answer.location(), "/activate/denied");
    shows(&browser.get(answer.location()).await, &["Activation Denied", "We are not able to activate your device."]);
    let text = "User did not authorize the request";
    refused(&device.poll(&scene.app, &scene.native).await, 403, "access_denied", text);
    assert_eq!(logged(&scene).await[0], entry("fdeac", text, true, true));
}

#[tokio::test]
async fn dv_03_a_blocked_user_activates_nothing() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let device = Device::new(&scene, &[]).await;
    let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    let block = move |tx: &mut keywright_store::Tx<'_>| keywright_store::users::set_blocked(tx, &id, &user, true, now);
    scene.app.app.store().write(block).await.unwrap();
    assert_eq!(device.confirm(&browser).await.location(), "/activate/denied");
    refused(&device.poll(&scene.app, &scene.native).await, 403, "access_denied", "user is blocked");
}

#[tokio::test]
async fn dv_03_scopes_and_policies_are_those_of_the_browser_flow() {
    // A scope that the user has no permission for is not granted.
    let scene = scene().await;
    change_api(&scene, |api| api.enforce_policies = true).await;
    let fields = [("scope", "openid read:contacts"), ("audience", "appointments:api")];
    let device = Device::new(&scene, &fields).await;
    device.activate(&scene.app.browser()).await;
    assert_eq!(device.poll(&scene.app, &scene.native).await.json()["scope"], "openid");
    // An API that was closed to the application after the device had asked.
    let before = Device::new(&scene, &fields).await;
    let closed = SubjectTypeAuthorization {
        user: SubjectTypePolicy { policy: AccessPolicy::DenyAll },
        ..SubjectTypeAuthorization::default()
    };
    let approved = Device::new(&scene, &fields).await;
    approved.activate(&scene.app.browser()).await;
    change_api(&scene, |api| api.subject_type_authorization = closed).await;
    let text =
        format!("Client \"{}\" is not authorized to access resource server \"appointments:api\".", scene.native.id());
    assert_eq!(before.confirm(&scene.app.browser()).await.location(), "/activate/denied");
    refused(&before.poll(&scene.app, &scene.native).await, 403, "access_denied", &text);
    let text = "The application may no longer use the API";
    refused(&approved.poll(&scene.app, &scene.native).await, 403, "access_denied", text);
    let answer = super::ask(&scene.app, &scene.native, &fields).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, "invalid_request".to_owned()));
}

/// The browser that confirmed is the one that logs in; what one user agreed to counts for nobody else.
#[tokio::test]
async fn another_users_session_approves_nothing() {
    let scene = scene().await;
    let device = Device::new(&scene, &[("scope", "openid")]).await;
    let (ann, eve) = (scene.app.browser(), logged_in(&scene).await);
    let page = device.question(&ann).await;
    // The form of one browser, in another.
    assert_eq!(say(&eve, &page, "confirm").await.status, 403);
    // The transaction of one browser, in another.
    let answer = say(&ann, &page, "confirm").await;
    assert_eq!(eve.get(answer.location()).await.status, 400);
    assert!(waits(&scene, &device).await);
    // Somebody else logs in between the consent page and its answer.
    let login = ann.get(answer.location()).await;
    let posted = ann.fill_in(login.location(), &crate::outcome::credentials(&scene)).await;
    let consent = ann.get(posted.location()).await;
    let asked = ann.get(consent.location()).await;
    let john = add_user(&scene, "john@example.com").await;
    ann.set_cookie("__Host-auth0", None);
    let other = ann.get(&scene.authorize_path(&scene.web, &[])).await;
    ann.log_in(&other, "john@example.com", scene.password()).await;
    let answered = ann.submit(consent.location(), &asked, &[("action", "accept")]).await;
    let again = ann.get(answered.location()).await;
    assert_eq!(outcome(&again), Outcome::Consent, "john has agreed to nothing");
    scene.app.advance(60);
    assert!(waits(&scene, &device).await);
    assert_eq!(finish(&ann, again).await.location(), "/activate/complete");
    let tokens = device.poll(&scene.app, &scene.native).await;
    assert_eq!(tokens.claims("id_token")["sub"], john.user_id);
}

#[tokio::test]
async fn dv_06_a_second_answer_decides_nothing() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let device = Device::new(&scene, &[]).await;
    let (first, second) = (device.question(&browser).await, device.question(&browser).await);
    let started = say(&browser, &second, "confirm").await;
    let done = say(&browser, &first, "confirm").await;
    let done = finish(&browser, browser.get(done.location()).await).await;
    assert_eq!(done.location(), "/activate/complete");
    // The other tab, at whatever step it is.
    assert_eq!(browser.get(started.location()).await.location(), "/activate/expired");
    for action in ["confirm", "cancel"] {
        assert_eq!(say(&browser, &second, action).await.location(), "/activate/expired");
    }
    let page = browser.get("/activate/expired").await;
    assert_eq!(page.status, 400);
    shows(&page, &["Invalid or expired user code"]);
    assert_eq!(enter(&browser, &device.user_code).await.status, 400);
    granted(&device.poll(&scene.app, &scene.native).await);
}

#[tokio::test]
async fn dv_06_nothing_is_approved_after_its_time() {
    let scene = scene().await;
    let browser = scene.app.browser();
    let (slow, slower) = (Device::new(&scene, &[]).await, Device::new(&scene, &[]).await);
    let page = slower.question(&browser).await;
    let login = slow.confirm(&browser).await;
    scene.app.advance(900);
    assert_eq!(finish(&browser, login).await.location(), "/activate/expired");
    assert_eq!(say(&browser, &page, "confirm").await.location(), "/activate/expired");
    for device in [slow, slower] {
        refused(&device.poll(&scene.app, &scene.native).await, 403, "expired_token", "The device code has expired.");
    }
}

/// Every form of the flow, sent to every step, in every order: nothing but the listed way leads anywhere.
#[tokio::test]
async fn lg_01_no_step_can_be_skipped_or_taken_twice() {
    let scene = scene().await;
    let browser = logged_in(&scene).await;
    let device = Device::new(&scene, &[]).await;
    let code_page = browser.get("/activate").await;
    let question = device.question(&browser).await;
    let asked = question.input("asked").unwrap();
    let code_csrf = code_page.input("_csrf").unwrap();
    let question_csrf = question.input("_csrf").unwrap();
    let code = device.user_code.as_str();
    for (path, fields, status) in [
        ("/activate", vec![], 403),
        ("/activate", vec![("user_code", code)], 403),
        ("/activate", vec![("user_code", code), ("state", "activate"), ("_csrf", &question_csrf)], 403),
        ("/activate", vec![("user_code", code), ("state", code), ("_csrf", &question_csrf)], 403),
        ("/activate", vec![("state", "activate"), ("_csrf", &code_csrf)], 400),
        ("/activate/confirm", vec![], 403),
        ("/activate/confirm", vec![("action", "confirm")], 403),
        ("/activate/confirm", vec![("action", "confirm"), ("state", code)], 403),
        ("/activate/confirm", vec![("action", "confirm"), ("state", code), ("_csrf", &code_csrf)], 403),
        ("/activate/confirm", vec![("action", "confirm"), ("state", "activate"), ("_csrf", &code_csrf)], 303),
        ("/activate/confirm", vec![("action", "confirm"), ("state", code), ("_csrf", &question_csrf)], 303),
        ("/activate/confirm", vec![("state", code), ("_csrf", &question_csrf), ("asked", &asked)], 400),
        (
            "/activate/confirm",
            vec![("action", "x"), ("state", code), ("_csrf", &question_csrf), ("asked", &asked)],
            400,
        ),
    ] {
        let answer = browser.post(path, &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {fields:?}: {answer:#?}");
        if status == 303 {
            assert_eq!(answer.location(), "/activate/expired", "{fields:?}");
        }
    }
    for path in ["/activate/complete", "/activate/denied"] {
        assert_eq!(browser.get(path).await.status, 200, "pages that only say something");
    }
    assert_eq!(browser.get("/activate/confirm").await.status, 405);
    // WB-02: another site's form.
    let fields = [("action", "confirm"), ("state", code), ("_csrf", &*question_csrf), ("asked", &*asked)];
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(browser.post_from("/activate/confirm", &fields, &foreign).await.status, 403);
    refused(&device.poll(&scene.app, &scene.native).await, 403, "authorization_pending", PENDING);
    assert_eq!(rows(&scene.app).await[1], 1, "the transaction of the login, and no other");
}

#[tokio::test]
async fn a_device_is_activated_in_the_language_of_the_browser() {
    let scene = scene().await;
    let browser = scene.app.browser().speaking("de");
    let device = Device::new(&scene, &[]).await;
    let page = device.question(&browser).await;
    shows(&page, &["Gerät bestätigen", "Abbrechen"]);
    assert_eq!(page.header("content-language"), "de");
}

#[tokio::test]
async fn the_qr_picture_is_of_the_address_with_the_code() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let picture = scene.app.get(&format!("/activate/qr.svg?user_code={}", device.user_code), &[]).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.body.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "), "{}", picture.body);
    assert_eq!((picture.header("cache-control"), picture.header("x-content-type-options")), ("no-store", "nosniff"));
    // The same picture for whatever is the same code; a picture of a code that nobody has; none of anything else.
    let typed = device.user_code.replace('-', "").to_lowercase();
    assert_eq!(scene.app.get(&format!("/activate/qr.svg?user_code={typed}"), &[]).await.body, picture.body);
    assert_eq!(scene.app.get("/activate/qr.svg?user_code=BBBB-BBBB", &[]).await.status, 200);
    for other in ["", "?user_code=", "?user_code=https://evil.example", "?user_code=BBBB-BBB"] {
        assert_eq!(scene.app.get(&format!("/activate/qr.svg{other}"), &[]).await.status, 400, "{other}");
    }
}
