//! What the requests need: a database with applications, users, sessions, codes and refresh families, made by the same
//! code that the server runs, before the server starts. The measured binary has no test controls.

use std::sync::Arc;

use axum::Router;
use keywright_app::{App, AppOptions, Clock, HashingCost, MasterKeys, NewUser};
use keywright_jose::{MasterKey, Random};
use keywright_store::Store;
use keywright_store::device_codes::{self, DeviceCodeRow, DeviceCodeState};
use keywright_testkit::{Browser, Engine, Registered, Scene};
use keywright_types::{Client, ExpirationType, RotationType, TenantId, TenantSettings};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::Plan;
use crate::processor::cores;
use crate::signature::Signature;

/// API of the access tokens.
pub(crate) const AUDIENCE: &str = "appointments:api";
/// Scopes of codes and refresh tokens.
pub(crate) const SCOPE: &str = "openid profile email appointments";
/// Grant type of the device flow.
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Password of every user.
pub(crate) const PASSWORD: &str = "Correct-horse-1";

/// Users that log in.
const USERS: usize = 48;
/// Refresh families, and access tokens for `/userinfo`; below the number of live families that one user may have.
const FAMILIES: usize = 160;
/// Browsers with a session, which codes come from.
const BROWSERS: usize = 16;

/// A seeded database and the secrets to use it.
pub(crate) struct Seeds {
    pub(crate) database: String,
    pub(crate) master_key: String,
    /// Working directory of the server.
    pub(crate) directory: TempDir,
    pub(crate) domain: String,
    /// Audience of the Management API.
    pub(crate) tenant: TenantId,
    pub(crate) management_audience: String,
    /// Identifier of the database connection.
    pub(crate) connection: String,
    pub(crate) web: Registered,
    pub(crate) machine: Registered,
    pub(crate) codes: Vec<String>,
    pub(crate) refresh_tokens: Vec<String>,
    /// For `/userinfo`.
    pub(crate) access_tokens: Vec<String>,
    /// E-mail addresses.
    pub(crate) users: Vec<String>,
    /// Native application with the device grant.
    pub(crate) native: Registered,
    /// Removes the database at the end.
    scene: Scene,
}

impl Seeds {
    /// Makes `count` device codes that wait, beside those that there are. As devices that keep to their interval ask: with an
    /// interval of zero no question comes too early, however few codes there are.
    pub(crate) async fn pending_devices(&self, count: usize) -> Vec<String> {
        let (app, tenant) = (&self.scene.app.app, &self.scene.app.tenant);
        let mut codes = Vec::with_capacity(count);
        while codes.len() < count {
            let batch: Vec<String> = (codes.len()..count).take(2000).map(|_| app.random().token(32)).collect();
            let rows: Vec<DeviceCodeRow> = batch.iter().map(|code| self.pending_device(code)).collect();
            let id = tenant.id.clone();
            let insert = move |tx: &mut keywright_store::Tx<'_>| {
                rows.iter().try_for_each(|row| device_codes::insert(tx, &id, row))
            };
            app.store().write(insert).await.unwrap();
            codes.extend(batch);
        }
        codes
    }

    fn pending_device(&self, code: &str) -> DeviceCodeRow {
        let (app, tenant) = (&self.scene.app.app, &self.scene.app.tenant);
        let now = Clock::system().now();
        DeviceCodeRow {
            code_digest: app.device_code_digest(&tenant.id, code).as_bytes().to_vec(),
            user_code_digest: Some(app.random().bytes::<32>().to_vec()),
            client_id: self.native.id().to_owned(),
            request: format!(
                r#"{{"client_id":"{}","redirect_uri":"","response_mode":"query","scope":"openid"}}"#,
                self.native.id()
            ),
            ip: Some("192.0.2.7".to_owned()),
            poll_interval: 0,
            state: DeviceCodeState::Pending,
            approval: None,
            denial: None,
            created_at: now,
            expires_at: now + std::time::Duration::from_mins(15),
            ended_at: None,
        }
    }
}

fn routes(app: &App) -> Router<App> {
    keywright_oauth::router(app).merge(keywright_login::router(app))
}

