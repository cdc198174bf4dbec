//! Configuration versions, and how the caches of all nodes hear of them (architecture §4).

use std::sync::Arc;
use std::time::{Duration, Instant};

use keywright_store::signing_keys::KeyState;
use keywright_store::{
    Store, StoreError, Tx, client_grants, clients, config, connections, data_keys, params, resource_servers,
    signing_keys, tenants,
};

use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, NoTls};

use crate::cluster::Cluster;
use crate::database::{Database, on_postgres, postgres_is_left_out};
use crate::rows::{
    acme, at, client, client_grant, connection, data_key, ec_key, populate, resource_server, signing_key, tenant,
    umbrella,
};

/// The promise of the architecture.
const WITHIN: Duration = Duration::from_secs(1);

type Write = fn(&mut Tx<'_>) -> Result<(), StoreError>;

/// Every function that writes configuration.
const WRITES: [(&str, Write); 18] = [
    ("signing_keys::insert", |tx| signing_keys::insert(tx, &acme(), &signing_key("k", KeyState::Next))),
    ("signing_keys::promote", |tx| signing_keys::promote(tx, &acme(), "k", at(1)).map(drop)),
    ("signing_keys::add_ec", |tx| signing_keys::add_ec(tx, &acme(), "k", &ec_key("other")).map(drop)),
    ("signing_keys::retire", |tx| signing_keys::retire(tx, &acme(), "k", at(2)).map(drop)),
    ("signing_keys::revoke", |tx| signing_keys::revoke(tx, &acme(), "k", KeyState::Previous, at(3)).map(drop)),
    ("signing_keys::insert_next", |tx| {
        signing_keys::insert_next(tx, &acme(), &signing_key("n", KeyState::Next)).map(drop)
    }),
    ("clients::insert", |tx| clients::insert(tx, &acme(), &client("second"))),
    ("clients::update", |tx| clients::update(tx, &acme(), &client("second")).map(drop)),
    ("clients::delete", |tx| clients::delete(tx, &acme(), "second").map(drop)),
    ("resource_servers::insert", |tx| resource_servers::insert(tx, &acme(), &resource_server("orders"))),
    ("resource_servers::update", |tx| resource_servers::update(tx, &acme(), &resource_server("orders")).map(drop)),
    ("client_grants::insert", |tx| client_grants::insert(tx, &acme(), &client_grant("g", "app", "orders"))),
    ("client_grants::update", |tx| client_grants::update(tx, &acme(), &client_grant("g", "app", "orders")).map(drop)),
    ("connections::insert", |tx| connections::insert(tx, &acme(), &connection("a"))),
    ("connections::update", |tx| connections::update(tx, &acme(), &connection("a")).map(drop)),
    ("data_keys::insert", |tx| data_keys::insert(tx, &data_key(1)).map(drop)),
    ("data_keys::retire", |tx| data_keys::retire(tx, 1, at(4)).map(drop)),
    ("tenants::update_settings", |tx| tenants::update_settings(tx, &acme(), "{}").map(drop)),
];

async fn current(store: &Store) -> u64 {
    store.read(config::current).await.unwrap()
}

pub(crate) async fn every_write_has_a_version(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(current(&store).await, 0);
    populate(&store).await;
    for (name, write) in WRITES {
        let before = current(&store).await;
        store.write(write).await.unwrap();
        assert_eq!(current(&store).await, before + 1, "{name}");
    }
}

pub(crate) async fn a_version_names_its_tenants(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let changed_since = |version| store.read(move |tx| config::changed_since(tx, version));
    let first = store.write(|tx| config::bump(tx, &acme())).await.unwrap();
    let second = store.write(|tx| config::bump(tx, &umbrella())).await.unwrap();
    assert_eq!(second, first + 1);
    assert_eq!(changed_since(first - 1).await.unwrap(), [acme(), umbrella()]);
    assert_eq!(changed_since(first).await.unwrap(), [umbrella()]);
    assert_eq!(changed_since(second).await.unwrap(), []);
    store.write(|tx| config::bump(tx, &acme())).await.unwrap();
    assert_eq!(changed_since(first).await.unwrap(), [umbrella(), acme()]);
}

pub(crate) async fn own_writes_are_seen_at_once(database: Arc<Database>) {
    let store = database.open().await;
    let seen = store.config_changes();
    populate(&store).await;
    for _ in 0..20 {
        let version = store.write(|tx| config::bump(tx, &acme())).await.unwrap();
        assert!(*seen.borrow() >= version, "no waiting after the answer");
    }
    assert_eq!(*seen.borrow(), current(&store).await);
    let opened_later = database.open().await;
    assert_eq!(*opened_later.config_changes().borrow(), current(&store).await);
}

pub(crate) async fn writes_of_another_store_are_seen_within_a_second(database: Arc<Database>) {
    let (here, there) = (database.open().await, database.open().await);
    let mut seen = here.config_changes();
    populate(&there).await;
    for _ in 0..4 {
        let version = there.write(|tx| config::bump(tx, &umbrella())).await.unwrap();
        let told = tokio::time::timeout(WITHIN, seen.wait_for(|seen| *seen >= version)).await;
        assert!(told.is_ok(), "version {version} was not seen within {WITHIN:?}");
        let changed = here.read(move |tx| config::changed_since(tx, version - 1)).await.unwrap();
        assert_eq!(changed, [umbrella()]);
    }
}

pub(crate) async fn a_rolled_back_write_is_not_announced(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut seen = store.config_changes();
    let before = *seen.borrow_and_update();
    let refused = store.write(|tx| tenants::insert(tx, &tenant("acme"))).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    let handled = |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        Ok(tx.savepoint(|tx| tenants::insert(tx, &tenant("acme"))).is_err())
    };
    assert!(store.write(handled).await.unwrap());
    assert_eq!(current(&store).await, before);
    assert!(!seen.has_changed().unwrap());
}

