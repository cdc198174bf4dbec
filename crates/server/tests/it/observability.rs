//! Metrics and traces of the built binary: where they are shown, and that they are complete when the server ends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::process::{Process, curl, keywright};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// `keywright serve` behind a proxy, with these variables; gives its port and that of its metrics, if there is one.
fn serve(directory: &tempfile::TempDir, variables: &[(&str, &str)]) -> (Process, u64, Option<u64>) {
    let mut process = Process::start(
        keywright()
            .arg("serve")
            .env("KEYWRIGHT_MASTER_KEY", KEY)
            .env("KEYWRIGHT_LISTEN", "127.0.0.1:0")
            .env("KEYWRIGHT_TRUSTED_PROXIES", "127.0.0.1")
            .env("KEYWRIGHT_LOG_FORMAT", "json")
            .envs(variables.iter().copied())
            .current_dir(directory.path()),
    );
    let port = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["port"].as_u64().unwrap();
    let main = port(process.wait_for_log("\"ready\""));
    let metrics = process.log().lines().find(|line| line.contains("\"message\":\"metrics\"")).map(str::to_owned);
    (process, main, metrics.map(port))
}

/// A receiver of OTLP that keeps the requests as they came.
struct Receiver {
    port: u16,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let kept = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = kept.clone();
                std::thread::spawn(move || answer(stream.unwrap(), &kept));
            }
        });
        Self { port, requests }
    }

    /// Head and body of the request that contains `text`.
    fn request_with(&self, text: &str) -> Option<Vec<u8>> {
        let contains = |request: &&Vec<u8>| request.windows(text.len()).any(|part| part == text.as_bytes());
        self.requests.lock().unwrap().iter().find(contains).cloned()
    }
}

fn answer(mut stream: TcpStream, kept: &Mutex<Vec<Vec<u8>>>) {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|end| end + 4);
        let length = head.and_then(|end| {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let (_, behind) = head.split_once("content-length: ")?;
            Some(end + behind.lines().next()?.trim().parse::<usize>().ok()?)
        });
        if let Some(length) = length.filter(|length| bytes.len() >= *length) {
            kept.lock().unwrap().push(bytes.drain(..length).collect());
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            continue;
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

#[test]
fn traces_continue_the_callers_and_the_last_ones_are_sent_at_the_end() {
    let (directory, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let endpoint = format!("http://127.0.0.1:{}", receiver.port);
    let (process, port, _) = serve(&directory, &[("KEYWRIGHT_TELEMETRY_OTLP_ENDPOINT", &endpoint)]);
    let caller = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let url = format!("http://127.0.0.1:{port}/.well-known/jwks.json?secret=in-the-query");
    assert_eq!(curl(&url, None, &["--header", caller]).0, 404, "there is no tenant yet");
    process.stop();
    let request = receiver.request_with("GET /.well-known/jwks.json").expect("the span of the request");
    let has = |text: &[u8]| request.windows(text.len()).any(|part| part == text);
    assert!(request.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    assert!(has(b"application/x-protobuf"));
    // opentelemetry-proto, trace.proto: trace_id is 16 bytes, parent_span_id is 8.
    assert!(has(&[0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36]));
    assert!(has(&[0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
    assert!(has(b"keywright") && has(b"http.response.status_code") && has(b"store"));
    assert!(!has(b"in-the-query"), "op_02: the query is in no span");
}

#[test]
fn do_05_metrics_are_on_their_own_listener_or_behind_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let (process, port, metrics) = serve(&directory, &[("KEYWRIGHT_METRICS_LISTEN", "127.0.0.1:0")]);
    let own = format!("http://127.0.0.1:{}/metrics", metrics.unwrap());
    assert_eq!(curl(&format!("http://127.0.0.1:{port}/health"), None, &[]).0, 200);
    assert_eq!(curl(&format!("http://127.0.0.1:{port}/metrics"), None, &[]).0, 404, "not on the main listener");
    let (status, page) = curl(&own, None, &[]);
    assert_eq!(status, 200);
    let counted = r#"keywright_http_requests_total{surface="server",route="/health",method="GET",status="200"} 1"#;
    assert!(page.contains(counted), "{page}");
    assert!(page.contains("# TYPE keywright_http_request_duration_seconds histogram"), "{page}");
    process.stop();

    let (process, port, metrics) = serve(&directory, &[("KEYWRIGHT_METRICS_TOKEN", TOKEN)]);
    assert_eq!(metrics, None);
    let main = format!("http://127.0.0.1:{port}/metrics");
    assert_eq!(curl(&main, None, &[]).0, 401);
    assert_eq!(curl(&main, None, &["--header", "authorization: Bearer 0123456789abcdef"]).0, 401);
    let (status, page) = curl(&main, None, &["--header", &format!("authorization: Bearer {TOKEN}")]);
    assert!(status == 200 && page.contains("keywright_build_info"), "{status} {page}");
    assert!(!page.contains(TOKEN) && !process.log().contains(TOKEN), "op_02");
    process.stop();

    let (process, port, _) = serve(&directory, &[]);
    assert_eq!(curl(&format!("http://127.0.0.1:{port}/metrics"), None, &[]).0, 404, "off by default");
    process.stop();
}
