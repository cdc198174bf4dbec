//! `GET /health`, and the hosts that nobody answers for.

use crate::process::Development;

#[test]
fn answers_under_any_host_name() {
    let server = Development::start(&["--ephemeral"]);
    let ok = (200, r#"{"status":"ok"}"#.to_owned());
    assert_eq!(server.curl("/health", &[]), ok);
    assert_eq!(server.curl("/health", &["--header", "host: 10.0.0.7"]), ok);
    assert_eq!(server.curl("/health", &["--request", "POST"]).0, 405);
}

#[test]
fn tn_02_an_unknown_host_is_404_on_every_path() {
    let server = Development::start(&["--ephemeral"]);
    for path in ["/", "/authorize", "/oauth/token", "/u/login", "/.well-known/openid-configuration", "/nothing"] {
        let (status, body) = server.curl(path, &["--header", "host: unknown.example"]);
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("No tenant answers at this host."), "{path}: {body}");
    }
}

#[test]
fn an_unknown_path_of_a_tenant_is_404() {
    let server = Development::start(&["--ephemeral"]);
    let (status, body) = server.curl("/nothing", &[]);
    assert_eq!((status, body.as_str()), (404, r#"{"error":"Not Found","message":"Not Found","statusCode":404}"#));
}
