//! A worker thread: one connection, made when it is needed and again when it broke; one job at a time.

use std::time::Instant;

use super::connection::{Connection, Server, error, is_lost};
use crate::job::Job;
use crate::queue::Queue;
use crate::tx::{Access, Statements, Tx};
use crate::watch::Changes;
use crate::{Row, StoreError, Value, params};

/// Two nodes that start at once must not migrate at once. The number is arbitrary and stays the same for ever.
const ONE_AT_A_TIME: &str = "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(4815962837465)";
/// What `SQLite` calls "binary": order by code points, whatever the locale of the database.
const COLLATION: &str = "CREATE COLLATION IF NOT EXISTS \"binary\" (LOCALE = 'C')";
const NOTIFY: &str = "SELECT pg_notify('keywright_config', $1)";

pub(super) struct Worker {
    server: Server,
    changes: Changes,
    connection: Option<Connection>,
}

impl Worker {
    pub(super) fn new(server: Server, changes: Changes) -> Self {
        Self { server, changes, connection: None }
    }

    pub(super) fn run(&mut self, queue: &Queue<(Access, Box<dyn Job>)>) {
        loop {
            // One at a time: the other workers may take the next.
            let Some((access, mut job)) = queue.take(1).pop() else { return };
            if job.abandoned() {
                continue;
            }
            let outcome = match access {
                Access::Read => {
                    job.run(&mut Tx::new(&mut Session::new(self, Access::Read), Access::Read));
                    Ok(())
                }
                Access::Write => self.write(job.as_mut()),
            };
            job.answer(outcome);
        }
    }

    /// Runs `work` alone in a transaction that no other node can be in at the same time.
    pub(super) fn exclusively(&mut self, work: fn(&mut Tx<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.begin()?;
        let result = self.batch(ONE_AT_A_TIME).and_then(|()| self.batch(COLLATION)).and_then(|()| {
            let mut session = Session::new(self, Access::Write);
            work(&mut Tx::new(&mut session, Access::Write))
        });
        match result {
            Ok(()) => self.batch("COMMIT"),
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    /// One read outside any job.
    pub(super) fn once<T>(&mut self, ask: fn(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        ask(&mut Tx::new(&mut Session::new(self, Access::Read), Access::Read))
    }

    /// Runs a write job in a transaction of its own.
    fn write(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        self.begin()?;
        let mut session = Session::new(self, Access::Write);
        let mut tx = Tx::new(&mut session, Access::Write);
        let commit = job.run(&mut tx);
        let version = tx.config_version();
        if !commit {
            self.roll_back();
            return Ok(());
        }
        if let Some(version) = version {
            // Sent by the server when the transaction commits.
            let mut session = Session::new(self, Access::Write);
            if let Err(error) = session.execute(NOTIFY, params![version.to_string()]) {
                self.roll_back();
                return Err(error);
            }
        }
        let asked = Instant::now();
        self.batch("COMMIT")?;
        // Before the answer: a caller that has been answered must not find its own node's cache stale.
        if let Some(version) = version {
            self.changes.publish(version, asked);
        }
        Ok(())
    }

    /// Begins a transaction. A connection that broke while it was idle is noticed here, where nothing has been done yet; it is
    /// replaced once.
    fn begin(&mut self) -> Result<(), StoreError> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        let reused = self.connection.is_some();
        let result = self.batch(BEGIN);
        if reused && result.is_err() && self.connection.is_none() { self.batch(BEGIN) } else { result }
    }

    /// Ends the transaction without its effects. If even that fails, the connection is dropped, and the server rolls back.
    fn roll_back(&mut self) {
        if self.connection.is_some() && self.batch("ROLLBACK").is_err() {
            self.connection = None;
        }
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.client.batch_execute(sql))
    }

    /// Does `ask` on the connection, which is made if there is none and forgotten if it turns out to be lost.
    fn with<T>(&mut self, ask: impl FnOnce(&mut Connection) -> Result<T, postgres::Error>) -> Result<T, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.connect()?,
        };
        let result = ask(&mut connection);
        if !result.as_ref().is_err_and(is_lost) {
            self.connection = Some(connection);
        }
        result.map_err(|failure| error(&failure))
    }
}

/// The statements of one job.
struct Session<'w> {
    worker: &'w mut Worker,
    access: Access,
    /// Whether a statement of this job has been answered.
    begun: bool,
}

impl<'w> Session<'w> {
    fn new(worker: &'w mut Worker, access: Access) -> Self {
        Self { worker, access, begun: false }
    }

    fn ask<T>(&mut self, ask: impl Fn(&mut Connection) -> Result<T, postgres::Error>) -> Result<T, StoreError> {
        // A transaction lives and dies with its connection; another one would know nothing of it.
        if self.access == Access::Write && self.worker.connection.is_none() {
            return Err(StoreError::Unavailable("the connection broke during the transaction".to_owned()));
        }
        let reused = self.worker.connection.is_some();
        let mut result = self.worker.with(&ask);
        // The first statement of a read on a connection that broke while it was idle: nothing was answered yet.
        let stale = reused && result.is_err() && self.worker.connection.is_none();
        if self.access == Access::Read && !self.begun && stale {
            result = self.worker.with(&ask);
        }
        self.begun = true;
        result
    }
}

impl Statements for Session<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.ask(|connection| connection.execute(sql, params))
    }

    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.ask(|connection| connection.query(sql, params))
    }

    fn query_composed(&mut self, sql: &str, label: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.ask(|connection| connection.query_composed(sql, label, params))
    }

    fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.ask(|connection| connection.prepared(sql).map(drop))
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.ask(|connection| connection.client.batch_execute(sql))
    }
}
