//! Authorization codes.

use std::sync::Arc;

use keywright_store::Store;
use keywright_store::authorization_codes::{self, AuthorizationCodeRow};

use crate::database::Database;
use crate::rows::{acme, at, code};

async fn with_code(database: &Database) -> Store {
    let store = database.open().await;
    store.write(|tx| authorization_codes::insert(tx, &acme(), &code(1))).await.unwrap();
    store
}

async fn consume(store: &Store, seconds: i64) -> Option<AuthorizationCodeRow> {
    store.write(move |tx| authorization_codes::consume(tx, &acme(), &[1; 32], at(seconds))).await.unwrap()
}

async fn find(store: &Store) -> Option<AuthorizationCodeRow> {
    store.read(|tx| authorization_codes::find(tx, &acme(), &[1; 32])).await.unwrap()
}

async fn record(store: &Store, family: Option<&'static str>) -> bool {
    store
        .write(move |tx| authorization_codes::record_issued(tx, &acme(), &[1; 32], family, 1_700_000_000, "id"))
        .await
        .unwrap()
}

pub(crate) async fn are_found_in_any_state(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert_eq!(find(&store).await, Some(code(1)));
    consume(&store, 10).await.unwrap();
    let mut consumed = code(1);
    consumed.consumed_at = Some(at(10));
    assert_eq!(find(&store).await, Some(consumed));
    assert_eq!(store.read(|tx| authorization_codes::find(tx, &acme(), &[1; 31])).await.unwrap(), None);
}

pub(crate) async fn co_01_expire_at_the_boundary(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert_eq!(consume(&store, 61).await, None);
    assert_eq!(consume(&store, 60).await, None);
    assert!(consume(&store, 59).await.is_some());
}

pub(crate) async fn co_03_are_consumed_once(database: Arc<Database>) {
    let store = with_code(&database).await;
    let mut expected = code(1);
    expected.consumed_at = Some(at(5));
    assert_eq!(consume(&store, 5).await, Some(expected));
    assert_eq!(consume(&store, 5).await, None);
    let other = store.write(|tx| authorization_codes::consume(tx, &acme(), &[2; 32], at(5))).await;
    assert_eq!(other.unwrap(), None);
}

pub(crate) async fn remember_what_they_gave(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert!(!record(&store, Some("f1")).await, "nothing was issued for a code that was not consumed");
    consume(&store, 5).await.unwrap();
    assert!(record(&store, None).await);
    let given = find(&store).await.unwrap();
    assert_eq!((given.family_id.as_deref(), given.access_token_issued_at), (None, Some(1_700_000_000)));
    assert_eq!(given.access_token_id.as_deref(), Some("id"));
    assert!(record(&store, Some("f1")).await);
    assert_eq!(find(&store).await.unwrap().family_id.as_deref(), Some("f1"));
}

pub(crate) async fn have_unique_digests(database: Arc<Database>) {
    let store = with_code(&database).await;
    let again = store.write(|tx| authorization_codes::insert(tx, &acme(), &code(1))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("authorization_codes_pkey"));
}
