//! Public keys of devices.

use std::sync::Arc;

use keywright_store::device_credentials::{self, DeviceCredentialRow};

use crate::database::Database;
use crate::rows::{acme, at, populate};

pub(crate) fn credential(number: &str) -> DeviceCredentialRow {
    DeviceCredentialRow {
        credential_id: format!("dcr_{number}"),
        user_id: "auth0|ann".to_owned(),
        client_id: "app".to_owned(),
        device_id: format!("device-{number}"),
        device_name: "Phone".to_owned(),
        value: "key".to_owned(),
        created_at: at(0),
    }
}

pub(crate) async fn are_kept_listed_and_deleted(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for number in ["1", "2", "3"] {
        store.write(move |tx| device_credentials::insert(tx, &acme(), &credential(number))).await.unwrap();
    }
    let mut twin = credential("4");
    twin.device_id = "device-1".to_owned();
    let again = store.write(move |tx| device_credentials::insert(tx, &acme(), &twin)).await;
    assert_eq!(again.unwrap_err().constraint(), Some("device_credentials_device_key"));
    let mut nobodys = credential("5");
    nobodys.user_id = "auth0|nobody".to_owned();
    let nobodys = store.write(move |tx| device_credentials::insert(tx, &acme(), &nobodys)).await;
    assert_eq!(nobodys.unwrap_err().constraint(), Some("foreign_key"));
    let page = |user: &'static str, client: &'static str, skip, limit| {
        store.read(move |tx| device_credentials::page(tx, &acme(), user, client, skip, limit))
    };
    assert_eq!(page("", "", 1, 1).await.unwrap(), [credential("2")]);
    assert_eq!(page("auth0|ann", "app", 0, 9).await.unwrap().len(), 3);
    assert_eq!(page("auth0|ann", "other", 0, 9).await.unwrap(), []);
    let count = |most| store.read(move |tx| device_credentials::count(tx, &acme(), "auth0|ann", "", most));
    assert_eq!((count(2).await.unwrap(), count(9).await.unwrap()), (2, 3));
    let owner = |id: &'static str| store.read(move |tx| device_credentials::owner(tx, &acme(), id));
    assert_eq!(owner("dcr_1").await.unwrap().as_deref(), Some("auth0|ann"));
    assert_eq!(owner("dcr_9").await.unwrap(), None);
    assert!(store.write(|tx| device_credentials::delete(tx, &acme(), "dcr_1")).await.unwrap());
    assert!(!store.write(|tx| device_credentials::delete(tx, &acme(), "dcr_1")).await.unwrap());
    assert_eq!(store.write(|tx| device_credentials::delete_for_client(tx, &acme(), "app")).await.unwrap(), 2);
}
