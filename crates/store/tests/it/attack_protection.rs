//! Failed logins, attempts by network, known devices and mailed tickets.

use std::sync::Arc;

use keywright_store::network_attempts::{self, Allowance};
use keywright_store::{Store, Tx, known_devices, login_failures, tickets, users};

use crate::database::Database;
use crate::rows::{acme, at, populate, user};

const ACCOUNT: [u8; 32] = [7; 32];

/// Counts a failure that is kept for 100 seconds; the limit is 3.
async fn fail(store: &Store, origin: &'static str, second: i64) -> Option<i64> {
    let count =
        store.write(move |tx| login_failures::count(tx, &acme(), &ACCOUNT, origin, 3, at(second), at(second + 100)));
    count.await.unwrap()
}

async fn failures(store: &Store, second: i64) -> Vec<(String, i64)> {
    store.read(move |tx| login_failures::list(tx, &acme(), &ACCOUNT, at(second))).await.unwrap()
}

fn of(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    pairs.iter().map(|(origin, failures)| ((*origin).to_owned(), *failures)).collect()
}

pub(crate) async fn lg_07_failures_are_counted_up_to_the_limit(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(fail(&store, "192.0.2.7", 0).await, Some(1));
    assert_eq!(fail(&store, "192.0.2.7", 10).await, Some(2));
    assert_eq!(fail(&store, "192.0.2.8", 10).await, Some(1), "origins count apart");
    assert_eq!(fail(&store, "192.0.2.7", 20).await, Some(3));
    assert_eq!(fail(&store, "192.0.2.7", 119).await, None);
    assert_eq!(failures(&store, 119).await, of(&[("192.0.2.7", 3)]));
    assert_eq!(fail(&store, "192.0.2.7", 120).await, Some(1), "attempts during the block did not prolong it");
    assert_eq!(failures(&store, 120).await, of(&[("192.0.2.7", 1)]));
}

pub(crate) async fn failures_are_taken_back_reset_and_cleared(database: Arc<Database>) {
    let store = database.open().await;
    for _ in 0..2 {
        fail(&store, "a", 0).await;
    }
    fail(&store, "b", 0).await;
    store.write(|tx| login_failures::take_back(tx, &acme(), &ACCOUNT, "a")).await.unwrap();
    assert_eq!(failures(&store, 1).await, of(&[("a", 1), ("b", 1)]));
    for _ in 0..3 {
        store.write(|tx| login_failures::take_back(tx, &acme(), &ACCOUNT, "a")).await.unwrap();
    }
    assert_eq!(failures(&store, 1).await, of(&[("a", 0), ("b", 1)]), "never below nothing");
    store.write(|tx| login_failures::reset(tx, &acme(), &ACCOUNT, "a")).await.unwrap();
    assert_eq!(failures(&store, 1).await, of(&[("b", 1)]));
    fail(&store, "a", 1).await;
    assert_eq!(store.write(|tx| login_failures::clear(tx, &acme(), &ACCOUNT)).await.unwrap(), 2);
    assert_eq!(failures(&store, 1).await, of(&[]));
    assert_eq!(fail(&store, "b", 2).await, Some(1));
}

/// Three attempts at once, one comes back every 10 seconds.
const ALLOWANCE: Allowance = Allowance { burst: 3, rate: 10_000 };

async fn attempt(store: &Store, network: &'static str, second: i64) -> Option<jiff::Timestamp> {
    let take = move |tx: &mut Tx<'_>| network_attempts::take(tx, &acme(), "pre-login", network, ALLOWANCE, at(second));
    store.write(take).await.unwrap()
}

pub(crate) async fn attempts_of_a_network_come_back_one_by_one(database: Arc<Database>) {
    let store = database.open().await;
    for _ in 0..3 {
        assert_eq!(attempt(&store, "192.0.2.7", 0).await, None);
    }
    assert_eq!(attempt(&store, "192.0.2.7", 0).await, Some(at(10)));
    assert_eq!(attempt(&store, "192.0.2.7", 9).await, Some(at(10)), "a refused attempt costs nothing");
    assert_eq!(attempt(&store, "192.0.2.8", 9).await, None, "networks count apart");
    assert_eq!(attempt(&store, "192.0.2.7", 10).await, None);
    assert_eq!(attempt(&store, "192.0.2.7", 10).await, Some(at(20)));
    let other = Allowance { burst: 1, rate: 1000 };
    let signup = move |tx: &mut Tx<'_>| network_attempts::take(tx, &acme(), "sign-up", "192.0.2.7", other, at(10));
    assert_eq!(store.write(signup).await.unwrap(), None, "stages count apart");
    assert_eq!(store.write(signup).await.unwrap(), Some(at(11)));
    let back = |tx: &mut Tx<'_>| network_attempts::give_back(tx, &acme(), "pre-login", "192.0.2.7", ALLOWANCE);
    store.write(back).await.unwrap();
    assert_eq!(attempt(&store, "192.0.2.7", 10).await, None);
    assert_eq!(attempt(&store, "192.0.2.7", 10).await, Some(at(20)));
    for _ in 0..3 {
        assert_eq!(attempt(&store, "192.0.2.7", 1000).await, None, "full again, and never more than full");
    }
    assert!(attempt(&store, "192.0.2.7", 1000).await.is_some());
}

