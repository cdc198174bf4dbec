//! `/emails/provider`, and the mails that go by a tenant's own server (`management-api.md` §11).

use std::sync::Arc;

use keywright_app::mail::{NoMailer, SmtpMailer};
use keywright_store::tenant_documents;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::caller::{Api, invalid, refused};

const PATH: &str = "/emails/provider";
const ALL: &str = "/emails/provider?fields=name,enabled,credentials,settings,default_from_address&include_fields=true";

fn smtp(host: &str, port: u16) -> Value {
    json!({
        "name": "smtp",
        "default_from_address": "Acme <mail@acme.example>",
        "credentials": { "smtp_host": host, "smtp_port": port, "smtp_user": "acme", "smtp_pass": "hunter2-secret" },
        "settings": { "headers": { "X-SES-Configuration-Set": "acme" } },
    })
}

#[tokio::test]
async fn tn_05_a_provider_is_configured_read_changed_and_deleted_and_its_password_is_never_shown() {
    let api = Api::new().await;
    let missing = "There is not a configured email provider";
    refused(&api.get(PATH).await, 404, missing, Some("inexistent_email_provider"));
    let change = api.patch(PATH, json!({ "enabled": false })).await;
    refused(&change, 404, missing, Some("inexistent_email_provider"));
    let made = api.post(PATH, smtp("smtp.acme.example", 465)).await;
    assert_eq!(made.status, 201, "{made:#?}");
    let shown = json!({
        "name": "smtp",
        "enabled": true,
        "default_from_address": "Acme <mail@acme.example>",
        "credentials": { "smtp_host": "smtp.acme.example", "smtp_port": 465, "smtp_user": "acme" },
        "settings": { "headers": { "X-SES-Configuration-Set": "acme" } },
    });
    assert_eq!(made.json(), shown);
    assert_eq!(api.get(PATH).await.json(), json!({ "name": "smtp", "enabled": true }));
    assert_eq!(api.get(ALL).await.json(), shown);
    let again = api.post(PATH, smtp("smtp.acme.example", 465)).await;
    refused(&again, 409, "An email provider is already configured: smtp", None);
    // What is answered can be sent again, and keeps the password.
    assert_eq!(api.patch(PATH, shown.clone()).await.json(), shown);
    assert!(stored(&api).await.contains("hunter2-secret"));
    let mut other = shown.clone();
    other["credentials"] = json!({ "api_key": "another-secret" });
    other["name"] = json!("sendgrid");
    let changed = api.patch(PATH, other).await.json();
    assert_eq!((&changed["name"], &changed["credentials"]), (&json!("sendgrid"), &json!({})));
    let secrets = stored(&api).await;
    assert!(secrets.contains("another-secret") && !secrets.contains("hunter2-secret"), "{secrets}");
    let log = api.get("/logs?take=100").await.body;
    assert!(!log.contains("hunter2-secret") && !log.contains("another-secret"));
    assert_eq!(api.delete(PATH).await.status, 204);
    assert_eq!(api.get(PATH).await.status, 404);
    assert_eq!(api.delete(PATH).await.status, 204);
}

/// The sealed part, in clear. The row itself has nothing of it.
async fn stored(api: &Api) -> String {
    use keywright_jose::Purpose;
    use secrecy::ExposeSecret as _;
    let tenant = api.app.tenant.id.clone();
    let row = api.app.app.store().read(move |tx| tenant_documents::find(tx, &tenant, "email-provider", "")).await;
    let row = row.unwrap().unwrap();
    let sealed = row.secrets.unwrap();
    assert!(!row.document.contains("secret") && !String::from_utf8_lossy(&sealed).contains("secret"));
    let clear = api.app.app.unsealed(Purpose::TenantDocument, &api.app.tenant.id, Some(&sealed)).unwrap().unwrap();
    clear.expose_secret().to_owned()
}

