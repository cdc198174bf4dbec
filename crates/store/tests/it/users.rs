//! Users.

use std::sync::Arc;

use keywright_store::{grants, password_changes, refresh_tokens, sessions, users};

use crate::database::Database;
use crate::rows::{acme, at, family, grant, populate, session, user};

pub(crate) async fn are_found_by_id_email_and_username(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let ann = Some(user("ann"));
    assert_eq!(store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap(), ann);
    let by_email = |connection, email| store.read(move |tx| users::find_by_email(tx, &acme(), connection, email));
    assert_eq!(by_email("database", "ann@example.com").await.unwrap(), ann);
    assert_eq!(by_email("database", "ANN@example.com").await.unwrap(), None);
    assert_eq!(by_email("other", "ann@example.com").await.unwrap(), None);
    let by_username = |connection, name| store.read(move |tx| users::find_by_username(tx, &acme(), connection, name));
    assert_eq!(by_username("database", "ann").await.unwrap(), ann);
    assert_eq!(by_username("other", "ann").await.unwrap(), None);
    for verified in [true, false] {
        assert!(store.write(move |tx| users::set_verified(tx, &acme(), "auth0|ann", verified, at(1))).await.unwrap());
        let row = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap();
        assert_eq!((row.email_verified, row.updated_at), (verified, at(1)));
    }
    assert!(!store.write(|tx| users::set_verified(tx, &acme(), "auth0|gone", true, at(1))).await.unwrap());
}

pub(crate) async fn are_unique_by_email_and_username_in_a_connection(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let insert = |row| store.write(move |tx| users::insert(tx, &acme(), &row));
    let mut same_id = user("bob");
    same_id.user_id = user("ann").user_id;
    assert_eq!(insert(same_id).await.unwrap_err().constraint(), Some("users_pkey"));
    let mut same_email = user("bob");
    same_email.email = user("ann").email;
    assert_eq!(insert(same_email.clone()).await.unwrap_err().constraint(), Some("users_email_key"));
    let mut same_username = user("bob");
    same_username.username = user("ann").username;
    assert_eq!(insert(same_username).await.unwrap_err().constraint(), Some("users_username_key"));

    same_email.connection = "other".to_owned();
    insert(same_email).await.unwrap();
}

pub(crate) async fn without_email_are_many(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for name in ["bob", "cyd"] {
        let mut row = user(name);
        (row.email, row.username, row.password_hash) = (None, None, None);
        let expected = Some(row.clone());
        store.write(move |tx| users::insert(tx, &acme(), &row)).await.unwrap();
        let id = format!("auth0|{name}");
        assert_eq!(store.read(move |tx| users::find(tx, &acme(), &id)).await.unwrap(), expected);
    }
}

pub(crate) async fn record_logins(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let login = |time, ip| store.write(move |tx| users::record_login(tx, &acme(), "auth0|ann", at(time), ip));
    assert!(login(10, Some("2001:db8::1")).await.unwrap());
    assert!(login(20, None).await.unwrap());
    let ann = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap();
    assert_eq!((ann.last_login_at, ann.updated_at, ann.last_ip, ann.logins_count), (Some(at(20)), at(20), None, 2));
    assert!(!store.write(|tx| users::record_login(tx, &acme(), "auth0|bob", at(1), None)).await.unwrap());
}

pub(crate) async fn are_blocked(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for blocked in [true, false] {
        assert!(store.write(move |tx| users::set_blocked(tx, &acme(), "auth0|ann", blocked, at(5))).await.unwrap());
        let ann = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap();
        assert_eq!((ann.blocked, ann.updated_at), (blocked, at(5)));
    }
    assert!(!store.write(|tx| users::set_blocked(tx, &acme(), "auth0|bob", true, at(5))).await.unwrap());
}

