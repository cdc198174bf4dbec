//! Leases.

use std::sync::Arc;

use keywright_store::{Store, leases};

use crate::database::Database;
use crate::rows::at;

async fn acquire(store: &Store, holder: &'static str, now: i64) -> bool {
    store.write(move |tx| leases::acquire(tx, "job", holder, at(now), at(now + 60))).await.unwrap()
}

pub(crate) async fn are_held_by_one(database: Arc<Database>) {
    let store = database.open().await;
    assert!(acquire(&store, "a", 0).await);
    assert!(!acquire(&store, "b", 1).await);
    assert!(acquire(&store, "a", 30).await, "the holder prolongs");
    assert!(!acquire(&store, "b", 89).await);
    assert!(store.write(|tx| leases::acquire(tx, "other job", "b", at(1), at(61))).await.unwrap());
}

pub(crate) async fn pass_on_when_they_expire(database: Arc<Database>) {
    let store = database.open().await;
    assert!(acquire(&store, "a", 0).await);
    assert!(!acquire(&store, "b", 59).await);
    assert!(acquire(&store, "b", 60).await);
    assert!(!acquire(&store, "a", 61).await);
}

pub(crate) async fn are_released_by_their_holder(database: Arc<Database>) {
    let store = database.open().await;
    assert!(acquire(&store, "a", 0).await);
    assert!(!store.write(|tx| leases::release(tx, "job", "b")).await.unwrap());
    assert!(!acquire(&store, "b", 1).await);
    assert!(store.write(|tx| leases::release(tx, "job", "a")).await.unwrap());
    assert!(acquire(&store, "b", 1).await);
}
