//! [`Store`]: the door to the data, and the one place that chooses the engine (architecture §4).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::Instrument as _;

use crate::job::{self, Answer, Job, Work};
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::tx::Access;
use crate::watch::Changes;
use crate::{StoreError, Tx};

/// How long a caller waits for an answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// What an engine does for the store. Both engines run jobs on threads of their own.
pub(crate) trait Engine: Send + Sync {
    /// Takes a job, or refuses it at once.
    fn submit(&self, access: Access, job: Box<dyn Job>) -> Result<(), StoreError>;
    /// Takes a job that looks up a few rows by their keys. An engine that reads from its own process does it at once.
    fn look_up(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.submit(Access::Read, job)
    }
    /// Refuses new jobs and lets the threads end after those already taken.
    fn shut(&self);
    /// Blocks until the threads have ended.
    fn join(&self);
    /// How many jobs wait.
    fn waiting(&self) -> Waiting;
}

/// A way of giving a job to the engine.
type HandOver = fn(&dyn Engine, Box<dyn Job>) -> Result<(), StoreError>;

/// Jobs in the queues of a store. PostgreSQL has one queue for both: there they are counted as writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Jobs that only read.
    pub reads: usize,
    /// Jobs that write.
    pub writes: usize,
}

/// A database. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Box<dyn Engine>,
    changes: Changes,
}

impl Store {
    /// Opens the database at `url` and brings its schema up to date. `sqlite:PATH` (relative, or absolute with `sqlite:/…`)
    /// makes the file if there is none; `postgres://…` or `postgresql://…` is a connection string of libpq's form,
    /// over verified TLS unless it stays on the machine or says `sslmode=disable`. Several processes may open one database
    /// at the same time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached; [`StoreError::Engine`] for a URL of another kind.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let url = url.to_owned();
        let changes = Changes::new();
        let told = changes.clone();
        // The one match on the engine.
        let open = move || -> Result<Box<dyn Engine>, StoreError> {
            match url.split_once(':') {
                Some(("sqlite", path)) => Ok(Box::new(Sqlite::open(path, told)?)),
                Some(("postgres" | "postgresql", _)) => Ok(Box::new(Postgres::open(&url, told)?)),
                _ => Err(StoreError::Engine(
                    "unknown kind of database URL; use sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned(),
                )),
            }
        };
        let engine = tokio::task::spawn_blocking(open)
            .await
            .map_err(|_| StoreError::Engine("opening the database panicked".to_owned()))??;
        Ok(Self { inner: Arc::new(Inner { engine, changes }) })
    }

    /// Runs a job that only reads. Each of its statements sees what was committed before that statement.
    ///
    /// # Errors
    /// What the job returns, or a [`StoreError`] of the engine.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run("read", job, |engine, job| engine.submit(Access::Read, job)).await
    }

    /// [`Store::read`] for a job of few statements that find rows by their keys. With `SQLite` it runs on the caller's thread,
    /// because handing it to another one would cost more than it takes. A job that goes through many rows belongs to
    /// [`Store::read`]: here it would hold up other requests.
    ///
    /// # Errors
    /// What the job returns, or a [`StoreError`] of the engine.
    pub async fn look_up<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run("look-up", job, |engine, job| engine.look_up(job)).await
    }

    /// Runs a job in a transaction. When this returns `Ok`, what the job wrote is committed and durable; when it returns
    /// `Err`, the job was rolled back (see [`StoreError::Unavailable`] for the one doubtful case). A job runs on a thread
    /// that others wait for: do the slow things (hashing, signing, network) before or after it.
    ///
    /// # Errors
    /// What the job returns, or a [`StoreError`] of the engine.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run("write", job, |engine, job| engine.submit(Access::Write, job)).await
    }

    /// The newest configuration version this node knows of. A write of this node is there before it is answered, one of
    /// another node within a second. Ask [`config::changed_since`](crate::config::changed_since) what changed.
    #[must_use]
    pub fn config_changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Whether the database has confirmed within this time that [`Store::config_changes`] shows its newest version. It does so
    /// several times a second; `false` means that it cannot be asked, and that a cache may lack what other nodes changed.
    #[must_use]
    pub fn config_confirmed_within(&self, within: Duration) -> bool {
        self.inner.changes.confirmed_within(within, Instant::now())
    }

    /// Jobs that no thread has taken yet.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.inner.engine.waiting()
    }

    /// Refuses new jobs and waits until those already accepted are done and answered.
    pub async fn close(&self) {
        self.inner.engine.shut();
        let inner = Arc::clone(&self.inner);
        // An error means that the runtime itself is going down; the jobs are done by the threads nevertheless.
        let _ = tokio::task::spawn_blocking(move || inner.engine.join()).await;
    }

    async fn run<T, E, F>(&self, access: &'static str, job: F, hand_over: HandOver) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (work, outcome, answer) = Work::new(job);
        self.wait(access, Box::new(work), answer, hand_over).await?;
        job::take(&outcome).unwrap_or_else(|| Err(StoreError::Engine("a job did not run".to_owned()).into()))
    }

    /// Has a job done. This is compiled once, and not for each of the hundreds of kinds of jobs.
    async fn wait(
        &self,
        access: &'static str,
        job: Box<dyn Job>,
        answer: Answer,
        hand_over: HandOver,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let span = tracing::debug_span!("store", access);
        if let Err(refused) = span.in_scope(|| hand_over(&*self.inner.engine, job)) {
            metrics::counter!("keywright_store_refused_total", "reason" => "overloaded").increment(1);
            return Err(refused);
        }
        let answered = tokio::time::timeout(DEADLINE, answer).instrument(span).await;
        metrics::histogram!("keywright_store_job_seconds", "access" => access).record(begun.elapsed().as_secs_f64());
        match answered {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(StoreError::Engine("a database thread has ended".to_owned())),
            // Dropping `answer` tells the engine not to begin the job any more.
            Err(_) => {
                metrics::counter!("keywright_store_refused_total", "reason" => "timeout").increment(1);
                Err(StoreError::Unavailable(format!("no answer within {} s", DEADLINE.as_secs())))
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.shut();
    }
}
