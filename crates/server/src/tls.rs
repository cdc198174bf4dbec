//! TLS of the listener: rustls with aws-lc-rs, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A configuration that presents `chain` (leaf first).
pub(crate) fn server_config(
    chain: Vec<CertificateDer<'static>>,
    private_key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private_key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The same from PEM files of `[tls]`; the error names the key of the configuration.
pub(crate) fn server_config_from_files(certificate: &Path, private_key: &Path) -> Result<Arc<ServerConfig>, String> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| format!("`tls.certificate` names {}, which cannot be read: {cause}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("`tls.certificate` names {}, which holds no PEM certificate", certificate.display()));
    }
    let key = PrivateKeyDer::from_pem_file(private_key)
        .map_err(|cause| format!("`tls.private_key` names {}, which cannot be read: {cause}", private_key.display()))?;
    server_config(chain, key).map_err(|cause| {
        format!(
            "the certificate {} and the private key {} cannot be used together: {cause}",
            certificate.display(),
            private_key.display()
        )
    })
}
