//! A real listener on a loopback port, with bounds that are reached at once.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::listener::Listener;

const WITHIN: Duration = Duration::from_secs(20);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Serves until the test ends.
fn serve(bounds: Bounds, proxies: TrustedProxies, idle: Duration) -> SocketAddr {
    let listener =
        Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap().with_bounds(bounds, proxies).with_idle(idle);
    let address = (Ipv4Addr::LOCALHOST, listener.port()).into();
    let router = Router::new().route("/", get(|| async { "hello" }));
    tokio::spawn(listener.serve(None, router, std::future::pending()));
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// What comes back until the server closes the connection, which it has to do soon.
async fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(WITHIN, stream.read_to_end(&mut answer)).await.expect("the connection stays open");
    answer
}

/// Asks and keeps the connection; `None` when the server closes it.
async fn ask(stream: &mut TcpStream) -> Option<String> {
    stream.write_all(REQUEST).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut part = [0; 1024];
        let count = tokio::time::timeout(WITHIN, stream.read(&mut part)).await.expect("no answer").ok()?;
        if count == 0 {
            return None;
        }
        answer.extend_from_slice(&part[..count]);
    }
    Some(String::from_utf8(answer).unwrap())
}

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn do_04_a_client_that_says_nothing_is_closed() {
    let address = serve(Bounds::default(), TrustedProxies::default(), SHORT);
    assert_eq!(until_closed(connect(address).await).await, b"");
    // Nor does it help to begin with what both versions have in common.
    let mut stream = connect(address).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    assert_eq!(until_closed(stream).await, b"");
}

#[tokio::test]
async fn do_04_a_head_that_does_not_end_is_closed() {
    let address = serve(Bounds::default(), TrustedProxies::default(), SHORT);
    let mut stream = connect(address).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: yes\r\n").await.unwrap();
    let answer = String::from_utf8(until_closed(stream).await).unwrap();
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn do_04_an_idle_connection_is_closed() {
    let address = serve(Bounds::default(), TrustedProxies::default(), SHORT);
    let mut stream = connect(address).await;
    assert!(ask(&mut stream).await.unwrap().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(until_closed(stream).await, b"");
}

#[tokio::test]
async fn do_04_a_flood_of_headers_is_refused() {
    let address = serve(Bounds::default(), TrustedProxies::default(), WITHIN);
    let many = "X-Header: 1\r\n".repeat(HEADERS + 1);
    let long = format!("X-Long: {}\r\n", "x".repeat(HEAD as usize));
    for headers in [many, long] {
        let mut stream = connect(address).await;
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        // It may be closed before all is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = String::from_utf8(until_closed(stream).await).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert!(ask(&mut connect(address).await).await.is_some());
}

/// A place is free again as soon as the server has seen the end of its connection.
async fn is_answered_soon(address: SocketAddr) -> bool {
    for _ in 0..10_000 {
        if ask(&mut connect(address).await).await.is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn do_04_connections_are_bounded_for_each_address_and_in_all() {
    let of_address = Bounds { max_per_address: 2, ..Bounds::default() };
    let in_all = Bounds { max: 2, ..Bounds::default() };
    for bounds in [of_address, in_all] {
        let address = serve(bounds, TrustedProxies::default(), WITHIN);
        let (mut one, mut two) = (connect(address).await, connect(address).await);
        assert!(ask(&mut one).await.is_some() && ask(&mut two).await.is_some());
        assert_eq!(ask(&mut connect(address).await).await, None, "{bounds:?}");
        assert!(ask(&mut one).await.is_some(), "those that are open go on");
        drop(two);
        assert!(is_answered_soon(address).await, "{bounds:?}");
    }
}

#[tokio::test]
async fn do_04_a_trusted_proxy_is_not_counted_as_one_client() {
    let bounds = Bounds { max_per_address: 1, ..Bounds::default() };
    let address = serve(bounds, TrustedProxies::parse(["127.0.0.1"]).unwrap(), WITHIN);
    let (mut one, mut two) = (connect(address).await, connect(address).await);
    assert!(ask(&mut one).await.is_some() && ask(&mut two).await.is_some());
}

#[test]
fn do_04_an_ipv6_network_is_one_client() {
    let bounds = Bounds { max_per_address: 1, ..Bounds::default() };
    let connections = Connections::new(bounds, TrustedProxies::default());
    let admit = |address: &str| connections.admit(address.parse().unwrap());
    let place = admit("2001:db8:1:2::1");
    assert!(place.is_some() && admit("2001:db8:1:2:ffff::2").is_none());
    assert!(admit("2001:db8:1:3::1").is_some());
    drop(place);
    assert!(admit("2001:db8:1:2::9").is_some());
    assert!(connections.0.open.lock().unwrap().by_network.is_empty(), "what has ended is forgotten");
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// CVE-2023-44487: requests that are cancelled as soon as they are made.
#[tokio::test]
async fn do_04_a_flood_of_resets_ends_the_connection() {
    let (headers_frame, rst_stream, settings, goaway) = (1, 3, 4, 7);
    let address = serve(Bounds::default(), TrustedProxies::default(), WITHIN);
    let mut stream = connect(address).await;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(settings, 0, 0, &[]));
    for number in 0..500 {
        // `GET http://x/`, complete; then CANCEL.
        bytes.extend(frame(headers_frame, 0x5, 2 * number + 1, &[0x82, 0x86, 0x84, 0x41, 0x01, b'x']));
        bytes.extend(frame(rst_stream, 0, 2 * number + 1, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&bytes).await;
    let answer = until_closed(stream).await;
    let mut rest = answer.as_slice();
    let mut went_away = None;
    while let Some((head, tail)) = rest.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, after)) = tail.split_at_checked(length) else { break };
        if head[3] == goaway && payload[4..8] != [0; 4] {
            went_away = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        rest = after;
    }
    assert_eq!(went_away, Some(11), "RFC 9113 section 7: ENHANCE_YOUR_CALM");
    assert!(ask(&mut connect(address).await).await.is_some());
}
