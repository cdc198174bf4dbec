//! Another server: it listens on loopback by TLS, remembers what it was sent, and answers as a test tells it to.

use std::sync::{Arc, LazyLock, Mutex};

use keywright_app::{Egress, EgressOptions, Exceptions};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The authority of this process's receivers.
static AUTHORITY: LazyLock<(CertificateDer<'static>, Issuer<'static, KeyPair>)> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate").der().clone();
    (certificate, Issuer::new(params, key))
});

/// How a receiver answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// This status, no body.
    Status(u16),
    /// These bytes, then the end.
    Raw(Vec<u8>),
    /// These bytes again and again.
    Endless(Vec<u8>),
    /// Takes the request and says nothing.
    Silent,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// Body.
    pub body: String,
}

/// The server. It ends with this value.
pub struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    behaviour: Arc<Mutex<Vec<Behaviour>>>,
    listener: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// What the scenes' instances reach: this machine, under the authority of the receivers.
#[must_use]
pub fn egress_options() -> EgressOptions {
    EgressOptions {
        exceptions: Exceptions::loopback(),
        roots: vec![AUTHORITY.0.clone()],
        time: std::time::Duration::from_secs(2),
        ..EgressOptions::default()
    }
}

pub(crate) fn egress() -> Egress {
    Egress::new(egress_options()).expect("a client")
}

impl Receiver {
    /// Starts a receiver that answers 200.
    pub async fn start() -> Self {
        let key = KeyPair::generate().expect("a key");
        let names = ["localhost", "receiver.test", "127.0.0.1"].map(str::to_owned).to_vec();
        let leaf = CertificateParams::new(names).expect("names").signed_by(&key, &AUTHORITY.1).expect("a leaf");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
            .expect("a certificate");
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = socket.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let behaviour = Arc::new(Mutex::new(vec![Behaviour::Status(200)]));
        let (log, rules) = (received.clone(), behaviour.clone());
        let listener = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = socket.accept().await {
                let (acceptor, log, rules) = (acceptor.clone(), log.clone(), rules.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let Some(request) = read(&mut stream).await else { return };
                    log.lock().expect("a lock").push(request);
                    let behaviour = {
                        let mut rules = rules.lock().expect("a lock");
                        if rules.len() > 1 { rules.remove(0) } else { rules.first().cloned().expect("a rule") }
                    };
                    // A client that has gone ends the answer.
                    let _ = match behaviour {
                        Behaviour::Status(status) => {
                            let answer =
                                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                            stream.write_all(answer.as_bytes()).await
                        }
                        Behaviour::Raw(bytes) => stream.write_all(&bytes).await,
                        Behaviour::Endless(bytes) => loop {
                            if let Err(error) = stream.write_all(&bytes).await {
                                break Err(error);
                            }
                        },
                        Behaviour::Silent => stream.read_u8().await.map(drop),
                    };
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, received, behaviour, listener }
    }

    /// An address of the receiver, at `localhost`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers the next requests with these, in turn, and all further ones with the last.
    pub fn answer(&self, behaviour: &[Behaviour]) {
        *self.behaviour.lock().expect("a lock") = behaviour.to_vec();
    }

    /// What has come since the last question.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().expect("a lock"))
    }
}

/// One request with a length.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("content-length:").and_then(|value| value.trim().parse::<usize>().ok())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { head, body: String::from_utf8(body).ok()? })
}