pub(crate) async fn lg_08_devices_are_known_until_they_are_forgotten(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let is_known = |device: [u8; 32], second| {
        store.read(move |tx| known_devices::is_known(tx, &acme(), "auth0|ann", &device, at(second)))
    };
    let remember =
        |until| store.write(move |tx| known_devices::remember(tx, &acme(), "auth0|ann", &[1; 32], at(until)));
    remember(10).await.unwrap();
    assert!(is_known([1; 32], 9).await.unwrap() && !is_known([2; 32], 9).await.unwrap());
    assert!(!is_known([1; 32], 10).await.unwrap());
    remember(20).await.unwrap();
    assert!(is_known([1; 32], 10).await.unwrap());
    store.write(|tx| known_devices::forget(tx, &acme(), "auth0|ann")).await.unwrap();
    assert!(!is_known([1; 32], 1).await.unwrap());
    let nobody = store.write(|tx| known_devices::remember(tx, &acme(), "auth0|gone", &[1; 32], at(1))).await;
    assert_eq!(nobody.unwrap_err().constraint(), Some("foreign_key"));
}

pub(crate) async fn lg_12_tickets_are_used_once_and_superseded(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| users::insert(tx, &acme(), &user("bob"))).await.unwrap();
    let add = |digest: [u8; 32], kind: &'static str, user_id: &'static str| {
        store.write(move |tx| tickets::insert(tx, &acme(), &digest, kind, user_id, at(0), at(60)))
    };
    let find = |digest: [u8; 32], kind: &'static str, second| {
        store.read(move |tx| tickets::find(tx, &acme(), &digest, kind, at(second)))
    };
    let take = |digest: [u8; 32], kind: &'static str, second| {
        store.write(move |tx| tickets::take(tx, &acme(), &digest, kind, at(second)))
    };
    let ann = Some("auth0|ann".to_owned());
    add([1; 32], "unblock", "auth0|ann").await.unwrap();
    assert_eq!(find([1; 32], "unblock", 59).await.unwrap(), ann);
    assert_eq!(find([1; 32], "unblock", 60).await.unwrap(), None, "expired");
    assert_eq!(take([1; 32], "unblock", 60).await.unwrap(), None);
    assert_eq!(take([1; 32], "reset", 1).await.unwrap(), None, "another purpose");
    assert_eq!(take([1; 32], "unblock", 1).await.unwrap(), ann);
    assert_eq!(take([1; 32], "unblock", 1).await.unwrap(), None, "used");
    add([1; 32], "unblock", "auth0|ann").await.unwrap();
    assert_eq!(find([1; 32], "unblock", 1).await.unwrap(), None, "a used ticket is never good again");
    for (digest, kind, user_id) in
        [([2; 32], "unblock", "auth0|ann"), ([3; 32], "reset", "auth0|ann"), ([4; 32], "unblock", "auth0|bob")]
    {
        add(digest, kind, user_id).await.unwrap();
    }
    add([5; 32], "unblock", "auth0|ann").await.unwrap();
    assert_eq!(find([2; 32], "unblock", 1).await.unwrap(), None, "there is a newer one");
    assert_eq!(find([5; 32], "unblock", 1).await.unwrap(), ann);
    assert_eq!(find([3; 32], "reset", 1).await.unwrap(), ann);
    assert!(find([4; 32], "unblock", 1).await.unwrap().is_some());
    assert_eq!(add([6; 32], "unblock", "auth0|gone").await.unwrap_err().constraint(), Some("foreign_key"));
}

pub(crate) async fn attempts_of_a_network_are_given_back(database: Arc<Database>) {
    let store = database.open().await;
    let empty = |time| {
        store.read(move |tx| network_attempts::is_empty(tx, &acme(), "pre-login", "192.0.2.7", ALLOWANCE, at(time)))
    };
    assert!(!empty(0).await.unwrap());
    for _ in 0..3 {
        assert!(!empty(0).await.unwrap());
        assert_eq!(attempt(&store, "192.0.2.7", 0).await, None);
    }
    assert_eq!((empty(0).await.unwrap(), empty(9).await.unwrap(), empty(10).await.unwrap()), (true, true, false));
    let refill = || store.write(|tx| network_attempts::refill(tx, &acme(), "pre-login", "192.0.2.7"));
    assert!(refill().await.unwrap());
    assert!(!refill().await.unwrap());
    assert!(!empty(0).await.unwrap());
}
