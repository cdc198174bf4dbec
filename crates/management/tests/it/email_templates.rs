//! `/email-templates` and the mails that are written from them (`management-api.md` §11).

use std::sync::Arc;

use http::Method;
use keywright_app::Caller;
use keywright_app::mail::{EMAIL_TEMPLATES, Inbox, Message};
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

fn template(name: &str) -> Value {
    json!({
        "template": name,
        "body": "<p>Hello {{ user.name }}, <a href=\"{{ url }}\">{{ application.name | upcase }}</a> ({{ tenant }})</p>",
        "from": "{{ friendly_name }} <no-reply@acme.example>",
        "subject": "{{ application.name }}: {{ user.name }}",
        "syntax": "liquid",
        "resultUrl": "https://app.example.com/{{ user.user_metadata.lang }}",
        "urlLifetimeInSeconds": 600,
        "includeEmailInRedirect": false,
        "enabled": true,
    })
}

impl Api {
    /// An inbox for everything that is mailed.
    pub(crate) fn inbox(&self) -> Inbox {
        let inbox = Inbox::default();
        self.app.app.send_mails_with(Arc::new(inbox.clone()));
        inbox
    }

    /// The mails that are due, the newest first.
    pub(crate) async fn mails(&self, inbox: &Inbox) -> Vec<Message> {
        self.app.app.run_due_jobs().await.unwrap();
        inbox.mails().into_iter().map(|mail| mail.message).collect()
    }

    /// Asks for a mail to prove the address of the scene's user, for its web application.
    pub(crate) async fn ask_for_verification(&self) {
        let (tenant, user) = (&self.app.tenant, self.scene.user.user_id.replace('|', "%7C"));
        let changed = self.patch(&format!("/users/{user}"), json!({ "email_verified": false })).await;
        assert_eq!(changed.status, 200, "{changed:#?}");
        let (user, client) = (&self.scene.user.user_id, self.scene.web.id());
        let caller = Caller::default();
        self.app.app.send_verification_email(tenant, user, Some(client), None, &caller).await.unwrap();
    }
}

#[tokio::test]
async fn templates_are_created_read_changed_and_replaced() {
    let api = Api::new().await;
    for name in EMAIL_TEMPLATES {
        let path = format!("/email-templates/{name}");
        let missing = "The template does not exist.";
        refused(&api.get(&path).await, 404, missing, Some("inexistent_email_template"));
        let change = api.patch(&path, json!({ "enabled": false })).await;
        refused(&change, 404, missing, Some("inexistent_email_template"));
        let made = api.post("/email-templates", template(name)).await;
        assert_eq!(made.status, 200, "{made:#?}");
        assert_eq!(made.json(), template(name));
        assert_eq!(api.get(&path).await.json(), template(name));
        let again = api.post("/email-templates", template(name)).await;
        refused(&again, 409, &format!("Template {name} already exists."), None);
        let changed = api.patch(&path, json!({ "subject": null, "enabled": false })).await.json();
        assert!(changed.get("subject").is_none() && changed["enabled"] == false && changed["syntax"] == "liquid");
        // What is answered can be sent again, by PATCH as the deploy tool does it, and by PUT.
        assert_eq!(api.patch(&path, template(name)).await.json(), template(name));
        let mut other = template(name);
        other["body"] = json!("x");
        other.as_object_mut().unwrap().remove("resultUrl");
        let replaced = api.send(Method::PUT, &path, Some(other.clone())).await;
        assert_eq!((replaced.status.as_u16(), replaced.json()), (200, other.clone()));
        assert_eq!(api.get(&path).await.json(), other);
    }
    let put = api.with_scopes(&["update:email_templates"]).await;
    let fresh = Api::new().await;
    let path = "/email-templates/verify_email";
    assert_eq!(fresh.send(Method::PUT, path, Some(template("verify_email"))).await.status, 200, "PUT creates");
    assert_eq!(put.get(path).await.status, 403);
}

