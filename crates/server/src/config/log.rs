//! Table `[log]` of the configuration.

use serde::Deserialize;

/// How and what the server logs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// For people or for a collector.
    pub(crate) format: LogFormat,
    /// Directives of `tracing_subscriber::EnvFilter`.
    pub(crate) filter: String,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A readable line.
    Text,
    /// One JSON object a line.
    Json,
}
