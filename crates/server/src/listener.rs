//! Sockets, connections and the orderly end of the server.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use keywright_web::TrustedProxies;
use rustls::ServerConfig;

use crate::connections::{Bounded, Bounds, Connections, configure};

/// How long accepted requests may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Bound sockets, all with the same port.
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
    connections: Connections,
    /// How long a client may take to send a request's head; also how long an idle connection is kept.
    idle: Duration,
}

impl Listener {
    /// One address; port 0 takes a free one.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address)?;
        let port = socket.local_addr()?.port();
        let connections = Connections::new(Bounds::default(), TrustedProxies::default());
        Ok(Self { sockets: vec![socket], port, connections, idle: Bounds::default().idle() })
    }

    /// Both loopback addresses, because `localhost` is the one for some clients and the other for the rest. A machine
    /// without IPv6 gets IPv4 alone.
    pub(crate) fn bind_loopback(port: u16) -> io::Result<Self> {
        for _ in 0..16 {
            let mut listener = Self::bind((Ipv4Addr::LOCALHOST, port).into())?;
            match TcpListener::bind((Ipv6Addr::LOCALHOST, listener.port)) {
                Ok(socket) => listener.sockets.push(socket),
                // The port that is free for IPv4 is taken for IPv6: look for another one, if any will do.
                Err(cause) if cause.kind() == ErrorKind::AddrInUse && port == 0 => continue,
                Err(cause) if cause.kind() == ErrorKind::AddrInUse => return Err(cause),
                Err(_) => {}
            }
            return Ok(listener);
        }
        Err(ErrorKind::AddrInUse.into())
    }

    /// With other bounds than the default ones.
    pub(crate) fn with_bounds(self, bounds: Bounds, proxies: TrustedProxies) -> Self {
        Self { connections: Connections::new(bounds, proxies), idle: bounds.idle(), ..self }
    }

    #[cfg(test)]
    pub(crate) fn with_idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// The port of all the sockets.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Serves `router` until `stop` is ready, then finishes what was accepted.
    ///
    /// No request that has begun is lost: the sockets are closed first, then every connection ends after the answer it
    /// is working on, at the latest after [`GRACE`].
    pub(crate) async fn serve(
        self,
        tls: Option<Arc<ServerConfig>>,
        router: Router,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let handle = Handle::new();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut servers = tokio::task::JoinSet::new();
        for socket in self.sockets {
            socket.set_nonblocking(true)?;
            let mut server: Server<SocketAddr> = axum_server::from_tcp(socket)?.handle(handle.clone());
            configure(server.http_builder(), self.idle);
            let bounded = Bounded { inner: (), connections: self.connections.clone(), idle: self.idle };
            let service = service.clone();
            match tls.clone() {
                Some(config) => {
                    // A client that is busy when its connection is there has as long for the handshake as for a request's head.
                    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(config))
                        .handshake_timeout(self.idle)
                        .acceptor(NoDelayAcceptor::new());
                    servers.spawn(server.acceptor(bounded.around(acceptor)).serve(service));
                }
                None => {
                    servers.spawn(server.acceptor(bounded.around(NoDelayAcceptor::new())).serve(service));
                }
            }
        }
        tokio::select! {
            () = stop => {
                tracing::info!("stopping: accepted requests are finished, new connections are refused");
                handle.graceful_shutdown(Some(GRACE));
            }
            // A server that ends by itself has failed.
            Some(ended) = servers.join_next() => return ended.map_err(io::Error::other)?,
        }
        while let Some(ended) = servers.join_next().await {
            ended.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// Whether only this machine can reach `address`.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Ready when the process is asked to end: SIGTERM or SIGINT, Ctrl-C elsewhere.
///
/// Listening begins with the call, so that a signal during the start is not lost.
#[cfg(unix)]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready when the process is asked to end.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_the_same_on_both_loopback_addresses() {
        let listener = Listener::bind_loopback(0).unwrap();
        assert_ne!(listener.port(), 0);
        for socket in &listener.sockets {
            assert_eq!(socket.local_addr().unwrap().port(), listener.port());
            assert!(is_loopback(socket.local_addr().unwrap().ip()));
        }
        let taken = Listener::bind_loopback(listener.port()).err().unwrap();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    }

    #[test]
    fn loopback_is_more_than_one_address() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(is_loopback(address.parse().unwrap()), "{address}");
        }
        for address in ["0.0.0.0", "::", "192.0.2.1", "::ffff:10.0.0.1"] {
            assert!(!is_loopback(address.parse().unwrap()), "{address}");
        }
    }
}
