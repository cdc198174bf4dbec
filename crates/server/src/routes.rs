//! One router of all surfaces, and what holds for every request: size, time, a log line, and that a defect in a handler
//! is an answer and not a broken connection.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use keywright_app::{App, AppError};
use keywright_web::{TrustedProxies, tenancy};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::metrics::{self, Metrics};
use crate::{health, request_body, telemetry};

/// Longest time from a request to its answer. Shorter than the grace at the end of the server.
const DEADLINE: Duration = Duration::from_secs(20);

/// Header of every answer of a server with test controls.
const TEST_CONTROLS: HeaderName = HeaderName::from_static("x-keywright-test-controls");

/// What the routes depend on besides the instance.
pub(crate) struct Surroundings {
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
    let tenants = Router::new()
        .merge(keywright_oauth::router(app))
        .merge(keywright_login::router(app))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // TN-02: "An unknown tenant, host or path prefix is 404 before any handler".
        .layer(from_fn_with_state(app.clone(), tenancy::resolve));
    let tenants = tenants.merge(surroundings.inbox.unwrap_or_default());
    let mut routes = match surroundings.test_controls {
        Some(controls) => {
            // OP-05: whoever sees a token or an answer sees that its time may be made up.
            app.enable_test_controls();
            let banner = SetResponseHeaderLayer::overriding(TEST_CONTROLS, HeaderValue::from_static("on"));
            tenants.merge(controls).layer(banner)
        }
        None => tenants,
    };
    if let Some(metrics) = &surroundings.metrics {
        routes = routes.merge(metrics.main_router());
    }
    if surroundings.behind_proxy_only {
        routes = routes.layer(from_fn_with_state(surroundings.trusted_proxies.clone(), only_proxies));
    }
    let tracing_app = app.clone();
    let make_span = move |request: &Request| span(&tracing_app, request);
    let mut routes = routes
        .layer(DefaultBodyLimit::max(request_body::MAX))
        .layer(Extension(surroundings.trusted_proxies))
        .layer(CatchPanicLayer::custom(|_| Panicked.into_response()))
        .layer(from_fn_with_state(app.clone(), answer_always))
        .layer(from_fn(request_body::collect))
        .layer(TraceLayer::new_for_http().make_span_with(make_span).on_request(()).on_response(log).on_failure(()))
        // Outside: a load balancer asks often, under any host name, and from any address.
        .merge(health::router());
    if surroundings.metrics.is_some() {
        routes = routes.layer(from_fn(metrics::count));
    }
    routes.with_state(app.clone())
}

/// A request's span. The path alone: codes, states and tokens stand in the query.
fn span(app: &App, request: &Request) -> Span {
    // Ties the lines of one request to each other.
    let id = app.random().hex(8);
    if !telemetry::is_on() {
        return tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    }
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        path = request.uri().path(),
        otel.name = %format_args!("{} {route}", request.method()),
        otel.kind = "server",
        http.response.status_code = Empty,
    );
    telemetry::continue_trace(&span, request.headers());
    span.set_attribute("http.request.method", request.method().as_str().to_owned());
    span.set_attribute("http.route", route.to_owned());
    span
}

fn log(response: &Response, latency: Duration, span: &Span) {
    // No field of the span without traces.
    span.record("http.response.status_code", response.status().as_u16());
    let milliseconds = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status = response.status().as_u16(), milliseconds, "answered");
}

/// Marks the answer of a handler that panicked, until it has the shape of its surface.
#[derive(Clone, Copy)]
struct Panicked;

impl IntoResponse for Panicked {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, Extension(self)).into_response()
    }
}

/// A handler that takes too long or panics is answered for, as a page or as JSON. The panic itself is in the log.
async fn answer_always(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers: HeaderMap = request.headers().clone();
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) if response.extensions().get::<Panicked>().is_none() => response,
        Ok(_) => tenancy::failure(&app, &headers, &AppError::internal("a handler panicked")),
        Err(_) => tenancy::failure(&app, &headers, &AppError::Overloaded("a request took too long")),
    }
}

/// Plain HTTP is for the proxies that end TLS; a client that comes directly would send its secrets in clear.
async fn only_proxies(
    State(proxies): State<TrustedProxies>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if proxies.contains(peer.ip()) {
        return next.run(request).await;
    }
    tracing::warn!(%peer, "refused: not one of trusted_proxies");
    (StatusCode::FORBIDDEN, "This server is reached through its proxy, by HTTPS.\n").into_response()
}

async fn not_found() -> Response {
    let body = json!({ "statusCode": 404, "error": "Not Found", "message": "Not Found" });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn method_not_allowed() -> Response {
    let body = json!({ "error": "method_not_allowed", "error_description": "Method Not Allowed" });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::header::ACCEPT;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;
    use keywright_jose::{MasterKey, Random};
    use tower::ServiceExt;

    use super::*;
    use crate::config::Storage;
    use crate::instance;

    /// A server with one more route, on a database of its own.
    async fn server(extra: Router<App>) -> (Router, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage {
            database: format!("sqlite:{}/keywright.db", directory.path().display()).into(),
            master_key: MasterKey::generate(&Random::system()),
        };
        let app = instance::open(storage, keywright_app::Clock::system()).await.unwrap();
        let surroundings = Surroundings {
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