/// Longer than several polls, which confirm the version.
const FRESH: Duration = Duration::from_secs(1);
/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the version is, or is no longer, confirmed within [`FRESH`].
async fn until_confirmed(store: &Store, confirmed: bool) {
    let began = Instant::now();
    while store.config_confirmed_within(FRESH) != confirmed {
        assert!(began.elapsed() < PATIENCE, "still not {confirmed}");
        // Paces the loop; jobs say nothing about the version.
        let _ = store.read(|tx| tenants::find(tx, &acme())).await;
    }
}

pub(crate) async fn a_version_that_cannot_be_read_is_not_confirmed(database: Arc<Database>) {
    let (store, other) = (database.open().await, database.open().await);
    assert!(store.config_confirmed_within(PATIENCE));
    for _ in 0..2 {
        // Long enough that what was confirmed before is too old by now.
        let began = Instant::now();
        while began.elapsed() < FRESH * 2 {
            let _ = store.read(|tx| tenants::find(tx, &acme())).await;
        }
        until_confirmed(&store, true).await;
        other.write(|tx| tx.execute("ALTER TABLE config_versions RENAME TO elsewhere", params![])).await.unwrap();
        until_confirmed(&store, false).await;
        assert!(!store.config_confirmed_within(FRESH), "it stays so");
        other.write(|tx| tx.execute("ALTER TABLE elsewhere RENAME TO config_versions", params![])).await.unwrap();
        until_confirmed(&store, true).await;
    }
}

/// Caches are not served for ever by a node that has lost its database.
#[test]
fn postgresql_stopped_confirms_nothing() {
    if postgres_is_left_out() {
        return;
    }
    let cluster = Cluster::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&cluster.url()).await.unwrap();
        for down in [Cluster::stop, Cluster::crash] {
            until_confirmed(&store, true).await;
            down(&cluster);
            until_confirmed(&store, false).await;
            cluster.resume();
            until_confirmed(&store, true).await;
        }
    });
}

/// On PostgreSQL other nodes do not wait for their poll.
#[test]
fn postgresql_notifies_other_nodes() {
    on_postgres(notifies);
}

async fn notifies(database: Arc<Database>) {
    let store = database.open().await;
    let url = database.url().to_owned();
    let (listening, is_listening) = tokio::sync::oneshot::channel();
    let listener = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(&url, NoTls).unwrap();
        client.batch_execute("LISTEN keywright_config").unwrap();
        listening.send(()).unwrap();
        let told = client.notifications().timeout_iter(Duration::from_secs(20)).next().unwrap();
        told.map(|notification| notification.payload().to_owned())
    });
    is_listening.await.unwrap();
    let refused: Result<(), StoreError> = store
        .write(|tx| {
            config::bump(tx, &acme())?;
            Err(StoreError::Overloaded)
        })
        .await;
    assert_eq!(refused, Err(StoreError::Overloaded));
    let version = store.write(|tx| config::bump(tx, &acme())).await.unwrap();
    assert_eq!(listener.await.unwrap(), Some(version.to_string()), "told once, of what was committed");
}
