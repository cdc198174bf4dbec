//! The outbound client against real servers on loopback (EG-01, EG-02).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};
use keywright_egress::{Egress, EgressError, EgressOptions, Exceptions, OutboundRequest, Resolution, Resolver};
use keywright_testkit::{Behaviour, Receiver, egress_options};

fn post(url: &str) -> OutboundRequest {
    OutboundRequest { method: Method::POST, url: url.to_owned(), headers: HeaderMap::new(), body: Bytes::from("a=1") }
}

async fn send(options: EgressOptions, url: &str) -> Result<u16, EgressError> {
    Egress::new(options).unwrap().send(post(url)).await.map(|answer| answer.status().as_u16())
}

/// Without exceptions; the receiver is at 127.0.0.1.
fn strict() -> EgressOptions {
    EgressOptions { exceptions: Exceptions::default(), ..egress_options() }
}

/// Gives these answers, one after the other and then the last again and again.
#[derive(Default)]
struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|list| list.iter().map(|text| text.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Resolver for Names {
    fn resolve(&self, _: String) -> Resolution<'_> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let mut answers = self.answers.lock().unwrap();
            Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
        })
    }
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

#[tokio::test]
async fn op_02_a_span_says_where_to_and_how_it_ended_and_no_more() {
    let (receiver, written) = (Receiver::start().await, Written::default());
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    let _recorded = tracing::subscriber::set_default(subscriber);
    receiver.answer(&[Behaviour::Status(204)]);
    assert_eq!(send(egress_options(), &receiver.url("/secret-path?secret=in-the-query")).await, Ok(204));
    let span = written.take();
    let port = format!("server.port={}", receiver.port());
    for expected in ["outbound request", "server.address=\"localhost\"", &port, "http.response.status_code=204"] {
        assert!(span.contains(expected), "{expected}: {span}");
    }
    assert!(span.contains("http.request.method=\"POST\"") && !span.contains("error.type"), "{span}");
    assert!(!span.contains("secret") && !span.contains("a=1"), "{span}");
    // The host is a stranger's: it is not told the trace.
    assert!(!receiver.take()[0].head.to_ascii_lowercase().contains("traceparent"));
    assert_eq!(send(strict(), &receiver.url("/secret-path")).await, Err(EgressError::Refused));
    let span = written.take();
    assert!(span.contains("error.type=\"refused\"") && !span.contains("secret"), "{span}");
}

#[tokio::test]
async fn a_request_arrives_as_it_was_meant() {
    let receiver = Receiver::start().await;
    assert_eq!(send(egress_options(), &receiver.url("/hook?x=1")).await, Ok(200));
    let received = receiver.take();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, "a=1");
    let head = received[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post /hook?x=1 http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: localhost:{}\r\n", receiver.port())), "{head}");
    assert!(!head.contains("accept-encoding") && !head.contains("cookie"), "{head}");
}

#[tokio::test]
async fn eg_01_nothing_inside_is_reached_in_any_spelling() {
    let receiver = Receiver::start().await;
    let port = receiver.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "100.100.100.200",
    ] {
        let refused = send(strict(), &format!("https://{host}:{port}/")).await;
        assert_eq!(refused, Err(EgressError::Refused), "{host}");
    }
    for url in [
        format!("http://localhost:{port}/"),
        format!("https://user:secret@localhost:{port}/"),
        "file:///etc/passwd".to_owned(),
    ] {
        assert!(matches!(send(egress_options(), &url).await, Err(EgressError::Url(_))), "{url}");
    }
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn eg_01_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to() {
    for answer in
        [&["127.0.0.1"][..], &["8.8.8.8", "127.0.0.1"], &["::ffff:7f00:1"], &["2001:4860:4860::8888", "fd00::1"]]
    {
        let options = EgressOptions { resolver: Names::new(&[answer]), ..strict() };
        assert_eq!(send(options, "https://rebind.example/").await, Err(EgressError::Refused), "{answer:?}");
    }
    let options = EgressOptions { resolver: Names::new(&[&[]]), ..strict() };
    assert!(matches!(send(options, "https://nobody.example/").await, Err(EgressError::Resolve(_))));
}

