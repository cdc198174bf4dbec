//! Table `[tls]`, and the rule that plain HTTP is spoken to trusted proxies only.

use std::path::PathBuf;
use std::sync::Arc;

use keywright_web::TrustedProxies;
use rustls::ServerConfig;
use serde::Deserialize;

use crate::tls::server_config_from_files;

/// Certificate and key of the listener.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSettings {
    /// PEM file: the leaf, then the intermediate certificates.
    pub(super) certificate: Option<PathBuf>,
    /// PEM file: PKCS#8, PKCS#1 or SEC1.
    pub(super) private_key: Option<PathBuf>,
}

/// How the listener speaks.
pub(crate) enum Transport {
    /// HTTPS.
    Tls(Arc<ServerConfig>),
    /// HTTP, to trusted proxies only: they end TLS.
    BehindProxy,
}

pub(super) fn resolve(tls: Option<&TlsSettings>, proxies: &TrustedProxies) -> Result<Transport, String> {
    // An empty value counts as absent, as for the master key.
    let given = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let (certificate, private_key) = tls.map_or((None, None), |tls| (given(&tls.certificate), given(&tls.private_key)));
    match (certificate, private_key) {
        (Some(certificate), Some(private_key)) => server_config_from_files(&certificate, &private_key).map(Transport::Tls),
        (Some(_), None) => Err("`tls.certificate` is set without `tls.private_key`: name the PEM file with its private key".to_owned()),
        (None, Some(_)) => Err("`tls.private_key` is set without `tls.certificate`: name the PEM file with its certificate chain".to_owned()),
        (None, None) if !proxies.is_empty() => Ok(Transport::BehindProxy),
        (None, None) => Err("there is no TLS: set `tls.certificate` and `tls.private_key` to PEM files, or, when a reverse proxy ends TLS, \
                             set `trusted_proxies` to its addresses"
            .to_owned()),
    }
}
