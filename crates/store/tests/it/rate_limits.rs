//! Token buckets. The bucket of these tests holds 3 tokens and gets one back every second: 1000 parts to a token.

use std::sync::Arc;

use keywright_store::rate_limits::{self, RateLimitRow, Take};
use keywright_store::{Store, cleanup};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::{acme, at, umbrella};

const BUCKET: [u8; 32] = [7; 32];

async fn take_as(store: &Store, tenant: TenantId, tokens: i64, now: i64) -> Option<i64> {
    let job = move |tx: &mut keywright_store::Tx<'_>| {
        let take = Take { bucket: &BUCKET, capacity: 3000, refill: 1, cost: tokens * 1000 };
        rate_limits::take(tx, &tenant, take, at(now))
    };
    store.write(job).await.unwrap().map(|row| row.tokens)
}

async fn take(store: &Store, tokens: i64, now: i64) -> Option<i64> {
    take_as(store, acme(), tokens, now).await
}

async fn find(store: &Store, now: i64) -> Option<RateLimitRow> {
    store.read(move |tx| rate_limits::find(tx, &acme(), &BUCKET, at(now))).await.unwrap()
}

pub(crate) async fn do_01_are_emptied_and_filled_again_to_the_millisecond(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(find(&store, 0).await, None);
    assert_eq!(take(&store, 1, 0).await, Some(2000));
    assert_eq!(take(&store, 3, 0).await, None, "more than there are");
    assert_eq!(find(&store, 0).await, Some(RateLimitRow { tokens: 2000, updated_at: at(0) }), "nothing has changed");
    assert_eq!(take(&store, 2, 0).await, Some(0));
    assert_eq!(take(&store, 1, 0).await, None);
    assert_eq!(take(&store, 1, 1).await, Some(0));
    assert_eq!(take(&store, 2, 2).await, None);
    assert_eq!(take(&store, 2, 3).await, Some(0));
    // Full again after three seconds, and never more than full.
    assert!(find(&store, 5).await.is_some());
    assert_eq!(find(&store, 6).await, None);
    assert_eq!(take(&store, 3, 1000).await, Some(0));
    assert_eq!(take(&store, 1, 1000).await, None);
}

pub(crate) async fn a_clock_that_is_behind_gets_no_refill(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(take(&store, 3, 10).await, Some(0));
    assert_eq!(take(&store, 1, 5).await, None);
    assert_eq!(take(&store, 1, 11).await, Some(0));
    assert_eq!(take(&store, 1, 5).await, None);
    assert_eq!(find(&store, 5).await.unwrap().updated_at, at(11), "the clock that is ahead counts");
}

pub(crate) async fn are_apart_by_tenant(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(take(&store, 3, 0).await, Some(0));
    assert_eq!(take_as(&store, umbrella(), 3, 0).await, Some(0));
    assert_eq!(take(&store, 1, 0).await, None);
}

pub(crate) async fn do_01_two_nodes_share_one_bucket(database: Arc<Database>) {
    let nodes = [database.open().await, database.open().await];
    let takers: Vec<_> = (0..20)
        .map(|number: usize| {
            let store = nodes[number % 2].clone();
            tokio::spawn(async move { take(&store, 1, 0).await })
        })
        .collect();
    let mut left = Vec::new();
    for taker in takers {
        left.extend(taker.await.unwrap());
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1000, 2000]);
}

pub(crate) async fn st_04_full_ones_are_removed(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(take(&store, 2, 0).await, Some(1000));
    assert_eq!(cleanup::run_once(&store, at(1), "node").await.unwrap(), Some(0));
    assert_eq!(cleanup::run_once(&store, at(2), "node").await.unwrap(), Some(1));
    assert_eq!(take(&store, 3, 2).await, Some(0));
}
