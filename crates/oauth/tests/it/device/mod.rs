//! The device flow (§5; RFC 8628; DV-01 to DV-07): a device asks, a user answers in a browser, the device fetches its tokens.

mod activation;
mod authorization;
mod bindings;
mod guesses;
mod polling;
mod races;
mod user_codes;

use keywright_testkit::{Answer, Browser, EMAIL, Engine, PASSWORD, Registered, Scene, SceneOptions, TestApp};
use keywright_types::{Profile, TenantSettings};

use crate::routes;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const PENDING: &str = "User has yet to authorize device code.";
const INVALID: &str = "Invalid or expired device code.";

/// A scene whose native application has the grant.
async fn scene() -> Scene {
    build(SceneOptions::default()).await
}

async fn standard() -> Scene {
    let settings = TenantSettings { profile: Profile::Standard, ..TenantSettings::default() };
    build(SceneOptions { settings, ..SceneOptions::default() }).await
}

async fn limited() -> Scene {
    build(SceneOptions { limits: true, ..SceneOptions::default() }).await
}

async fn on(engine: Engine) -> Scene {
    build(SceneOptions { engine, ..SceneOptions::default() }).await
}

async fn build(options: SceneOptions) -> Scene {
    let mut scene = Scene::build(routes, options).await;
    scene.native = scene.app.change_client(&scene.native, |client| client.grant_types.push(GRANT.to_owned())).await;
    scene
}

/// `POST /oauth/device/code`.
async fn ask(app: &TestApp, client: &Registered, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("client_id", client.id())][..], more].concat();
    app.post_form("/oauth/device/code", &fields).await
}

/// A device that has its codes.
#[derive(Clone, Debug)]
struct Device {
    code: String,
    user_code: String,
}

impl Device {
    async fn new(scene: &Scene, more: &[(&str, &str)]) -> Self {
        Self::of(&scene.app, &scene.native, more).await
    }

    async fn of(app: &TestApp, client: &Registered, more: &[(&str, &str)]) -> Self {
        let answer = ask(app, client, more).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        Self { code: answer.text("device_code"), user_code: answer.text("user_code") }
    }

    /// `POST /oauth/token`.
    async fn poll(&self, app: &TestApp, client: &Registered) -> Answer {
        let fields = [("grant_type", GRANT), ("device_code", &*self.code), ("client_id", client.id())];
        app.post_form("/oauth/token", &fields).await
    }

    /// The question about this device, as somebody gets it who follows the link.
    async fn question(&self, browser: &Browser) -> Answer {
        let page = enter(browser, &self.user_code).await;
        assert_eq!(page.status, 200, "{page:#?}");
        page
    }

    /// Says yes to the question; gives the redirect of `/authorize/resume`.
    async fn confirm(&self, browser: &Browser) -> Answer {
        let page = self.question(browser).await;
        let answer = say(browser, &page, "confirm").await;
        assert!(answer.location().starts_with("/authorize/resume?state="), "{answer:#?}");
        browser.get(answer.location()).await
    }

    /// Does everything that is asked; gives the last redirect.
    async fn activate(&self, browser: &Browser) -> Answer {
        finish(browser, self.confirm(browser).await).await
    }
}

/// Logs in and agrees, as far as that is asked.
async fn finish(browser: &Browser, answer: Answer) -> Answer {
    if answer.location().starts_with("/u/login?") {
        browser.log_in(&answer, EMAIL, PASSWORD).await
    } else {
        browser.consent(answer, "accept").await
    }
}

/// Enters a code by the link of the QR picture.
async fn enter(browser: &Browser, user_code: &str) -> Answer {
    let query = crate::expect::form([("user_code", user_code)]);
    let page = browser.get(&format!("/activate?{query}")).await;
    assert_eq!(page.status, 200, "{page:#?}");
    browser.submit("/activate", &page, &[("user_code", user_code)]).await
}

/// Answers the question.
async fn say(browser: &Browser, page: &Answer, action: &str) -> Answer {
    browser.submit("/activate/confirm", page, &[("action", action)]).await
}

/// Entries of the tenant log about the device flow: code, description, whether user and application are named.
async fn logged(scene: &Scene) -> Vec<(String, String, bool, bool)> {
    let read = scene.app.app.store().read(|tx| {
        let sql = "SELECT type, description, user_id, client_id FROM logs \
                   WHERE type IN ('fdeaz', 'fdeac', 'fdecc', 'sede', 'fede') ORDER BY log_id";
        let mut entries = Vec::new();
        for row in tx.query(sql, &[])? {
            let (user, client): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            entries.push((
                row.get(0)?,
                row.get::<Option<String>>(1)?.unwrap_or_default(),
                user.is_some(),
                client.is_some(),
            ));
        }
        Ok::<_, keywright_store::StoreError>(entries)
    });
    read.await.unwrap()
}

/// One entry as [`logged`] gives it.
fn entry(kind: &str, description: &str, user: bool, client: bool) -> (String, String, bool, bool) {
    (kind.to_owned(), description.to_owned(), user, client)
}
