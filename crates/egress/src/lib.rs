//! The one outbound HTTP client (`security-requirements.md` section 14; EG-01, EG-02).
//!
//! Addresses that tenants or applications enter decide where requests go, so nothing about them is believed: only `https`
//! (scripts may ask in clear, [`Terms`]),
//! every address of the host is looked up and checked first and the connection goes to the address that was checked, no
//! redirect is followed, no proxy of the environment is asked, and size and time are bounded. What an operator wants to
//! reach inside the own network is listed ([`Exceptions`]).

mod address;
mod connection;
mod destination;
mod error;
mod exceptions;
mod resolver;
mod roots;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tracing::Instrument as _;
use tracing::field::Empty;

pub use address::is_public;
pub use error::EgressError;
pub use exceptions::{Exceptions, InvalidException};
pub use resolver::{Resolution, Resolver, SystemResolver};

use destination::Destination;

/// What an [`Egress`] is made of.
#[derive(Clone)]
pub struct EgressOptions {
    /// Places inside the own network that may be reached all the same.
    pub exceptions: Exceptions,
    /// Further certificate authorities, besides those of the system.
    pub roots: Vec<CertificateDer<'static>>,
    /// Looks names up.
    pub resolver: Arc<dyn Resolver>,
    /// Longest time of a request, from the name to the last byte of the answer.
    pub time: Duration,
    /// Longest body of an answer, in bytes.
    pub body: usize,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            exceptions: Exceptions::default(),
            roots: Vec::new(),
            resolver: Arc::new(SystemResolver),
            time: Duration::from_secs(10),
            body: 512 * 1024,
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

struct Inner {
    options: EgressOptions,
    /// Made when it is needed: a server that never asks anybody need not read the authorities of the system.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// A request to somewhere else.
#[derive(Clone)]
pub struct OutboundRequest {
    /// Its method.
    pub method: Method,
    /// Where it goes, as somebody entered it.
    pub url: String,
    /// Its headers; `Host`, `Content-Length`, `Connection` and `User-Agent` are set here.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Where a server may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// In the order in which they are to be tried; never empty.
    pub addresses: Vec<std::net::IpAddr>,
    /// Whether the operator listed it: it is inside the own network.
    pub is_exception: bool,
}

/// What a request may differ in from the others. Addresses are checked and pinned all the same, and no redirect is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Longest time, from the name to the last byte of the answer.
    pub time: Duration,
    /// Longest body of the answer, in bytes.
    pub body: usize,
    /// Whether `http` is spoken.
    pub in_clear: bool,
    /// The only ports; all when there is no list.
    pub ports: Option<Vec<u16>>,
    /// Whether a `User-Agent` of the request is sent.
    pub own_user_agent: bool,
}

impl Egress {
    /// Makes the client.
    ///
    /// # Errors
    /// When a certificate in `roots` is none.
    pub fn new(options: EgressOptions) -> Result<Self, EgressError> {
        roots::check(&options.roots)?;
        Ok(Self(Arc::new(Inner { options, tls: OnceLock::new() })))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, EgressError> {
        if let Some(tls) = self.0.tls.get() {
            return Ok(tls.clone());
        }
        let made = Arc::new(roots::tls(&self.0.options.roots)?);
        Ok(self.0.tls.get_or_init(|| made).clone())
    }

    /// Sends a request and reads the whole answer, whatever its status; a redirect is an answer like any other.
    ///
    /// # Errors
    /// See [`EgressError`]; nothing was sent unless it is one of the last three.
    pub async fn send(&self, request: OutboundRequest) -> Result<Response<Bytes>, EgressError> {
        self.send_on(request, &self.terms()).await
    }

    /// Those of everything that is not said to have others.
    fn terms(&self) -> Terms {
        let EgressOptions { time, body, .. } = self.0.options;
        Terms { time, body, in_clear: false, ports: None, own_user_agent: false }
    }

    /// The same on other terms: for what scripts of a tenant ask for.
    ///
    /// # Errors
    /// See [`EgressError`]; nothing was sent unless it is one of the last three.
    pub async fn send_on(&self, request: OutboundRequest, terms: &Terms) -> Result<Response<Bytes>, EgressError> {
        let destination = Destination::parse(&request.url, terms)?;
        // Where to, and no more of the address: path and query are somebody else's and may hold a secret. The trace's own
        // identifiers are not sent along: the host is a stranger's.
        let span = tracing::info_span!(
            "outbound request",
            otel.name = request.method.as_str(),
            otel.kind = "client",
            http.request.method = request.method.as_str(),
            server.address = destination.host(),
            server.port = destination.port(),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let answer = self.exchange(request, &destination, terms).instrument(span.clone()).await;
        match &answer {
            Ok(response) => span.record("http.response.status_code", response.status().as_u16()),
            Err(error) => span.record("error.type", error.kind()),
        };
        answer
    }

    async fn exchange(
        &self,
        request: OutboundRequest,
        destination: &Destination,
        terms: &Terms,
    ) -> Result<Response<Bytes>, EgressError> {
        let exchange = async {
            let addresses = self.addresses(destination).await?;
            let stream = connection::open(destination, &addresses, || self.tls()).await?;
            connection::exchange(stream, destination, request, terms).await
        };
        tokio::time::timeout(terms.time, exchange).await.map_err(|_| EgressError::TooSlow)?
    }

    /// The addresses of a server that is spoken to in another protocol, such as SMTP, each of them checked like those of a
    /// request. The connection has to go to one of them, and not to the name again.
    ///
    /// # Errors
    /// When there is none, or one that is refused; then none is to be used.
    pub async fn addresses_of(&self, host: &str) -> Result<Addresses, EgressError> {
        if host.contains(['/', '?', '#', '@', '\\']) {
            return Err(EgressError::Url("it is no host"));
        }
        // An IPv6 address stands in brackets in a URL.
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let destination = Destination::parse(&format!("https://{host}/"), &self.terms())?;
        let addresses = tokio::time::timeout(self.0.options.time, self.addresses(&destination));
        let addresses = addresses.await.map_err(|_| EgressError::TooSlow)??;
        let is_exception = addresses.iter().any(|address| !is_public(*address))
            || self.0.options.exceptions.allow_host(destination.host());
        Ok(Addresses { addresses, is_exception })
    }

    /// The addresses of the destination, each of them checked. One that is refused refuses all: a name that leads to the
    /// inside as well is not asked twice which it shall be.
    async fn addresses(&self, destination: &Destination) -> Result<Vec<std::net::IpAddr>, EgressError> {
        let options = &self.0.options;
        let addresses = match destination.address() {
            Some(address) => vec![address],
            None => options.resolver.resolve(destination.host().to_owned()).await.map_err(EgressError::Resolve)?,
        };
        if addresses.is_empty() {
            return Err(EgressError::Resolve("the name has no address".to_owned()));
        }
        let named = options.exceptions.allow_host(destination.host());
        let refused =
            |address: &&std::net::IpAddr| !named && !is_public(**address) && !options.exceptions.allow(**address);
        match addresses.iter().find(refused) {
            Some(_) => Err(EgressError::Refused),
            None => Ok(addresses),
        }
    }
}
