//! Codes of the device flow.

use std::sync::Arc;

use keywright_store::device_codes::{self, DeviceCodeRow, DeviceCodeState};
use keywright_store::{Store, StoreError, Tx};

use crate::database::Database;
use crate::rows::{acme, approval, at, device_code};

async fn with_code(database: &Database) -> Store {
    let store = database.open().await;
    store.write(|tx| device_codes::insert(tx, &acme(), &device_code(1))).await.unwrap();
    store
}

async fn find(store: &Store) -> Option<DeviceCodeRow> {
    store.read(|tx| device_codes::find(tx, &acme(), &[1; 32])).await.unwrap()
}

async fn typed(store: &Store, seconds: i64) -> Option<DeviceCodeRow> {
    store.read(move |tx| device_codes::find_by_user_code(tx, &acme(), &[101; 32], at(seconds))).await.unwrap()
}

/// What each step would do to the code at this moment, without doing it.
async fn possible(store: &Store, seconds: i64) -> Vec<&'static str> {
    /// Undoes what was tried.
    struct Tried(bool);
    impl From<StoreError> for Tried {
        fn from(error: StoreError) -> Self {
            panic!("{error}")
        }
    }
    type Step = fn(&mut Tx<'_>, i64) -> Result<bool, StoreError>;
    let steps: [(&'static str, Step); 7] = [
        ("slow_down", |tx, at_second| device_codes::slow_down(tx, &acme(), &[1; 32], 5, at(at_second))),
        ("approve", |tx, at_second| device_codes::approve(tx, &acme(), &[1; 32], "app", &approval(), at(at_second))),
        ("approve for another", |tx, at_second| {
            device_codes::approve(tx, &acme(), &[1; 32], "other", &approval(), at(at_second))
        }),
        ("deny", |tx, at_second| device_codes::deny(tx, &acme(), &[1; 32], "no", at(at_second))),
        ("consume", |tx, at_second| device_codes::consume(tx, &acme(), &[1; 32], at(at_second))),
        ("refuse", |tx, at_second| device_codes::refuse(tx, &acme(), &[1; 32], at(at_second))),
        ("close", |tx, at_second| device_codes::close(tx, &acme(), &[1; 32], at(at_second))),
    ];
    let mut possible = Vec::new();
    for (name, step) in steps {
        let Err(Tried(done)) = store.write::<(), Tried, _>(move |tx| Err(Tried(step(tx, seconds)?))).await else {
            unreachable!("the job fails")
        };
        if done {
            possible.push(name);
        }
    }
    possible
}

pub(crate) async fn are_found_by_both_codes(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert_eq!(find(&store).await, Some(device_code(1)));
    assert_eq!(typed(&store, 0).await, Some(device_code(1)));
    assert_eq!(typed(&store, 60).await, None, "nobody can enter it when its time is over");
    assert_eq!(find(&store).await, Some(device_code(1)));
    assert_eq!(store.read(|tx| device_codes::find(tx, &acme(), &[101; 32])).await.unwrap(), None);
}

pub(crate) async fn have_unique_codes_among_those_that_can_be_typed(database: Arc<Database>) {
    let store = with_code(&database).await;
    let again = store.write(|tx| device_codes::insert(tx, &acme(), &device_code(1))).await.unwrap_err();
    assert!(again.constraint().is_some());
    let twin = || DeviceCodeRow { code_digest: vec![2; 32], ..device_code(1) };
    let taken = store.write(move |tx| device_codes::insert(tx, &acme(), &twin())).await.unwrap_err();
    assert_eq!(taken.constraint(), Some("device_codes_user_code_key"));
    store.write(|tx| device_codes::deny(tx, &acme(), &[1; 32], "no", at(1))).await.unwrap();
    store.write(move |tx| device_codes::insert(tx, &acme(), &twin())).await.unwrap();
    assert_eq!(typed(&store, 1).await.unwrap().code_digest, vec![2; 32]);
}

pub(crate) async fn dv_04_waiting_ones_are_slowed_down(database: Arc<Database>) {
    let store = with_code(&database).await;
    for expected in [10, 15] {
        assert!(store.write(|tx| device_codes::slow_down(tx, &acme(), &[1; 32], 5, at(1))).await.unwrap());
        assert_eq!(find(&store).await.unwrap().poll_interval, expected);
    }
}

pub(crate) async fn dv_06_each_state_has_its_steps(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert_eq!(possible(&store, 59).await, ["slow_down", "approve", "deny"]);
    assert_eq!(possible(&store, 60).await, ["close"], "its time is over");
    // Approved.
    assert!(store.write(|tx| device_codes::approve(tx, &acme(), &[1; 32], "app", &approval(), at(1))).await.unwrap());
    let approved = DeviceCodeRow {
        user_code_digest: None,
        state: DeviceCodeState::Approved,
        approval: Some(approval()),
        ..device_code(1)
    };
    assert_eq!((find(&store).await, typed(&store, 1).await), (Some(approved.clone()), None));
    assert_eq!(possible(&store, 59).await, ["consume", "refuse"]);
    assert_eq!(possible(&store, 60).await, ["close"]);
    // Taken.
    assert!(store.write(|tx| device_codes::consume(tx, &acme(), &[1; 32], at(2))).await.unwrap());
    assert_eq!(find(&store).await, Some(DeviceCodeRow { ended_at: Some(at(2)), ..approved }));
    assert_eq!(possible(&store, 3).await, Vec::<&str>::new());
    assert_eq!(possible(&store, 60).await, Vec::<&str>::new());
}

pub(crate) async fn dv_06_a_denied_one_is_told_once(database: Arc<Database>) {
    let store = with_code(&database).await;
    assert!(store.write(|tx| device_codes::deny(tx, &acme(), &[1; 32], "no", at(1))).await.unwrap());
    let denied = find(&store).await.unwrap();
    assert_eq!((denied.state, denied.denial.as_deref()), (DeviceCodeState::Denied, Some("no")));
    assert_eq!((possible(&store, 1).await, possible(&store, 60).await), (vec!["close"], vec!["close"]));
    assert!(store.write(|tx| device_codes::close(tx, &acme(), &[1; 32], at(1))).await.unwrap());
    assert_eq!(possible(&store, 1).await, Vec::<&str>::new());
}

pub(crate) async fn dv_06_an_approved_one_can_end_without_tokens(database: Arc<Database>) {
    let store = with_code(&database).await;
    store.write(|tx| device_codes::approve(tx, &acme(), &[1; 32], "app", &approval(), at(1))).await.unwrap();
    assert!(store.write(|tx| device_codes::refuse(tx, &acme(), &[1; 32], at(2))).await.unwrap());
    let refused = find(&store).await.unwrap();
    assert_eq!((refused.state, refused.ended_at), (DeviceCodeState::Denied, Some(at(2))));
    assert_eq!(possible(&store, 2).await, Vec::<&str>::new());
}
