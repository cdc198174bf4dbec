//! What a request came to, in one value, so that a test compares it with one line of the reference; and how many rows
//! there are, so that a test can say that nothing changed.

use keywright_store::StoreError;
use keywright_testkit::{Answer, Browser, Scene, TestApp, unescaped};

/// Where an authorization request, or a step of it, has led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A code, at the application.
    Code,
    /// The login page.
    Login,
    /// The sign-up page.
    SignUp,
    /// The consent page.
    Consent,
    /// The page that asks for the organization.
    Organization,
    /// The page with the user's organizations.
    OrganizationPicker,
    /// On to the function that decides what comes next.
    Resume,
    /// `error` and `error_description`, at the application.
    Refused(String, String),
    /// Status and technical details of an error page.
    Page(u16, String),
}

/// An error at the application.
pub(crate) fn refused(error: &str, description: &str) -> Outcome {
    Outcome::Refused(error.to_owned(), description.to_owned())
}

/// An error page, with its technical details `error: description`.
pub(crate) fn page(status: u16, details: impl Into<String>) -> Outcome {
    Outcome::Page(status, details.into())
}

/// `login_required`.
pub(crate) fn login_required() -> Outcome {
    refused("login_required", "Login required")
}

/// The page of §1.7, for a transaction that is not open here.
pub(crate) fn lost() -> Outcome {
    page(
        400,
        "invalid_request: You may have pressed the back button, refreshed during login, opened too many login dialogs, \
         or there is some issue with cookies, since we couldn't find your session. Try logging in again from the \
         application and if the problem persists please contact the administrator.",
    )
}

/// Where `answer` leads. Everything that holds for each kind of answer is asserted here: a page never redirects, no
/// answer is cached, and a code never comes with an error.
pub(crate) fn outcome(answer: &Answer) -> Outcome {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:#?}");
    let status = answer.status.as_u16();
    if status >= 400 {
        assert!(answer.headers.get("location").is_none(), "{answer:#?}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.body.contains("<h1>Oops!, something went wrong</h1>"), "{answer:#?}");
        assert!(!answer.body.contains("<form"), "{answer:#?}");
        return page(status, details(answer));
    }
    assert!(status == 302 || status == 303, "{answer:#?}");
    let location = answer.location();
    for (start, led_to) in [
        ("/u/login?state=", Outcome::Login),
        ("/u/signup?state=", Outcome::SignUp),
        ("/u/consent?state=", Outcome::Consent),
        ("/u/organization?state=", Outcome::Organization),
        ("/u/organization-picker?state=", Outcome::OrganizationPicker),
        ("/authorize/resume?state=", Outcome::Resume),
    ] {
        if location.starts_with(start) {
            return led_to;
        }
    }
    match (answer.location_parameter("code"), answer.location_parameter("error")) {
        (Some(_), None) => Outcome::Code,
        (None, Some(error)) => refused(&error, &answer.location_parameter("error_description").unwrap()),
        _ => panic!("neither a code nor an error: {answer:#?}"),
    }
}

/// Technical details of an error page.
fn details(answer: &Answer) -> String {
    let after = answer.body.split("<dd lang=\"en\"><code>").nth(1).unwrap_or_else(|| panic!("no details: {answer:#?}"));
    unescaped(after.split("</code>").next().unwrap())
}

/// Fills in the form of the page that `answer` leads to, and gives the answer to the post.
pub(crate) async fn answer_form(browser: &Browser, answer: &Answer, fields: &[(&str, &str)]) -> Answer {
    browser.fill_in(answer.location(), fields).await
}

/// The user's fields of the login page.
pub(crate) fn credentials(scene: &Scene) -> [(&'static str, &'static str); 2] {
    [("username", "jane@example.com"), ("password", scene.password())]
}

/// Another user of the scene's connection, with the same password.
pub(crate) async fn add_user(scene: &Scene, email: &str) -> keywright_types::User {
    let new = keywright_app::NewUser {
        email: email.to_owned(),
        username: None,
        password: scene.password().to_owned(),
        email_verified: true,
        ..keywright_app::NewUser::default()
    };
    scene.app.app.create_user(&scene.app.tenant.id, &scene.connection, new).await.unwrap()
}

/// Handle of the transaction that `answer` leads to.
pub(crate) fn handle(answer: &Answer) -> String {
    answer.location_parameter("state").unwrap()
}

/// Numbers of sessions, transactions, codes, grants and users.
pub(crate) async fn rows(app: &TestApp) -> [i64; 5] {
    let count = app.app.store().read(|tx| {
        let mut number = |sql| -> Result<i64, StoreError> { tx.query(sql, &[])?.first().unwrap().get(0) };
        Ok::<_, StoreError>([
            number("SELECT COUNT(*) FROM sessions")?,
            number("SELECT COUNT(*) FROM transactions")?,
            number("SELECT COUNT(*) FROM authorization_codes")?,
            number("SELECT COUNT(*) FROM grants")?,
            number("SELECT COUNT(*) FROM users")?,
        ])
    });
    count.await.unwrap()
}

/// Changes the connection of the scene.
pub(crate) async fn change_connection(scene: &Scene, change: impl FnOnce(&mut keywright_types::Connection)) {
    let mut connection = scene.connection.clone();
    change(&mut connection);
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
}

/// Changes the settings of the tenant.
pub(crate) async fn change_settings(scene: &Scene, change: impl FnOnce(&mut keywright_types::TenantSettings)) {
    let mut settings = scene.app.tenant.settings.clone();
    change(&mut settings);
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
}

/// Registers an application and lets it use the scene's connection, beside those that may already.
pub(crate) async fn add_client(
    scene: &Scene,
    name: &str,
    app_type: keywright_types::AppType,
    callback: &str,
) -> keywright_testkit::Registered {
    let registered = scene.app.register(name, app_type, callback).await;
    let connections = scene.app.app.connections(&scene.app.tenant.id).await.unwrap();
    let mut connection = connections.iter().find(|own| own.id == scene.connection.id).unwrap().clone();
    connection.enabled_clients.push(registered.id().to_owned());
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
    registered
}

/// Whether a browser has a session, asked the way applications ask: silently.
pub(crate) async fn is_logged_in(scene: &Scene, browser: &Browser) -> bool {
    found_session(&browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")])).await)
}

/// Whether a request with `prompt=none` found a session: it gets a code or `login_required`, and nothing else.
pub(crate) fn found_session(answer: &Answer) -> bool {
    match outcome(answer) {
        Outcome::Code => true,
        other => {
            assert_eq!(other, login_required());
            false
        }
    }
}
