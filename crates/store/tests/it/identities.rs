//! Linked identities (`management-api.md` §5.5).

use std::sync::Arc;

use keywright_store::identities::{self, Linked};
use keywright_store::users::UserRow;
use keywright_store::{Store, Tx, grants, users};

use crate::database::Database;
use crate::rows::{acme, at, grant, populate, user};

async fn add(store: &Store, name: &'static str) {
    store.write(move |tx| users::insert(tx, &acme(), &user(name))).await.unwrap();
}

async fn link(store: &Store, primary: &'static str, secondary: &'static str) -> Linked {
    let job = move |tx: &mut Tx<'_>| identities::link(tx, &acme(), primary, secondary, at(9));
    store.write(job).await.unwrap()
}

pub(crate) async fn are_linked_once_and_unlinked(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let bob = UserRow { app_metadata: r#"{"plan":"x"}"#.to_owned(), blocked: true, ..user("bob") };
    let stored = bob.clone();
    store.write(move |tx| users::insert(tx, &acme(), &stored)).await.unwrap();
    add(&store, "cyd").await;
    let of_bob = keywright_store::grants::GrantRow { user_id: "auth0|bob".to_owned(), ..grant("g", "", "openid") };
    store.write(move |tx| grants::extend(tx, &acme(), &of_bob)).await.unwrap();

    assert_eq!(link(&store, "auth0|ann", "auth0|nobody").await, Linked::NoSecondary);
    assert_eq!(link(&store, "auth0|nobody", "auth0|ann").await, Linked::NoPrimary);
    assert_eq!(link(&store, "auth0|ann", "auth0|bob").await, Linked::Done);
    assert_eq!(link(&store, "auth0|ann", "auth0|bob").await, Linked::Already);
    assert_eq!(link(&store, "auth0|cyd", "auth0|bob").await, Linked::Already);
    assert_eq!(link(&store, "auth0|bob", "auth0|cyd").await, Linked::NoPrimary);

    // No user of its own any more.
    let find = |id: &'static str| store.read(move |tx| users::find(tx, &acme(), id));
    assert_eq!(find("auth0|bob").await.unwrap(), None);
    let by_email = store.read(|tx| users::list_by_email(tx, &acme(), "bob@example.com")).await.unwrap();
    assert_eq!(by_email, []);
    assert_eq!(store.read(|tx| users::count(tx, &acme())).await.unwrap(), 2);
    assert_eq!(store.read(|tx| grants::find_by_id(tx, &acme(), "g")).await.unwrap(), None);
    assert!(!store.write(|tx| users::record_login(tx, &acme(), "auth0|bob", at(1), None)).await.unwrap());
    // Its address stays taken, and leads to the account.
    let account = store.read(|tx| users::find_by_email(tx, &acme(), "database", "bob@example.com")).await.unwrap();
    let expected = UserRow { app_metadata: "{}".to_owned(), blocked: false, ..bob };
    assert_eq!(account.as_ref(), Some(&expected));
    let primary = |id: &'static str| store.read(move |tx| identities::primary_of(tx, &acme(), id));
    assert_eq!(primary("auth0|bob").await.unwrap().as_deref(), Some("auth0|ann"));
    assert_eq!(primary("auth0|ann").await.unwrap(), None);
    let of_ann = store.read(|tx| identities::list(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(of_ann, std::slice::from_ref(&expected));
    let ids = store.read(|tx| identities::ids(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(ids, ["auth0|bob"]);
    let mut taken = user("dan");
    taken.email = Some("bob@example.com".to_owned());
    let taken = store.write(move |tx| users::insert(tx, &acme(), &taken)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("users_email_key"));

    // Who is linked takes what is linked to them along.
    assert_eq!(link(&store, "auth0|cyd", "auth0|ann").await, Linked::Done);
    let ids = store.read(|tx| identities::ids(tx, &acme(), "auth0|cyd")).await.unwrap();
    assert_eq!(ids.len(), 2);

    let unlink =
        |primary: &'static str, id: &'static str| store.write(move |tx| identities::unlink(tx, &acme(), primary, id));
    assert!(!unlink("auth0|ann", "auth0|bob").await.unwrap());
    assert!(unlink("auth0|cyd", "auth0|bob").await.unwrap());
    assert!(!unlink("auth0|cyd", "auth0|bob").await.unwrap());
    assert_eq!(find("auth0|bob").await.unwrap(), Some(expected), "with its password");
}

pub(crate) async fn go_with_their_user(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    add(&store, "bob").await;
    assert_eq!(link(&store, "auth0|ann", "auth0|bob").await, Linked::Done);
    assert!(store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(1))).await.unwrap());
    let account = store.read(|tx| users::find_account(tx, &acme(), "auth0|bob")).await.unwrap();
    assert_eq!(account, None);
}

pub(crate) async fn one_of_many_links_wins(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    populate(&stores[0]).await;
    for name in ["bob", "cyd"] {
        add(&stores[0], name).await;
    }
    let mut running = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = stores[number % 2].clone();
        let primary = if number % 3 == 0 { "auth0|ann" } else { "auth0|cyd" };
        running.spawn(async move { link(&store, primary, "auth0|bob").await });
    }
    let outcomes = running.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Linked::Done).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Linked::Done | Linked::Already)), "{outcomes:?}");
}

pub(crate) async fn two_that_are_linked_to_each_other_end_as_one(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    populate(&stores[0]).await;
    add(&stores[0], "bob").await;
    for _ in 0..5 {
        let there = tokio::spawn({
            let store = stores[0].clone();
            async move { link(&store, "auth0|ann", "auth0|bob").await }
        });
        let back = tokio::spawn({
            let store = stores[1].clone();
            async move { link(&store, "auth0|bob", "auth0|ann").await }
        });
        let outcomes = [there.await.unwrap(), back.await.unwrap()];
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Linked::Done).count(), 1, "{outcomes:?}");
        assert_eq!(stores[0].read(|tx| users::count(tx, &acme())).await.unwrap(), 1);
        for (primary, account) in [("auth0|ann", "auth0|bob"), ("auth0|bob", "auth0|ann")] {
            stores[0].write(move |tx| identities::unlink(tx, &acme(), primary, account)).await.unwrap();
        }
    }
}
