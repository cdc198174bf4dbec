//! A running tenant with one application, one API, one connection and one user.

use std::sync::Arc;

use keywright_app::mail::Inbox;
use keywright_app::{
    App, AppOptions, AuthorizationRequest, BrowserId, Clock, HashingCost, MasterKeys, NewClient, NewTenant, NewUser,
    Progress, Transaction,
};
use keywright_jose::{MasterKey, Random};
use keywright_store::Store;
use keywright_store::logs::{self, LogRow};
use keywright_types::{
    AppType, Client, Connection, ConnectionOptions, OtherMembers, ResourceServer, ResourceServerScope, ScopeSet,
    Tenant, TenantSettings, User,
};
use tempfile::TempDir;

use crate::browser::Browser;

pub(crate) const DOMAIN: &str = "login.example.com";
pub(crate) const EMAIL: &str = "jane@example.com";
pub(crate) const PASSWORD: &str = "Correct horse 1";
pub(crate) const API: &str = "appointments:api";

pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) tenant: Tenant,
    pub(crate) client: Client,
    pub(crate) connection: Connection,
    pub(crate) user: User,
    /// Where mails arrive, once the jobs are run.
    pub(crate) inbox: Inbox,
    _directory: TempDir,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(ConnectionOptions::default(), HashingCost::Minimal).await
    }

    /// With the limits on requests that production has.
    pub(crate) async fn limited() -> Self {
        Self::build(ConnectionOptions::default(), HashingCost::Minimal, true).await
    }

    pub(crate) async fn with(options: ConnectionOptions, hashing_cost: HashingCost) -> Self {
        Self::build(options, hashing_cost, false).await
    }

    async fn build(options: ConnectionOptions, hashing_cost: HashingCost, rate_limits: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keywright.db");
        let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
        let random = Random::system();
        let clock = Clock::frozen("2026-01-15T12:00:00Z".parse().unwrap());
        let egress = keywright_app::Egress::new(keywright_app::EgressOptions::default()).unwrap();
        let parts = AppOptions {
            store,
            master_keys: MasterKeys::only(MasterKey::generate(&random)),
            clock: clock.clone(),
            random,
            hashing_cost,
            rate_limits,
            egress,
        };
        let app = App::open(parts).await.unwrap();
        let settings = TenantSettings { friendly_name: Some("Acme Health".to_owned()), ..TenantSettings::default() };
        let new = NewTenant { domain: DOMAIN.to_owned(), settings, management_scopes: Vec::new() };
        let (tenant, _) = app.create_tenant(new).await.unwrap();
        let (client, _) = app.new_client(NewClient {
            name: "Appointments".to_owned(),
            app_type: Some(AppType::RegularWeb),
            callbacks: vec!["https://app.example/callback".to_owned()],
            ..NewClient::default()
        });
        app.create_client(&tenant.id, &client, None).await.unwrap();
        let api = ResourceServer {
            id: "api".to_owned(),
            name: "Appointments".to_owned(),
            identifier: API.to_owned(),
            scopes: vec![
                ResourceServerScope { value: "read:contacts".to_owned(), description: Some("See contacts".to_owned()) },
                ResourceServerScope { value: "update:contacts".to_owned(), description: None },
            ],
            ..ResourceServer::default()
        };
        app.create_api(&tenant.id, &api, None).await.unwrap();
        let requires_username = options.requires_username;
        let connection = Connection {
            id: "con_1".to_owned(),
            name: "Username-Password-Authentication".to_owned(),
            strategy: "auth0".to_owned(),
            enabled_clients: vec![client.client_id.clone()],
            is_domain_connection: true,
            options,
            other: OtherMembers::new(),
        };
        app.create_connection(&tenant.id, &connection).await.unwrap();
        let new = NewUser {
            email: EMAIL.to_owned(),
            username: requires_username.then(|| "jane".to_owned()),
            password: PASSWORD.to_owned(),
            email_verified: true,
        };
        let user = app.create_user(&tenant.id, &connection, new).await.unwrap();
        let inbox = Inbox::default();
        app.send_mails_with(Arc::new(inbox.clone()));
        Self { app, clock, tenant, client, connection, user, inbox, _directory: directory }
    }

    /// Changes the connection.
    pub(crate) async fn configure(&self, change: impl FnOnce(&mut Connection)) {
        let mut connection = self.connection.clone();
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
            redirect_uri: "https://app.example/callback".to_owned(),
            scope: ScopeSet::parse("openid profile"),
            audience: Some(API.to_owned()),
            state: Some("xyz".to_owned()),
            ..AuthorizationRequest::default()
        }
    }

    /// What `/authorize` does before it sends the browser to a page.
    pub(crate) async fn begin(&self, browser: &mut Browser) -> Transaction {
        self.begin_with(browser, self.request()).await
    }

    pub(crate) async fn begin_with(&self, browser: &mut Browser, request: AuthorizationRequest) -> Transaction {
        let id = self.browser_id(browser);
        self.app.begin_transaction(&self.tenant.id, request, &id).await.unwrap()
    }

    /// The transaction as it stands now; `None` when it is not this browser's or over.
    pub(crate) async fn progress(&self, browser: &mut Browser, handle: &str) -> Option<Progress> {
        let id = self.browser_id(browser);
        self.app.transaction(&self.tenant.id, handle, Some(&id)).await.unwrap().map(|found| found.progress)
    }

    /// The identity in the browser's cookie; gives it one if it has none.
    fn browser_id(&self, browser: &mut Browser) -> BrowserId {
        if let Some(id) = self.app.browser(&self.tenant.id, browser.cookie("__Host-auth0-browser")) {
            return id;
        }
        let id = self.app.new_browser();
        browser.set_cookie("__Host-auth0-browser", &self.app.browser_cookie(&self.tenant.id, &id));
        id
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
        let session = self.app.session(&self.tenant, browser.cookie("__Host-auth0")).await.unwrap();
        session.map(|session| session.user_id)
    }
}
