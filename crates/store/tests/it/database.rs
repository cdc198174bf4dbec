//! A database of its own for each test, on either engine.

use std::env;
use std::future::Future;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keywright_store::Store;
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// An empty database, removed when the test ends.
pub(crate) struct Database {
    url: String,
    place: Place,
}

enum Place {
    File { _folder: TempDir },
    Server { admin: String, name: String },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("keywright.db").display());
        Self { url, place: Place::File { _folder: folder } }
    }

    pub(crate) fn postgres(admin: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("keywright_{}_{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(admin, NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (server, _) = admin.rsplit_once('/').expect("KEYWRIGHT_TEST_POSTGRES ends with a database name");
        Self { url: format!("{server}/{name}"), place: Place::Server { admin: admin.to_owned(), name } }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }

    /// Another store on this database: another node.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Server { admin, name } = &self.place
            && let Ok(mut client) = Client::connect(admin, NoTls)
        {
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Runs `test` on a fresh `SQLite` file.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Arc<Database>) -> F) {
    run(Database::sqlite(), test);
}

/// Runs `test` on a fresh PostgreSQL database.
pub(crate) fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Arc<Database>) -> F) {
    if !postgres_is_left_out() {
        let admin = env::var("KEYWRIGHT_TEST_POSTGRES").expect(
            "KEYWRIGHT_TEST_POSTGRES names no PostgreSQL server: run `make unit`, or set KEYWRIGHT_TEST_SKIP_POSTGRES=1",
        );
        run(Database::postgres(&admin), test);
    }
}

/// Whether somebody chose to test without PostgreSQL.
pub(crate) fn postgres_is_left_out() -> bool {
    env::var("KEYWRIGHT_TEST_SKIP_POSTGRES").is_ok_and(|value| value == "1")
}

fn run<F: Future<Output = ()>>(database: Database, test: impl FnOnce(Arc<Database>) -> F) {
    // Held here until the runtime is gone: dropping the database blocks, which a runtime forbids.
    let database = Arc::new(database);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(Arc::clone(&database)));
}
