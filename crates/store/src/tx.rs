//! [`Tx`]: what a job sees of the database. The same rules on both engines, although they differ underneath.

use crate::{Row, StoreError, Value};

/// What an engine does for a transaction. Implemented once in `sqlite.rs` and once in `postgres.rs`.
pub(crate) trait Statements {
    /// Runs a statement without an answer; returns the number of rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError>;
    /// Runs a statement with an answer.
    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Runs a statement that was put together for this once, with an answer. `label` stands for it in error messages. One that
    /// takes long is given up.
    fn query_composed(&mut self, sql: &str, label: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Compiles a statement without running it.
    fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError>;
    /// Runs statements without parameters: savepoints and migrations.
    fn batch(&mut self, sql: &str) -> Result<(), StoreError>;
}

/// Whether a job may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The database as one job sees it: a transaction in [`Store::write`](crate::Store::write), single consistent statements in
/// [`Store::read`](crate::Store::read).
///
/// A statement that fails ends the job: every later one gives the same error, and the job is rolled back even if it answers
/// `Ok`. PostgreSQL works so, and `SQLite` is made to. To go on after an error, run the statement in [`Tx::savepoint`].
pub struct Tx<'a> {
    statements: &'a mut dyn Statements,
    access: Access,
    failure: Option<StoreError>,
    config_version: Option<u64>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(statements: &'a mut dyn Statements, access: Access) -> Self {
        Self { statements, access, failure: None, config_version: None }
    }

    /// Runs an INSERT, UPDATE or DELETE without RETURNING; returns the number of rows it changed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a constraint refuses; [`StoreError::Engine`] in a read job.
    pub fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.check(sql, params)?;
        let result = self.statements.execute(sql, params);
        self.note(result)
    }

    /// Runs a SELECT, or a statement with RETURNING, and gives all rows.
    pub fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.check(sql, params)?;
        let result = self.statements.query(sql, params);
        self.note(result)
    }

    /// Runs a SELECT that was put together for this once (`search`). Only constants of this crate may be in its text.
    pub(crate) fn query_composed(
        &mut self,
        sql: &str,
        label: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.check(label, params)?;
        let result = self.statements.query_composed(sql, label, params);
        self.note(result)
    }

    /// As [`Tx::query`] for a statement with at most one row.
    pub fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, params)?;
        if rows.len() > 1 {
            return self.note(Err(StoreError::Engine(format!("{} rows instead of one from: {sql}", rows.len()))));
        }
        Ok(rows.pop())
    }

    /// Runs `step` so that its error can be handled: if it fails, what it wrote is undone and the job goes on as before it.
    pub fn savepoint<T, E, F>(&mut self, step: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.alive()?;
        let version = self.config_version;
        self.control("SAVEPOINT step")?;
        let result = step(self);
        let failure = self.failure.take();
        let result = match &failure {
            None => result,
            Some(failure) => result.and_then(|_| Err(failure.clone().into())),
        };
        match result {
            Ok(value) => self.control("RELEASE SAVEPOINT step").map(|()| value).map_err(E::from),
            Err(error) => {
                self.config_version = version;
                let undone =
                    self.control("ROLLBACK TO SAVEPOINT step").and_then(|()| self.control("RELEASE SAVEPOINT step"));
                // The transaction itself is lost, most often by what failed in the step: that ends the job.
                if undone.is_err() && failure.is_some() {
                    self.failure = failure;
                }
                Err(error)
            }
        }
    }

    /// Has every node told of this configuration version once the job is committed.
    pub(crate) fn announce_config_version(&mut self, version: u64) {
        self.config_version = Some(version);
    }

    /// The version to announce, if any.
    pub(crate) fn config_version(&self) -> Option<u64> {
        self.config_version
    }

    /// The error that ended this job, if any.
    pub(crate) fn failure(&self) -> Option<&StoreError> {
        self.failure.as_ref()
    }

    /// Runs the text of a migration.
    pub(crate) fn migrate(&mut self, sql: &str) -> Result<(), StoreError> {
        self.alive()?;
        let result = self.statements.batch(sql);
        self.note(result)
    }

    /// Compiles a statement without running it; for the conformance suite.
    #[doc(hidden)]
    pub fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.alive()?;
        let result = self.statements.prepare(sql);
        self.note(result)
    }

    /// Runs a savepoint statement. A read job has no transaction, and nothing to undo.
    fn control(&mut self, sql: &str) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Ok(());
        }
        let result = self.statements.batch(sql);
        self.note(result)
    }

    fn alive(&self) -> Result<(), StoreError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn check(&mut self, sql: &'static str, params: &[Value]) -> Result<(), StoreError> {
        self.alive()?;
        if self.access == Access::Read && !sql.starts_with("SELECT ") {
            return self.note(Err(StoreError::Engine(format!("a read job wants to write: {sql}"))));
        }
        // PostgreSQL has no text with a NUL byte. The surfaces refuse such input before it gets here.
        if params.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
            return self.note(Err(StoreError::Engine(format!("a text parameter with a NUL byte for: {sql}"))));
        }
        Ok(())
    }

    fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.failure = Some(error.clone());
        }
        result
    }
}
