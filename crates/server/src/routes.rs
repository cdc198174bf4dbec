//! One router of all surfaces; what holds for every request is in `pipeline.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use keywright_app::App;
use keywright_web::{OwnSurfaces, TrustedProxies, tenancy};
use serde_json::json;

use crate::health;
use crate::metrics::{self, Metrics};
use crate::pipeline::{self, Pipeline};

/// What the routes depend on besides the instance.
pub(crate) struct Surroundings {
    /// How long the scripts of a request may take.
    pub(crate) script_time: Duration,
    /// Peers whose forwarding headers are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whether nobody else is answered, because the listener speaks plain HTTP.
    pub(crate) behind_proxy_only: bool,
    /// Routes for test suites.
    pub(crate) test_controls: Option<Router<App>>,
    /// The inbox of the development server.
    pub(crate) inbox: Option<Router<App>>,
    /// Present when requests are counted.
    pub(crate) metrics: Option<Metrics>,
}

/// All the routes of the server.
pub(crate) fn router(app: &App, surroundings: Surroundings) -> Router {
    let pipeline = Pipeline {
        app: app.clone(),
        trusted_proxies: surroundings.trusted_proxies,
        behind_proxy_only: surroundings.behind_proxy_only,
        measured: surroundings.metrics.is_some(),
        script_time: surroundings.script_time,
    };
    let pipeline = from_fn_with_state(Arc::new(pipeline), pipeline::run);
    // TN-02: "An unknown tenant, host or path prefix is 404 before any handler".
    let tenancy = from_fn_with_state(app.clone(), tenancy::resolve);
    let surfaces = Router::new()
        .merge(keywright_oauth::router(app))
        .merge(keywright_login::router(app))
        .merge(keywright_management::router(app))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    // What scripts ask of their tenant's own host comes over no connection: neither proxies nor metrics see it.
    let inside = surfaces.clone().layer(tenancy.clone()).with_state(app.clone());
    app.answer_scripts_with(Arc::new(OwnSurfaces::new(inside)));
    let tenants = surfaces.layer((pipeline.clone(), tenancy));
    let mut others = surroundings.inbox.unwrap_or_default();
    if let Some(controls) = surroundings.test_controls {
        // OP-05: whoever sees a token sees that its time may be made up.
        app.enable_test_controls();
        others = others.merge(controls);
    }
    if let Some(metrics) = &surroundings.metrics {
        others = others.merge(metrics.main_router());
    }
    // A load balancer asks for health often, under any host name, and from any address.
    let mut health = health::router();
    if surroundings.metrics.is_some() {
        health = health.layer(from_fn(metrics::measure));
    }
    tenants.merge(others.layer(pipeline)).merge(health).with_state(app.clone())
}

async fn not_found() -> Response {
    tenancy::nothing_here()
}

async fn method_not_allowed() -> Response {
    let body = json!({ "error": "method_not_allowed", "error_description": "Method Not Allowed" });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::header::ACCEPT;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;
    use keywright_app::MasterKeys;
    use keywright_jose::{MasterKey, Random};
    use tower::ServiceExt;

    use super::*;
    use crate::config::Storage;
    use crate::{instance, request_body};

    /// A server with one more route, on a database of its own.
    async fn server(extra: Router<App>) -> (Router, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage {
            database: format!("sqlite:{}/keywright.db", directory.path().display()).into(),
            master_keys: MasterKeys::only(MasterKey::generate(&Random::system())),
        };
        let app = instance::open(storage, keywright_app::Clock::system()).await.unwrap();
        let surroundings = Surroundings {
            script_time: Duration::from_secs(20),
            trusted_proxies: TrustedProxies::default(),
            behind_proxy_only: false,
            test_controls: Some(extra),
            inbox: None,
            metrics: None,
        };
        (router(&app, surroundings), directory)
    }

    async fn answer(router: Router, request: Request) -> (StatusCode, String) {
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn panics() {
        panic!("secret cause")
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_in_the_shape_of_its_surface() {
        let (router, _directory) = server(Router::new().route("/panic", get(panics))).await;
        let request = || Request::get("/panic");
        let (status, body) = answer(router.clone(), request().body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body, r#"{"error":"server_error","error_description":"Internal error"}"#);
        let (status, body) = answer(router, request().header(ACCEPT, "text/html").body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("<html") && !body.contains("secret cause"), "{body}");
    }

    #[tokio::test]
    async fn a_request_without_end_is_answered() {
        let (router, _directory) = server(Router::new().route("/slow", get(std::future::pending::<()>))).await;
        tokio::time::pause();
        let (status, body) = answer(router, Request::get("/slow").body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("temporarily_unavailable"), "{body}");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_never_cut_and_accepted() {
        let echo =
            Router::new().route("/length", post(|body: axum::body::Bytes| async move { body.len().to_string() }));
        let (router, _directory) = server(echo).await;
        let send = |length: usize| {
            answer(router.clone(), Request::post("/length").body(Body::from(vec![b'x'; length])).unwrap())
        };
        assert_eq!(send(request_body::MAX).await, (StatusCode::OK, request_body::MAX.to_string()));
        assert_eq!(send(request_body::MAX + 1).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(send(5 * request_body::MAX).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
