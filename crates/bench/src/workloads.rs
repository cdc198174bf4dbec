//! The requests that matter.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use keywright_testkit::Registered;

use crate::connection::{Answer, Connection, form};
use crate::load::{Workload, at_rate, full};
use crate::login::Login;
use crate::processor::cores;
use crate::report::{Limit, Report, Row};
use crate::seed::{AUDIENCE, DEVICE_GRANT, Seeds};
use crate::server::Server;
use crate::{Plan, hello};

/// Everything, one after the other.
pub(crate) async fn run_all(plan: &Plan, seeds: &Seeds, server: &Server, report: &mut Report) {
    let bench = Bench { plan, server, connections: plan.connections };
    let discovery = Arc::new(Get::new(&seeds.domain, "/.well-known/openid-configuration", &[]));
    let keys = Arc::new(Get::new(&seeds.domain, "/.well-known/jwks.json", &[]));
    let userinfo = Arc::new(Get::new(&seeds.domain, "/userinfo", &seeds.access_tokens));
    // First, because codes live for ten minutes only.
    bench.run("code exchange, ID token", Limit::Signatures(2.7), CodeExchange::new(seeds), report).await;
    bench.run("client_credentials", Limit::Signatures(1.25), ClientCredentials::new(seeds), report).await;
    bench.run("refresh, rotation, ID token", Limit::Signatures(2.6), Refresh::new(seeds), report).await;
    for (name, multiple, get) in [("/userinfo", 3.0, userinfo), ("discovery", 1.3, discovery), ("JWKS", 1.3, keys)] {
        if plan.includes(name) {
            let size = get.perform_once(&mut Connection::open(server.address).await).await.body.len();
            let limit = Limit::Requests { multiple, size, bare: hello::measure(plan, size).await };
            bench.run_shared(name, limit, get, report).await;
        }
    }
    for (name, pending) in [("device poll, 100 pending", 100), ("device poll, 100 000 pending", 100_000)] {
        if plan.includes(name) {
            let poll = Arc::new(DevicePoll::new(seeds, pending).await);
            let size = poll.perform_once(&mut Connection::open(server.address).await).await.body.len();
            let limit = Limit::Requests { multiple: 2.5, size, bare: hello::measure(plan, size).await };
            bench.run_shared(name, limit, poll, report).await;
        }
    }
    // The pool admits 33 passwords for each of its slots; beyond that it refuses.
    let logins = Bench { connections: (16 * (cores() - 1).max(1)).min(plan.connections), ..bench };
    logins.run("login, four requests", Limit::Hash, Login::new(seeds), report).await;
}

#[derive(Clone, Copy)]
struct Bench<'a> {
    plan: &'a Plan,
    server: &'a Server,
    connections: usize,
}

impl Bench<'_> {
    async fn run<W: Workload>(self, name: &'static str, limit: Limit, workload: W, report: &mut Report) {
        if self.plan.includes(name) {
            self.run_shared(name, limit, Arc::new(workload), report).await;
        }
    }

    async fn run_shared<W: Workload>(self, name: &'static str, limit: Limit, workload: Arc<W>, report: &mut Report) {
        let (plan, address) = (self.plan, self.server.address);
        let spent = || self.server.processor_time();
        let load = full(plan, address, self.connections, spent, workload.clone()).await;
        let half = at_rate(plan, address, self.connections, load.rate / 2.0, workload).await;
        report.row(&Row { name, limit, load, half });
    }
}

fn token_request(domain: &str, body: Full<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/oauth/token")
        .header("host", domain)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .unwrap()
}

/// A string member of a JSON object, without reading the whole of it: the load must cost little beside the server.
pub(crate) fn member(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, behind) = text.split_once(&format!("\"{name}\":\""))?;
    behind.split_once('"').map(|(value, _)| value.to_owned())
}

struct ClientCredentials {
    domain: String,
    body: Full<Bytes>,
}

impl ClientCredentials {
    fn new(seeds: &Seeds) -> Self {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", seeds.machine.id()),
            ("client_secret", &seeds.machine.secret),
            ("audience", AUDIENCE),
        ];
        Self { domain: seeds.domain.clone(), body: form(&fields) }
    }
}