#[tokio::test]
async fn wrong_templates_are_named_and_change_nothing() {
    let api = Api::new().await;
    for (member, value, reason) in [
        ("template", json!("unknown"), "'No enum match for: unknown' on property template (Name of the template.)."),
        (
            "syntax",
            json!("handlebars"),
            "'No enum match for: handlebars' on property syntax (Syntax of the template body.).",
        ),
        (
            "enabled",
            json!("yes"),
            "'Expected type boolean but found type string' on property enabled (Whether the email is sent.).",
        ),
        (
            "urlLifetimeInSeconds",
            json!(-1),
            "'Value -1 is less than minimum 0' on property urlLifetimeInSeconds (Lifetime in seconds that the link within the \
             email is valid for.).",
        ),
        ("x", json!(1), "'Additional properties not allowed: x'."),
    ] {
        let mut body = template("verify_email");
        body[member] = value;
        invalid(&api.post("/email-templates", body).await, reason);
    }
    for (member, source) in [
        ("body", "{{ user.name"),
        ("body", "{% if %}"),
        ("body", "{% include 'x' %}"),
        ("body", "{{ user.name | unknown }}"),
        ("subject", "{% unknown %}"),
        ("from", "{{"),
        ("resultUrl", "{{"),
    ] {
        let mut body = template("verify_email");
        body[member] = json!(source);
        let answer = api.post("/email-templates", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorCode"].clone()),
            (400, json!("invalid_body")),
            "{source}"
        );
        assert!(answer.text("message").starts_with(&format!("{member} is not a Liquid template: ")), "{answer:#?}");
    }
    let unknown = api.get("/email-templates/unknown").await;
    let message = "Path validation error: 'No enum match for: unknown' on property templateName (Template name.).";
    refused(&unknown, 400, message, Some("invalid_uri"));
    let path = "/email-templates/verify_email";
    assert_eq!(api.get(path).await.status, 404, "nothing was written");
    api.post("/email-templates", template("verify_email")).await;
    let renamed = api.patch(path, json!({ "template": "reset_email" })).await;
    refused(&renamed, 400, "The template cannot be given another name", Some("invalid_body"));
}

#[tokio::test]
async fn wb_10_what_goes_into_headers_is_one_line() {
    let api = Api::new().await;
    for member in ["from", "subject", "resultUrl"] {
        let mut body = template("verify_email");
        body[member] = json!("a\r\nBcc: eve@evil.example");
        let answer = api.post("/email-templates", body).await;
        refused(&answer, 400, &format!("{member} must be one line"), Some("invalid_body"));
    }
    // And what users write into their profiles becomes one.
    let inbox = api.inbox();
    assert_eq!(api.post("/email-templates", template("verify_email")).await.status, 200);
    let user = api.scene.user.user_id.replace('|', "%7C");
    let name = "Jane\r\nBcc: eve@evil.example";
    api.patch(&format!("/users/{user}"), json!({ "name": name })).await;
    api.ask_for_verification().await;
    let mail = api.mails(&inbox).await.remove(0);
    assert_eq!(mail.subject, "Regular Web App: Jane Bcc: eve@evil.example");
    assert!(!mail.from.unwrap().contains('\n'));
}

