//! What can go wrong in the store (architecture §4), independent of the engine underneath.

/// An error of the store. "Not there" is no error: functions return `Option` or `bool` for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, did not answer in time, is shutting down, or gave up a job to resolve a deadlock.
    /// It passes by itself: answer 503 and let the caller try again. A write that ends so was usually not done; only
    /// when the connection broke during the commit itself can it have been.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// More jobs are waiting than the store is willing to queue. Nothing was done; answer 503.
    #[error("database overloaded: the queue is full")]
    Overloaded,
    /// A uniqueness or foreign-key rule refused the row. The job is rolled back unless the statement ran in
    /// [`Tx::savepoint`](crate::Tx::savepoint).
    #[error("conflict on {constraint}")]
    Conflict {
        /// Name of the unique index (`users_email_key`), of the primary key (`users_pkey`), or `foreign_key`. When a row
        /// breaks several rules at once, it depends on the engine which of them is named.
        constraint: String,
    },
    /// A stored value that fits no state: somebody edited the database, or a newer version wrote it.
    #[error("database inconsistency in {table}.{column}: {detail}")]
    Corrupt {
        /// Table of the row.
        table: String,
        /// Column of the value.
        column: String,
        /// What was found. Never the value of a secret column.
        detail: String,
    },
    /// The statement or the job itself is wrong: a programming error.
    #[error("database engine: {0}")]
    Engine(String),
}

impl StoreError {
    /// Name of the violated constraint, when this is a conflict.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Conflict { constraint } => Some(constraint),
            _ => None,
        }
    }
}
