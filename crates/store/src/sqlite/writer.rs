//! The writer thread: takes all jobs that wait, commits them together, answers them.

use std::time::Instant;

use rusqlite::Connection;

use super::Ask;
use super::connection::{Session, error};
use crate::StoreError;
use crate::job::Job;
use crate::queue::Queue;
use crate::tx::{Access, Tx};
use crate::watch::Changes;

/// Jobs per commit. Bounds how long the first of them waits for the last.
const GROUP: usize = 256;

pub(super) fn run(connection: &mut Connection, queue: &Queue<Box<dyn Job>>, changes: &Changes) {
    loop {
        let mut jobs = queue.take(GROUP);
        if jobs.is_empty() {
            return;
        }
        while !jobs.is_empty() {
            jobs = commit_together(connection, jobs, changes);
        }
    }
}

/// Runs `work` alone in a transaction that no other process can be in at the same time.
pub(super) fn exclusively<T>(connection: &mut Connection, work: Ask<T>) -> Result<T, StoreError> {
    control(connection, "BEGIN IMMEDIATE")?;
    let result = work(&mut Tx::new(&mut Session(connection), Access::Write));
    match result.and_then(|value| control(connection, "COMMIT").map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => {
            roll_back(connection);
            Err(error)
        }
    }
}

/// Runs the jobs in one transaction and answers them after its commit. Returns the jobs that have to be run in another one,
/// because `SQLite` gave this one up in the middle.
fn commit_together(connection: &Connection, jobs: Vec<Box<dyn Job>>, changes: &Changes) -> Vec<Box<dyn Job>> {
    if let Err(error) = control(connection, "BEGIN IMMEDIATE") {
        answer(jobs, &Err(error));
        return Vec::new();
    }
    let mut version = None;
    let mut done = Vec::with_capacity(jobs.len());
    let mut jobs = jobs.into_iter();
    while let Some(mut job) = jobs.next() {
        if job.abandoned() {
            continue;
        }
        let result = run_in_savepoint(connection, job.as_mut());
        done.push(job);
        match result {
            Ok(announced) => version = version.max(announced),
            // A full disk, an I/O error or no memory: the jobs before this one are undone as well.
            Err(error) => {
                roll_back(connection);
                answer(done, &Err(error));
                return jobs.collect();
            }
        }
    }
    let asked = Instant::now();
    let outcome = control(connection, "COMMIT");
    metrics::histogram!("keywright_store_commit_seconds").record(asked.elapsed().as_secs_f64());
    metrics::histogram!("keywright_store_commit_jobs").record(u32::try_from(done.len()).unwrap_or(u32::MAX));
    match &outcome {
        // Before the answers: a caller that has been answered must not find its own node's cache stale.
        Ok(()) => {
            if let Some(version) = version {
                changes.publish(version, asked);
            }
        }
        Err(_) => roll_back(connection),
    }
    answer(done, &outcome);
    Vec::new()
}

/// Runs one job so that it can be undone alone. Returns the configuration version it announced; an error when the whole
/// transaction is lost.
fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<Option<u64>, StoreError> {
    control(connection, "SAVEPOINT job")?;
    let mut session = Session(connection);
    let mut tx = Tx::new(&mut session, Access::Write);
    let commit = job.run(&mut tx);
    let (announced, failure) = (tx.config_version(), tx.failure().cloned());
    if connection.is_autocommit() {
        return Err(failure.unwrap_or_else(|| StoreError::Unavailable("the transaction was given up".to_owned())));
    }
    if commit {
        control(connection, "RELEASE SAVEPOINT job")?;
        return Ok(announced);
    }
    control(connection, "ROLLBACK TO SAVEPOINT job")?;
    control(connection, "RELEASE SAVEPOINT job")?;
    Ok(None)
}

fn answer(jobs: Vec<Box<dyn Job>>, outcome: &Result<(), StoreError>) {
    for job in jobs {
        job.answer(outcome.clone());
    }
}

fn control(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let result = connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute());
    result.map(drop).map_err(|failure| error(connection, &failure))
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = control(connection, "ROLLBACK")
    {
        tracing::error!(%error, "cannot roll back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Answer, Outcome, Work, take};
    use crate::params;

    fn job(work: fn(&mut Tx<'_>) -> Result<(), StoreError>) -> (Box<dyn Job>, Pending) {
        let (work, outcome, answer) = Work::new(work);
        (Box::new(work), Pending { outcome, answer })
    }

    /// Whoever waits for a job.
    struct Pending {
        outcome: Outcome<(), StoreError>,
        answer: Answer,
    }

    impl Pending {
        fn result(&mut self) -> Result<(), StoreError> {
            self.answer.try_recv().unwrap()?;
            take(&self.outcome).unwrap()
        }
    }

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n BIGINT NOT NULL)").unwrap();
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_group_is_committed_together_and_a_failing_job_is_undone_alone() {
        let connection = table();
        let (first, mut first_answer) = job(|tx| tx.execute("INSERT INTO t (n) VALUES ($1)", params![1]).map(drop));
        let (second, mut second_answer) = job(|tx| {
            tx.execute("INSERT INTO t (n) VALUES ($1)", params![2])?;
            Err(StoreError::Engine("refused".to_owned()))
        });
        assert!(commit_together(&connection, vec![first, second], &Changes::new()).is_empty());
        assert_eq!(first_answer.result(), Ok(()));
        assert_eq!(second_answer.result(), Err(StoreError::Engine("refused".to_owned())));
        assert_eq!(count(&connection), 1);
    }

    #[test]
    fn a_lost_transaction_fails_the_jobs_before_it_and_spares_those_after() {
        let connection = table();
        let (first, mut first_answer) = job(|tx| tx.execute("INSERT INTO t (n) VALUES ($1)", params![1]).map(drop));
        // Stands for a full disk, after which SQLite has rolled back by itself.
        let (lost, mut lost_answer) = job(|tx| tx.migrate("ROLLBACK"));
        let (after, mut after_answer) = job(|tx| tx.execute("INSERT INTO t (n) VALUES ($1)", params![3]).map(drop));
        let rest = commit_together(&connection, vec![first, lost, after], &Changes::new());
        assert!(matches!(first_answer.result(), Err(StoreError::Unavailable(_))));
        assert!(matches!(lost_answer.result(), Err(StoreError::Unavailable(_))));
        assert_eq!(rest.len(), 1);
        assert!(commit_together(&connection, rest, &Changes::new()).is_empty());
        assert_eq!(after_answer.result(), Ok(()));
        assert_eq!(count(&connection), 1);
    }

    #[test]
    fn a_job_nobody_waits_for_does_not_begin() {
        let connection = table();
        let (gone, answer) = job(|tx| tx.execute("INSERT INTO t (n) VALUES ($1)", params![1]).map(drop));
        drop(answer);
        assert!(commit_together(&connection, vec![gone], &Changes::new()).is_empty());
        assert_eq!(count(&connection), 0);
    }
}
