//! Failed logins, attempts by network, known devices and mailed tickets.

use std::sync::Arc;

use keywright_store::network_attempts::{self, Allowance};
use keywright_store::tickets::{TicketRow, TicketStanding};
use keywright_store::{Store, StoreError, Tx, known_devices, login_failures, tickets, users};

use crate::database::Database;
use crate::rows::{acme, at, populate, ticket, user};

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
        store.write(move |tx| tickets::insert(tx, &acme(), &ticket(digest, kind, user_id)))
    };
    let find = |digest: [u8; 32], kind: &'static str, second| {
        let good = |found: tickets::Ticket| (found.standing == TicketStanding::Good).then_some(found.user_id);
        store.read(move |tx| Ok::<_, StoreError>(tickets::find(tx, &acme(), &digest, kind, at(second))?.and_then(good)))
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
    let set =
        |kind: &'static str| store.write(move |tx| tickets::set_document(tx, &acme(), &[1; 32], kind, r#"{"a":1}"#));
    assert!(!set("reset").await.unwrap());
    assert!(set("unblock").await.unwrap());
    assert_eq!(take([1; 32], "unblock", 1).await.unwrap(), ann);
    assert_eq!(take([1; 32], "unblock", 1).await.unwrap(), None, "used");
    assert!(!set("unblock").await.unwrap(), "what was used says what it said");
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

pub(crate) async fn lg_12_tickets_end_with_the_address_that_they_were_made_for(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let own = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap().email;
    assert!(own.is_some());
    let find = |digest: [u8; 32]| {
        store.read(move |tx| {
            let found = tickets::find(tx, &acme(), &digest, "reset", at(1))?.unwrap();
            Ok::<_, StoreError>((found.standing, found.document))
        })
    };
    let take = |digest: [u8; 32]| store.write(move |tx| tickets::take(tx, &acme(), &digest, "reset", at(1)));
    let add = |digest: [u8; 32], email: Option<String>| {
        let row = TicketRow { email, document: Some("{}".to_owned()), ..ticket(digest, "reset", "auth0|ann") };
        store.write(move |tx| tickets::insert(tx, &acme(), &row))
    };
    let change = |email: &'static str| {
        store.write(move |tx| users::set_email(tx, &acme(), "auth0|ann", Some(email), true, at(1)))
    };
    add([1; 32], own).await.unwrap();
    assert_eq!(find([1; 32]).await.unwrap(), (TicketStanding::Good, Some("{}".to_owned())));
    change("ann@elsewhere.example").await.unwrap();
    assert_eq!(find([1; 32]).await.unwrap().0, TicketStanding::Foreign);
    assert_eq!(take([1; 32]).await.unwrap(), None, "by the same write that would use it up");
    add([2; 32], Some("ann@elsewhere.example".to_owned())).await.unwrap();
    store.write(|tx| tickets::end_for_user(tx, &acme(), "auth0|bob", at(1))).await.unwrap();
    store.write(|tx| tickets::end_kind(tx, &acme(), "auth0|ann", "unblock", at(1))).await.unwrap();
    assert_eq!(find([2; 32]).await.unwrap().0, TicketStanding::Good);
    store.write(|tx| tickets::end_for_user(tx, &acme(), "auth0|ann", at(1))).await.unwrap();
    assert_eq!(find([2; 32]).await.unwrap().0, TicketStanding::Used);
    assert_eq!(take([2; 32]).await.unwrap(), None);
    // Mails are written in any order.
    let late = TicketRow { created_at: at(-1), ..ticket([4; 32], "reset", "auth0|ann") };
    store.write(move |tx| tickets::insert(tx, &acme(), &late)).await.unwrap();
    assert_eq!(find([4; 32]).await.unwrap().0, TicketStanding::Used, "a newer one was there before");
    add([3; 32], None).await.unwrap();
    assert_eq!(find([3; 32]).await.unwrap().0, TicketStanding::Good);
    store.write(|tx| tickets::end_kind(tx, &acme(), "auth0|ann", "reset", at(1))).await.unwrap();
    assert_eq!(find([3; 32]).await.unwrap().0, TicketStanding::Used);
}

pub(crate) async fn dv_01_a_network_without_wrong_guesses_is_known(database: Arc<Database>) {
    let store = database.open().await;
    let allowance = network_attempts::Allowance { burst: 3, rate: 1000 };
    let full = |second| {
        let store = &store;
        async move { store.read(move |tx| network_attempts::is_full(tx, &acme(), "s", "n", at(second))).await.unwrap() }
    };
    assert!(full(0).await);
    store.write(move |tx| network_attempts::take(tx, &acme(), "s", "n", allowance, at(0))).await.unwrap();
    assert!(!full(0).await);
    assert!(full(1).await, "it has come back");
    store.write(move |tx| network_attempts::give_back(tx, &acme(), "s", "n", allowance)).await.unwrap();
    assert!(full(0).await);
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