/// The name is public when it is checked, and would be private when it is connected to: it is not asked a second time.
#[tokio::test]
async fn eg_01_a_rebinding_name_is_asked_once() {
    let receiver = Receiver::start().await;
    // TEST-NET-1 stands for the public address here: an exception lets it pass, and nobody answers there.
    let names = Names::new(&[&["192.0.2.1"], &["127.0.0.1"]]);
    let options = EgressOptions {
        resolver: names.clone(),
        exceptions: Exceptions::parse(["192.0.2.0/24"]).unwrap(),
        time: Duration::from_millis(300),
        ..egress_options()
    };
    let sent = send(options.clone(), &format!("https://receiver.test:{}/", receiver.port())).await;
    assert!(matches!(sent, Err(EgressError::TooSlow | EgressError::Connect(_))), "{sent:?}");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    // The second request asks anew, and is refused.
    let sent = send(options, &format!("https://receiver.test:{}/", receiver.port())).await;
    assert_eq!(sent, Err(EgressError::Refused));
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn the_connection_goes_to_the_checked_address_under_the_name_that_was_asked_for() {
    let receiver = Receiver::start().await;
    let with = |names: Arc<Names>| EgressOptions { resolver: names, ..egress_options() };
    let url = |host: &str| format!("https://{host}:{}/", receiver.port());
    assert_eq!(send(with(Names::new(&[&["127.0.0.1"]])), &url("receiver.test")).await, Ok(200));
    assert!(receiver.take()[0].head.contains(&format!("receiver.test:{}", receiver.port())));
    // The certificate is not for this name.
    let other = send(with(Names::new(&[&["127.0.0.1"]])), &url("other.test")).await;
    assert!(matches!(other, Err(EgressError::Tls(_))), "{other:?}");
    // Nor does an unknown authority count.
    let foreign = EgressOptions { roots: Vec::new(), ..egress_options() };
    let foreign = send(foreign, &url("localhost")).await;
    assert!(matches!(foreign, Err(EgressError::Tls(_))), "{foreign:?}");
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn eg_01_exceptions_are_exactly_what_the_operator_lists() {
    let receiver = Receiver::start().await;
    for (allow, host, expected) in [
        ("127.0.0.0/8", "127.0.0.1", true),
        ("127.0.0.2", "127.0.0.1", false),
        ("localhost", "localhost", true),
        ("localhost", "127.0.0.1", false),
        ("10.0.0.0/8", "localhost", false),
    ] {
        let options = EgressOptions { exceptions: Exceptions::parse([allow]).unwrap(), ..egress_options() };
        let sent = send(options, &format!("https://{host}:{}/", receiver.port())).await;
        assert_eq!(sent, if expected { Ok(200) } else { Err(EgressError::Refused) }, "{allow} {host}");
    }
}

#[tokio::test]
async fn eg_01_redirects_are_answers_and_are_not_followed() {
    let (receiver, inside) = (Receiver::start().await, Receiver::start().await);
    for target in [inside.url("/"), "http://169.254.169.254/latest/meta-data/".to_owned()] {
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        receiver.answer(&[Behaviour::Raw(answer.into_bytes())]);
        assert_eq!(send(egress_options(), &receiver.url("/")).await, Ok(302));
    }
    assert!(inside.take().is_empty());
}

#[tokio::test]
async fn eg_01_size_and_time_are_bounded() {
    let receiver = Receiver::start().await;
    let options = || EgressOptions { time: Duration::from_millis(700), body: 10_000, ..egress_options() };
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let body = |bytes: usize| format!("{head}Content-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes)).into_bytes();
    let chunks = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    let mut long_header = head.as_bytes().to_vec();
    long_header.extend(format!("X: {}\r\n\r\n", "y".repeat(40_000)).bytes());
    let many_headers = format!("{head}{}\r\n", "X: y\r\n".repeat(200)).into_bytes();
    for (name, behaviour, expected) in [
        ("all of it", Behaviour::Raw(body(10_000)), Ok(200)),
        ("one byte more", Behaviour::Raw(body(10_001)), Err(EgressError::TooLarge)),
        ("a long header", Behaviour::Raw(long_header), Err(EgressError::TooLarge)),
        ("many headers", Behaviour::Raw(many_headers), Err(EgressError::TooLarge)),
        (
            "headers without end",
            Behaviour::Endless(b"HTTP/1.1 200 OK\r\nX: y\r\nY: z\r\n".to_vec()),
            Err(EgressError::TooLarge),
        ),
        ("nothing", Behaviour::Silent, Err(EgressError::TooSlow)),
        ("the beginning of an answer", Behaviour::Raw(chunks), Err(EgressError::Protocol(String::new()))),
    ] {
        receiver.answer(&[behaviour]);
        let began = Instant::now();
        let sent = send(options(), &receiver.url("/")).await;
        match (&sent, &expected) {
            (Err(EgressError::Protocol(_)), Err(EgressError::Protocol(_) | EgressError::TooLarge)) => {}
            _ => assert_eq!(sent, expected, "{name}"),
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{name} took {:?}", began.elapsed());
    }
}

/// A drop at a time, each in time, and never done: the limit is for the whole.
#[tokio::test]
async fn eg_01_a_slow_drip_is_cut_off() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let dripping = tokio::spawn(async move {
        let (mut stream, _) = socket.accept().await.unwrap();
        let mut drops = 0;
        // The client's greeting, then a byte of a TLS record from time to time.
        let _ = stream.read_u8().await;
        while stream.write_all(&[22]).await.is_ok() && drops < 100 {
            drops += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let options = EgressOptions { time: Duration::from_millis(400), ..egress_options() };
    let began = Instant::now();
    let sent = send(options, &format!("https://127.0.0.1:{port}/")).await;
    assert!(matches!(sent, Err(EgressError::TooSlow | EgressError::Tls(_))), "{sent:?}");
    assert!(began.elapsed() < Duration::from_secs(3));
    dripping.abort();
}

#[tokio::test]
async fn nobody_there_is_an_error_that_may_pass() {
    let port = Receiver::start().await.port();
    let sent = send(egress_options(), &format!("https://127.0.0.1:{port}/")).await;
    assert!(
        matches!(&sent, Err(error @ (EgressError::Connect(_) | EgressError::Tls(_))) if error.is_temporary()),
        "{sent:?}"
    );
    assert!(!EgressError::Refused.is_temporary() && !EgressError::Url("x").is_temporary());
}

/// For servers that are spoken to in another protocol.
#[tokio::test]
async fn eg_02_addresses_of_a_server_are_checked_as_those_of_a_request() {
    let look_up = |answers: &[&[&str]], exceptions: Exceptions, host: &'static str| {
        let options = EgressOptions { resolver: Names::new(answers), exceptions, ..egress_options() };
        async move { Egress::new(options).unwrap().addresses_of(host).await }
    };
    let none = Exceptions::default;
    let found = look_up(&[&["8.8.8.8", "2001:4860:4860::8888"]], none(), "smtp.example").await.unwrap();
    assert_eq!((found.addresses.len(), found.is_exception), (2, false));
    for (answers, host) in [
        (&["127.0.0.1"][..], "smtp.example"),
        (&["8.8.8.8", "10.0.0.1"], "smtp.example"),
        (&["8.8.8.8"], "169.254.169.254"),
        (&["8.8.8.8"], "0x7f.1"),
        (&["8.8.8.8"], "::1"),
        (&["8.8.8.8"], "[::ffff:127.0.0.1]"),
    ] {
        assert!(matches!(look_up(&[answers], none(), host).await, Err(EgressError::Refused)), "{host}");
    }
    for host in ["", "a.example/x", "user@a.example", "a.example#", "a.example?x", "a b", "a.example\\x"] {
        assert!(matches!(look_up(&[&["8.8.8.8"]], none(), host).await, Err(EgressError::Url(_))), "{host}");
    }
    let inside = look_up(&[&["10.1.2.3"]], Exceptions::parse(["10.0.0.0/8"]).unwrap(), "relay.internal").await.unwrap();
    assert!(inside.is_exception);
    let named =
        look_up(&[&["8.8.8.8"]], Exceptions::parse(["relay.internal"]).unwrap(), "relay.internal").await.unwrap();
    assert!(named.is_exception);
}