#[tokio::test]
async fn mails_are_written_from_the_tenants_templates() {
    let api = Api::new().await;
    let inbox = api.inbox();
    api.patch("/tenants/settings", json!({ "friendly_name": "Acme" })).await;
    let user = api.scene.user.user_id.replace('|', "%7C");
    let hostile = json!({ "name": "<img src=x onerror=alert(1)>", "user_metadata": { "lang": "de" } });
    api.patch(&format!("/users/{user}"), hostile).await;
    api.ask_for_verification().await;
    let built_in = api.mails(&inbox).await.remove(0);
    assert_eq!(built_in.subject, "Verify your email address for Acme");
    assert_eq!(built_in.from, None);

    assert_eq!(api.post("/email-templates", template("verify_email")).await.status, 200);
    api.ask_for_verification().await;
    let mail = api.mails(&inbox).await.remove(0);
    assert_eq!(mail.subject, "Regular Web App: <img src=x onerror=alert(1)>", "a header is no HTML");
    assert_eq!(mail.from.as_deref(), Some("Acme <no-reply@acme.example>"));
    // WB-01: what users write stays text.
    assert!(
        mail.html.starts_with("<p>Hello &lt;img src=x onerror=alert(1)&gt;, <a href=\"https://login.example.com/u/")
    );
    assert!(mail.html.ends_with("#\">REGULAR WEB APP</a> (login)</p>"), "{}", mail.html);
    assert!(mail.text.contains("Hello <img src=x onerror=alert(1)>, REGULAR WEB APP"), "{}", mail.text);
    let link =
        mail.text.lines().find(|line| line.starts_with("https://login.example.com/u/email-verification")).unwrap();
    let path = link.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#');
    let browser = api.app.browser();
    api.app.advance(599);
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{page:#?}");
    let done = browser.submit("/u/email-verification", &page, &[]).await;
    assert!(done.location().starts_with("https://app.example.com/de?success=true&message="), "{done:#?}");
    assert!(!done.location().contains("email="), "includeEmailInRedirect is false");

    api.patch("/email-templates/verify_email", json!({ "urlLifetimeInSeconds": 60 })).await;
    api.ask_for_verification().await;
    let mail = api.mails(&inbox).await.remove(0);
    let link =
        mail.text.lines().find(|line| line.starts_with("https://login.example.com/u/email-verification")).unwrap();
    let path = link.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#').to_owned();
    api.app.advance(60);
    let late = browser.get(&path).await;
    assert!(
        late.location().starts_with("https://app.example.com/de?success=false&message=Access+expired."),
        "{late:#?}"
    );

    let api = api.with_scopes(keywright_management::SCOPES).await;
    api.patch("/email-templates/verify_email", json!({ "enabled": false })).await;
    let before = inbox.mails().len();
    api.ask_for_verification().await;
    assert_eq!(api.mails(&inbox).await.len(), before, "a mail that is switched off is not sent");
}

/// A template that cannot be rendered for somebody leaves nobody without a link.
#[tokio::test]
async fn a_template_that_fails_is_replaced_by_the_built_in_mail() {
    let api = Api::new().await;
    let inbox = api.inbox();
    let mut body = template("verify_email");
    body["body"] = json!("{{ 1 | divided_by: user.user_metadata.zero }}");
    assert_eq!(api.post("/email-templates", body).await.status, 200);
    let user = api.scene.user.user_id.replace('|', "%7C");
    api.patch(&format!("/users/{user}"), json!({ "user_metadata": { "zero": 0 } })).await;
    api.ask_for_verification().await;
    let mail = api.mails(&inbox).await.remove(0);
    assert!(mail.html.contains("Verify my email address"), "{}", mail.html);
}

/// "Once a user verifies their address, they get a welcome mail; without the verification mail they get it at the sign-up."
#[tokio::test]
async fn a_welcome_is_sent_where_the_tenant_wants_it() {
    let api = Api::new().await;
    let inbox = api.inbox();
    let mut welcome = template("welcome_email");
    welcome["body"] = json!(null);
    welcome["subject"] = json!(null);
    assert_eq!(api.post("/email-templates", welcome).await.status, 200);
    let sign_up = |email: &'static str| {
        let body = json!({
            "client_id": api.scene.web.id(), "connection": api.scene.connection.name, "email": email,
            "password": "Correct-horse-1",
        });
        let api = api.clone();
        async move { api.app.post_json("/dbconnections/signup", &body).await }
    };
    assert_eq!(sign_up("one@example.com").await.status, 200);
    let mail = api.mails(&inbox).await.remove(0);
    assert_eq!(mail.template, "verify_email");
    let link = mail.text.lines().find(|line| line.starts_with("https://login.example.com/u/")).unwrap();
    let path = link.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#');
    assert_eq!(api.app.browser().fill_in(path, &[]).await.status, 200);
    let mail = api.mails(&inbox).await.remove(0);
    assert_eq!((mail.template, mail.to.as_str()), ("welcome_email", "one@example.com"));
    assert!(mail.html.contains("You can use it to log in to Regular Web App."), "{}", mail.html);
    let mut off = template("verify_email");
    off["enabled"] = json!(false);
    assert_eq!(api.post("/email-templates", off).await.status, 200);
    assert_eq!(sign_up("two@example.com").await.status, 200);
    let mails = api.mails(&inbox).await;
    assert_eq!((mails.len(), mails[0].template, mails[0].to.as_str()), (3, "welcome_email", "two@example.com"));
}
