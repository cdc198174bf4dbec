//! The server under test: the binary as an operator runs it, in a process of its own.
//!
//! It runs `keywright serve` without TLS behind a trusted proxy, which this program plays: TLS would put the same cost on
//! both sides of every ratio and hide the server's own. There are no rate limits. Everything else is as configured by
//! default; the log goes to a file.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http::Request;
use http_body_util::Full;
use tokio::net::TcpStream;

use crate::Plan;
use crate::connection::Connection;
use crate::processor::{self, Process};
use crate::seed::Seeds;

/// How often the start is measured.
const STARTS: usize = 7;

/// A server that answers.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first answer of `/health`.
    ready: Duration,
}

impl Server {
    /// Starts it on the seeded database and waits until it answers.
    pub(crate) async fn start(plan: &Plan, seeds: &Seeds) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = File::create(seeds.directory.path().join("server.log")).unwrap();
        let mut command = Command::new(&plan.server);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYWRIGHT_")) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("KEYWRIGHT_LISTEN", address.to_string())
            .env("KEYWRIGHT_DATABASE", &seeds.database)
            .env("KEYWRIGHT_MASTER_KEY", &seeds.master_key)
            .env("KEYWRIGHT_TRUSTED_PROXIES", "127.0.0.1")
            // A hundred requests a second are no load.
            .env("KEYWRIGHT_RATE_LIMITS", "false")
            // The file of the import.
            .env("KEYWRIGHT_USERS_IMPORT_MAX_BYTES", "33554432")
            .current_dir(seeds.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let start = Instant::now();
        let mut process = Process(command.spawn().expect("the server's binary starts"));
        while TcpStream::connect(address).await.is_err() {
            let ended = process.0.try_wait().unwrap();
            let log = || std::fs::read_to_string(seeds.directory.path().join("server.log")).unwrap_or_default();
            assert!(ended.is_none(), "the server ended: {}", log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let request = Request::get("/health").header("host", "localhost").body(Full::default()).unwrap();
        Connection::open(address).await.expect(200, request).await;
        Self { process, address, ready: start.elapsed() }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// CPU time so far, in seconds.
    pub(crate) fn processor_time(&self) -> f64 {
        processor::time(self.id())
    }

    /// Ends it at once: nothing that was acknowledged may depend on an orderly end.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

/// Milliseconds from the start of the process to its first answer on an existing database, sorted.
pub(crate) async fn time_to_ready(plan: &Plan, seeds: &Seeds) -> Vec<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(plan, seeds).await;
        times.push(server.ready.as_secs_f64() * 1000.0);
        server.stop();
    }
    times.sort_by(f64::total_cmp);
    times
}
