//! A fresh database for one test, on either engine.

use keywright_jose::Random;
use keywright_store::Store;
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the server of `KEYWRIGHT_TEST_POSTGRES`.
    Postgres,
}

/// Removes the database when the test is over.
pub(crate) enum Cleanup {
    Folder { _folder: TempDir },
    Database { server: String, name: String },
}

impl Engine {
    /// Opens a new, empty database. The URL serves for a second node on it.
    pub(crate) async fn open(self) -> (Store, String, Cleanup) {
        let (url, cleanup) = match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("keywright.db").display());
                (url, Cleanup::Folder { _folder: folder })
            }
            Self::Postgres => {
                let server = std::env::var("KEYWRIGHT_TEST_POSTGRES")
                    .expect("KEYWRIGHT_TEST_POSTGRES names no PostgreSQL server; `make test` starts one and sets it");
                let name = format!("kw_{}", Random::system().hex(8));
                administer(&server, format!("CREATE DATABASE {name}")).await;
                let mut url = url::Url::parse(&server).expect("a PostgreSQL URL");
                url.set_path(&name);
                (url.to_string(), Cleanup::Database { server, name })
            }
        };
        (Store::open(&url).await.expect("an open store"), url, cleanup)
    }

    /// Both engines; only SQLite where PostgreSQL was switched off by hand.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let skip = std::env::var_os("KEYWRIGHT_TEST_SKIP_POSTGRES").is_some();
        if skip { vec![Self::Sqlite] } else { vec![Self::Sqlite, Self::Postgres] }
    }
}

async fn administer(server: &str, statement: String) {
    let server = server.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut client = postgres::Client::connect(&server, postgres::NoTls).expect("a PostgreSQL server");
        client.batch_execute(&statement).expect("an administrative statement");
    })
    .await
    .expect("a finished statement");
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        let Self::Database { server, name } = self else { return };
        let (server, statement) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // A thread of its own, because the test's runtime may be gone or busy.
        let dropped = std::thread::spawn(move || {
            if let Ok(mut client) = postgres::Client::connect(&server, postgres::NoTls) {
                let _ = client.batch_execute(&statement);
            }
        });
        let _ = dropped.join();
    }
}
