//! Table `[telemetry]` of the configuration. What is not here comes from the `OTEL_…` variables, which every part of an
//! installation shares.

use http::Uri;
use serde::Deserialize;

/// Where traces go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TelemetrySettings {
    /// Base URL of an OTLP receiver over HTTP, such as `http://127.0.0.1:4318`.
    otlp_endpoint: Option<String>,
}

impl TelemetrySettings {
    /// The address that traces are posted to; `None` when there is none.
    pub(crate) fn traces_endpoint(&self) -> Result<Option<String>, String> {
        let Some(endpoint) = self.otlp_endpoint.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let known = endpoint.parse::<Uri>().ok().filter(|url| {
            matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && url.query().is_none()
        });
        match known {
            // OpenTelemetry protocol exporter specification: "the base URL … signals are sent relative to it".
            Some(_) => Ok(Some(format!("{}/v1/traces", endpoint.trim_end_matches('/')))),
            // The value is not repeated: it may hold a password.
            None => Err("`telemetry.otlp_endpoint` must be the base URL of an OTLP receiver over HTTP, such as \
                         \"http://127.0.0.1:4318\""
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_follows_the_base_url() {
        let endpoint = |text: &str| TelemetrySettings { otlp_endpoint: Some(text.to_owned()) }.traces_endpoint();
        assert_eq!(endpoint("").unwrap(), None);
        assert_eq!(endpoint("http://127.0.0.1:4318").unwrap().unwrap(), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(endpoint("https://otel.example/tenant/").unwrap().unwrap(), "https://otel.example/tenant/v1/traces");
        for wrong in ["127.0.0.1:4317", "grpc://x", "http://", "hunter2"] {
            let sentence = endpoint(wrong).unwrap_err();
            assert!(sentence.contains("telemetry.otlp_endpoint") && !sentence.contains("hunter2"), "{sentence}");
        }
    }
}
