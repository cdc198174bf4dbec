//! Tenants.

use std::sync::Arc;

use keywright_store::{StoreError, tenants};

use crate::database::Database;
use crate::rows::{acme, at, tenant, umbrella};

pub(crate) async fn are_found_by_id_and_domain(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
    let mut newer = tenant("umbrella");
    newer.created_at = at(5);
    let row = newer.clone();
    store.write(move |tx| tenants::insert(tx, &row)).await.unwrap();

    assert_eq!(store.read(|tx| tenants::find(tx, &acme())).await.unwrap(), Some(tenant("acme")));
    let by_domain = store.read(|tx| tenants::find_by_domain(tx, "umbrella.example.com")).await.unwrap();
    assert_eq!(by_domain, Some(newer.clone()));
    assert_eq!(store.read(|tx| tenants::find_by_domain(tx, "Umbrella.example.com")).await.unwrap(), None);
    assert_eq!(store.read(tenants::list).await.unwrap(), [tenant("acme"), newer]);
}

pub(crate) async fn have_unique_ids_and_domains(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
    let mut same_id = tenant("acme");
    same_id.domain = "other.example.com".to_owned();
    let again = store.write(move |tx| tenants::insert(tx, &same_id)).await;
    assert_eq!(again, Err(StoreError::Conflict { constraint: "tenants_pkey".to_owned() }));
    let mut same_domain = tenant("umbrella");
    same_domain.domain = "acme.example.com".to_owned();
    let taken = store.write(move |tx| tenants::insert(tx, &same_domain)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("tenants_domain_key"));
    assert_eq!(store.read(|tx| tenants::find(tx, &umbrella())).await.unwrap(), None);
}

pub(crate) async fn change_their_settings(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| tenants::insert(tx, &tenant("acme"))).await.unwrap();
    assert!(store.write(|tx| tenants::update_settings(tx, &acme(), "{}")).await.unwrap());
    assert!(!store.write(|tx| tenants::update_settings(tx, &umbrella(), "{}")).await.unwrap());
    assert_eq!(store.read(|tx| tenants::find(tx, &acme())).await.unwrap().unwrap().settings, "{}");
}
