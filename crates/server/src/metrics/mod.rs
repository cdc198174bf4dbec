//! Prometheus metrics: what is counted where it happens (the `metrics` facade), and `GET /metrics`, which shows it.
//!
//! DO-05: "Health, metrics and admin listeners are separate and need authentication where they reveal data; key compared
//! in constant time." `/metrics` is on a listener of its own, or on the main one with a bearer token. Without either
//! nothing is recorded: the facade then costs one comparison for each event.
//!
//! No label holds anything of a user, an application or a tenant: labels are routes, methods, statuses and event codes.

mod process;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use keywright_app::App;
use keywright_jose::{Digest, sha256};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};
use tracing_appender::non_blocking::ErrorCounter;

pub(crate) use requests::{Measurement, measure};

/// Upper ends of the histograms of durations, in seconds.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper ends of the histogram of jobs per commit.
const JOBS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What has been recorded, and who may read it.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    recorded: PrometheusHandle,
    dropped_lines: ErrorCounter,
    token: Option<SecretString>,
}

impl Metrics {
    /// Records from now on. The recorder is the process's: a second one is refused.
    pub(crate) fn record(dropped_lines: ErrorCounter, token: Option<SecretString>) -> Result<Self, String> {
        let recorded = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("keywright_store_commit_jobs".to_owned()), JOBS)
            .and_then(|builder| builder.set_buckets(SECONDS))
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|cause| format!("metrics cannot be recorded: {cause}"))?;
        describe();
        gauge!("keywright_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self(Arc::new(Inner { recorded, dropped_lines, token })))
    }

    /// `GET /metrics` for the listener of its own. A token is asked for if there is one.
    pub(crate) fn own_router(&self, app: &App) -> Router {
        self.routes().with_state(app.clone())
    }

    /// `GET /metrics` for the main listener: only with a token.
    pub(crate) fn main_router(&self) -> Router<App> {
        if self.0.token.is_some() { self.routes() } else { Router::new() }
    }

    fn routes(&self) -> Router<App> {
        Router::new().route("/metrics", get(show)).layer(Extension(self.clone()))
    }

    /// RFC 6750 §2.1. Digests are compared, in constant time.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0.token else { return true };
        let presented = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let digest = |bytes: &[u8]| Digest::from_slice(&sha256(bytes));
        presented.is_some_and(|presented| digest(presented) == digest(token.expose_secret().as_bytes()))
    }

    /// Keeps the histograms small while nobody asks.
    pub(crate) async fn upkeep(self) {
        let mut interval = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            interval.tick().await;
            self.0.recorded.run_upkeep();
        }
    }
}

async fn show(State(app): State<App>, Extension(metrics): Extension<Metrics>, headers: HeaderMap) -> Response {
    if !metrics.admits(&headers) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "A bearer token is needed.\n")
            .into_response();
    }
    metrics.sample(&app).await;
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (kind, metrics.0.recorded.render()).into_response()
}

impl Metrics {
    /// What is not counted but looked at, when somebody asks.
    async fn sample(&self, app: &App) {
        let waiting = app.store().waiting();
        gauge!("keywright_store_waiting_jobs", "access" => "read").set(count_of(waiting.reads));
        gauge!("keywright_store_waiting_jobs", "access" => "write").set(count_of(waiting.writes));
        let hashing = app.password_hashing();
        gauge!("keywright_password_hashes_running").set(count_of(hashing.running));
        gauge!("keywright_password_hashes_waiting").set(count_of(hashing.waiting));
        let jobs = app.store().read(keywright_store::jobs::count).await;
        match jobs {
            Ok(jobs) => {
                gauge!("keywright_jobs", "state" => "pending").set(count_of(jobs.pending));
                gauge!("keywright_jobs", "state" => "failed").set(count_of(jobs.failed));
            }
            // A database that does not answer takes nothing from the other figures.
            Err(cause) => tracing::warn!(%cause, "background jobs were not counted"),
        }
        let dropped = u64::try_from(self.0.dropped_lines.dropped_lines()).unwrap_or(u64::MAX);
        counter!("keywright_log_lines_dropped_total").absolute(dropped);
        process::sample();
    }
}

/// A count as a gauge shows it.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count_of(count: usize) -> f64 {
    count as f64
}

/// The sentences of `# HELP`. A test compares the names with the guide.
const DESCRIPTIONS: &[(&str, Kind, &str)] = &[
    ("keywright_build_info", Kind::Gauge, "Always 1; the label is the version."),
    ("keywright_http_requests_total", Kind::Counter, "Answered requests, by surface, route, method and status."),
    (
        "keywright_http_request_duration_seconds",
        Kind::Histogram,
        "From the head of a request to the head of its answer.",
    ),
    ("keywright_log_events_total", Kind::Counter, "Events of the tenant log, by Auth0's event code."),
    ("keywright_password_hash_seconds", Kind::Histogram, "Time of one password hash, without waiting."),
    ("keywright_password_hashes_running", Kind::Gauge, "Passwords that are being hashed."),
    ("keywright_password_hashes_waiting", Kind::Gauge, "Passwords that wait for a core."),
    (
        "keywright_breached_password_checks_total",
        Kind::Counter,
        "Passwords about which the source of breached passwords was asked.",
    ),
    ("keywright_password_hashes_refused_total", Kind::Counter, "Passwords refused because too many waited."),
    ("keywright_store_job_seconds", Kind::Histogram, "Database jobs with their waiting, by access."),
    ("keywright_store_waiting_jobs", Kind::Gauge, "Database jobs in the queue, by access."),
    ("keywright_store_refused_total", Kind::Counter, "Database jobs that were not done, by reason."),
    ("keywright_store_commit_jobs", Kind::Histogram, "Jobs in one commit (SQLite)."),
    ("keywright_store_commit_seconds", Kind::Histogram, "Time of one commit, with its sync (SQLite)."),
    ("keywright_config_cache_hits_total", Kind::Counter, "Configuration documents found in memory."),
    ("keywright_config_cache_misses_total", Kind::Counter, "Configuration documents read from the database."),
    ("keywright_jobs", Kind::Gauge, "Background jobs in the database, by state: pending, or failed for good."),
    ("keywright_job_attempts_total", Kind::Counter, "Attempts at background jobs, by kind and result."),
    ("keywright_log_lines_dropped_total", Kind::Counter, "Lines lost because nobody read standard error."),
    ("process_cpu_seconds_total", Kind::Counter, "CPU time, user and system (Linux)."),
    ("process_resident_memory_bytes", Kind::Gauge, "Resident memory (Linux)."),
    ("process_threads", Kind::Gauge, "Threads (Linux)."),
    ("process_open_fds", Kind::Gauge, "Open file descriptors (Linux)."),
];

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

fn describe() {
    for (name, kind, text) in DESCRIPTIONS.iter().copied() {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, text),
            Kind::Gauge => metrics::describe_gauge!(name, text),
            Kind::Histogram => metrics::describe_histogram!(name, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_names_every_metric() {
        let page = include_str!("../../../../docs/guides/observability.md");
        for (name, _, _) in DESCRIPTIONS {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
