//! Migrations run once, whoever starts when.

use std::sync::Arc;

use keywright_store::inspection::{Inspection, inspect};
use keywright_store::{Store, params, tenants};

use crate::database::Database;
use crate::rows::{acme, populate, tenant};

/// The versions that are in the crate: one per file.
fn known() -> Vec<i64> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<i64> = names.map(|name| name[..4].parse().unwrap()).collect();
    versions.sort_unstable();
    versions
}

async fn applied(store: &Store) -> Vec<i64> {
    let rows = store.read(|tx| tx.query("SELECT version FROM schema_migrations ORDER BY version", params![])).await;
    rows.unwrap().iter().map(|row| row.get(0).unwrap()).collect()
}

pub(crate) async fn run_once(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.close().await;
    let again = database.open().await;
    assert_eq!(applied(&again).await, known());
    assert_eq!(again.read(|tx| tenants::find(tx, &acme())).await.unwrap(), Some(tenant("acme")));
}

pub(crate) async fn run_once_when_many_start_together(database: Arc<Database>) {
    let nodes: Vec<_> = (0..8)
        .map(|_| {
            let database = Arc::clone(&database);
            tokio::spawn(async move { Store::open(database.url()).await })
        })
        .collect();
    for node in nodes {
        assert_eq!(applied(&node.await.unwrap().unwrap()).await, known());
    }
}

pub(crate) async fn leave_a_newer_schema_alone(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let newer = store
        .write(|tx| tx.execute("INSERT INTO schema_migrations (version, name) VALUES (9000, 'later')", params![]))
        .await;
    newer.unwrap();
    let older = database.open().await;
    assert_eq!(applied(&older).await, [known(), vec![9000]].concat());
    assert!(older.read(|tx| tenants::find(tx, &acme())).await.unwrap().is_some());
}

pub(crate) async fn are_seen_without_running(database: Arc<Database>) {
    let before = inspect(database.url()).await.unwrap();
    if database.is_postgres() {
        assert_eq!(before.as_ref().map(Inspection::missing), Some(known()), "an empty database");
    } else {
        assert_eq!(before, None, "no file, and none was made");
        assert_eq!(inspect(database.url()).await.unwrap(), None);
    }
    let store = database.open().await;
    let found = inspect(database.url()).await.unwrap().unwrap();
    assert_eq!((found.applied.clone(), found.missing(), found.unknown()), (known(), vec![], vec![]));
    assert!(found.engine.starts_with(if database.is_postgres() { "PostgreSQL 1" } else { "SQLite 3." }), "{found:?}");
    assert_eq!(found.now.is_some(), database.is_postgres());
    store
        .write(|tx| {
            tx.execute("DELETE FROM schema_migrations WHERE version = $1", params![1])?;
            tx.execute("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", params![9999, "newer"])
        })
        .await
        .unwrap();
    let found = inspect(database.url()).await.unwrap().unwrap();
    assert_eq!((found.missing(), found.unknown()), (vec![1], vec![9999]));
    assert!(inspect("mysql://db/x").await.is_err());
}
