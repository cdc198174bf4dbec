//! Logging, always to standard error: standard output belongs to what a command answers.
//!
//! Lines go through a bounded queue to a thread that writes them. Whoever starts the server may have piped its standard
//! error somewhere and stopped reading; then lines are lost, and logins are not.

use std::io::BufWriter;

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{FilterExt, ParseError, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{LogFormat, LogSettings, Refusal};
use crate::telemetry::Telemetry;

/// Lines that wait for a slow reader before the next ones are dropped.
const WAITING_LINES: usize = 16_384;

/// What `keywright dev` logs unless `RUST_LOG` says otherwise: every request too.
const DEVELOPMENT_FILTER: &str = "info,keywright_server::pipeline=debug";

/// Logging of `keywright serve`, and its spans for the receiver of traces.
pub(crate) fn start(settings: &LogSettings, telemetry: Option<&Telemetry>) -> Result<Logging, Refusal> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|cause| {
        Refusal::one(format!("`log.filter` is \"{}\": {cause}; write a level such as \"info\"", settings.filter))
    })?;
    let (lines, guard) = standard_error();
    let dropped_lines = lines.error_counter();
    match telemetry {
        None => {
            let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
            match settings.format {
                LogFormat::Text => builder.with_ansi(false).init(),
                LogFormat::Json => builder.json().flatten_event(true).init(),
            }
        }
        Some(telemetry) => {
            let lines = tracing_subscriber::fmt::layer().with_writer(lines);
            let lines = match settings.format {
                LogFormat::Text => lines.with_ansi(false).with_filter(filter).boxed(),
                LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
            };
            tracing_subscriber::registry().with(lines).with(traces(telemetry)).init();
        }
    }
    log_panics();
    Ok(Logging { dropped_lines, _guard: guard })
}

/// Logging of `keywright dev`: short lines for the person in front of the terminal. The guard is as in [`start`].
pub(crate) fn start_development() -> Result<WorkerGuard, ParseError> {
    use std::io::IsTerminal;
    let directives = std::env::var("RUST_LOG").unwrap_or_else(|_| DEVELOPMENT_FILTER.to_owned());
    let (lines, guard) = standard_error();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(directives)?)
        .with_writer(lines)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .compact()
        .init();
    log_panics();
    Ok(guard)
}

/// Spans of this program, whatever is logged; what libraries do is not ours to send.
fn traces<S>(telemetry: &Telemetry) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let ours = Targets::new().with_target("keywright", Level::DEBUG);
    let spans = filter_fn(|metadata| metadata.is_span() || *metadata.level() <= Level::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(telemetry.tracer())
        .with_location(false)
        .with_threads(false)
        .with_filter(ours.and(spans))
}

/// Logging that has begun. Dropping it writes what still waits.
pub(crate) struct Logging {
    /// Lines that nobody read.
    pub(crate) dropped_lines: ErrorCounter,
    _guard: WorkerGuard,
}

/// The thread flushes whenever no line waits, so that many lines together cost one call of the system.
fn standard_error() -> (NonBlocking, WorkerGuard) {
    let standard_error = BufWriter::new(std::io::stderr());
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES).finish(standard_error)
}

/// A panic is a line of the log like any other, so that a collector sees it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(cause = panic.payload_as_str(), "panicked at {location}");
    }));
}
