//! Connections are bounded, in all and for each client's network, and one that says nothing is closed (DO-04).
//!
//! What a connection may do is bounded by the HTTP library, with the numbers of [`Bounds`]: how long a request's head may
//! take and how large it may be, how many requests an HTTP/2 connection may have open, and how many it may reset.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use keywright_app::network_of;
use keywright_web::TrustedProxies;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Bytes of a request's head: line and headers.
const HEAD: u32 = 64 * 1024;
/// Headers of a request.
const HEADERS: usize = 100;
/// Requests that an HTTP/2 connection may have open.
const STREAMS: u32 = 100;
/// HTTP/2 requests that were reset before anybody looked at them (CVE-2023-44487), and ones that we had to reset.
const RESETS: usize = 20;
/// The HTTP/2 preface: what a connection sends at least before the HTTP library watches the time (RFC 9113 §3.4).
const PREFACE: usize = 24;

/// Table `[connections]` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    /// Connections at once.
    pub(crate) max: usize,
    /// Connections at once from one IPv4 address or one IPv6 /64.
    pub(crate) max_per_address: usize,
    /// Seconds for a request's head, and for an idle connection.
    pub(crate) idle_timeout: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { max: 10_000, max_per_address: 500, idle_timeout: 60 }
    }
}

impl Bounds {
    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_timeout.max(1))
    }
}

/// Sets up what a connection may do.
pub(crate) fn configure(builder: &mut Builder<TokioExecutor>, idle: Duration) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(idle).max_headers(HEADERS).max_buf_size(HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(idle)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .max_header_list_size(HEAD);
}

/// The open connections of all listeners.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Default)]
struct Inner {
    bounds: Bounds,
    proxies: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_network: HashMap<String, usize>,
}

impl Connections {
    /// Nothing is open yet. Proxies speak for many clients, so they are not counted by address.
    pub(crate) fn new(bounds: Bounds, proxies: TrustedProxies) -> Self {
        Self(Arc::new(Inner { bounds, proxies, open: Mutex::default() }))
    }

    /// The place of one more connection, or `None` when there is none.
    fn admit(&self, peer: IpAddr) -> Option<Admitted> {
        let Inner { bounds, proxies, open } = &*self.0;
        let network = (!proxies.contains(peer)).then(|| network_of(Some(peer)));
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = network.as_ref().and_then(|network| open.by_network.get(network)).copied().unwrap_or(0);
        if open.all >= bounds.max || of_network >= bounds.max_per_address {
            return None;
        }
        open.all += 1;
        if let Some(network) = &network {
            open.by_network.insert(network.clone(), of_network + 1);
        }
        Some(Admitted { connections: self.clone(), network })
    }
}

/// The place of a connection; given back when it ends, however it ends.
struct Admitted {
    connections: Connections,
    network: Option<String>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.connections.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(network) = self.network.take()
            && let Some(count) = open.by_network.get_mut(&network)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// Accepts connections within the bounds, then as `inner` does.
#[derive(Clone)]
pub(crate) struct Bounded<A> {
    pub(crate) inner: A,
    pub(crate) connections: Connections,
    pub(crate) idle: Duration,
}

impl Bounded<()> {
    /// The same bounds around an acceptor.
    pub(crate) fn around<A>(self, inner: A) -> Bounded<A> {
        Bounded { inner, connections: self.connections, idle: self.idle }
    }
}

impl<A, S> Accept<TcpStream, S> for Bounded<A>
where
    A: Accept<TcpStream, S, Future: Send + 'static>,
{
    type Stream = Watched<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = stream.peer_addr().map(|peer| self.connections.admit(peer.ip()));
        let silent = Box::pin(tokio::time::sleep(self.idle));
        let place = match place {
            Ok(Some(place)) => place,
            Ok(None) => {
                tracing::debug!("a connection was refused: there are too many");
                return Box::pin(async { Err(ErrorKind::ConnectionRefused.into()) });
            }
            Err(cause) => return Box::pin(async { Err(cause) }),
        };
        let accepting = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            Ok((Watched { stream, read: 0, silent: Some(silent), _place: place }, service))
        })
    }
}

/// A connection that must begin to speak. The HTTP library watches the time only once it knows the version of HTTP.
pub(crate) struct Watched<S> {
    stream: S,
    read: usize,
    /// When it is closed unless it has said which version it speaks.
    silent: Option<Pin<Box<Sleep>>>,
    _place: Admitted,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => match self.silent.as_mut().map(|silent| silent.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
                _ => Poll::Pending,
            },
            ready @ Poll::Ready(_) => {
                self.read += buffer.filled().len() - before;
                if self.read >= PREFACE {
                    self.silent = None;
                }
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // It has been understood: from here on the HTTP library watches.
        self.silent = None;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.silent = None;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
