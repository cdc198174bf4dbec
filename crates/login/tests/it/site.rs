//! A running tenant, below `/authorize`: logins begin here without it, and their progress is read as it is stored.

use std::sync::Arc;

use keywright_app::mail::{Inbox, Message};
use keywright_app::{App, AuthorizationRequest, BrowserId, HashingCost, Progress, Transaction};
use keywright_store::logs::{self, LogRow};
use keywright_store::users;
use keywright_testkit::{Browser, Scene, SceneOptions};
pub(crate) use keywright_testkit::{EMAIL, PASSWORD};
use keywright_types::{
    Client, Connection, ConnectionOptions, ResourceServerScope, ScopeSet, Tenant, TenantSettings, User,
};

pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) tenant: Tenant,
    pub(crate) client: Client,
    pub(crate) user: User,
    /// Where mails arrive, once the jobs are run.
    pub(crate) inbox: Inbox,
    scene: Scene,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::build(SceneOptions::default()).await
    }

    /// With the limits on requests that production has.
    pub(crate) async fn limited() -> Self {
        Self::build(SceneOptions { limits: true, ..SceneOptions::default() }).await
    }

    pub(crate) async fn with(connection: ConnectionOptions, hashing_cost: HashingCost) -> Self {
        Self::build(SceneOptions { connection, hashing_cost, ..SceneOptions::default() }).await
    }

    async fn build(options: SceneOptions) -> Self {
        let settings = TenantSettings { friendly_name: Some("Acme Health".to_owned()), ..TenantSettings::default() };
        let scene = Scene::build(keywright_login::router, SceneOptions { settings, ..options }).await;
        let client =
            scene.app.change_client(&scene.web, |client| "Appointments".clone_into(&mut client.name)).await.client;
        let (app, tenant) = (scene.app.app.clone(), scene.app.tenant.clone());
        let mut api = scene.api.clone();
        api.scopes = vec![
            ResourceServerScope { value: "read:contacts".to_owned(), description: Some("See contacts".to_owned()) },
            ResourceServerScope { value: "update:contacts".to_owned(), description: None },
        ];
        app.update_api(&tenant.id, &api).await.unwrap();
        let inbox = Inbox::default();
        app.send_mails_with(Arc::new(inbox.clone()));
        Self { app, tenant, client, user: scene.user.clone(), inbox, scene }
    }

    pub(crate) fn browser(&self) -> Browser {
        self.scene.app.browser()
    }

    /// A browser at an address.
    pub(crate) fn browser_at(&self, address: &str) -> Browser {
        self.scene.app.from_address(address).browser()
    }

    /// The connection of the user.
    pub(crate) fn connection(&self) -> &Connection {
        &self.scene.connection
    }

    /// Changes the connection.
    pub(crate) async fn configure(&self, change: impl FnOnce(&mut Connection)) {
        let mut connection = self.scene.connection.clone();
        change(&mut connection);
        self.app.update_connection(&self.tenant.id, &connection).await.unwrap();
    }

    /// Changes the tenant's settings.
    pub(crate) async fn set(&self, change: impl FnOnce(&mut TenantSettings)) {
        let mut settings = self.tenant.settings.clone();
        change(&mut settings);
        self.app.update_tenant_settings(&self.tenant.id, &settings).await.unwrap();
    }

    pub(crate) fn request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: self.client.client_id.clone(),
            redirect_uri: self.client.callbacks[0].clone(),
            scope: ScopeSet::parse("openid profile"),
            audience: Some(self.scene.api.identifier.clone()),
            state: Some("xyz".to_owned()),
            ..AuthorizationRequest::default()
        }
    }

    /// What `/authorize` does before it sends the browser to a page.
    pub(crate) async fn begin(&self, browser: &Browser) -> Transaction {
        self.begin_with(browser, self.request()).await
    }

    pub(crate) async fn begin_with(&self, browser: &Browser, request: AuthorizationRequest) -> Transaction {
        let id = self.browser_id(browser);
        self.app.begin_transaction(&self.tenant.id, request, keywright_app::Progress::default(), &id).await.unwrap()
    }

    /// The transaction as it stands now; `None` when it is not this browser's or over.
    pub(crate) async fn progress(&self, browser: &Browser, handle: &str) -> Option<Progress> {
        let id = self.browser_id(browser);
        self.app.transaction(&self.tenant.id, handle, Some(&id)).await.unwrap().map(|found| found.progress)
    }

    /// The identity in the browser's cookie; gives it one if it has none.
    fn browser_id(&self, browser: &Browser) -> BrowserId {
        if let Some(id) = self.app.browser(&self.tenant.id, browser.cookie("__Host-auth0-browser").as_deref()) {
            return id;
        }
        let id = self.app.new_browser();
        browser.set_cookie("__Host-auth0-browser", Some(&self.app.browser_cookie(&self.tenant.id, &id)));
        id
    }

    /// Sends what is to be sent, and gives the newest mail.
    pub(crate) async fn mail(&self) -> Message {
        self.app.run_due_jobs().await.unwrap();
        self.inbox.mails().first().expect("a mail").message.clone()
    }

    /// The user with this address.
    pub(crate) async fn user_id(&self, email: &str) -> String {
        let (id, connection, email) = (self.tenant.id.clone(), self.connection().name.clone(), email.to_owned());
        let row = self.app.store().read(move |tx| users::find_by_email(tx, &id, &connection, &email)).await.unwrap();
        row.expect("a user").user_id
    }

    /// Makes a user one whose address was never proven.
    pub(crate) async fn unverify(&self, user_id: &str) {
        let (id, user, now) = (self.tenant.id.clone(), user_id.to_owned(), self.app.now());
        assert!(self.app.store().write(move |tx| users::set_verified(tx, &id, &user, false, now)).await.unwrap());
    }

    /// Codes of the tenant log, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.log().await.into_iter().map(|row| row.kind).collect()
    }

    /// Entries of the tenant log, oldest first.
    pub(crate) async fn log(&self) -> Vec<LogRow> {
        let id = self.tenant.id.clone();
        self.app.store().read(move |tx| logs::list_after(tx, &id, "", jiff::Timestamp::MAX, 1000)).await.unwrap()
    }

    /// User id of the session in the browser's cookie.
    pub(crate) async fn logged_in(&self, browser: &Browser) -> Option<String> {
        let session = self.app.session(&self.tenant, browser.cookie("__Host-auth0").as_deref()).await.unwrap();
        session.map(|session| session.user_id)
    }
}

/// The path of the link in a mail that begins with `path`; the text and the HTML have the same one.
pub(crate) fn link(mail: &Message, path: &str) -> String {
    let begin = format!("https://login.example.com{path}");
    let line = mail.text.lines().find(|line| line.starts_with(&begin)).unwrap_or_else(|| panic!("{}", mail.text));
    assert!(mail.html.contains(&format!("href=\"{line}\"")), "{}", mail.html);
    line.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#').to_owned()
}
