//! Table `[metrics]` of the configuration.

use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::listener::is_loopback;

/// Shortest token that is taken, in characters.
const SHORTEST_TOKEN: usize = 16;

/// Where metrics are shown, as it was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsSettings {
    /// Address and port of the listener of its own.
    listen: Option<String>,
    /// Bearer token.
    token: Option<SecretString>,
}

/// Where metrics are shown.
pub(crate) struct Exposure {
    /// The listener of its own.
    pub(crate) listen: Option<SocketAddr>,
    /// The token that has to be presented. Without a listener it opens `/metrics` on the main one.
    pub(crate) token: Option<SecretString>,
}

/// `None` when nothing is to be recorded.
pub(super) fn resolve(settings: Option<&MetricsSettings>) -> Result<Option<Exposure>, String> {
    let Some(settings) = settings else { return Ok(None) };
    // An empty value counts as absent, because that is what a compose file makes of a variable that is not set.
    let listen = settings.listen.as_deref().filter(|text| !text.is_empty());
    let token = settings.token.clone().filter(|token| !token.expose_secret().is_empty());
    let listen: Option<SocketAddr> = listen
        .map(|text| {
            let sentence =
                || format!("`metrics.listen` is \"{text}\": write an address and a port, such as \"127.0.0.1:9464\"");
            text.parse().map_err(|_| sentence())
        })
        .transpose()?;
    match (&listen, &token) {
        (None, None) => Ok(None),
        (_, Some(token)) if token.expose_secret().len() < SHORTEST_TOKEN => Err(format!(
            "`metrics.token` is shorter than {SHORTEST_TOKEN} characters: make one with `openssl rand -hex 32`"
        )),
        // DO-05: "need authentication where they reveal data".
        (Some(address), None) if !is_loopback(address.ip()) => Err(format!(
            "`metrics.listen` is {address}, which others can reach: set `metrics.token`, or listen on a loopback address"
        )),
        _ => Ok(Some(Exposure { listen, token })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(listen: &str, token: &str) -> Result<Option<Exposure>, String> {
        resolve(Some(&MetricsSettings { listen: Some(listen.to_owned()), token: Some(token.into()) }))
    }

    #[test]
    fn do_05_metrics_that_others_can_reach_need_a_token() {
        assert!(resolved("0.0.0.0:9464", "").err().unwrap().contains("set `metrics.token`"));
        assert!(resolved("0.0.0.0:9464", "0123456789abcdef").unwrap().unwrap().token.is_some());
        assert!(resolved("127.0.0.1:9464", "").unwrap().unwrap().token.is_none());
        assert!(resolved("[::1]:9464", "").unwrap().unwrap().listen.is_some());
        assert!(resolved("", "").unwrap().is_none());
        let short = resolved("", "hunter2").err().unwrap();
        assert!(short.contains("openssl rand") && !short.contains("hunter2"), "{short}");
        assert!(resolved("9464", "").err().unwrap().contains("127.0.0.1:9464"));
    }
}