#[tokio::test]
async fn fe_05_a_password_is_not_shown_to_another_server() {
    let api = Api::new().await;
    api.post(PATH, smtp("smtp.acme.example", 465)).await;
    for credentials in [
        json!({ "smtp_host": "smtp.evil.example", "smtp_port": 465, "smtp_user": "acme" }),
        json!({ "smtp_host": "smtp.acme.example", "smtp_port": 2525, "smtp_user": "acme" }),
        json!({ "smtp_host": "smtp.acme.example", "smtp_port": 465, "smtp_user": "eve" }),
    ] {
        let answer = api.patch(PATH, json!({ "credentials": credentials })).await;
        invalid(&answer, "'Missing required property: smtp_pass' on property credentials.");
    }
    assert_eq!(api.get(ALL).await.json()["credentials"]["smtp_host"], "smtp.acme.example", "nothing was written");
    let renamed = api.patch(PATH, json!({ "name": "mailgun" })).await;
    invalid(&renamed, "'Missing required property: credentials'.");
}

#[tokio::test]
async fn each_service_has_credentials_of_its_own() {
    let api = Api::new().await;
    for (name, credentials, shown) in [
        (
            "mailgun",
            json!({ "api_key": "s", "domain": "a.example", "region": "eu" }),
            json!({ "domain": "a.example", "region": "eu" }),
        ),
        ("mandrill", json!({ "api_key": "s" }), json!({})),
        ("sendgrid", json!({ "api_key": "s" }), json!({})),
        ("resend", json!({ "api_key": "s" }), json!({})),
        (
            "ses",
            json!({ "accessKeyId": "s", "secretAccessKey": "s", "region": "eu-west-1" }),
            json!({ "region": "eu-west-1" }),
        ),
        ("sparkpost", json!({ "api_key": "s", "region": "eu" }), json!({ "region": "eu" })),
        (
            "smtp",
            json!({ "smtp_host": "a.example", "smtp_port": 587 }),
            json!({ "smtp_host": "a.example", "smtp_port": 587 }),
        ),
        ("azure_cs", json!({ "connectionString": "s" }), json!({})),
        ("ms365", json!({ "tenantId": "s", "clientId": "s", "clientSecret": "s" }), json!({})),
    ] {
        let made = api.post(PATH, json!({ "name": name, "credentials": credentials })).await;
        assert_eq!(made.status, 201, "{made:#?}");
        assert_eq!(made.json()["credentials"], shown, "{name}");
        assert_eq!(api.delete(PATH).await.status, 204);
        let empty = api.post(PATH, json!({ "name": name, "credentials": {} })).await;
        assert!(empty.text("message").contains("'Missing required property: "), "{name}: {empty:#?}");
        let foreign = json!({ "name": name, "credentials": merged(&credentials, "smtp_user", "x", "domain") });
        let foreign = api.post(PATH, foreign).await;
        if !["smtp", "mailgun"].contains(&name) {
            assert!(foreign.text("message").contains("'Additional properties not allowed: "), "{name}: {foreign:#?}");
        }
        api.delete(PATH).await;
    }
    let custom = api.post(PATH, json!({ "name": "custom", "credentials": {} })).await;
    let message = "There is no deployed action for the trigger custom-email-provider.";
    refused(&custom, 400, message, Some("custom_email_provider_deployed_action_not_found"));
    assert_eq!(api.get(PATH).await.status, 404, "nothing was written");
}

fn merged(credentials: &Value, name: &str, value: &str, other: &str) -> Value {
    let mut all = credentials.clone();
    all[name] = json!(value);
    all[other] = json!(value);
    all
}