impl Workload for ClientCredentials {
    async fn perform(&self, connection: &mut Connection) -> bool {
        let answer = connection.expect(200, token_request(&self.domain, self.body.clone())).await;
        assert!(member(&answer.body, "access_token").is_some());
        true
    }
}

/// Redeems a code: an access token for an API and an ID token.
struct CodeExchange {
    domain: String,
    web: Registered,
    codes: Mutex<Vec<String>>,
}

impl CodeExchange {
    fn new(seeds: &Seeds) -> Self {
        Self { domain: seeds.domain.clone(), web: seeds.web.clone(), codes: Mutex::new(seeds.codes.clone()) }
    }
}

impl Workload for CodeExchange {
    async fn perform(&self, connection: &mut Connection) -> bool {
        let Some(code) = self.codes.lock().unwrap().pop() else { return false };
        let callback = self.web.client.callbacks.first().unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("client_id", self.web.id()),
            ("client_secret", &self.web.secret),
            ("redirect_uri", callback),
        ];
        let answer = connection.expect(200, token_request(&self.domain, form(&fields))).await;
        assert!(member(&answer.body, "id_token").is_some());
        true
    }
}

/// Uses a refresh token and keeps its successor. Every token is used once.
struct Refresh {
    domain: String,
    web: Registered,
    tokens: Mutex<VecDeque<String>>,
}

impl Refresh {
    fn new(seeds: &Seeds) -> Self {
        let tokens = Mutex::new(seeds.refresh_tokens.iter().cloned().collect());
        Self { domain: seeds.domain.clone(), web: seeds.web.clone(), tokens }
    }
}

impl Workload for Refresh {
    async fn perform(&self, connection: &mut Connection) -> bool {
        let Some(token) = self.tokens.lock().unwrap().pop_front() else { return false };
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("client_id", self.web.id()),
            ("client_secret", &self.web.secret),
        ];
        let answer = connection.expect(200, token_request(&self.domain, form(&fields))).await;
        assert!(member(&answer.body, "id_token").is_some());
        let successor = member(&answer.body, "refresh_token").expect("a rotated refresh token");
        assert_ne!(successor, token, "the refresh token was not rotated");
        self.tokens.lock().unwrap().push_back(successor);
        true
    }
}

/// Devices that ask for their tokens while nobody has let them in.
struct DevicePoll {
    domain: String,
    bodies: Vec<Full<Bytes>>,
    next: AtomicUsize,
}

impl DevicePoll {
    async fn new(seeds: &Seeds, pending: usize) -> Self {
        let codes = seeds.pending_devices(pending).await;
        let body = |code: &String| {
            form(&[("grant_type", DEVICE_GRANT), ("device_code", code), ("client_id", seeds.native.id())])
        };
        Self { domain: seeds.domain.clone(), bodies: codes.iter().map(body).collect(), next: AtomicUsize::new(0) }
    }

    async fn perform_once(&self, connection: &mut Connection) -> Answer {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let body = self.bodies.get(next % self.bodies.len().max(1)).expect("a pending code").clone();
        let answer = connection.expect(403, token_request(&self.domain, body)).await;
        assert_eq!(member(&answer.body, "error").as_deref(), Some("authorization_pending"));
        answer
    }
}

impl Workload for DevicePoll {
    async fn perform(&self, connection: &mut Connection) -> bool {
        self.perform_once(connection).await;
        true
    }
}

/// `GET` of one path, with one of several access tokens after the other if there are any.
struct Get {
    domain: String,
    path: &'static str,
    tokens: Vec<String>,
    next: AtomicUsize,
}

impl Get {
    fn new(domain: &str, path: &'static str, tokens: &[String]) -> Self {
        let tokens = tokens.iter().map(|token| format!("Bearer {token}")).collect();
        Self { domain: domain.to_owned(), path, tokens, next: AtomicUsize::new(0) }
    }

    async fn perform_once(&self, connection: &mut Connection) -> Answer {
        let mut request = Request::get(self.path).header("host", &self.domain);
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(token) = self.tokens.get(next % self.tokens.len().max(1)) {
            request = request.header("authorization", token);
        }
        connection.expect(200, request.body(Full::default()).unwrap()).await
    }
}

impl Workload for Get {
    async fn perform(&self, connection: &mut Connection) -> bool {
        self.perform_once(connection).await;
        true
    }
}
