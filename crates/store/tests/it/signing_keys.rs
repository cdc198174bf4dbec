//! Signing keys.

use std::sync::Arc;

use keywright_store::signing_keys::{self, KeyState};
use keywright_store::{StoreError, params};

use crate::database::Database;
use crate::rows::{acme, at, populate, signing_key};

pub(crate) async fn are_listed_in_every_state(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let states = [KeyState::Next, KeyState::Current, KeyState::Previous, KeyState::Revoked];
    let keys: Vec<_> = states
        .into_iter()
        .zip(0i64..)
        .map(|(state, age)| {
            let mut key = signing_key(&format!("kid-{age}"), state);
            key.created_at = at(age);
            key
        })
        .collect();
    for key in keys.clone() {
        store.write(move |tx| signing_keys::insert(tx, &acme(), &key)).await.unwrap();
    }
    assert_eq!(store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap(), keys);
}

pub(crate) async fn change_state(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Current))).await.unwrap();
    assert!(store.write(|tx| signing_keys::set_state(tx, &acme(), "a", KeyState::Revoked)).await.unwrap());
    assert!(!store.write(|tx| signing_keys::set_state(tx, &acme(), "b", KeyState::Revoked)).await.unwrap());
    let keys = store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap();
    assert_eq!(keys, [signing_key("a", KeyState::Revoked)]);
}

pub(crate) async fn are_current_one_at_a_time(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Current))).await.unwrap();
    let second = store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("b", KeyState::Current))).await;
    assert_eq!(second.unwrap_err().constraint(), Some("signing_keys_current_key"));
    let again = store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Next))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("signing_keys_pkey"));

    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("b", KeyState::Next))).await.unwrap();
    let rotate = |tx: &mut keywright_store::Tx<'_>| {
        signing_keys::set_state(tx, &acme(), "a", KeyState::Previous)?;
        signing_keys::set_state(tx, &acme(), "b", KeyState::Current)
    };
    assert!(store.write(rotate).await.unwrap());
}

pub(crate) async fn in_an_unknown_state_are_refused(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Next))).await.unwrap();
    let corrupt = store.write(|tx| tx.execute("UPDATE signing_keys SET state = 'odd'", params![])).await;
    assert!(matches!(corrupt, Err(StoreError::Engine(_))), "{corrupt:?}");
}
