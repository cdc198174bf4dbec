//! One connection for one request: to an address that was checked, by TLS to the name that was asked for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::destination::Destination;
use crate::{EgressError, OutboundRequest, Terms};

/// How long one address has before the next one is tried.
const CONNECT: Duration = Duration::from_secs(3);
/// Bytes of status line and headers that are read at most.
const HEAD: usize = 16 * 1024;
/// Headers that are read at most.
const HEADERS: usize = 64;

/// TLS, or TCP where the terms of the request allow it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to the first of `addresses` that answers. They are used as they are: the name is not looked up again.
pub(crate) async fn open(
    destination: &Destination,
    addresses: &[IpAddr],
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, EgressError>,
) -> Result<Box<dyn Stream>, EgressError> {
    let name = match destination.address() {
        Some(address) => ServerName::IpAddress(address.into()),
        None => ServerName::try_from(destination.host().to_owned())
            .map_err(|_| EgressError::Url("its host is no name of a server"))?,
    };
    let mut failure = EgressError::Connect("no address".to_owned());
    for address in addresses {
        let address = SocketAddr::new(*address, destination.port());
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                if destination.in_clear() {
                    return Ok(Box::new(stream));
                }
                let connected = TlsConnector::from(tls()?).connect(name, stream).await;
                return connected
                    .map(|stream| Box::new(stream) as Box<dyn Stream>)
                    .map_err(|error| EgressError::Tls(error.to_string()));
            }
            Ok(Err(error)) => failure = EgressError::Connect(error.kind().to_string()),
            Err(_) => failure = EgressError::Connect("the address does not answer".to_owned()),
        }
    }
    Err(failure)
}

/// Sends the request and reads the answer, of which the bytes of body that the terms allow are the most.
pub(crate) async fn exchange(
    stream: Box<dyn Stream>,
    destination: &Destination,
    request: OutboundRequest,
    terms: &Terms,
) -> Result<Response<Bytes>, EgressError> {
    let protocol = |error: hyper::Error| {
        if error.is_parse_too_large() { EgressError::TooLarge } else { EgressError::Protocol(error.to_string()) }
    };
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD).max_headers(HEADERS);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(protocol)?;
    // Ends with this function, however it ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(prepared(destination, request, terms)?).await.map_err(protocol)?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, terms.body).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { EgressError::TooLarge } else { EgressError::Protocol(error.to_string()) }
    })?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

fn prepared(
    destination: &Destination,
    request: OutboundRequest,
    terms: &Terms,
) -> Result<Request<Full<Bytes>>, EgressError> {
    let OutboundRequest { method, headers, body, .. } = request;
    let host = HeaderValue::try_from(destination.authority()).map_err(|_| EgressError::Url("its host is no header"))?;
    let mut prepared = Request::builder()
        .method(method)
        .uri(destination.target())
        .body(Full::new(body))
        .map_err(|_| EgressError::Url("its path is none"))?;
    *prepared.headers_mut() = headers;
    prepared.headers_mut().insert(header::HOST, host);
    prepared.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    if !(terms.own_user_agent && prepared.headers().contains_key(header::USER_AGENT)) {
        prepared.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("Keywright"));
    }
    Ok(prepared)
}
