//! `/tickets` and the mails of `/users` (`management-api.md` §5.3, §6.5).

use keywright_app::NewTenant;
use keywright_management::SCOPES;
use keywright_testkit::{EMAIL, PASSWORD};
use keywright_types::TenantSettings;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused, token};

const PASSWORD_CHANGE: &str = "/tickets/password-change";
const EMAIL_VERIFICATION: &str = "/tickets/email-verification";

/// Path and query of the link.
fn path(answer: &Value, page: &str) -> String {
    let link = answer["ticket"].as_str().unwrap();
    let secret = link.strip_prefix(&format!("https://login.example.com/u/{page}?ticket=")).unwrap();
    let secret = secret.strip_suffix('#').unwrap();
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
    format!("/u/{page}?ticket={secret}")
}

#[tokio::test]
async fn a_password_change_ticket_is_a_link_that_sets_a_password() {
    let api = Api::new().await;
    let inbox = api.inbox();
    let by_id = json!({ "user_id": api.scene.user.user_id, "ttl_sec": 60 });
    let by_email = json!({
        "email": EMAIL.to_uppercase(), "connection_id": api.scene.connection.id, "client_id": api.scene.web.id(),
        "mark_email_as_verified": true,
        "identity": { "user_id": api.scene.user.user_id.split_once('|').unwrap().1, "provider": "auth0" },
    });
    for (number, body) in [by_id, by_email].into_iter().enumerate() {
        let made = api.create(PASSWORD_CHANGE, body).await;
        let path = path(&made, "reset-password");
        let password = format!("Another-horse-{number}");
        let browser = api.app.browser();
        let fields = [("password", password.as_str()), ("re-enter-password", &password)];
        let done = browser.fill_in(&path, &fields).await;
        assert_eq!(done.status, 200, "{done:#?}");
        let authorize = api.scene.authorize_path(&api.scene.web, &[]);
        let answer = browser.get(&authorize).await;
        assert!(browser.log_in(&answer, EMAIL, &password).await.location().contains("code="));
    }
    let late = api.create(PASSWORD_CHANGE, json!({ "user_id": api.scene.user.user_id, "ttl_sec": 60 })).await;
    api.app.advance(60);
    assert_eq!(api.app.browser().get(&path(&late, "reset-password")).await.status, 400);
    assert!(api.mails(&inbox).await.is_empty(), "no mail is sent");
    let log = api.get("/logs?take=100").await.body;
    let secret = late["ticket"].as_str().unwrap().split_once("ticket=").unwrap().1.trim_end_matches('#').to_owned();
    assert!(!log.contains(&secret), "the link is in no log");
}

#[tokio::test]
async fn an_email_verification_ticket_is_a_link_that_proves_the_address() {
    let api = Api::new().await;
    let user = format!("/users/{}", api.scene.user.user_id.replace('|', "%7C"));
    api.patch(&user, json!({ "email_verified": false })).await;
    let body = json!({
        "user_id": api.scene.user.user_id, "result_url": "https://app.example.com/done", "includeEmailInRedirect": true,
    });
    let made = api.create(EMAIL_VERIFICATION, body).await;
    let browser = api.app.browser();
    let done = browser.fill_in(&path(&made, "email-verification"), &[]).await;
    let expected = "https://app.example.com/done?email=jane%40example.com&success=true&message=";
    assert!(done.location().starts_with(expected), "{done:#?}");
    assert_eq!(api.get(&user).await.json()["email_verified"], true);
    let again = api.create(EMAIL_VERIFICATION, json!({ "user_id": api.scene.user.user_id })).await;
    let again = browser.get(&path(&again, "email-verification")).await;
    assert!(again.status == 200 && again.body.contains("There is nothing left to do"), "{again:#?}");
}

