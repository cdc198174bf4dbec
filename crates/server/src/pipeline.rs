//! What holds for every request, in the order of [`answer`]: a span and a line in the log, a whole body, a time limit, and
//! that a defect in a handler is an answer and not a broken connection.
//!
//! One middleware and not one for each of these: axum copies a route with all that lies around it for each request, so that
//! every layer is paid for again and again.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use keywright_app::{App, AppError};
use keywright_web::TrustedProxies;
use keywright_web::tenancy::{Representation, failure_as};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::metrics::Measurement;
use crate::{request_body, telemetry};

/// Longest time from a request to its answer. Shorter than the grace at the end of the server.
const DEADLINE: Duration = Duration::from_secs(20);

/// The same for a request with a file that the operator lets be larger than other bodies.
const FILE_DEADLINE: Duration = Duration::from_mins(5);

/// Header of every answer of a server with test controls.
const TEST_CONTROLS: HeaderName = HeaderName::from_static("x-keywright-test-controls");

/// What requests are answered with besides their handler.
pub(crate) struct Pipeline {
    pub(crate) app: App,
    /// Peers whose forwarding headers are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whether nobody else is answered, because the listener speaks plain HTTP.
    pub(crate) behind_proxy_only: bool,
    /// Whether requests are counted.
    pub(crate) measured: bool,
    /// How long the scripts of a request may take.
    pub(crate) script_time: Duration,
}

/// Paths whose requests may run scripts of the tenant: the Rules, and then the Actions.
const SCRIPTED: [&str; 7] = [
    "/authorize",
    "/continue",
    "/oauth/token",
    "/dbconnections/signup",
    "/u/signup",
    "/u/reset-password",
    "/api/v2/users",
];

/// What a request may take besides, for scripts that take their time.
fn script_time(pipeline: &Pipeline, path: &str) -> Duration {
    let scripted =
        SCRIPTED.iter().any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if scripted { pipeline.script_time.saturating_mul(2) } else { Duration::ZERO }
}

/// Middleware around all routes but `/health`.
pub(crate) async fn run(State(pipeline): State<Arc<Pipeline>>, request: Request, next: Next) -> Response {
    let measurement = pipeline.measured.then(|| Measurement::begin(&request));
    let (begun, span) = (Instant::now(), span(&pipeline.app, &request));
    let response = answer(&pipeline, request, next).instrument(span.clone()).await;
    span.in_scope(|| log(&response, begun.elapsed(), &span));
    if let Some(measurement) = measurement {
        measurement.end(&response);
    }
    response
}

async fn answer(pipeline: &Pipeline, request: Request, next: Next) -> Response {
    let (mut request, deadline) = if takes_large_file(pipeline, &request) {
        (request, FILE_DEADLINE)
    } else {
        match request_body::collected(request).await {
            Ok(request) => {
                let more = script_time(pipeline, request.uri().path());
                (request, DEADLINE.saturating_add(more))
            }
            Err(status) => return status.into_response(),
        }
    };
    if pipeline.behind_proxy_only && !comes_from_proxy(pipeline, &request) {
        return (StatusCode::FORBIDDEN, "This server is reached through its proxy, by HTTPS.\n").into_response();
    }
    request.extensions_mut().insert(pipeline.trusted_proxies.clone());
    let (app, representation) = (&pipeline.app, Representation::wanted(request.headers()));
    let of_management = keywright_management::owns(request.uri().path());
    let failed = |error: AppError| {
        if of_management { keywright_management::failure(error) } else { failure_as(app, representation, &error) }
    };
    // Nothing that a panicking handler may have left half done is used again: its values are dropped, and what is shared
    // (the caches, the queues) is whole after every step.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(deadline, answered).await {
        Ok(Ok(response)) => response,
        // The panic itself is in the log.
        Ok(Err(_)) => failed(AppError::internal("a handler panicked")),
        Err(_) => failed(AppError::Overloaded("a request took too long")),
    };
    // OP-05: whoever sees an answer sees that its time may be made up.
    if app.has_test_controls() {
        response.headers_mut().insert(TEST_CONTROLS, HeaderValue::from_static("on"));
    }
    response
}

/// Whether the body is read by the handler, after it knows who sends it: only when it may be larger than other bodies.
fn takes_large_file(pipeline: &Pipeline, request: &Request) -> bool {
    pipeline.app.users_import_limit() > request_body::MAX / 2
        && keywright_management::takes_file(request.method(), request.uri().path())
}

/// Plain HTTP is for the proxies that end TLS; a client that comes directly would send its secrets in clear.
fn comes_from_proxy(pipeline: &Pipeline, request: &Request) -> bool {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return false };
    let is_proxy = pipeline.trusted_proxies.contains(peer.ip());
    if !is_proxy {
        tracing::warn!(%peer, "refused: not one of trusted_proxies");
    }
    is_proxy
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

/// A line at `debug`: writing one costs as much as the smaller answers do, and what happened is in the tenant log.
fn log(response: &Response, latency: Duration, span: &Span) {
    // No field of the span without traces.
    span.record("http.response.status_code", response.status().as_u16());
    let milliseconds = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(status = response.status().as_u16(), milliseconds, "answered");
}
