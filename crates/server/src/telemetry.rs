//! Traces for OpenTelemetry, sent by OTLP over HTTP (protobuf).
//!
//! A trace continues the caller's (W3C Trace Context, header `traceparent`). Its spans are the program's own `tracing`
//! spans: the request, database jobs, password hashing. They hold methods, routes and statuses; no query, no
//! header and no body. Sampling, batching, headers and resource come from the standard `OTEL_…` variables.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::http::HeaderMap;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::{Refusal, TelemetrySettings};
use crate::outbound::{self, OutboundClient};

/// Largest answer of a receiver that is read, in bytes.
const LARGEST_ANSWER: usize = 1 << 20;

/// Longest time of one post.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether traces are made, so that requests without them are not searched for a caller's.
static ON: AtomicBool = AtomicBool::new(false);

/// The exporter. Dropping it sends what still waits.
pub(crate) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// `None` unless an endpoint is configured, here or by `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(crate) fn start(settings: &TelemetrySettings, runtime: &Handle) -> Result<Option<Self>, Refusal> {
        let endpoint = settings.traces_endpoint().map_err(Refusal::one)?;
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        let disabled = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if disabled || (endpoint.is_none() && named.iter().all(|name| variable(name).is_none())) {
            return Ok(None);
        }
        let refused = |cause: &dyn std::fmt::Display| Refusal::one(format!("traces cannot be sent: {cause}"));
        let client = outbound::client().map_err(|cause| refused(&cause))?;
        let client = OtlpClient { client, runtime: runtime.clone() };
        let mut builder = SpanExporter::builder().with_http().with_http_client(client);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let exporter = builder.build().map_err(|cause| refused(&cause))?;
        let resource = Resource::builder();
        // What the operator names wins; the builder has read it.
        let resource = match variable("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name("keywright"),
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        ON.store(true, Ordering::Relaxed);
        Ok(Some(Self(provider)))
    }

    /// For the subscriber's layer.
    pub(crate) fn tracer(&self) -> Tracer {
        self.0.tracer("keywright")
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(cause) = self.0.shutdown() {
            eprintln!("keywright: the last traces were not sent: {cause}");
        }
    }
}

/// Whether traces are made.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Makes `span` a part of the caller's trace, if the request names one.
pub(crate) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Fails only for a span that is not recorded.
    let _ = span.set_parent(caller);
}

/// Posts to the receiver on the server's runtime: the exporter has a thread of its own, which has none.
#[derive(Debug)]
struct OtlpClient {
    client: OutboundClient,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OtlpClient {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = tokio::time::timeout(DEADLINE, client.request(request.map(Full::new))).await??;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(http::Response::from_parts(parts, body))
        });
        sent.await?
    }
}
