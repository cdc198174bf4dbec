//! A database that is gone or stuck: callers are told within seconds, and it works again by itself when it is back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keywright_store::{Store, StoreError, config, tenants};
use postgres::{Client, NoTls};

use crate::cluster::Cluster;
use crate::database::{Database, postgres_is_left_out};
use crate::rows::{acme, tenant, umbrella};

/// A caller never waits longer than the store's deadline of 5 s; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(9);

async fn assert_unavailable(store: &Store) {
    let began = Instant::now();
    let written = store.write(|tx| tenants::insert(tx, &tenant("umbrella"))).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    assert!(began.elapsed() < PATIENCE);
}

async fn assert_available(store: &Store) {
    assert_readable(store).await;
    assert_writable(store).await;
}

/// More jobs than there are connections, so that every connection is asked.
async fn assert_readable(store: &Store) {
    for _ in 0..40 {
        assert!(store.read(|tx| tenants::find(tx, &acme())).await.unwrap().is_some());
    }
}

/// More jobs than there are connections, so that every connection is asked.
async fn assert_writable(store: &Store) {
    for _ in 0..40 {
        assert!(store.write(|tx| tenants::update_settings(tx, &acme(), "{}")).await.unwrap());
    }
}

/// Uses all connections at once, so that all of them are open.
async fn warm_up(store: &Store) {
    let jobs: Vec<_> = (0..200)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.write(|tx| tenants::update_settings(tx, &acme(), "{}")).await })
        })
        .collect();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
}

pub(crate) async fn a_locked_database_is_unavailable_and_comes_back(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
    // Another program holds the lock; it is let go when the channel closes.
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (unlock, unlocked) = std::sync::mpsc::channel::<()>();
    let url = database.url().to_owned();
    let postgres = database.is_postgres();
    let other = tokio::task::spawn_blocking(move || {
        if postgres {
            let mut client = Client::connect(&url, NoTls).unwrap();
            client.batch_execute("BEGIN; LOCK TABLE tenants IN EXCLUSIVE MODE").unwrap();
            locked.send(()).unwrap();
            let _ = unlocked.recv();
        } else {
            let connection = rusqlite::Connection::open(url.strip_prefix("sqlite:").unwrap()).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            locked.send(()).unwrap();
            let _ = unlocked.recv();
        }
    });
    is_locked.await.unwrap();
    assert_unavailable(&store).await;
    assert!(store.read(|tx| tenants::find(tx, &acme())).await.unwrap().is_some(), "reads do not wait for a writer");
    drop(unlock);
    other.await.unwrap();
    assert_available(&store).await;
    assert_eq!(store.read(|tx| tenants::find(tx, &umbrella())).await.unwrap(), None, "what was refused was not done");
}

#[test]
fn postgresql_stopped_and_started() {
    if postgres_is_left_out() {
        return;
    }
    let cluster = Cluster::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&cluster.url()).await.unwrap();
        let other = Store::open(&cluster.url()).await.unwrap();
        store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
        for down in [Cluster::stop, Cluster::crash] {
            warm_up(&store).await;
            down(&cluster);
            for _ in 0..20 {
                assert_unavailable(&store).await;
                let read = store.read(|tx| tenants::find(tx, &acme())).await;
                assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
            }
            let opened = Store::open(&cluster.url()).await;
            assert!(matches!(opened, Err(StoreError::Unavailable(_))));
            cluster.resume();
            assert_available(&store).await;
            assert_eq!(store.read(|tx| tenants::find(tx, &umbrella())).await.unwrap(), None);

            // The listener has come back too.
            let version = other.write(|tx| config::bump(tx, &acme())).await.unwrap();
            let mut seen = store.config_changes();
            let told = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| *seen >= version)).await;
            assert!(told.is_ok());
        }
    });
}

#[test]
fn postgresql_restarted_while_idle_is_not_noticed() {
    if postgres_is_left_out() {
        return;
    }
    let cluster = Cluster::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&cluster.url()).await.unwrap();
        store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
        for down in [Cluster::stop, Cluster::crash] {
            warm_up(&store).await;
            down(&cluster);
            cluster.resume();
            assert_readable(&store).await;

            warm_up(&store).await;
            down(&cluster);
            cluster.resume();
            assert_writable(&store).await;
        }
    });
}

#[test]
fn a_folder_that_does_not_exist_is_unavailable_and_an_unknown_url_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let missing = Store::open("sqlite:/nonexistent/folder/a.db").await.err().unwrap();
        assert!(matches!(&missing, StoreError::Unavailable(text) if text.contains("/nonexistent/folder")), "{missing}");
        for url in
            ["mysql://root:secret@localhost/db", "keywright.db", "sqlite:", "sqlite::memory:", "postgres://a:b@[/x"]
        {
            let error = Store::open(url).await.err().unwrap();
            assert!(matches!(&error, StoreError::Engine(text) if !text.contains("secret")), "{url}: {error}");
        }
    });
}