pub(crate) async fn change_password_only_from_the_known_hash(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut bob = user("bob");
    bob.password_hash = None;
    store.write(move |tx| users::insert(tx, &acme(), &bob)).await.unwrap();
    let set = |id, old, new| store.write(move |tx| users::set_password_hash(tx, &acme(), id, old, new, at(9)));

    assert!(!set("auth0|ann", Some("$other"), "$2").await.unwrap());
    assert!(!set("auth0|ann", None, "$2").await.unwrap());
    assert!(set("auth0|ann", Some("$argon2id$1"), "$2").await.unwrap());
    assert!(!set("auth0|ann", Some("$argon2id$1"), "$3").await.unwrap());
    let ann = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap();
    assert_eq!((ann.password_hash.as_deref(), ann.updated_at), (Some("$2"), at(9)));
    assert!(set("auth0|bob", None, "$4").await.unwrap());
    assert!(!set("auth0|cyd", None, "$4").await.unwrap());
}

pub(crate) async fn rt_08_deleting_a_user_ends_sessions_grants_and_refresh_tokens(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        users::insert(tx, &acme(), &user("bob"))?;
        sessions::insert(tx, &acme(), &session(1))?;
        let mut of_bob = session(2);
        of_bob.user_id = "auth0|bob".to_owned();
        sessions::insert(tx, &acme(), &of_bob)?;
        grants::extend(tx, &acme(), &grant("g1", "", "openid"))?;
        refresh_tokens::insert(tx, &acme(), &family("f1"))?;
        let mut of_bob = family("f2");
        of_bob.user_id = "auth0|bob".to_owned();
        refresh_tokens::insert(tx, &acme(), &of_bob)
    };
    store.write(fill).await.unwrap();

    assert!(store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(3))).await.unwrap());
    assert!(!store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(4))).await.unwrap());

    assert_eq!(store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap(), None);
    assert_eq!(store.read(|tx| sessions::find(tx, &acme(), &[1; 32], at(1))).await.unwrap(), None);
    assert!(store.read(|tx| sessions::find(tx, &acme(), &[2; 32], at(1))).await.unwrap().is_some());
    assert_eq!(store.read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "")).await.unwrap(), None);
    let revoked = |id| store.read(move |tx| refresh_tokens::find(tx, &acme(), id));
    assert_eq!(revoked("f1").await.unwrap().unwrap().revoked_at, Some(at(3)));
    assert_eq!(revoked("f2").await.unwrap().unwrap().revoked_at, None);
}

pub(crate) async fn change_password_email_and_username(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| users::insert(tx, &acme(), &user("bob"))).await.unwrap();
    let changed = || store.read(|tx| password_changes::find(tx, &acme(), "auth0|ann"));
    assert_eq!(changed().await.unwrap(), None);
    assert!(store.write(|tx| users::set_password(tx, &acme(), "auth0|ann", "$new", at(5))).await.unwrap());
    assert_eq!(changed().await.unwrap(), Some(at(5)));
    let set = |email: &'static str| {
        store.write(move |tx| users::set_email(tx, &acme(), "auth0|ann", Some(email), false, at(6)))
    };
    assert!(set("anna@example.com").await.unwrap());
    assert_eq!(set("bob@example.com").await.unwrap_err().constraint(), Some("users_email_key"));
    let name =
        |name: &'static str| store.write(move |tx| users::set_username(tx, &acme(), "auth0|ann", Some(name), at(7)));
    assert!(name("anna").await.unwrap());
    assert_eq!(name("bob").await.unwrap_err().constraint(), Some("users_username_key"));
    let stored = store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap().unwrap();
    assert_eq!(stored.password_hash.as_deref(), Some("$new"));
    assert_eq!((stored.email.as_deref(), stored.email_verified), (Some("anna@example.com"), false));
    assert_eq!((stored.username.as_deref(), stored.updated_at), (Some("anna"), at(7)));
    assert!(!store.write(|tx| users::set_password(tx, &acme(), "auth0|x", "$", at(5))).await.unwrap());
    assert!(!store.write(|tx| users::set_email(tx, &acme(), "auth0|x", None, true, at(5))).await.unwrap());
    assert!(!store.write(|tx| users::set_username(tx, &acme(), "auth0|x", None, at(5))).await.unwrap());
}

pub(crate) async fn are_counted_by_activity(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let active = |since| store.read(move |tx| users::count_active(tx, &acme(), at(since)));
    assert_eq!(active(0).await.unwrap(), 0, "nobody has logged in");
    store.write(|tx| users::record_login(tx, &acme(), "auth0|ann", at(10), None)).await.unwrap();
    assert_eq!((active(10).await.unwrap(), active(11).await.unwrap()), (1, 0));
}
