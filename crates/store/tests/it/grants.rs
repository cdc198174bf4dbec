//! Grants: remembered consent.

use std::sync::Arc;

use keywright_store::grants::{self, GrantSearch};

use crate::database::Database;
use crate::rows::{acme, at, grant, populate};

pub(crate) async fn are_extended(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let first = store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "orders", "read write"))).await.unwrap();
    assert_eq!(first, grant("g1", "orders", "read write"));

    let mut more = grant("g2", "orders", "write delete");
    (more.created_at, more.updated_at) = (at(50), at(50));
    let extended = store.write(move |tx| grants::extend(tx, &acme(), &more)).await.unwrap();
    let mut expected = grant("g1", "orders", "read write delete");
    expected.updated_at = at(50);
    assert_eq!(extended, expected);
    let found = store.read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "orders")).await.unwrap();
    assert_eq!(found, Some(expected));
}

pub(crate) async fn ar_07_an_implied_grant_is_no_consent(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    // What the row says of consent is not believed.
    store.write(|tx| grants::imply(tx, &acme(), &grant("g1", "orders", "read read write"))).await.unwrap();
    let mut implied = grant("g1", "orders", "read write");
    implied.consented = false;
    let find = || store.read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "orders"));
    assert_eq!(find().await.unwrap(), Some(implied));

    // The first answer of the user counts for what was asked, not for what was implied.
    let mut answer = grant("g2", "orders", "delete read");
    (answer.consented, answer.updated_at) = (false, at(50));
    let mut expected = grant("g1", "orders", "delete read");
    expected.updated_at = at(50);
    let stored = store.write(move |tx| grants::extend(tx, &acme(), &answer)).await.unwrap();
    assert_eq!(stored, expected);
    assert_eq!(find().await.unwrap(), Some(expected));

    // Also when the scopes are the same.
    store.write(|tx| grants::imply(tx, &acme(), &grant("g3", "", "openid"))).await.unwrap();
    let stored = store.write(|tx| grants::extend(tx, &acme(), &grant("g4", "", "openid"))).await.unwrap();
    assert_eq!(stored, grant("g3", "", "openid"));
    let found = store.read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "")).await.unwrap();
    assert_eq!(found, Some(stored));
}

pub(crate) async fn imply_leaves_a_grant_as_it_is(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut later = grant("g9", "orders", "read write");
    (later.created_at, later.updated_at) = (at(50), at(50));
    store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "orders", "read"))).await.unwrap();
    store.write(|tx| grants::imply(tx, &acme(), &grant("g2", "", "openid"))).await.unwrap();
    for audience in ["orders", ""] {
        let find = || store.read(move |tx| grants::find(tx, &acme(), "auth0|ann", "app", audience));
        let before = find().await.unwrap();
        let mut later = later.clone();
        later.audience = audience.to_owned();
        store.write(move |tx| grants::imply(tx, &acme(), &later)).await.unwrap();
        assert_eq!(find().await.unwrap(), before);
        assert!(before.is_some());
    }
}

pub(crate) async fn are_apart_by_user_client_and_audience(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "", "openid"))).await.unwrap();
    store.write(|tx| grants::extend(tx, &acme(), &grant("g2", "orders", "read"))).await.unwrap();
    let find = |user, client, audience| store.read(move |tx| grants::find(tx, &acme(), user, client, audience));
    assert_eq!(find("auth0|ann", "app", "").await.unwrap(), Some(grant("g1", "", "openid")));
    assert_eq!(find("auth0|ann", "app", "orders").await.unwrap(), Some(grant("g2", "orders", "read")));
    assert_eq!(find("auth0|ann", "app", "users").await.unwrap(), None);
    assert_eq!(find("auth0|ann", "other", "").await.unwrap(), None);
    assert_eq!(find("auth0|bob", "app", "").await.unwrap(), None);
    let same_id = store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "users", "read"))).await;
    assert_eq!(same_id.unwrap_err().constraint(), Some("grants_pkey"));
}

pub(crate) async fn are_deleted(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "", "openid"))).await.unwrap();
    assert!(store.write(|tx| grants::delete(tx, &acme(), "g1")).await.unwrap());
    assert!(!store.write(|tx| grants::delete(tx, &acme(), "g1")).await.unwrap());
    assert_eq!(store.read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "")).await.unwrap(), None);
}

pub(crate) async fn need_a_user(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut row = grant("g1", "", "openid");
    row.user_id = "auth0|nobody".to_owned();
    let mut other = row.clone();
    let refused = store.write(move |tx| grants::extend(tx, &acme(), &row)).await;
    assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"));
    other.grant_id = "g2".to_owned();
    let refused = store.write(move |tx| grants::imply(tx, &acme(), &other)).await;
    assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"));
}

pub(crate) async fn are_found_by_id(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| grants::extend(tx, &acme(), &grant("g1", "orders:api", "openid")).map(drop)).await.unwrap();
    let found = store.read(|tx| grants::find_by_id(tx, &acme(), "g1")).await.unwrap();
    assert_eq!(found, Some(grant("g1", "orders:api", "openid")));
    assert_eq!(store.read(|tx| grants::find_by_id(tx, &acme(), "g2")).await.unwrap(), None);
}

pub(crate) async fn are_listed_and_counted(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for (id, audience) in [("g1", ""), ("g2", "a"), ("g3", "b")] {
        store.write(move |tx| grants::extend(tx, &acme(), &grant(id, audience, "openid"))).await.unwrap();
    }
    let wanted = |user: &str, client: &str, audience: &str| GrantSearch {
        user_id: user.to_owned(),
        client_id: client.to_owned(),
        audience: audience.to_owned(),
    };
    for (search, expected) in [
        (wanted("", "", ""), 3),
        (wanted("auth0|ann", "", ""), 3),
        (wanted("auth0|ann", "app", "a"), 1),
        (wanted("", "app", "b"), 1),
        (wanted("", "other", ""), 0),
        (wanted("auth0|bob", "", ""), 0),
    ] {
        let page = search.clone();
        let found = store.read(move |tx| grants::page(tx, &acme(), &page, 0, 9)).await.unwrap();
        let counted = search.clone();
        let count = store.read(move |tx| grants::count(tx, &acme(), &counted, 9)).await.unwrap();
        assert_eq!((found.len(), count), (expected, i64::try_from(expected).unwrap()), "{search:?}");
    }
    let second = store.read(|tx| grants::page(tx, &acme(), &GrantSearch::default(), 1, 1)).await.unwrap();
    assert_eq!(second[0].grant_id, "g2");
    assert_eq!(store.read(|tx| grants::count(tx, &acme(), &GrantSearch::default(), 2)).await.unwrap(), 2);
    assert_eq!(store.write(|tx| grants::delete_for_user(tx, &acme(), "auth0|ann")).await.unwrap(), 3);
}