#[tokio::test]
async fn wrong_tickets_are_named() {
    let api = Api::new().await;
    let user = api.scene.user.user_id.as_str();
    let connection = api.scene.connection.id.as_str();
    let either = "Either user_id, or email and connection_id must be specified.";
    for (body, message) in [
        (json!({}), either),
        (json!({ "email": EMAIL }), either),
        (json!({ "connection_id": connection }), either),
        (json!({ "user_id": user, "email": EMAIL }), "Cannot specify both user_id and email or connection_id."),
        (
            json!({ "user_id": user, "connection_id": connection }),
            "Cannot specify both user_id and email or connection_id.",
        ),
        (
            json!({ "user_id": user, "result_url": "https://a.example", "client_id": api.scene.web.id() }),
            "Cannot specify both result_url and client_id.",
        ),
    ] {
        refused(&api.post(PASSWORD_CHANGE, body).await, 400, message, Some("invalid_body"));
    }
    for (member, value) in [
        ("result_url", json!("javascript:alert(1)")),
        ("result_url", json!("/done")),
        ("ttl_sec", json!(-1)),
        ("ttl_sec", json!(2_592_001)),
        ("mark_email_as_verified", json!("yes")),
        ("identity", json!({ "user_id": "x" })),
        ("new_password", json!("x")),
    ] {
        let mut body = json!({ "user_id": user });
        body[member] = value;
        let answer = api.post(PASSWORD_CHANGE, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorCode"].clone()),
            (400, json!("invalid_body")),
            "{member}"
        );
    }
    invalid(&api.post(EMAIL_VERIFICATION, json!({})).await, "'Missing required property: user_id'.");
    for (member, value, message, code) in [
        ("user_id", json!("auth0|nobody"), "The user does not exist.", Some("inexistent_user")),
        ("client_id", json!("nothing"), "The client does not exist", Some("inexistent_client")),
        ("organization_id", json!("org_nothing"), "No organization found by that id or name", None),
    ] {
        for path in [PASSWORD_CHANGE, EMAIL_VERIFICATION] {
            let mut body = json!({ "user_id": user });
            body[member] = value.clone();
            refused(&api.post(path, body).await, 404, message, code);
        }
    }
    let unknown = api.post(PASSWORD_CHANGE, json!({ "email": EMAIL, "connection_id": "con_nothing" })).await;
    refused(&unknown, 404, "The connection does not exist", Some("inexistent_connection"));
    let nobody = api.post(PASSWORD_CHANGE, json!({ "email": "nobody@example.com", "connection_id": connection })).await;
    refused(&nobody, 404, "The user does not exist.", Some("inexistent_user"));
    let identity = json!({ "user_id": user, "identity": { "user_id": "other", "provider": "auth0" } });
    refused(&api.post(PASSWORD_CHANGE, identity).await, 400, "The user has no such identity.", None);
}

#[tokio::test]
async fn tn_01_no_ticket_is_made_for_another_tenants_user() {
    let api = Api::new().await;
    let new = NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let mut neighbour = api.clone();
    neighbour.app.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    neighbour.token = token(&neighbour.app, SCOPES).await;
    for path in [PASSWORD_CHANGE, EMAIL_VERIFICATION] {
        let answer = neighbour.post(path, json!({ "user_id": api.scene.user.user_id })).await;
        refused(&answer, 404, "The user does not exist.", Some("inexistent_user"));
    }
    let foreign = json!({ "email": EMAIL, "connection_id": api.scene.connection.id });
    assert_eq!(neighbour.post(PASSWORD_CHANGE, foreign).await.status, 404);
    // And a link of one tenant is none of another's.
    let made = api.create(PASSWORD_CHANGE, json!({ "user_id": api.scene.user.user_id })).await;
    assert_eq!(neighbour.app.browser().get(&path(&made, "reset-password")).await.status, 400);
    assert_eq!(api.app.browser().get(&path(&made, "reset-password")).await.status, 200);
}

/// §5.3: "Verification e-mail is sent unless `email_verified:true` or `verify_email:false`."
#[tokio::test]
async fn new_users_and_new_addresses_get_a_verification_mail() {
    let api = Api::new().await;
    let inbox = api.inbox();
    let create = |email: &'static str, more: Value| {
        let mut body = json!({ "connection": api.scene.connection.name, "email": email, "password": PASSWORD });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let api = api.clone();
        async move { api.create("/users", body).await["user_id"].as_str().unwrap().replace('|', "%7C") }
    };
    let sent = async || {
        let to: Vec<String> = api.mails(&inbox).await.into_iter().map(|mail| mail.to).collect();
        inbox.clear();
        to
    };
    create("verified@example.com", json!({ "email_verified": true })).await;
    create("quiet@example.com", json!({ "verify_email": false })).await;
    assert!(sent().await.is_empty());
    let id = create("new@example.com", json!({})).await;
    assert_eq!(sent().await, ["new@example.com"]);
    let path = format!("/users/{id}");
    for (body, expected) in [
        (json!({ "name": "New" }), &[][..]),
        (json!({ "verify_email": true }), &["new@example.com"]),
        (json!({ "email": "newer@example.com" }), &["newer@example.com"]),
        (json!({ "email": "NEWER@example.com" }), &[]),
        (json!({ "email": "quiet2@example.com", "verify_email": false }), &[]),
        (json!({ "email": "proven@example.com", "email_verified": true }), &[]),
        (json!({ "verify_email": true }), &[]),
        (json!({ "email_verified": false, "verify_email": true }), &["proven@example.com"]),
    ] {
        let answer = api.patch(&path, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {answer:#?}");
        assert_eq!(sent().await, expected, "{body}");
    }
}
