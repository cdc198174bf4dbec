//! `make bench`: the release binary under load from a second process, against this machine's own limits.
//!
//! A bare number of requests a second says more about the machine than about the program. So the server's CPU time for
//! one request stands beside a limit that was measured in the same run: **S**, one raw RS256 signature, or **H**, one
//! request to a bare axum server of the same response size over the same transport. How to read the table is in
//! `docs/reference/performance.md`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot run stops")]

mod connection;
mod hello;
mod import;
mod load;
mod login;
mod many;
mod processor;
mod report;
mod scripts;
mod seed;
mod server;
mod signature;
mod workloads;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use keywright_testkit::Engine;

use crate::report::Report;

/// Speed of the server, as multiples of what this machine can do.
#[derive(Parser)]
struct Arguments {
    /// The server's binary; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Seconds that each load runs.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Connections that send requests, all kept open.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Databases: `sqlite`, `postgres`; by default `SQLite`, and PostgreSQL when `KEYWRIGHT_TEST_POSTGRES` names a server.
    #[arg(long)]
    engine: Vec<String>,
    /// Only the measurements whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Turns this process into the bare server that H is measured with: the size of its answer, in bytes.
    #[arg(long, hide = true)]
    hello: Option<usize>,
}

/// What a run is told.
pub(crate) struct Plan {
    pub(crate) server: PathBuf,
    pub(crate) load: Duration,
    pub(crate) connections: usize,
    only: String,
}

impl Plan {
    /// Whether this measurement is asked for by its name.
    pub(crate) fn names(&self, name: &str) -> bool {
        !self.only.is_empty() && name.contains(&self.only)
    }

    /// Whether this measurement is asked for.
    pub(crate) fn includes(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(size) = arguments.hello {
        hello::serve(size);
        return;
    }
    let beside = || std::env::current_exe().unwrap().with_file_name("keywright");
    let plan = Plan {
        server: arguments.server.unwrap_or_else(beside),
        load: Duration::from_secs_f64(arguments.seconds),
        connections: arguments.connections,
        only: arguments.only,
    };
    assert!(plan.server.is_file(), "there is no server at {}: build it first", plan.server.display());
    let engines = engines(&arguments.engine);
    // The load shares the machine with the server: half of the cores for each.
    let threads = (processor::cores() / 2).max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut report = Report::begin(&plan, signature::measure());
        if plan.includes(scripts::NAME) {
            scripts::measure(&plan, &mut report).await;
        }
        if plan.names(scripts::NAME) {
            report.end();
            return;
        }
        for engine in engines {
            measure(&plan, engine, &mut report).await;
        }
        report.end();
    });
}

/// All measurements on one database.
async fn measure(plan: &Plan, engine: Engine, report: &mut Report) {
    report.engine(engine);
    let seeds = seed::plant(engine, plan, report.signature()).await;
    report.started(&server::time_to_ready(plan, &seeds).await);
    let server = server::Server::start(plan, &seeds).await;
    let idle = processor::resident(server.id());
    workloads::run_all(plan, &seeds, &server, report).await;
    report.memory(idle, processor::resident(server.id()));
    if plan.includes(import::NAME) {
        import::measure(&seeds, &server, report).await;
    }
    if plan.names(many::NAME) {
        many::measure(&seeds, &server, report).await;
    }
    server.stop();
}

fn engines(names: &[String]) -> Vec<Engine> {
    if names.is_empty() {
        let postgres = std::env::var_os("KEYWRIGHT_TEST_POSTGRES").map(|_| Engine::Postgres);
        return std::iter::once(Engine::Sqlite).chain(postgres).collect();
    }
    let engine = |name: &String| match name.as_str() {
        "sqlite" => Engine::Sqlite,
        "postgres" => Engine::Postgres,
        _ => unreachable!("--engine is sqlite or postgres"),
    };
    names.iter().map(engine).collect()
}
