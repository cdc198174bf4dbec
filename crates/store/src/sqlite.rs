//! `SQLite`: one writer thread that groups commits, reader threads beside it (architecture §4).
//!
//! A commit costs one fsync, and a disk does a few hundred of those per second. The writer therefore takes all jobs that
//! wait, runs each in a savepoint, commits once, and only then answers them: the more callers, the more jobs per fsync.

mod connection;
mod readers;
mod writer;

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;

use self::connection::Session;
use crate::db::{Engine, Waiting};
use crate::inspection::Inspection;
use crate::job::Job;
use crate::queue::Queue;
use crate::tx::Access;
use crate::watch::Changes;
use crate::{StoreError, Tx, config, migrations};

/// Jobs of one kind that may wait. At 5 s deadline and some thousand jobs per second, more would only time out.
const WAITING: usize = 10_000;
/// Reads are quick and never wait for the writer; a few threads serve many callers.
const READERS: usize = 4;

pub(crate) struct Sqlite {
    write_queue: Arc<Queue<Box<dyn Job>>>,
    read_queue: Arc<Queue<Box<dyn Job>>>,
    /// Connections for look-ups on their callers' threads: those that nobody uses. `None` once the store is closed.
    free: Mutex<Option<Vec<Connection>>>,
    /// Dropped to end the poll.
    poll: Mutex<Option<Sender<()>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Sqlite {
    /// `path` is what follows `sqlite:`; the `//` of the URL form is allowed in front of it.
    pub(crate) fn open(path: &str, changes: Changes) -> Result<Self, StoreError> {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path == ":memory:" {
            return Err(StoreError::Engine("a SQLite database needs a file: use sqlite:PATH".to_owned()));
        }
        let mut writer = connection::open(path)?;
        writer::exclusively(&mut writer, migrations::run)?;
        let asked = Instant::now();
        changes.publish(readers::once(&mut connection::open_reader(path)?, config::current)?, asked);

        let write_queue = Arc::new(Queue::new(WAITING));
        let read_queue = Arc::new(Queue::new(WAITING));
        let (poll, ended) = std::sync::mpsc::channel();
        let mut threads = Vec::new();
        let (queue, told) = (Arc::clone(&write_queue), changes.clone());
        threads.push(spawn("sqlite-writer", move || writer::run(&mut writer, &queue, &told))?);
        for _ in 0..READERS {
            let (queue, mut reader) = (Arc::clone(&read_queue), connection::open_reader(path)?);
            threads.push(spawn("sqlite-reader", move || readers::run(&mut reader, &queue))?);
        }
        let callers = std::thread::available_parallelism().map_or(1, usize::from);
        let free = (0..callers).map(|_| connection::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        let mut reader = connection::open_reader(path)?;
        threads.push(spawn("sqlite-poll", move || readers::poll(&mut reader, &ended, &changes))?);
        Ok(Self {
            write_queue,
            read_queue,
            free: Mutex::new(Some(free)),
            poll: Mutex::new(Some(poll)),
            threads: Mutex::new(threads),
        })
    }
}

/// Looks at the file at `path`, if there is one.
pub(crate) fn inspect(path: &str) -> Result<Option<Inspection>, StoreError> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if !std::path::Path::new(path).exists() {
        return Ok(None);
    }
    let connection = connection::open_reader(path)?;
    let ask = |error: rusqlite::Error| connection::error(&connection, &error);
    let version: String = connection.query_row("SELECT sqlite_version()", [], |row| row.get(0)).map_err(ask)?;
    let known = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'";
    let known: i64 = connection.query_row(known, [], |row| row.get(0)).map_err(ask)?;
    let mut applied = Vec::new();
    if known == 1 {
        let mut statement =
            connection.prepare("SELECT version FROM schema_migrations ORDER BY version").map_err(ask)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(ask)?;
        applied = rows.collect::<Result<_, _>>().map_err(ask)?;
    }
    Ok(Some(Inspection { engine: format!("SQLite {version}"), applied, now: None }))
}

impl Sqlite {
    fn free(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        // Nothing panics while the lock is held.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Sqlite {
    fn submit(&self, access: Access, job: Box<dyn Job>) -> Result<(), StoreError> {
        match access {
            Access::Read => self.read_queue.push(job),
            Access::Write => self.write_queue.push(job),
        }
    }

    fn look_up(&self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        let free = self.free().as_mut().and_then(Vec::pop);
        // More callers than connections, or the store is closed.
        let Some(connection) = free else { return self.submit(Access::Read, job) };
        job.run(&mut Tx::new(&mut Session(&connection), Access::Read));
        job.answer(Ok(()));
        if let Some(free) = self.free().as_mut() {
            free.push(connection);
        }
        Ok(())
    }

    fn shut(&self) {
        self.write_queue.close();
        self.read_queue.close();
        self.free().take();
        self.poll.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn waiting(&self) -> Waiting {
        Waiting { reads: self.read_queue.len(), writes: self.write_queue.len() }
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

/// A read on a connection, outside any job.
type Ask<T> = fn(&mut Tx<'_>) -> Result<T, StoreError>;
