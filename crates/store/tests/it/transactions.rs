//! Transactions of `/authorize`.

use std::sync::Arc;

use keywright_store::Store;
use keywright_store::transactions::{self, TransactionRow};

use crate::database::Database;
use crate::rows::{acme, at, transaction};

async fn with_transaction(database: &Database) -> Store {
    let store = database.open().await;
    store.write(|tx| transactions::insert(tx, &acme(), &transaction(1))).await.unwrap();
    store
}

async fn find(store: &Store, seconds: i64) -> Option<TransactionRow> {
    store.read(move |tx| transactions::find(tx, &acme(), &[1; 32], at(seconds))).await.unwrap()
}

async fn update(store: &Store, version: i64, progress: &'static str, seconds: i64) -> bool {
    let job = store
        .write(move |tx| transactions::update_progress(tx, &acme(), &[1; 32], version, progress, at(seconds)))
        .await;
    job.unwrap()
}

async fn complete(store: &Store, seconds: i64) -> Option<TransactionRow> {
    store.write(move |tx| transactions::complete(tx, &acme(), &[1; 32], at(seconds))).await.unwrap()
}

pub(crate) async fn are_found_until_they_expire(database: Arc<Database>) {
    let store = with_transaction(&database).await;
    assert_eq!(find(&store, 599).await, Some(transaction(1)));
    assert_eq!(find(&store, 600).await, None);
    assert_eq!(store.read(|tx| transactions::find(tx, &acme(), &[2; 32], at(1))).await.unwrap(), None);
}

pub(crate) async fn progress_moves_from_the_known_version_only(database: Arc<Database>) {
    let store = with_transaction(&database).await;
    assert!(!update(&store, 1, r#"{"early":1}"#, 1).await);
    assert!(update(&store, 0, r#"{"user":1}"#, 1).await);
    assert!(!update(&store, 0, r#"{"late":1}"#, 1).await);
    assert!(update(&store, 1, r#"{"user":2}"#, 1).await);
    let mut expected = transaction(1);
    (expected.version, expected.progress) = (2, r#"{"user":2}"#.to_owned());
    assert_eq!(find(&store, 1).await, Some(expected));
}

pub(crate) async fn complete_once(database: Arc<Database>) {
    let store = with_transaction(&database).await;
    let mut expected = transaction(1);
    expected.completed_at = Some(at(10));
    assert_eq!(complete(&store, 10).await, Some(expected.clone()));
    assert_eq!(complete(&store, 11).await, None);
    assert_eq!(find(&store, 11).await, Some(expected));
    assert!(!update(&store, 0, "{}", 11).await);
}

pub(crate) async fn do_not_change_after_the_end(database: Arc<Database>) {
    let store = with_transaction(&database).await;
    assert!(!update(&store, 0, r#"{"late":1}"#, 600).await);
    assert_eq!(complete(&store, 600).await, None);
    assert_eq!(find(&store, 599).await, Some(transaction(1)));
}

pub(crate) async fn have_unique_handles(database: Arc<Database>) {
    let store = with_transaction(&database).await;
    let again = store.write(|tx| transactions::insert(tx, &acme(), &transaction(1))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("transactions_pkey"));
}
