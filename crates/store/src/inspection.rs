//! What a database says about itself, without opening it for work: for `keywright doctor`. Nothing is changed, and no
//! migration runs.

use jiff::Timestamp;

use crate::{StoreError, migrations, postgres, sqlite};

/// A database as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// `SQLite` or `PostgreSQL`, and its version.
    pub engine: String,
    /// Migrations that were run; empty for a new database.
    pub applied: Vec<i64>,
    /// Its present; `None` for an engine that goes by this machine's clock.
    pub now: Option<Timestamp>,
}

impl Inspection {
    /// Migrations of this program that the next start will run.
    #[must_use]
    pub fn missing(&self) -> Vec<i64> {
        migrations::versions().filter(|version| !self.applied.contains(version)).collect()
    }

    /// Migrations that this program does not know: a newer version was here.
    #[must_use]
    pub fn unknown(&self) -> Vec<i64> {
        let known: Vec<i64> = migrations::versions().collect();
        self.applied.iter().copied().filter(|version| !known.contains(version)).collect()
    }
}

/// Looks at the database at `url`, in the forms of [`Store::open`](crate::Store::open). `None` when there is no file.
///
/// # Errors
/// As for [`Store::open`](crate::Store::open).
pub async fn inspect(url: &str) -> Result<Option<Inspection>, StoreError> {
    let url = url.to_owned();
    let look = move || match url.split_once(':') {
        Some(("sqlite", path)) => sqlite::inspect(path),
        Some(("postgres" | "postgresql", _)) => postgres::inspect(&url).map(Some),
        _ => Err(StoreError::Engine("unknown kind of database URL".to_owned())),
    };
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|_| StoreError::Engine("looking at the database panicked".to_owned()))?
}
