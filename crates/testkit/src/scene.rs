//! An instance in this process with one tenant, applications of all four types, an API and a user.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware::from_fn_with_state;
use http::{Method, Request, header};
use jiff::SignedDuration;
use keywright_app::{App, AppOptions, Clock, HashingCost, MasterKeys, NewClient, NewTenant, NewUser, OpenError};
use keywright_jose::{MasterKey, Random};
use keywright_types::{
    AppType, Client, ClientGrant, Connection, ConnectionOptions, OtherMembers, Profile, ResourceServer,
    ResourceServerScope, SubjectType, Tenant, TenantSettings, User,
};
use keywright_web::tenancy;
use secrecy::{ExposeSecret as _, SecretString};
use tower::ServiceExt as _;

use crate::engine::Cleanup;
use crate::{Answer, Browser, Engine};

/// Domain of the tenant.
pub(crate) const DOMAIN: &str = "login.example.com";
/// Address of the user.
pub const EMAIL: &str = "jane@example.com";
/// Password of the user.
pub const PASSWORD: &str = "Correct-horse-1";

/// The instance: its app and its routes. Cheap to clone.
#[derive(Clone)]
pub struct TestApp {
    /// Below HTTP.
    pub app: App,
    /// The tenant.
    pub tenant: Tenant,
    router: Router,
    /// Where requests come from.
    address: Option<IpAddr>,
}

/// An application with its secret.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The document.
    pub client: Client,
    /// Its secret.
    pub secret: String,
}

impl Registered {
    /// `client_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.client.client_id
    }
}

/// Everything most tests need. Dropping it removes the database.
#[derive(Clone)]
pub struct Scene {
    /// The instance.
    pub app: TestApp,
    /// Database connection `Username-Password-Authentication`.
    pub connection: Connection,
    /// Regular web application with a verifiable callback, `https://app.example.com/callback`.
    pub web: Registered,
    /// Single-page application (public, rotating refresh tokens), `https://spa.example.com/callback`.
    pub spa: Registered,
    /// Native application (public), `com.example.app:/callback`.
    pub native: Registered,
    /// Machine to machine, with a client grant for all scopes of the API.
    pub machine: Registered,
    /// API `appointments:api` with scopes `appointments`, `contacts`, `read:contacts`; offline access allowed.
    pub api: ResourceServer,
    /// The user.
    pub user: User,
    /// URL of the database.
    pub database: String,
    /// The master key, in base64.
    pub master_key: SecretString,
    limits: bool,
    hashing_cost: HashingCost,
    routes: fn(&App) -> Router<App>,
    cleanup: Arc<Cleanup>,
}

/// What a scene can differ in.
#[derive(Clone, Debug)]
pub struct SceneOptions {
    /// The database.
    pub engine: Engine,
    /// Settings of the tenant.
    pub settings: TenantSettings,
    /// Rate limits, as production has them.
    pub limits: bool,
    /// How much work a password is.
    pub hashing_cost: HashingCost,
    /// Options of the database connection. Where it has usernames, the user's is `jane`.
    pub connection: ConnectionOptions,
}

impl Default for SceneOptions {
    /// SQLite, profile `auth0`, no limits, and hardly any work.
    fn default() -> Self {
        Self {
            engine: Engine::Sqlite,
            settings: TenantSettings::default(),
            limits: false,
            hashing_cost: HashingCost::Minimal,
            connection: ConnectionOptions::default(),
        }
    }
}

impl Scene {
    /// A scene on SQLite in profile `auth0`.
    pub async fn new(routes: fn(&App) -> Router<App>) -> Self {
        Self::with(routes, Engine::Sqlite, TenantSettings::default()).await
    }

    /// A scene on SQLite in profile `standard`.
    pub async fn standard(routes: fn(&App) -> Router<App>) -> Self {
        let settings = TenantSettings { profile: Profile::Standard, ..TenantSettings::default() };
        Self::with(routes, Engine::Sqlite, settings).await
    }

    /// A scene on an engine, with tenant settings.
    pub async fn with(routes: fn(&App) -> Router<App>, engine: Engine, settings: TenantSettings) -> Self {
        Self::build(routes, SceneOptions { engine, settings, ..SceneOptions::default() }).await
    }

    /// The same with rate limits, which are off in other scenes.
    pub async fn with_limits(routes: fn(&App) -> Router<App>, engine: Engine, settings: TenantSettings) -> Self {
        Self::build(routes, SceneOptions { engine, settings, limits: true, ..SceneOptions::default() }).await
    }

