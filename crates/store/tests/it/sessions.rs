//! Sessions.

use std::sync::Arc;

use keywright_store::sessions::{self, SessionRow};
use keywright_store::{Store, users};

use crate::database::Database;
use crate::rows::{acme, at, populate, session, user};

async fn with_session(database: &Database) -> Store {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| sessions::insert(tx, &acme(), &session(1))).await.unwrap();
    store
}

async fn find(store: &Store, seconds: i64) -> Option<SessionRow> {
    let by_id = store.read(move |tx| sessions::find_by_session_id(tx, &acme(), "sid-1", at(seconds))).await.unwrap();
    let by_handle = store.read(move |tx| sessions::find(tx, &acme(), &[1; 32], at(seconds))).await.unwrap();
    assert_eq!(by_id, by_handle);
    by_handle
}

pub(crate) async fn are_found_by_handle_and_session_id(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert_eq!(find(&store, 1).await, Some(session(1)));
    assert_eq!(store.read(|tx| sessions::find(tx, &acme(), &[1; 31], at(1))).await.unwrap(), None);
    assert_eq!(store.read(|tx| sessions::find_by_session_id(tx, &acme(), "sid-2", at(1))).await.unwrap(), None);
}

pub(crate) async fn end_when_idle_and_absolutely(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(find(&store, 99).await.is_some());
    assert!(find(&store, 100).await.is_none());
    // Used again and again, it still ends at its absolute end.
    store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(99), at(5000))).await.unwrap();
    assert!(find(&store, 999).await.is_some());
    assert!(find(&store, 1000).await.is_none());
}

pub(crate) async fn are_touched(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(50), at(150))).await.unwrap());
    let mut expected = session(1);
    (expected.last_active_at, expected.idle_expires_at) = (at(50), at(150));
    assert_eq!(find(&store, 120).await, Some(expected));
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[2; 32], at(50), at(150))).await.unwrap());
}

pub(crate) async fn an_ended_one_cannot_be_touched(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(100), at(200))).await.unwrap());
    assert!(find(&store, 100).await.is_none());
    assert!(store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(99), at(5000))).await.unwrap());
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(1000), at(5000))).await.unwrap());
}

pub(crate) async fn are_deleted(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(store.write(|tx| sessions::delete(tx, &acme(), &[1; 32])).await.unwrap());
    assert!(!store.write(|tx| sessions::delete(tx, &acme(), &[1; 32])).await.unwrap());
    assert!(find(&store, 1).await.is_none());
}

pub(crate) async fn are_deleted_for_a_user(database: Arc<Database>) {
    let store = with_session(&database).await;
    store.write(|tx| sessions::insert(tx, &acme(), &session(2))).await.unwrap();
    store.write(|tx| users::insert(tx, &acme(), &user("bob"))).await.unwrap();
    let mut of_bob = session(3);
    of_bob.user_id = "auth0|bob".to_owned();
    store.write(move |tx| sessions::insert(tx, &acme(), &of_bob)).await.unwrap();
    assert_eq!(store.write(|tx| sessions::delete_for_user(tx, &acme(), "auth0|ann")).await.unwrap(), 2);
    assert_eq!(store.write(|tx| sessions::delete_for_user(tx, &acme(), "auth0|ann")).await.unwrap(), 0);
    assert!(store.read(|tx| sessions::find(tx, &acme(), &[3; 32], at(1))).await.unwrap().is_some());
}

pub(crate) async fn have_unique_handles_and_session_ids(database: Arc<Database>) {
    let store = with_session(&database).await;
    let insert = |row| store.write(move |tx| sessions::insert(tx, &acme(), &row));
    let mut row = session(2);
    row.handle_digest = vec![1; 32];
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("sessions_pkey"));
    let mut row = session(2);
    row.session_id = "sid-1".to_owned();
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("sessions_session_id_key"));
    let mut row = session(2);
    row.user_id = "auth0|nobody".to_owned();
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("foreign_key"));
}
