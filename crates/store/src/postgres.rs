//! PostgreSQL: worker threads, each with one connection, a transaction per write job (architecture §4).
//!
//! Nodes share nothing but the database. Isolation is READ COMMITTED; what must happen once is a conditional write.

mod connection;
mod encryption;
mod listener;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::db::{Engine, Waiting};
use crate::inspection::Inspection;
use crate::job::Job;
use crate::queue::Queue;
use crate::tx::Access;
use crate::watch::Changes;
use crate::{StoreError, config, migrations};
use connection::Server;
use worker::Worker;

/// Jobs that may wait. At 5 s deadline and some thousand jobs per second, more would only time out.
const WAITING: usize = 10_000;
/// Threads, and thereby connections, of one node; one more listens for configuration changes.
const WORKERS: usize = 16;

pub(crate) struct Postgres {
    queue: Arc<Queue<(Access, Box<dyn Job>)>>,
    ended: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Postgres {
    pub(crate) fn open(url: &str, changes: Changes) -> Result<Self, StoreError> {
        let server = Server::new(url)?;
        let mut first = Worker::new(server.clone(), changes.clone());
        first.exclusively(migrations::run)?;
        let asked = Instant::now();
        changes.publish(first.once(config::current)?, asked);

        let queue = Arc::new(Queue::new(WAITING));
        let ended = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        let workers = std::iter::repeat_with(|| Worker::new(server.clone(), changes.clone())).take(WORKERS - 1);
        for mut worker in std::iter::once(first).chain(workers) {
            let queue = Arc::clone(&queue);
            threads.push(spawn("postgres-worker", move || worker.run(&queue))?);
        }
        let ending = Arc::clone(&ended);
        // Not joined: it looks at `ended` several times a second, and nobody's answer depends on it.
        spawn("postgres-listener", move || listener::run(&server, &ending, &changes))?;
        Ok(Self { queue, ended, threads: Mutex::new(threads) })
    }
}

/// Looks at the database at `url`.
pub(crate) fn inspect(url: &str) -> Result<Inspection, StoreError> {
    let mut connection = Server::new(url)?.connect()?;
    let client = &mut connection.client;
    let failed = |error: postgres::Error| connection::error(&error);
    let version: String =
        client.query_one("SHOW server_version", &[]).and_then(|row| row.try_get(0)).map_err(failed)?;
    let known = "SELECT to_regclass('schema_migrations') IS NOT NULL";
    let known: bool = client.query_one(known, &[]).and_then(|row| row.try_get(0)).map_err(failed)?;
    let applied = if known {
        let rows = client.query("SELECT version FROM schema_migrations ORDER BY version", &[]).map_err(failed)?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(failed)?
    } else {
        Vec::new()
    };
    // Last, so that nothing stands between its answer and whoever compares it.
    let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let now: i64 = client.query_one(now, &[]).and_then(|row| row.try_get(0)).map_err(failed)?;
    let now = jiff::Timestamp::from_millisecond(now).ok();
    Ok(Inspection { engine: format!("PostgreSQL {version}"), applied, now })
}

impl Engine for Postgres {
    fn submit(&self, access: Access, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.queue.push((access, job))
    }

    fn shut(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.queue.close();
    }

    fn waiting(&self) -> Waiting {
        Waiting { reads: 0, writes: self.queue.len() }
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // Jobs cannot panic a thread; if one did, its callers have been told.
            let _ = thread.join();
        }
    }
}

/// Starts a named thread.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| StoreError::Engine(format!("cannot start a thread: {error}")))
}
