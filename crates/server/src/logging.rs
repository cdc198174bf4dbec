//! Logging, always to standard error: standard output belongs to what a command answers.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{LogFormat, LogSettings, Refusal};

/// What `keywright dev` logs unless `RUST_LOG` says otherwise.
const DEVELOPMENT_FILTER: &str = "info";

/// Logging of `keywright serve`.
pub(crate) fn start(settings: &LogSettings) -> Result<(), Refusal> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|cause| {
        Refusal::one(format!("`log.filter` is \"{}\": {cause}; write a level such as \"info\"", settings.filter))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    log_panics();
    Ok(())
}

/// Logging of `keywright dev`: short lines for the person in front of the terminal.
pub(crate) fn start_development() -> Result<(), ParseError> {
    use std::io::IsTerminal;
    let directives = std::env::var("RUST_LOG").unwrap_or_else(|_| DEVELOPMENT_FILTER.to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(directives)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .compact()
        .init();
    log_panics();
    Ok(())
}

/// A panic is a line of the log like any other, so that a collector sees it.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(cause = panic.payload_as_str(), "panicked at {location}");
    }));
}
