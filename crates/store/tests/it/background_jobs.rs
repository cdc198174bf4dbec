//! Background jobs: one node at a time, and none gets lost.

use std::sync::Arc;

use keywright_store::jobs::JobCount;
use keywright_store::{Store, Waiting, jobs};

use crate::database::Database;
use crate::rows::{acme, at, job, populate, umbrella};

/// Identifiers of the jobs that were taken.
async fn take(store: &Store, now: i64, name: &'static str, limit: i64) -> Vec<String> {
    let taken = store.write(move |tx| jobs::claim(tx, "mail", at(now), name, at(now + 60), limit)).await.unwrap();
    assert!(taken.iter().all(|(_, row)| row.claim.as_deref() == Some(name) && row.run_at == at(now + 60)));
    taken.into_iter().map(|(tenant, row)| format!("{}/{}", tenant.as_str(), row.job_id)).collect()
}

async fn is_due(store: &Store, now: i64) -> bool {
    store.read(move |tx| jobs::is_due(tx, "mail", at(now))).await.unwrap()
}

async fn filled(database: &Database, rows: &[(&'static str, i64)]) -> Store {
    let store = database.open().await;
    populate(&store).await;
    for (id, second) in rows.iter().copied() {
        store.write(move |tx| jobs::insert(tx, &acme(), &job(id, second))).await.unwrap();
    }
    store
}

pub(crate) async fn are_taken_when_they_are_due(database: Arc<Database>) {
    let store = filled(&database, &[("late", 20), ("early", 10), ("first", 5)]).await;
    store.write(|tx| jobs::insert(tx, &umbrella(), &job("first", 7))).await.unwrap();
    assert!(!is_due(&store, 4).await && is_due(&store, 5).await);
    assert_eq!(take(&store, 4, "a", 9).await, Vec::<String>::new());
    assert_eq!(take(&store, 15, "a", 1).await, ["acme/first"], "the oldest first");
    let mut taken = take(&store, 15, "b", 9).await;
    taken.sort();
    assert_eq!(taken, ["acme/early", "umbrella/first"]);
    assert_eq!(take(&store, 15, "c", 9).await, Vec::<String>::new());
    assert!(!store.read(|tx| jobs::is_due(tx, "logout", at(99))).await.unwrap(), "another kind");
    let stored = store.read(|tx| jobs::find(tx, &acme(), "first")).await.unwrap().unwrap();
    assert_eq!((stored.attempts, stored.payload, stored.created_at), (1, vec![0, 255], at(0)));
    assert!(store.read(|tx| jobs::find(tx, &acme(), "other")).await.unwrap().is_none());
}

pub(crate) async fn are_taken_over_when_their_node_dies(database: Arc<Database>) {
    let store = filled(&database, &[("first", 0)]).await;
    assert_eq!(take(&store, 0, "a", 9).await, ["acme/first"]);
    assert!(!is_due(&store, 59).await);
    assert_eq!(take(&store, 59, "b", 9).await, Vec::<String>::new());
    assert_eq!(take(&store, 60, "b", 9).await, ["acme/first"]);
    // The node was only slow; what it says counts for nothing now.
    assert!(!store.write(|tx| jobs::complete(tx, &acme(), "first", "a")).await.unwrap());
    assert!(!store.write(|tx| jobs::retry(tx, &acme(), "first", "a", at(61), "slow")).await.unwrap());
    assert!(!store.write(|tx| jobs::give_up(tx, &acme(), "first", "a", at(61), "slow")).await.unwrap());
    let stored = store.read(|tx| jobs::find(tx, &acme(), "first")).await.unwrap().unwrap();
    assert_eq!((stored.attempts, stored.failure), (2, None));
    assert!(store.write(|tx| jobs::complete(tx, &acme(), "first", "b")).await.unwrap());
    assert!(store.read(|tx| jobs::find(tx, &acme(), "first")).await.unwrap().is_none());
}

pub(crate) async fn are_done_put_back_or_given_up(database: Arc<Database>) {
    let store = filled(&database, &[("done", 0), ("again", 0), ("lost", 0)]).await;
    assert_eq!(take(&store, 0, "a", 9).await.len(), 3);
    assert!(store.write(|tx| jobs::complete(tx, &acme(), "done", "a")).await.unwrap());
    assert!(store.write(|tx| jobs::retry(tx, &acme(), "again", "a", at(30), "503")).await.unwrap());
    assert!(store.write(|tx| jobs::give_up(tx, &acme(), "lost", "a", at(2), "400")).await.unwrap());
    assert_eq!(take(&store, 29, "b", 9).await, Vec::<String>::new());
    assert_eq!(take(&store, 9999, "b", 9).await, ["acme/again"], "what was given up is not taken again");
    let again = store.read(|tx| jobs::find(tx, &acme(), "again")).await.unwrap().unwrap();
    assert_eq!((again.attempts, again.failure.as_deref(), again.failed_at), (2, Some("503"), None));
    let failed = store.read(|tx| jobs::failed(tx, &acme(), 10)).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].job_id.as_str(), failed[0].failed_at, failed[0].failure.as_deref()),
        ("lost", Some(at(2)), Some("400"))
    );
    assert!(store.read(|tx| jobs::failed(tx, &acme(), 0)).await.unwrap().is_empty());
}

pub(crate) async fn are_taken_by_one_of_many_nodes(database: Arc<Database>) {
    let store = filled(&database, &[]).await;
    store
        .write(|tx| (0..40).try_for_each(|number| jobs::insert(tx, &acme(), &job(&format!("{number:02}"), 0))))
        .await
        .unwrap();
    let nodes: Vec<_> = ["a", "b", "c", "d"]
        .map(|name| {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                let node = database.open().await;
                let mut all = Vec::new();
                for _ in 0..10 {
                    all.extend(take(&node, 1, name, 7).await);
                }
                all
            })
        })
        .into_iter()
        .collect();
    let mut all = Vec::new();
    for node in nodes {
        all.extend(node.await.unwrap());
    }
    all.sort();
    let expected: Vec<String> = (0..40).map(|number| format!("acme/{number:02}")).collect();
    assert_eq!(all, expected, "each once");
}

pub(crate) async fn are_counted_for_the_operator(database: Arc<Database>) {
    let store = filled(&database, &[("first", 0), ("second", 5)]).await;
    store.write(|tx| jobs::insert(tx, &umbrella(), &job("first", 7))).await.unwrap();
    assert_eq!(take(&store, 0, "a", 1).await, ["acme/first"]);
    assert_eq!(store.read(jobs::count).await.unwrap(), JobCount { pending: 3, failed: 0 });
    assert!(store.write(|tx| jobs::give_up(tx, &acme(), "first", "a", at(1), "gone")).await.unwrap());
    assert_eq!(store.read(jobs::count).await.unwrap(), JobCount { pending: 2, failed: 1 });
    assert_eq!(store.waiting(), Waiting::default(), "nothing is left in the queues");
}
