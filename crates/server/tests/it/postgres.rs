//! `--database postgres://…`: the server of a whole cluster that comes and goes.
//!
//! PostgreSQL comes from `KEYWRIGHT_TEST_POSTGRES`, as for the store's tests; without it these fail, unless
//! `KEYWRIGHT_TEST_SKIP_POSTGRES=1` leaves them out.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ::postgres::{Client, Config, NoTls};

use crate::process::Development;

/// Tells the databases of one test process apart.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A fresh database, removed at the end.
struct Database {
    admin: String,
    name: String,
}

impl Database {
    fn create() -> Option<Self> {
        if std::env::var("KEYWRIGHT_TEST_SKIP_POSTGRES").is_ok_and(|value| value == "1") {
            return None;
        }
        let admin = std::env::var("KEYWRIGHT_TEST_POSTGRES").expect(
            "KEYWRIGHT_TEST_POSTGRES names no PostgreSQL server: run `make unit`, or set KEYWRIGHT_TEST_SKIP_POSTGRES=1",
        );
        let name = format!("keywright_server_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        Client::connect(&admin, NoTls).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Some(Self { admin, name })
    }

    /// Its address, as if the server listened on `port` of this machine.
    fn url_through(&self, port: u16) -> String {
        let config: Config = self.admin.parse().unwrap();
        let password =
            config.get_password().map(|bytes| format!(":{}", String::from_utf8_lossy(bytes))).unwrap_or_default();
        format!("postgres://{}{password}@127.0.0.1:{port}/{}", config.get_user().unwrap(), self.name)
    }

    fn server(&self) -> SocketAddr {
        let config: Config = self.admin.parse().unwrap();
        let ::postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else { panic!("a TCP host") };
        std::net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), config.get_ports()[0])).unwrap().next().unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.admin, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// A cable to the database that can be pulled out.
#[derive(Clone)]
struct Cable {
    port: u16,
    plugged: Arc<AtomicBool>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cable {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cable = Self { port, plugged: Arc::new(AtomicBool::new(true)), sockets: Arc::default() };
        let own = cable.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if own.plugged.load(Ordering::SeqCst) {
                    own.carry(client, TcpStream::connect(server).unwrap());
                }
            }
        });
        cable
    }

    fn carry(&self, client: TcpStream, server: TcpStream) {
        for (mut from, mut to) in [
            (client.try_clone().unwrap(), server.try_clone().unwrap()),
            (server.try_clone().unwrap(), client.try_clone().unwrap()),
        ] {
            std::thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).extend([client, server]);
    }

    fn pull(&self) {
        self.plugged.store(false, Ordering::SeqCst);
        for socket in self.sockets.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn plug(&self) {
        self.plugged.store(true, Ordering::SeqCst);
    }
}

#[test]
fn health_is_503_while_the_database_is_away_and_comes_back_by_itself() {
    let Some(database) = Database::create() else { return };
    let cable = Cable::to(database.server());
    let server = Development::start(&["--ephemeral", "--database", &database.url_through(cable.port)]);
    let ok = (200, r#"{"status":"ok"}"#.to_owned());
    for _ in 0..2 {
        assert_eq!(server.curl("/health", &[]), ok);
        cable.pull();
        assert_eq!(server.curl("/health", &[]), (503, r#"{"status":"unavailable"}"#.to_owned()));
        let (_, head) = server.curl("/health", &["--http1.1", "--head", "--request", "GET"]);
        assert!(head.contains("\nretry-after: 1\r\n"), "{head}");
        cable.plug();
        let back = server.curl(
            "/health",
            &["--fail", "--retry", "20", "--retry-delay", "1", "--retry-all-errors", "--output", "/dev/null"],
        );
        assert_eq!(back.0, 200);
    }
    let (_, log) = server.process.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn seeds_are_found_again_on_postgres() {
    let Some(database) = Database::create() else { return };
    let url = database.url_through(database.server().port());
    let first = Development::start(&["--database", &url]);
    let (directory, port, line) = (first.directory(), first.port(), first.line.clone());
    first.process.stop();
    assert!(!directory.path().join(".keywright/keywright.db").exists());
    let second = Development::start_in(directory, &["--port", &port, "--database", &url]);
    assert_eq!(second.line, line);
    second.process.stop();
}
