//! Rules and Actions in logins, made over the Management API (`rules-and-actions.md`, R; SB-03, SB-05).

mod cases;
mod corpus;
mod flows;
mod redirects;
mod registration;

use keywright_management::SCOPES;
use keywright_testkit::{Answer, Browser, Engine, PASSWORD, Registered, Scene, SceneOptions, script_engine};
use serde_json::{Value, json};

use crate::caller::Api;
use crate::routes;

pub(crate) const SCOPE: &str = "openid profile email appointments offline_access";
pub(crate) const AUDIENCE: &str = "appointments:api";

/// The rule of the seed, as it is written there.
pub(crate) const SEED: &str = "function(user, context, callback) {

  // add custom claims to Access Token and ID Token
  context.accessToken['http://foo/bar'] = 'value';
  context.idToken['http://fiz/baz'] = 'some other value';

  // change scope
  context.accessToken.scope = ['array', 'of', 'strings'];

  callback(null, user, context);
}";

/// A scene in which scripts run, and what is in it so far.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) api: Api,
    pub(crate) scene: Scene,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    pub(crate) async fn on(engine: Engine) -> Self {
        Self::build(SceneOptions { engine, ..SceneOptions::default() }).await
    }

    pub(crate) async fn build(options: SceneOptions) -> Self {
        let stage = Self::without_engine(options).await;
        stage.scene.app.run_scripts_with(script_engine());
        stage
    }

    pub(crate) async fn build_without_engine() -> Self {
        Self::without_engine(SceneOptions::default()).await
    }

    async fn without_engine(options: SceneOptions) -> Self {
        let scene = Scene::build(routes, options).await;
        let api = Api::of(scene.clone(), SCOPES).await;
        Self { api, scene }
    }

    /// A rule, behind those that are there.
    pub(crate) async fn rule(&self, name: &str, script: &str) -> Value {
        self.api.create("/rules", json!({ "name": name, "script": script })).await
    }

    pub(crate) async fn setting(&self, key: &str, value: &str) {
        let body = json!({ "value": value });
        let answer = self.api.send(http::Method::PUT, &format!("/rules-configs/{key}"), Some(body)).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
    }

    /// Actions of a trigger, in the place of those that are bound.
    pub(crate) async fn actions(&self, trigger: &str, codes: &[&str], secrets: &[(&str, &str)]) -> Vec<String> {
        let mut ids = Vec::new();
        for (index, code) in codes.iter().enumerate() {
            let secrets: Vec<Value> =
                secrets.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            let name = format!("{trigger} {index} {}", self.scene.app.app.random().hex(4));
            let body = json!({
                "name": name, "supported_triggers": [{ "id": trigger }], "code": code, "deploy": true, "secrets": secrets,
            });
            let action = self.api.create("/actions/actions", body).await;
            ids.push(action["id"].as_str().unwrap().to_owned());
        }
        let bindings: Vec<Value> =
            ids.iter().map(|id| json!({ "ref": { "type": "action_id", "value": id } })).collect();
        let path = format!("/actions/triggers/{trigger}/bindings");
        let bound = self.api.patch(&path, json!({ "bindings": bindings })).await;
        assert_eq!(bound.status, 200, "{bound:#?}");
        ids
    }

    /// No rules and no login Actions.
    pub(crate) async fn clear(&self) {
        for rule in self.api.get("/rules").await.json().as_array().unwrap() {
            let gone = self.api.delete(&format!("/rules/{}", rule["id"].as_str().unwrap())).await;
            assert_eq!(gone.status, 204, "{gone:#?}");
        }
        self.actions("post-login", &[], &[]).await;
    }

    /// A user of their own.
    pub(crate) async fn user(&self, email: &str, members: Value) -> Value {
        let mut body = json!({
            "connection": self.scene.connection.name, "email": email, "password": PASSWORD, "email_verified": true,
        });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.api.create("/users", body).await
    }

    /// The redirect at the end of a login of this user, in this browser.
    pub(crate) async fn log_in_as(&self, browser: &Browser, email: &str, more: &[(&str, &str)]) -> Answer {
        let standard = [("scope", SCOPE), ("audience", AUDIENCE), ("state", "the state")];
        let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).copied();
        let all: Vec<(&str, &str)> = kept.chain(more.iter().copied()).collect();
        let answer = browser.get(&self.scene.authorize_path(&self.scene.web, &all)).await;
        browser.log_in(&answer, email, PASSWORD).await
    }

    /// The same of the scene's user, in a new browser.
    pub(crate) async fn log_in(&self, more: &[(&str, &str)]) -> Answer {
        self.log_in_as(&self.scene.app.browser(), keywright_testkit::EMAIL, more).await
    }

    /// Tokens for the code of a redirect.
    pub(crate) async fn redeem(&self, answer: &Answer) -> Answer {
        let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"));
        let tokens = self.scene.redeem(&self.scene.web, &code, &[]).await;
        assert_eq!(tokens.status, 200, "{tokens:#?}");
        tokens
    }

    pub(crate) async fn tokens(&self) -> Answer {
        self.redeem(&self.log_in(&[]).await).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let bearer = format!("Bearer {access_token}");
        self.scene.app.get("/userinfo", &[("authorization", &bearer)]).await
    }

    /// Entries of the tenant log of one type, the newest first.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let all = self.api.get("/logs?per_page=100").await.json();
        all.as_array().unwrap().iter().filter(|entry| entry["type"] == kind).cloned().collect()
    }

    /// Runs what waits in the queue.
    pub(crate) async fn run_jobs(&self) {
        self.scene.app.app.run_due_jobs().await.unwrap();
    }
}

/// The application was told of a refusal.
#[track_caller]
pub(crate) fn denied(answer: &Answer, error: &str, description: &str) {
    let parameter = |name: &str| answer.location_parameter(name);
    assert!(answer.location().starts_with("https://app.example.com/callback?"), "{answer:#?}");
    assert_eq!(parameter("error").as_deref(), Some(error), "{answer:#?}");
    assert_eq!(parameter("error_description").as_deref(), Some(description), "{answer:#?}");
    assert_eq!(parameter("state").as_deref(), Some("the state"));
    assert_eq!(parameter("code"), None);
}

/// The token endpoint refused.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.status, status, "{answer:#?}");
    assert_eq!(answer.json(), json!({ "error": error, "error_description": description }));
}

/// An application with another grant type.
pub(crate) async fn with_grant(scene: &Scene, client: &Registered, grant: &str) -> Registered {
    scene.app.change_client(client, |client| client.grant_types.push(grant.to_owned())).await
}