    /// A scene to measure.
    pub async fn build(routes: fn(&App) -> Router<App>, options: SceneOptions) -> Self {
        let SceneOptions { engine, settings, limits, hashing_cost, connection: connection_options } = options;
        let (store, database, cleanup) = engine.open().await;
        let random = Random::system();
        let master_key = MasterKey::generate(&random);
        let written = master_key.to_base64();
        let app = App::open(AppOptions {
            store,
            master_keys: MasterKeys::only(master_key),
            clock: Clock::frozen("2026-03-01T12:00:00Z".parse().unwrap()),
            random,
            hashing_cost,
            rate_limits: limits,
            egress: crate::receiver::egress(),
        })
        .await
        .unwrap();
        let new = NewTenant {
            domain: DOMAIN.to_owned(),
            settings,
            management_scopes: vec!["read:clients".to_owned(), "create:clients".to_owned()],
        };
        let (tenant, _) = app.create_tenant(new).await.unwrap();
        let test_app = TestApp::assemble(&app, tenant, routes);
        let web = test_app.register("Regular Web App", AppType::RegularWeb, "https://app.example.com/callback").await;
        let spa = test_app.register("Single Page App", AppType::Spa, "https://spa.example.com/callback").await;
        let native = test_app.register("Native App", AppType::Native, "com.example.app:/callback").await;
        let machine = test_app.register("Machine", AppType::NonInteractive, "").await;
        let api = appointments();
        app.create_api(&test_app.tenant.id, &api, None).await.unwrap();
        let scope = api.scopes.iter().map(|scope| scope.value.clone()).collect();
        test_app.grant(&machine, &api.identifier, scope).await;
        let connection = Connection {
            id: "con_0000000000000001".to_owned(),
            name: "Username-Password-Authentication".to_owned(),
            strategy: "auth0".to_owned(),
            enabled_clients: [&web, &spa, &native].map(|registered| registered.id().to_owned()).to_vec(),
            is_domain_connection: true,
            authentication: keywright_types::ConnectionAuthentication::default(),
            options: connection_options,
            other: OtherMembers::new(),
        };
        app.create_connection(&test_app.tenant.id, &connection).await.unwrap();
        let new = NewUser {
            email: EMAIL.to_owned(),
            username: connection.options.requires_username.then(|| "jane".to_owned()),
            password: PASSWORD.to_owned(),
            email_verified: true,
            ..NewUser::default()
        };
        let user = app.create_user(&test_app.tenant.id, &connection, new).await.unwrap();
        Self {
            app: test_app,
            connection,
            web,
            spa,
            native,
            machine,
            api,
            user,
            database,
            master_key: written,
            limits,
            hashing_cost,
            routes,
            cleanup: Arc::new(cleanup),
        }
    }

    /// A second node on the same database, with the same clock.
    pub async fn second_node(&self) -> TestApp {
        self.start_node(&self.master_key, &[]).await.expect("a node with the scene's master key")
    }

    /// A node on the same database, started with these master keys.
    pub async fn start_node(
        &self,
        master_key: &SecretString,
        previous: &[&SecretString],
    ) -> Result<TestApp, OpenError> {
        let read = |key: &SecretString| MasterKey::from_base64(key.expose_secret()).unwrap();
        let app = App::open(AppOptions {
            store: keywright_store::Store::open(&self.database).await.unwrap(),
            master_keys: MasterKeys {
                current: read(master_key),
                previous: previous.iter().map(|key| read(key)).collect(),
            },
            clock: self.app.app.clock().clone(),
            random: Random::system(),
            hashing_cost: self.hashing_cost,
            rate_limits: self.limits,
            egress: crate::receiver::egress(),
        })
        .await?;
        debug_assert!(Arc::strong_count(&self.cleanup) > 0, "the database outlives its nodes");
        Ok(TestApp::assemble(&app, self.app.tenant.clone(), self.routes))
    }

    /// The user's password.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// `/authorize` for an application with its first callback, and more parameters.
    #[must_use]
    pub fn authorize_path(&self, registered: &Registered, more: &[(&str, &str)]) -> String {
        let callback = registered.client.callbacks.first().map(String::as_str).unwrap_or_default();
        let standard = [("response_type", "code"), ("client_id", registered.id()), ("redirect_uri", callback)];
        let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let pairs = kept.chain(more).filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/authorize?{query}")
    }

    /// Logs the user in from nothing and gives the redirect to the application.
    pub async fn log_in(&self, browser: &Browser, registered: &Registered, more: &[(&str, &str)]) -> Answer {
        let answer = browser.get(&self.authorize_path(registered, more)).await;
        browser.log_in(&answer, EMAIL, PASSWORD).await
    }

    /// A fresh code for an application, through a login in a new browser.
    pub async fn code(&self, registered: &Registered, more: &[(&str, &str)]) -> String {
        let answer = self.log_in(&self.app.browser(), registered, more).await;
        answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"))
    }