#[tokio::test]
async fn wrong_providers_are_named() {
    let api = Api::new().await;
    let about = "(Name of the server.)";
    for (pointer, value, reason) in [
        ("/name", json!("carrier-pigeon"), "'No enum match for: carrier-pigeon' on property name (Name of the email provider.).".to_owned()),
        ("/credentials/smtp_port", json!(0), "'Value 0 is less than minimum 1' on property credentials.smtp_port (465 is TLS from the start; any other is STARTTLS.).".to_owned()),
        ("/credentials/smtp_host", json!("a.example/x"), format!("'String does not match pattern ^[A-Za-z0-9.:_-]+$: a.example/x' on property credentials.smtp_host {about}.")),
        ("/credentials/smtp_user", json!("a\r\nb"), String::new()),
        ("/settings/headers/X-SES-Configuration-Set", json!("a\r\nBcc: eve@evil.example"), String::new()),
        ("/settings/headers", json!({ "Bcc": "eve@evil.example" }), String::new()),
        ("/default_from_address", json!("nobody"), String::new()),
        ("/default_from_address", json!("a@b.example\r\nBcc: eve@evil.example"), String::new()),
    ] {
        let mut body = smtp("smtp.acme.example", 465);
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = api.post(PATH, body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["errorCode"].clone()), (400, json!("invalid_body")), "{pointer}");
        if !reason.is_empty() {
            invalid(&answer, &reason);
        }
    }
    assert_eq!(api.get(PATH).await.status, 404, "nothing was written");
}

/// A mail server on loopback without TLS, which the scenes' instances reach as an exception of the operator. Gives what it got.
async fn server() -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 mail.acme.example ESMTP\r\n").await.unwrap();
        let (mut got, mut in_data) = (Vec::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match line.split(' ').next().unwrap() {
                "." if in_data => {
                    in_data = false;
                    "250 OK"
                }
                _ if in_data => {
                    got.push(line);
                    continue;
                }
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "EHLO" => "250-mail.acme.example\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "QUIT" => "221 bye",
                _ => "250 OK",
            };
            got.push(line);
            if writer.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                break;
            }
        }
        got
    });
    (port, serving)
}

#[tokio::test]
async fn mails_go_by_the_tenants_own_server() {
    let api = Api::new().await;
    // The operator has none: what arrives has gone the other way.
    api.app.app.send_mails_with(Arc::new(NoMailer));
    let (port, serving) = server().await;
    assert_eq!(api.post(PATH, smtp("127.0.0.1", port)).await.status, 201);
    api.ask_for_verification().await;
    assert_eq!(api.app.app.run_due_jobs().await.unwrap(), 1);
    let lines = serving.await.unwrap();
    for expected in [
        "MAIL FROM:<mail@acme.example>",
        "RCPT TO:<jane@example.com>",
        "From: Acme <mail@acme.example>",
        "X-SES-Configuration-Set: acme",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected}: {lines:#?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("AUTH PLAIN ")), "{lines:#?}");
}

#[tokio::test]
async fn a_provider_that_is_switched_off_or_stored_only_leaves_mails_to_the_operators_server() {
    let api = Api::new().await;
    let (port, serving) = server().await;
    let operators = SmtpMailer::new(&format!("smtp://127.0.0.1:{port}"), "Operator <mail@operator.example>").unwrap();
    api.app.app.send_mails_with(Arc::new(operators));
    let mut off = smtp("127.0.0.1", 1);
    off["enabled"] = json!(false);
    assert_eq!(api.post(PATH, off).await.status, 201);
    api.ask_for_verification().await;
    api.app.app.run_due_jobs().await.unwrap();
    api.app.app.send_mails_with(Arc::new(NoMailer));
    let lines = serving.await.unwrap();
    assert!(lines.iter().any(|line| line == "From: Operator <mail@operator.example>"), "{lines:#?}");
}

/// EG-02: "mail gateways". Where nothing is listed, a tenant cannot have the server look around inside.
#[tokio::test]
async fn eg_02_a_tenants_mail_server_is_no_way_into_the_own_network() {
    let api = Api::new().await;
    api.app.app.send_mails_with(Arc::new(NoMailer));
    for host in ["169.254.169.254", "10.0.0.1", "192.168.1.1", "fd00::1", "0xa.1"] {
        api.delete(PATH).await;
        assert_eq!(api.post(PATH, smtp(host, 25)).await.status, 201, "{host}");
        api.ask_for_verification().await;
        api.app.app.run_due_jobs().await.unwrap();
        let log = api.get("/logs?take=100").await.json();
        let entry = log.as_array().unwrap().iter().rfind(|entry| entry["type"] == "fn").expect("an entry").clone();
        let expected = "verify_email: the tenant's mail server may not be reached from here";
        assert_eq!(entry["description"], expected, "{host}");
    }
}
