//! OP-04: HTTPS from the first start, by an authority that can be exported.

use std::process::Command;

use crate::process::{Development, curl, run};

/// What `openssl x509` says about a PEM certificate.
fn x509(pem: &str, options: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("certificate.pem");
    std::fs::write(&file, pem).unwrap();
    let (status, output, error) = run(Command::new("openssl").args(["x509", "-noout", "-in"]).arg(file).args(options));
    assert!(status.success(), "{error}");
    output
}

/// The certificate that the server presents for `name`.
fn leaf(server: &Development, name: &str) -> String {
    let (_, output, error) = run(Command::new("openssl")
        .args(["s_client", "-verify_return_error", "-connect", &format!("127.0.0.1:{}", server.port())])
        .args(["-servername", name, "-verify_hostname", name, "-CAfile"])
        .arg(server.authority()));
    assert!(output.contains("Verify return code: 0 (ok)"), "{output}\n{error}");
    let begin = output.find("-----BEGIN CERTIFICATE-----").unwrap();
    let end = output.find("-----END CERTIFICATE-----").unwrap();
    format!("{}-----END CERTIFICATE-----\n", &output[begin..end])
}

#[test]
fn op_04_the_authority_signs_certificates_and_nothing_else() {
    let server = Development::start(&["--ephemeral"]);
    let pem = std::fs::read_to_string(server.authority()).unwrap();
    let text = x509(&pem, &["-text"]);
    assert!(text.contains("CA:TRUE, pathlen:0") && text.contains("Certificate Sign"), "{text}");
    assert!(text.contains("prime256v1") && text.contains("CN = Keywright development CA "), "{text}");
    let nine_years = 9 * 365 * 86_400;
    x509(&pem, &["-checkend", &nine_years.to_string()]);
    let (status, output, error) = run(Command::new("openssl")
        .args(["verify", "-x509_strict", "-check_ss_sig", "-CAfile"])
        .arg(server.authority())
        .arg(server.authority()));
    assert!(status.success(), "{output}{error}");
}

#[test]
fn op_04_the_server_presents_a_leaf_for_its_domain_and_loopback() {
    let server = Development::start(&["--ephemeral", "--domain", "login.example.test"]);
    let pem = leaf(&server, "login.example.test");
    let text = x509(&pem, &["-text"]);
    for part in [
        "CA:FALSE",
        "TLS Web Server Authentication",
        "DNS:login.example.test, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        "Authority Key Identifier",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(!text.contains("Certificate Sign"), "{text}");
    x509(&pem, &["-checkend", &(360 * 86_400).to_string()]);
    let (status, output, error) = run(Command::new("openssl")
        .args(["x509", "-noout", "-checkend", &(400 * 86_400).to_string()])
        .arg("-in")
        .arg({
            let file = server.directory().path().join("leaf.pem");
            std::fs::write(&file, &pem).unwrap();
            file
        }));
    assert_eq!(status.code(), Some(1), "browsers take no longer ones than 398 days: {output}{error}");
}

#[test]
fn op_04_the_authority_stays_and_the_leaf_follows_the_domain() {
    let first = Development::start(&[]);
    let directory = first.directory();
    let authority = std::fs::read(first.authority()).unwrap();
    leaf(&first, "localhost");
    first.process.stop();
    let second = Development::start_in(directory, &["--port", "0", "--domain", "other.example.test"]);
    assert_eq!(std::fs::read(second.authority()).unwrap(), authority);
    leaf(&second, "other.example.test");
    leaf(&second, "localhost");
}

#[test]
fn op_04_the_names_of_this_machine_reach_it_by_http_1_and_2() {
    let server = Development::start(&["--ephemeral"]);
    let authority = server.authority();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/health", server.port());
        assert_eq!(curl(&url, Some(&authority), &[]).0, 200, "{url}");
    }
    let version = |option: &str| {
        server.curl("/health", &[option, "--output", "/dev/null", "--write-out", "%{http_version}\n%{http_code}"])
    };
    assert_eq!(version("--http2"), (200, "2".to_owned()));
    assert_eq!(version("--http1.1"), (200, "1.1".to_owned()));
    let refused = Command::new("curl")
        .args(["--silent", &format!("https://localhost:{}/health", server.port())])
        .env_remove("CURL_CA_BUNDLE")
        .env_remove("SSL_CERT_FILE")
        .status()
        .unwrap();
    assert_eq!(refused.code(), Some(60), "without the authority the certificate is not trusted");
}
