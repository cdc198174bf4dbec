//! Signing keys.

use std::sync::Arc;

use keywright_store::signing_keys::{self, KeyState};
use keywright_store::{Store, StoreError, Tx, params};

use crate::database::Database;
use crate::rows::{acme, at, ec_key, populate, signing_key};

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

async fn states(store: &Store) -> Vec<(String, KeyState)> {
    let keys = store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap();
    keys.into_iter().map(|key| (key.kid, key.state)).collect()
}

/// Acme with the current key `a` and the next key `b`.
async fn with_two_keys(database: &Database) -> Store {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Current))).await.unwrap();
    assert!(
        store.write(|tx| signing_keys::insert_next(tx, &acme(), &signing_key("b", KeyState::Current))).await.unwrap()
    );
    store
}

pub(crate) async fn tk_06_move_from_state_to_state(database: Arc<Database>) {
    let store = with_two_keys(&database).await;
    assert!(
        !store.write(|tx| signing_keys::insert_next(tx, &acme(), &signing_key("c", KeyState::Next))).await.unwrap()
    );
    // Each step is taken from its own state only.
    for kid in ["b", "none"] {
        assert!(!store.write(move |tx| signing_keys::retire(tx, &acme(), kid, at(5))).await.unwrap(), "{kid}");
    }
    assert!(!store.write(|tx| signing_keys::promote(tx, &acme(), "a", at(5))).await.unwrap());
    for state in [KeyState::Next, KeyState::Previous] {
        assert!(!store.write(move |tx| signing_keys::revoke(tx, &acme(), "a", state, at(5))).await.unwrap());
    }
    let two = store.write(|tx| signing_keys::promote(tx, &acme(), "b", at(5))).await;
    assert_eq!(two.unwrap_err().constraint(), Some("signing_keys_current_key"), "never two that sign");

    let rotate = |tx: &mut Tx<'_>| {
        assert!(signing_keys::retire(tx, &acme(), "a", at(5))?);
        assert!(signing_keys::promote(tx, &acme(), "b", at(5))?);
        signing_keys::insert(tx, &acme(), &signing_key("c", KeyState::Next))
    };
    store.write(rotate).await.unwrap();
    let expected = [("a", KeyState::Previous), ("b", KeyState::Current), ("c", KeyState::Next)];
    assert_eq!(states(&store).await, expected.map(|(kid, state)| (kid.to_owned(), state)));
    assert!(store.write(|tx| signing_keys::revoke(tx, &acme(), "a", KeyState::Previous, at(9))).await.unwrap());
    assert!(!store.write(|tx| signing_keys::revoke(tx, &acme(), "a", KeyState::Previous, at(10))).await.unwrap());
    let keys = store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap();
    let [a, b, _] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((a.current_until, a.revoked_at, b.current_since), (Some(at(5)), Some(at(9)), Some(at(5))));
    assert!(a.private_key.is_empty() && a.ec.is_none(), "TK-05: nothing of a revoked key is left to steal");
    assert_eq!(a.certificate, signing_key("a", KeyState::Revoked).certificate, "what it signed can be looked at");
}

pub(crate) async fn of_the_version_before_get_their_other_half_once(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    // As version 0001 writes it.
    let old = "INSERT INTO signing_keys (tenant_id, kid, state, private_key, certificate, created_at) \
               VALUES ('acme', 'a', 'current', $1, $1, 0)";
    store.write(move |tx| tx.execute(old, params![vec![1u8]])).await.unwrap();
    assert_eq!(store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap()[0].ec, None);
    assert!(!store.write(|tx| signing_keys::add_ec(tx, &acme(), "none", &ec_key("x"))).await.unwrap());
    assert!(store.write(|tx| signing_keys::add_ec(tx, &acme(), "a", &ec_key("x"))).await.unwrap());
    assert!(!store.write(|tx| signing_keys::add_ec(tx, &acme(), "a", &ec_key("y"))).await.unwrap());
    let keys = store.read(|tx| signing_keys::list(tx, &acme())).await.unwrap();
    assert!(keys[0].ec == Some(ec_key("x")) && keys[0].current_since.is_none());
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
    let second = store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("c", KeyState::Next))).await;
    assert_eq!(second.unwrap_err().constraint(), Some("signing_keys_next_key"));
}

pub(crate) async fn in_an_unknown_state_are_refused(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| signing_keys::insert(tx, &acme(), &signing_key("a", KeyState::Next))).await.unwrap();
    let corrupt = store.write(|tx| tx.execute("UPDATE signing_keys SET state = 'odd'", params![])).await;
    assert!(matches!(corrupt, Err(StoreError::Engine(_))), "{corrupt:?}");
}
