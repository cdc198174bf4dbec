//! One HTTP/1.1 connection that is kept open, over loopback without TLS.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An open connection. Requests on it follow one another.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection to the server");
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.sender.ready().await.expect("an open connection");
        let response = self.sender.send_request(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a complete answer").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// As [`Connection::send`]; stops the benchmark when the status is another one.
    pub(crate) async fn expect(&mut self, status: u16, request: Request<Full<Bytes>>) -> Answer {
        let path = request.uri().path().to_owned();
        let answer = self.send(request).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{path}: {text} {:?}", answer.headers);
        answer
    }
}

/// A form as a request's body.
pub(crate) fn form(fields: &[(&str, &str)]) -> Full<Bytes> {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Full::new(Bytes::from(text))
}
