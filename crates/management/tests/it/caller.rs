//! Who calls the API in tests: a scene and a token with scopes.

use http::Method;
use keywright_management::SCOPES;
use keywright_testkit::{Answer, Registered, Scene, TestApp};
use keywright_types::AppType;
use serde_json::{Value, json};

use crate::routes;

/// A scene and a token.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) scene: Scene,
    /// The tenant that is asked.
    pub(crate) app: TestApp,
    pub(crate) token: String,
}

impl Api {
    /// With every scope there is.
    pub(crate) async fn new() -> Self {
        Self::of(Scene::new(routes).await, SCOPES).await
    }

    pub(crate) async fn of(scene: Scene, scopes: &[&str]) -> Self {
        let app = scene.app.clone();
        let token = token(&app, scopes).await;
        Self { scene, app, token }
    }

    /// The same with a token of other scopes.
    pub(crate) async fn with_scopes(&self, scopes: &[&str]) -> Self {
        Self { token: token(&self.app, scopes).await, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.raw(method, path, "application/json", body.unwrap_or_default()).await
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str())];
        let body: Vec<u8> = body.into();
        if !body.is_empty() {
            headers.push(("content-type", content_type));
        }
        self.app.request(method, &format!("/api/v2{path}"), &headers, body).await
    }

    /// A created object; panics when it was not.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{answer:#?}");
        answer.json()
    }

    /// An application with these members.
    pub(crate) async fn client(&self, members: Value) -> Value {
        let mut body = json!({ "name": "Test" });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.create("/clients", body).await
    }
}

/// A token of an application that has a client grant for these scopes.
pub(crate) async fn token(app: &TestApp, scopes: &[&str]) -> String {
    let machine = app.register("Caller", AppType::NonInteractive, "").await;
    app.grant(&machine, &app.tenant.management_audience(), scopes.iter().map(ToString::to_string).collect()).await;
    client_credentials(app, &machine, &app.tenant.management_audience()).await
}

/// A token of an application for an API.
pub(crate) async fn client_credentials(app: &TestApp, machine: &Registered, audience: &str) -> String {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", machine.id()),
        ("client_secret", &machine.secret),
        ("audience", audience),
    ];
    app.post_form("/oauth/token", &fields).await.text("access_token")
}

/// The error is this one, in the shape of §1.7.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, message: &str, code: Option<&str>) {
    assert_eq!(answer.status, status, "{answer:#?}");
    let reason = answer.status.canonical_reason().unwrap();
    let mut expected = json!({ "statusCode": status, "error": reason, "message": message });
    if let Some(code) = code {
        expected["errorCode"] = json!(code);
    }
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
}

/// The body of the request is refused for this reason.
#[track_caller]
pub(crate) fn invalid(answer: &Answer, reason: &str) {
    refused(answer, 400, &format!("Payload validation error: {reason}"), Some("invalid_body"));
}
