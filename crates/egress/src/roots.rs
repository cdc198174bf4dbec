//! Whose certificates count: the system's authorities, and those that the operator adds.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::EgressError;

/// Whether all of them are certificates.
pub(crate) fn check(more: &[CertificateDer<'static>]) -> Result<(), EgressError> {
    add(&mut RootCertStore::empty(), more)
}

fn add(roots: &mut RootCertStore, more: &[CertificateDer<'static>]) -> Result<(), EgressError> {
    more.iter()
        .try_for_each(|certificate| roots.add(certificate.clone()))
        .map_err(|error| EgressError::Setup(error.to_string()))
}

/// TLS 1.2 and 1.3 with verified names.
pub(crate) fn tls(more: &[CertificateDer<'static>]) -> Result<ClientConfig, EgressError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    let (_, unusable) = roots.add_parsable_certificates(system.certs);
    if unusable > 0 {
        tracing::debug!(unusable, "certificates of the system that are none");
    }
    add(&mut roots, more)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| EgressError::Setup(error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
