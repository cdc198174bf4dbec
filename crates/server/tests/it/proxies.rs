//! `keywright serve` behind a proxy that ends TLS, and with a certificate of its own.

use std::process::Command;

use crate::process::{Process, curl, keywright, run};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Starts `keywright serve` on a free port and gives the port.
fn serve(directory: &tempfile::TempDir, variables: &[(&str, &str)]) -> (Process, u64) {
    let mut process = Process::start(
        keywright()
            .arg("serve")
            .env("KEYWRIGHT_MASTER_KEY", KEY)
            .env("KEYWRIGHT_LISTEN", "127.0.0.1:0")
            .env("KEYWRIGHT_LOG_FORMAT", "json")
            .envs(variables.iter().copied())
            .current_dir(directory.path()),
    );
    let ready: serde_json::Value = serde_json::from_str(&process.wait_for_log("\"ready\"")).unwrap();
    let port = ready["port"].as_u64().unwrap();
    (process, port)
}

#[test]
fn op_04_plain_http_answers_trusted_proxies_only() {
    let directory = tempfile::tempdir().unwrap();
    let (process, port) = serve(&directory, &[("KEYWRIGHT_TRUSTED_PROXIES", "10.0.0.0/8")]);
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(curl(&format!("{url}/health"), None, &[]).0, 200);
    let (status, body) = curl(&format!("{url}/authorize?state=secret-state"), None, &[]);
    assert_eq!(status, 403);
    assert!(body.contains("by HTTPS"), "{body}");
    let (_, log) = process.stop();
    assert!(!log.contains("secret-state"), "op_02: the query is not logged: {log}");

    let (process, port) = serve(&directory, &[("KEYWRIGHT_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1")]);
    let (status, body) = curl(&format!("http://127.0.0.1:{port}/authorize"), None, &[]);
    assert_eq!(status, 404, "the proxy is answered: there is no tenant yet");
    assert!(body.contains("No tenant answers"), "{body}");
    process.stop();
}

#[test]
fn tls_comes_from_pem_files_and_a_tenant_that_was_created_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let (status, _, error) = run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(directory.path()));
    assert!(status.success(), "{error}");
    std::fs::write(
        directory.path().join("keywright.toml"),
        "listen = \"nonsense\"\n[tls]\ncertificate = \"certificate.pem\"\nprivate_key = \"key.pem\"\n",
    )
    .unwrap();
    // The environment wins over the file's `listen`.
    let (process, port) = serve(&directory, &[("KEYWRIGHT_CONFIG", "keywright.toml")]);
    let certificate = directory.path().join("certificate.pem");
    let keys = format!("https://localhost:{port}/.well-known/jwks.json");
    assert_eq!(curl(&keys, Some(&certificate), &[]).0, 404, "there is no tenant yet");
    let domain = format!("localhost:{port}");
    let (status, _, error) = run(keywright()
        .args(["tenant", "create", "--domain", &domain])
        .env("KEYWRIGHT_MASTER_KEY", KEY)
        .current_dir(directory.path()));
    assert!(status.success(), "{error}");
    assert_eq!(curl(&keys, Some(&certificate), &["--retry", "8", "--retry-all-errors", "--fail"]).0, 200);
    process.stop();
}
