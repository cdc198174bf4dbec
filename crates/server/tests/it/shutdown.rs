//! SIGTERM loses no accepted request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::Development;

fn connect(server: &Development) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(server.authority()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(format!("127.0.0.1:{}", server.port())).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket)
}

fn read_until(stream: &mut impl Read, end: &[u8]) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn a_request_that_has_begun_is_answered_after_sigterm() {
    let mut server = Development::start(&["--ephemeral", "--test-controls"]);
    let mut stream = connect(&server);
    let body = r#"{"freeze":true}"#;
    write!(
        stream,
        "POST /dev/clock HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        server.text("/domain"),
        body.len()
    )
    .unwrap();
    // The handler asks for the body: the request is accepted.
    assert_eq!(read_until(&mut stream, b"\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");

    server.process.signal("TERM");
    server.process.wait_for_log("stopping");
    while TcpStream::connect(format!("127.0.0.1:{}", server.port())).is_ok() {
        std::thread::yield_now();
    }

    stream.write_all(body.as_bytes()).unwrap();
    let head = read_until(&mut stream, b"\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("connection: close"), "{head}");
    assert!(read_until(&mut stream, b"}").contains("\"frozen\":true"));
    drop(stream);
    let (status, _, log) = server.process.end();
    assert!(status.success(), "{log}");
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let server = Development::start(&["--ephemeral"]);
    let mut stream = connect(&server);
    write!(stream, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(read_until(&mut stream, b"}").contains("200 OK"));
    server.process.stop();
    let mut rest = Vec::new();
    let closed = stream.read_to_end(&mut rest);
    assert!(closed.is_err() || rest.is_empty(), "the server closed the connection");
}
