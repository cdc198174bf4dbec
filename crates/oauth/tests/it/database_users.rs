//! `/dbconnections/signup` and `/dbconnections/change_password` (§7.1, §7.2).

use std::sync::Arc;

use http::Method;
use keywright_app::mail::Inbox;
use keywright_testkit::{Answer, EMAIL, Engine, PASSWORD, Scene, SceneOptions};
use keywright_types::{ConnectionOptions, PasswordPolicy, TenantSettings};
use serde_json::{Value, json};

use crate::routes;

const SIGNUP: &str = "/dbconnections/signup";
const CHANGE: &str = "/dbconnections/change_password";
const SENT: &str = "We've just sent you an email to reset your password.";

/// A complete body with these members.
fn body(scene: &Scene, members: &Value) -> Value {
    let mut body = json!({ "client_id": scene.spa.id(), "connection": scene.connection.name });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn sign_up(scene: &Scene, members: Value) -> Answer {
    scene.app.post_json(SIGNUP, &body(scene, &members)).await
}

async fn change(scene: &Scene, members: Value) -> Answer {
    scene.app.post_json(CHANGE, &body(scene, &members)).await
}

fn inbox(scene: &Scene) -> Inbox {
    let inbox = Inbox::default();
    scene.app.app.send_mails_with(Arc::new(inbox.clone()));
    inbox
}

async fn events(scene: &Scene) -> Vec<String> {
    let id = scene.app.tenant.id.clone();
    let list = scene
        .app
        .app
        .store()
        .read(move |tx| keywright_store::logs::list_after(tx, &id, "", jiff::Timestamp::MAX, 1000));
    list.await.unwrap().into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn somebody_signs_up_by_json_or_by_a_form_and_gets_a_mail() {
    let scene = Scene::new(routes).await;
    let inbox = inbox(&scene);
    let members = json!({
        "email": "New@Example.com", "password": PASSWORD, "given_name": "New", "picture": "https://a.example/p.png",
        "user_metadata": { "plan": "gold" },
    });
    let answer = sign_up(&scene, members).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let id = made["_id"].as_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let expected = json!({
        "_id": id, "email": "new@example.com", "email_verified": false, "given_name": "New",
        "picture": "https://a.example/p.png", "user_metadata": { "plan": "gold" },
    });
    assert_eq!(made, expected);
    let user = scene.app.app.user(&scene.app.tenant.id, &format!("auth0|{id}")).await.unwrap().unwrap();
    assert_eq!((&user.profile["given_name"], &user.user_metadata["plan"]), (&json!("New"), &json!("gold")));
    let fields = [
        ("client_id", scene.spa.id()),
        ("connection", scene.connection.name.as_str()),
        ("email", "form@example.com"),
        ("password", PASSWORD),
        ("user_metadata[plan]", "silver"),
    ];
    let answer = scene.app.post_form(SIGNUP, &fields).await;
    assert_eq!(answer.json()["user_metadata"], json!({ "plan": "silver" }), "{answer:#?}");
    scene.app.app.run_due_jobs().await.unwrap();
    let mails: Vec<_> = inbox.mails().into_iter().map(|mail| (mail.message.to, mail.message.template)).collect();
    assert_eq!(mails.len(), 2);
    assert!(mails.contains(&("new@example.com".to_owned(), "verify_email")), "{mails:?}");
    assert_eq!(events(&scene).await, ["ss", "ss"], "a sign-up is no login");
}

/// "Verification flags and other protected attributes cannot be set through self-service."
#[tokio::test]
async fn lg_13_nothing_but_what_is_documented_is_stored() {
    let scene = Scene::new(routes).await;
    let members = json!({
        "email": "new@example.com", "password": PASSWORD, "email_verified": true, "app_metadata": { "role": "admin" },
        "blocked": false, "user_id": "auth0|mine", "_id": "mine", "identities": [], "verified": true, "id": "x",
    });
    let made = sign_up(&scene, members).await.json();
    assert_eq!(made["email_verified"], false);
    let id = format!("auth0|{}", made["_id"].as_str().unwrap());
    let user = scene.app.app.user(&scene.app.tenant.id, &id).await.unwrap().unwrap();
    assert!(!user.email_verified && user.app_metadata.is_empty() && id != "auth0|mine");
    assert!(["email_verified", "app_metadata", "user_id"].iter().all(|name| !user.profile.contains_key(*name)));
}

#[tokio::test]
async fn refusals_of_a_sign_up_have_auth0s_shapes() {
    let scene = Scene::new(routes).await;
    let new = |more: Value| {
        let mut members = json!({ "email": "new@example.com", "password": PASSWORD });
        for (name, value) in more.as_object().unwrap() {
            members[name] = value.clone();
        }
        let scene = scene.clone();
        async move { sign_up(&scene, members).await }
    };
    let long = "x".repeat(501);
    let many: serde_json::Map<String, Value> = (0..11).map(|n| (n.to_string(), json!("x"))).collect();
    for (members, error) in [
        (json!({ "client_id": null }), "client_id is required"),
        (json!({ "client_id": "nobody" }), "unknown client"),
        (json!({ "connection": null }), "connection is required"),
        (json!({ "connection": "nothing" }), "the connection was not found"),
        (json!({ "client_id": scene.machine.id() }), "the connection was not found"),
        (json!({ "email": null }), "email is required"),
        (json!({ "email": "nobody" }), "email format validation failed"),
        (json!({ "password": null }), "password is required"),
        (json!({ "organization": "org_nothing" }), "the organization was not found"),
        (json!({ "user_metadata": "x" }), "user_metadata must be an object"),
        (json!({ "user_metadata": { "a": 1 } }), "user_metadata must have strings only"),
        (json!({ "user_metadata": { "a": long } }), "user_metadata has a property that is too long"),
        (json!({ "user_metadata": many }), "user_metadata must not have more than 10 properties"),
        (json!({ "picture": "javascript:alert(1)" }), "picture must be a web address"),
        (json!({ "name": "x".repeat(301) }), "a profile attribute is too long"),
        (json!({ "email": 1 }), "Parameter 'email' must be a string"),
    ] {
        let answer = new(members).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (400, json!({ "error": error })), "{error}");
    }
    let generic = json!({
        "name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400,
    });
    let taken = new(json!({ "email": EMAIL })).await;
    assert_eq!((taken.status.as_u16(), taken.json()), (400, generic));
    let weak = new(json!({ "password": "short" })).await;
    assert_eq!((weak.status.as_u16(), weak.json()["code"].clone()), (400, json!("invalid_password")));
    assert_eq!(weak.json()["description"]["rules"][0]["format"], json!([8]));
    let broken = [("content-type", "application/json")];
    assert_eq!(scene.app.request(Method::POST, SIGNUP, &broken, "{").await.status, 400);
    let large = "x".repeat(70_000);
    assert_eq!(scene.app.request(Method::POST, SIGNUP, &broken, large).await.status, 413);
    let get = scene.app.get(SIGNUP, &[]).await;
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn the_settings_of_tenant_and_connection_hold() {
    let options = ConnectionOptions {
        requires_username: true,
        password_policy: Some(PasswordPolicy::Low),
        ..ConnectionOptions::default()
    };
    let mut settings = TenantSettings::default();
    settings.flags.other.insert("enable_public_signup_user_exists_error".to_owned(), true.into());
    let scene = Scene::build(routes, SceneOptions { connection: options, settings, ..SceneOptions::default() }).await;
    let answer = sign_up(&scene, json!({ "email": "new@example.com", "password": "abcdef" })).await;
    let error = "missing username for Username-Password-Authentication connection with requires_username enabled";
    assert_eq!(answer.json(), json!({ "error": error }));
    let named = sign_up(&scene, json!({ "email": "new@example.com", "username": "New", "password": "abcdef" })).await;
    assert_eq!(named.json()["username"], "new", "{named:#?}");
    let taken = sign_up(&scene, json!({ "email": EMAIL, "username": "other", "password": "abcdef" })).await;
    assert_eq!(
        (&taken.json()["code"], &taken.json()["description"]),
        (&json!("user_exists"), &json!("The user already exists."))
    );
    let mut connection = scene.connection.clone();
    connection.options.disable_signup = true;
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
    let closed = sign_up(&scene, json!({ "email": "x@example.com", "username": "x", "password": "abcdef" })).await;
    assert_eq!((closed.status.as_u16(), closed.json()), (400, json!({ "error": "public signup is disabled" })));
    // Links for another password are switched on their own.
    assert_eq!(change(&scene, json!({ "username": "JANE" })).await.body, SENT);
    connection.options.other.insert("disable_self_service_change_password".to_owned(), true.into());
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
    let off = change(&scene, json!({ "email": EMAIL })).await;
    assert_eq!((off.status.as_u16(), off.json()), (400, json!({ "error": "password change is disabled" })));
}

#[tokio::test]
async fn passwords_that_are_not_taken_are_named_as_auth0_names_them() {
    let dictionary = json!({ "passwordPolicy": "low", "password_dictionary": { "enable": true },
                             "password_no_personal_info": { "enable": true } });
    let connection: ConnectionOptions = serde_json::from_value(dictionary).unwrap();
    let scene = Scene::build(routes, SceneOptions { connection, ..SceneOptions::default() }).await;
    for (password, name, description) in [
        ("dragon", "PasswordDictionaryError", "Password is too common"),
        ("is-joanna-1", "PasswordNoUserInfoError", "Password contains user information"),
    ] {
        let body = json!({ "email": "jo@example.com", "nickname": "Joanna", "password": password });
        let answer = sign_up(&scene, body).await;
        let expected =
            json!({ "name": name, "code": "invalid_password", "description": description, "statusCode": 400 });
        assert_eq!((answer.status.as_u16(), answer.json()), (400, expected));
    }
}

#[tokio::test]
async fn lg_03_a_link_is_promised_whether_or_not_there_is_an_account() {
    let scene = Scene::new(routes).await;
    let inbox = inbox(&scene);
    for email in [EMAIL, "nobody@example.com", "no address"] {
        let answer = change(&scene, json!({ "email": email, "password": "Ignored-horse-1" })).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, SENT), "{email}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
    assert_eq!(events(&scene).await, ["scpr", "fcpr", "fcpr"]);
    scene.app.app.run_due_jobs().await.unwrap();
    let mails = inbox.mails();
    assert_eq!((mails.len(), mails[0].message.template), (1, "reset_email"));
    let missing = change(&scene, json!({})).await;
    assert_eq!((missing.status.as_u16(), missing.json()), (400, json!({ "error": "email is required" })));
    // A password is not set here.
    let browser = scene.app.browser();
    assert!(scene.log_in(&browser, &scene.web, &[]).await.location().contains("code="));
}

/// WB-04: "Links in mail […] use configured origins".
#[tokio::test]
async fn wb_04_the_link_in_the_mail_is_at_the_tenants_domain_whatever_the_request_says() {
    let scene = Scene::new(routes).await;
    let inbox = inbox(&scene);
    let body = body(&scene, &json!({ "email": EMAIL })).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-real-ip", "192.0.2.1"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    assert_eq!(scene.app.request(Method::POST, CHANGE, &headers, body).await.status, 200);
    scene.app.app.run_due_jobs().await.unwrap();
    let mail = inbox.mails().remove(0).message;
    assert!(!mail.html.contains("evil.example") && !mail.text.contains("evil.example"));
    assert!(mail.text.contains("https://login.example.com/u/reset-password?ticket="), "{}", mail.text);
}

#[tokio::test]
async fn wb_09_only_registered_origins_may_read_the_answers() {
    let scene = Scene::new(routes).await;
    for (origin, allowed) in [("https://spa.example.com", true), ("https://evil.example", false)] {
        for path in [SIGNUP, CHANGE] {
            let headers = [("origin", origin), ("access-control-request-method", "POST")];
            let preflight = scene.app.request(Method::OPTIONS, path, &headers, "").await;
            assert_eq!(preflight.headers.contains_key("access-control-allow-origin"), allowed, "{origin} {path}");
            let headers = [("origin", origin), ("content-type", "application/json")];
            let answer = scene.app.request(Method::POST, path, &headers, "{}").await;
            assert_eq!(answer.headers.contains_key("access-control-allow-origin"), allowed, "{origin} {path}");
        }
    }
}

/// §2.11: "1/min per IP+email, burst 10".
#[tokio::test]
async fn do_02_links_for_one_account_are_limited_by_address() {
    let scene = Scene::with_limits(routes, Engine::Sqlite, TenantSettings::default()).await;
    let from = |address: &'static str, email: &'static str| {
        let (app, body) = (scene.app.from_address(address), body(&scene, &json!({ "email": email })));
        async move { app.post_json(CHANGE, &body).await }
    };
    for _ in 0..10 {
        assert_eq!(from("192.0.2.7", EMAIL).await.status, 200);
    }
    let over = from("192.0.2.7", "JANE@example.com").await;
    assert_eq!((over.status.as_u16(), over.json()["error"].clone()), (429, json!("too_many_requests")));
    assert_eq!(over.header("retry-after"), "60");
    assert_eq!(from("192.0.2.8", EMAIL).await.status, 200);
    assert_eq!(from("192.0.2.7", "other@example.com").await.status, 200);
}

/// §7.9: "50 sign-ups, refill 1200 ms; over => 429 `too_many_attempts`".
#[tokio::test]
async fn sign_ups_from_one_network_are_throttled() {
    let mut settings = TenantSettings::default();
    let stage = &mut settings.attack_protection.suspicious_ip_throttling.stage.pre_user_registration;
    (stage.max_attempts, stage.rate) = (2, 60_000);
    let scene = Scene::with_limits(routes, Engine::Sqlite, settings).await;
    let app = scene.app.from_address("192.0.2.7");
    for number in 0..2 {
        let email = format!("new{number}@example.com");
        let body = body(&scene, &json!({ "email": email, "password": PASSWORD }));
        assert_eq!(app.post_json(SIGNUP, &body).await.status, 200);
    }
    let over = app.post_json(SIGNUP, &body(&scene, &json!({ "email": "x@example.com", "password": PASSWORD }))).await;
    assert_eq!((over.status.as_u16(), over.json()["code"].clone()), (429, json!("too_many_attempts")), "{over:#?}");
    assert_eq!(over.header("retry-after"), "60");
}