/// Makes the database.
pub(crate) async fn plant(engine: Engine, plan: &Plan, signature: Signature) -> Seeds {
    let mut scene = Scene::with(routes, engine, TenantSettings::default()).await;
    let rotating = |client: &mut Client| {
        client.refresh_token.rotation_type = RotationType::Rotating;
        client.refresh_token.expiration_type = ExpirationType::Expiring;
    };
    scene.web = scene.app.change_client(&scene.web, rotating).await;
    let audience = scene.app.tenant.management_audience();
    let scopes = ["create:users", "read:users", "read:clients", "read:roles"].map(str::to_owned).to_vec();
    scene.app.grant(&scene.machine, &audience, scopes).await;
    let device = |client: &mut Client| client.grant_types.push(DEVICE_GRANT.to_owned());
    let native = scene.app.change_client(&scene.native, device).await;
    // The server goes by the machine's time.
    scene.app.app.clock().set(Clock::system().now());
    let master_key = scene.master_key.expose_secret().to_owned();
    let users = if plan.includes("login") { users(&scene, &master_key).await } else { Vec::new() };
    let browsers = browsers(&scene).await;
    let wanted = if plan.includes("code exchange") { codes_needed(plan, signature) } else { 0 };
    let codes = codes(&scene, &browsers, wanted, &[("scope", SCOPE), ("audience", AUDIENCE)]).await;
    let offline = format!("{SCOPE} offline_access");
    let mut refresh_tokens = Vec::new();
    for code in self::codes(&scene, &browsers, FAMILIES, &[("scope", &offline), ("audience", AUDIENCE)]).await {
        refresh_tokens.push(scene.redeem(&scene.web, &code, &[]).await.text("refresh_token"));
    }
    let mut access_tokens = Vec::new();
    for code in self::codes(&scene, &browsers, FAMILIES, &[("scope", "openid profile email")]).await {
        access_tokens.push(scene.redeem(&scene.web, &code, &[]).await.text("access_token"));
    }
    Seeds {
        database: scene.database.clone(),
        master_key,
        directory: tempfile::tempdir().unwrap(),
        domain: scene.app.tenant.domain.clone(),
        tenant: scene.app.tenant.id.clone(),
        management_audience: scene.app.tenant.management_audience(),
        connection: scene.connection.id.clone(),
        web: scene.web.clone(),
        machine: scene.machine.clone(),
        codes,
        refresh_tokens,
        access_tokens,
        users,
        native,
        scene,
    }
}

/// More codes than a load can redeem: each needs at least one and a half signatures.
fn codes_needed(plan: &Plan, signature: Signature) -> usize {
    let (cores, seconds) = (u32::try_from(cores()).unwrap_or(u32::MAX), plan.load.as_secs_f64() * 1.5 + 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let needed = (f64::from(cores) * seconds / (1.5 * signature.busy)) as usize;
    needed.clamp(1000, 40_000)
}

/// Users whose passwords cost what they cost in production.
async fn users(scene: &Scene, master_key: &str) -> Vec<String> {
    let app = App::open(AppOptions {
        store: Store::open(&scene.database).await.unwrap(),
        master_keys: MasterKeys::only(MasterKey::from_base64(master_key).unwrap()),
        clock: Clock::system(),
        random: Random::system(),
        hashing_cost: HashingCost::Production,
        rate_limits: false,
        egress: keywright_app::Egress::new(keywright_app::EgressOptions::default()).unwrap(),
    })
    .await
    .unwrap();
    let mut emails = Vec::new();
    for number in 0..USERS {
        let email = format!("user-{number}@example.com");
        let new = NewUser {
            email: email.clone(),
            username: None,
            password: PASSWORD.to_owned(),
            email_verified: true,
            ..NewUser::default()
        };
        app.create_user(&scene.app.tenant.id, &scene.connection, new).await.unwrap();
        emails.push(email);
    }
    app.store().close().await;
    emails
}

/// Browsers that have logged in and consented.
async fn browsers(scene: &Scene) -> Vec<Browser> {
    let mut browsers = Vec::new();
    let offline = format!("{SCOPE} offline_access");
    for _ in 0..BROWSERS {
        let browser = scene.app.browser();
        scene.log_in(&browser, &scene.web, &[("scope", &offline), ("audience", AUDIENCE)]).await;
        browsers.push(browser);
    }
    browsers
}

/// Codes that nobody has redeemed.
async fn codes(scene: &Scene, browsers: &[Browser], count: usize, more: &[(&str, &str)]) -> Vec<String> {
    let path = Arc::new(scene.authorize_path(&scene.web, more));
    let mut running = JoinSet::new();
    for (number, browser) in browsers.iter().enumerate() {
        let (browser, path) = (browser.clone(), path.clone());
        let share = count / browsers.len() + usize::from(number < count % browsers.len());
        running.spawn(async move {
            let mut codes = Vec::with_capacity(share);
            for _ in 0..share {
                let answer = browser.get(&path).await;
                codes.push(answer.location_parameter("code").expect("a code without interaction"));
            }
            codes
        });
    }
    running.join_all().await.concat()
}