    /// Redeems a code with what the application has to send; `more` replaces or adds parameters, empty ones are left out.
    pub async fn redeem(&self, registered: &Registered, code: &str, more: &[(&str, &str)]) -> Answer {
        let callback = registered.client.callbacks.first().map(String::as_str).unwrap_or_default();
        let secret = if registered.client.is_public() { "" } else { registered.secret.as_str() };
        let standard = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", registered.id()),
            ("client_secret", secret),
            ("redirect_uri", callback),
        ];
        self.app.post_form("/oauth/token", &merged(&standard, more)).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, registered: &Registered, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
        let secret = if registered.client.is_public() { "" } else { registered.secret.as_str() };
        let standard = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", registered.id()),
            ("client_secret", secret),
        ];
        self.app.post_form("/oauth/token", &merged(&standard, more)).await
    }

    /// Tokens for an application, through a login in a new browser.
    pub async fn tokens(&self, registered: &Registered, scope: &str, audience: &str) -> Answer {
        let code = self.code(registered, &[("scope", scope), ("audience", audience)]).await;
        let answer = self.redeem(registered, &code, &[]).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        answer
    }
}

impl TestApp {
    fn assemble(app: &App, tenant: Tenant, surfaces: fn(&App) -> Router<App>) -> Self {
        let router = surfaces(app).layer(from_fn_with_state(app.clone(), tenancy::resolve)).with_state(app.clone());
        Self { app: app.clone(), tenant, router, address: None }
    }

    /// The same instance, asked from an address.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        Self { address: Some(address.parse().expect("an IP address")), ..self.clone() }
    }

    /// Has scripts run, by an engine; requests that they make to the tenant's own host are answered by this instance.
    pub fn run_scripts_with(&self, engine: keywright_app::ScriptEngine) {
        self.app.run_scripts_with(engine);
        self.app.answer_scripts_with(Arc::new(keywright_web::OwnSurfaces::new(self.router.clone())));
    }

    /// A browser without cookies.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// Sends a request to the tenant's host, unless it names another.
    pub async fn send(&self, mut request: Request<impl Into<Body>>) -> Answer {
        if !request.headers().contains_key(header::HOST) {
            request.headers_mut().insert(header::HOST, self.tenant.domain.parse().unwrap());
        }
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 50_000))));
        }
        let response = self.router.clone().oneshot(request.map(Into::into)).await.unwrap();
        Answer::read(response).await
    }

    /// `GET path` by a program.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request(Method::GET, path, headers, String::new()).await
    }

    /// Any request by a program.
    pub async fn request(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body: Body = body.into();
        self.send(request.body(body).unwrap()).await
    }

    /// `POST path` with a form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.request(Method::POST, path, &headers, body).await
    }

    /// `POST path` with JSON.
    pub async fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.request(Method::POST, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.app.clock().advance(SignedDuration::from_secs(seconds));
    }

    /// Registers an application with the defaults of its type.
    pub async fn register(&self, name: &str, app_type: AppType, callback: &str) -> Registered {
        let (client, secret) = self.app.new_client(NewClient {
            name: name.to_owned(),
            app_type: Some(app_type),
            callbacks: Some(callback.to_owned()).filter(|url| !url.is_empty()).into_iter().collect(),
            allowed_logout_urls: vec!["https://app.example.com/bye".to_owned()],
            web_origins: Vec::new(),
        });
        self.app.create_client(&self.tenant.id, &client, Some(&secret)).await.unwrap();
        Registered { client, secret: secret.expose_secret().to_owned() }
    }

    /// Changes the document of an application.
    pub async fn change_client(&self, registered: &Registered, change: impl FnOnce(&mut Client)) -> Registered {
        let mut changed = registered.clone();
        change(&mut changed.client);
        self.app.update_client(&self.tenant.id, &changed.client).await.unwrap();
        changed
    }

    /// Gives an application a client grant for itself.
    pub async fn grant(&self, registered: &Registered, audience: &str, scope: Vec<String>) {
        self.grant_for(SubjectType::Client, registered, audience, scope).await;
    }

    /// Gives an application a client grant for itself or on behalf of users.
    pub async fn grant_for(
        &self,
        subject_type: SubjectType,
        registered: &Registered,
        audience: &str,
        scope: Vec<String>,
    ) {
        let grant = ClientGrant {
            id: format!("cgr_{}", self.app.random().identifier(16)),
            client_id: registered.id().to_owned(),
            audience: audience.to_owned(),
            scope,
            subject_type,
            allow_all_scopes: false,
            other: OtherMembers::new(),
        };
        self.app.create_client_grant(&self.tenant.id, &grant).await.unwrap();
    }
}

fn appointments() -> ResourceServer {
    ResourceServer {
        id: "5f0c0000000000000000aaaa".to_owned(),
        name: "Appointments".to_owned(),
        identifier: "appointments:api".to_owned(),
        scopes: ["appointments", "contacts", "read:contacts"]
            .map(|value| ResourceServerScope { value: value.to_owned(), description: None })
            .to_vec(),
        allow_offline_access: true,
        ..ResourceServer::default()
    }
}

fn merged<'a>(standard: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().filter(|(_, value)| !value.is_empty()).collect()
}
