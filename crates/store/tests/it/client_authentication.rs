//! Keys and secrets of applications, identifiers that count once, pushed requests, revoked access tokens.

use std::sync::Arc;

use keywright_store::client_credentials::ClientCredentialRow;
use keywright_store::client_secrets::ClientSecretRow;
use keywright_store::{
    Store, client_credentials, client_secrets, clients, pushed_requests, revoked_access_tokens, used_jwt_ids,
};

use crate::database::Database;
use crate::rows::{acme, at, credential, populate, pushed_request, secret};

async fn opened(database: &Database) -> Store {
    let store = database.open().await;
    populate(&store).await;
    store
}

async fn credentials(store: &Store) -> Vec<ClientCredentialRow> {
    store.read(|tx| client_credentials::list(tx, &acme(), "app")).await.unwrap()
}

pub(crate) async fn credentials_are_kept_changed_and_deleted(database: Arc<Database>) {
    let store = opened(&database).await;
    let mut second = credential("cred_2");
    (second.name, second.expires_at, second.created_at) = (None, Some(at(100)), at(1));
    let rows = [credential("cred_1"), second.clone()];
    for row in rows.clone() {
        store.write(move |tx| client_credentials::insert(tx, &acme(), &row)).await.unwrap();
    }
    assert_eq!(credentials(&store).await, rows);
    let set = |id: &'static str, end| {
        store.write(move |tx| client_credentials::set_expiry(tx, &acme(), "app", id, end, at(5)))
    };
    assert!(set("cred_2", None).await.unwrap());
    assert!(!set("cred_3", None).await.unwrap());
    (second.expires_at, second.updated_at) = (None, at(5));
    assert_eq!(credentials(&store).await[1], second);
    let delete = || store.write(|tx| client_credentials::delete(tx, &acme(), "app", "cred_1"));
    assert!(delete().await.unwrap());
    assert!(!delete().await.unwrap());
    assert_eq!(credentials(&store).await, [second]);
}

pub(crate) async fn credentials_are_unique_and_go_with_the_client(database: Arc<Database>) {
    let store = opened(&database).await;
    let insert = |row: ClientCredentialRow| store.write(move |tx| client_credentials::insert(tx, &acme(), &row));
    insert(credential("cred_1")).await.unwrap();
    let again = insert(credential("cred_1")).await.unwrap_err();
    assert!(again.constraint().is_some_and(|name| name.starts_with("client_credentials_")), "{again:?}");
    let mut same_kid = credential("cred_2");
    same_kid.kid = credential("cred_1").kid;
    assert_eq!(insert(same_kid).await.unwrap_err().constraint(), Some("client_credentials_kid_key"));
    let mut orphan = credential("cred_3");
    orphan.client_id = "nobody".to_owned();
    assert_eq!(insert(orphan).await.unwrap_err().constraint(), Some("foreign_key"));
    store.write(|tx| clients::delete(tx, &acme(), "app")).await.unwrap();
    assert_eq!(credentials(&store).await, []);
}

async fn secrets(store: &Store) -> Vec<ClientSecretRow> {
    store.read(|tx| client_secrets::list(tx, &acme(), "app")).await.unwrap()
}

pub(crate) async fn cl_08_secrets_are_kept_with_their_last_use(database: Arc<Database>) {
    let store = opened(&database).await;
    let replace = |row: ClientSecretRow| store.write(move |tx| client_secrets::replace(tx, &acme(), "app", &row));
    let record =
        |id: u8, seconds| store.write(move |tx| client_secrets::record_use(tx, &acme(), "app", &[id; 32], at(seconds)));
    // A use makes the row of a secret that nobody rotated yet.
    record(1, 10).await.unwrap();
    let mut first = secret(1);
    (first.secret, first.expires_at, first.created_at, first.last_used_at) = (None, None, at(10), Some(at(10)));
    assert_eq!(secrets(&store).await, [first.clone()]);
    record(1, 20).await.unwrap();
    // Replacing seals it and gives it an end; what is known of it stays.
    replace(secret(1)).await.unwrap();
    (first.secret, first.expires_at, first.last_used_at) = (Some(vec![1, 0]), Some(at(100)), Some(at(20)));
    assert_eq!(secrets(&store).await, [first.clone()]);
    let mut second = secret(2);
    (second.secret, second.expires_at, second.created_at) = (None, None, at(30));
    replace(second.clone()).await.unwrap();
    assert_eq!(secrets(&store).await, [first, second.clone()]);
    let others = || store.write(|tx| client_secrets::delete_others(tx, &acme(), "app", &[2; 32]));
    assert_eq!(others().await.unwrap(), 1);
    assert_eq!(others().await.unwrap(), 0);
    assert_eq!(secrets(&store).await, [second]);
    store.write(|tx| clients::delete(tx, &acme(), "app")).await.unwrap();
    assert_eq!(secrets(&store).await, []);
    assert_eq!(record(2, 40).await.unwrap_err().constraint(), Some("foreign_key"));
}

pub(crate) async fn jwt_ids_are_taken_once(database: Arc<Database>) {
    let store = opened(&database).await;
    let take = |id: u8| store.write(move |tx| used_jwt_ids::take(tx, &acme(), &[id; 32], at(60)));
    assert!(take(1).await.unwrap());
    assert!(!take(1).await.unwrap());
    assert!(take(2).await.unwrap());
}

pub(crate) async fn fp_01_pushed_requests_are_taken_once_by_their_client_in_time(database: Arc<Database>) {
    let store = opened(&database).await;
    for id in 1..=2 {
        store.write(move |tx| pushed_requests::insert(tx, &acme(), &pushed_request(id))).await.unwrap();
    }
    let take = |id: u8, client: &'static str, seconds| {
        store.write(move |tx| pushed_requests::take(tx, &acme(), &[id; 32], client, at(seconds)))
    };
    assert_eq!(take(1, "other", 1).await.unwrap(), None);
    assert_eq!(take(1, "app", 29).await.unwrap(), Some(pushed_request(1)));
    assert_eq!(take(1, "app", 29).await.unwrap(), None);
    assert_eq!(take(2, "app", 30).await.unwrap(), None);
    assert_eq!(take(3, "app", 1).await.unwrap(), None);
    let again = store.write(|tx| pushed_requests::insert(tx, &acme(), &pushed_request(2))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("pushed_requests_pkey"));
}

pub(crate) async fn access_tokens_are_revoked_one_by_one(database: Arc<Database>) {
    let store = opened(&database).await;
    let revoke = |id: u8| store.write(move |tx| revoked_access_tokens::insert(tx, &acme(), &[id; 32], at(60)));
    let revoked = |id: u8| store.read(move |tx| revoked_access_tokens::exists(tx, &acme(), &[id; 32]));
    assert!(!revoked(1).await.unwrap());
    assert!(revoke(1).await.unwrap());
    assert!(!revoke(1).await.unwrap());
    assert!(revoked(1).await.unwrap());
    assert!(!revoked(2).await.unwrap());
}
