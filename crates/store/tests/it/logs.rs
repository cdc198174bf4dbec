//! The tenant log and its seals.

use std::sync::Arc;

use keywright_store::log_seals::{self, LogSealRow};
use keywright_store::logs::{self, LogRow};
use keywright_store::{Store, StoreError};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::at;

fn entry(log_id: &str, second: i64) -> LogRow {
    LogRow {
        log_id: log_id.to_owned(),
        kind: "s".to_owned(),
        logged_at: at(second),
        description: None,
        client_id: Some("client".to_owned()),
        client_name: None,
        user_id: Some("auth0|1".to_owned()),
        user_name: None,
        connection: None,
        connection_id: None,
        strategy: None,
        ip: Some("192.0.2.1".to_owned()),
        user_agent: None,
        hostname: "login.example.com".to_owned(),
        audience: None,
        scope: None,
        details: Some("{}".to_owned()),
    }
}

async fn with_entries(database: &Database) -> (Store, TenantId) {
    let (store, tenant) = (database.open().await, TenantId::new("t"));
    for (log_id, second) in [("1", 1), ("2", 2), ("3", 3)] {
        let id = tenant.clone();
        store.write(move |tx| logs::insert(tx, &id, &entry(log_id, second))).await.unwrap();
    }
    (store, tenant)
}

fn ids(rows: &[LogRow]) -> Vec<&str> {
    rows.iter().map(|row| row.log_id.as_str()).collect()
}

pub(crate) async fn are_kept_and_listed_by_time(database: Arc<Database>) {
    let (store, tenant) = with_entries(&database).await;
    store
        .read(move |tx| {
            let other = TenantId::new("other");
            assert_eq!(logs::find(tx, &tenant, "2")?, Some(entry("2", 2)));
            assert_eq!(logs::find(tx, &other, "2")?, None);
            assert_eq!(ids(&logs::list_after(tx, &tenant, "", at(9), 2)?), ["1", "2"]);
            assert_eq!(ids(&logs::list_after(tx, &tenant, "1", at(2), 9)?), ["2"]);
            assert_eq!(ids(&logs::list_between(tx, &tenant, "1", "3")?), ["2", "3"]);
            assert_eq!(ids(&logs::list_of_user(tx, &tenant, "auth0|1", 2)?), ["3", "2"]);
            assert!(logs::list_of_user(tx, &other, "auth0|1", 2)?.is_empty());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

pub(crate) async fn go_by_age(database: Arc<Database>) {
    let (store, tenant) = with_entries(&database).await;
    store
        .write(move |tx| {
            assert_eq!(logs::delete_until(tx, &TenantId::new("other"), "9", 10)?, 0);
            assert_eq!(logs::delete_until(tx, &tenant, "2", 1)?, 1);
            assert_eq!(ids(&logs::list_after(tx, &tenant, "", at(9), 9)?), ["2", "3"], "the oldest goes first");
            assert_eq!(logs::delete_until(tx, &tenant, "2", 10)?, 1);
            assert_eq!(ids(&logs::list_after(tx, &tenant, "", at(9), 9)?), ["3"]);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

pub(crate) async fn op_03_seals_are_made_once_and_stay_in_order(database: Arc<Database>) {
    let (store, tenant) = (database.open().await, TenantId::new("t"));
    let seal = |sequence: i64, last: &str| LogSealRow {
        sequence,
        first_log_id: "0".to_owned(),
        last_log_id: last.to_owned(),
        entry_digests: vec![7; 64],
        signature: "a.b.c".to_owned(),
        sealed_at: at(sequence),
    };
    store
        .write(move |tx| {
            assert_eq!(log_seals::last(tx, &tenant)?, None);
            assert!(log_seals::insert(tx, &tenant, &seal(1, "10"))?);
            assert!(!log_seals::insert(tx, &tenant, &seal(1, "99"))?, "another node was faster");
            assert!(log_seals::insert(tx, &tenant, &seal(2, "20"))?);
            assert_eq!(log_seals::last(tx, &tenant)?, Some(seal(2, "20")));
            assert_eq!(log_seals::list_after(tx, &tenant, 0, 9)?, [seal(1, "10"), seal(2, "20")]);
            assert_eq!(log_seals::list_after(tx, &tenant, 0, 1)?, [seal(1, "10")]);
            assert_eq!(log_seals::last(tx, &TenantId::new("other"))?, None);
            assert_eq!(log_seals::last_before(tx, &tenant, "10")?, None);
            assert_eq!(log_seals::last_before(tx, &tenant, "11")?, Some(seal(1, "10")));
            assert_eq!(log_seals::delete_before(tx, &tenant, "10")?, 0);
            assert_eq!(log_seals::delete_before(tx, &tenant, "99")?, 1, "the newest one stays");
            assert_eq!(log_seals::list_after(tx, &tenant, 0, 9)?, [seal(2, "20")]);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

pub(crate) async fn are_counted_by_kind(database: Arc<Database>) {
    let (store, tenant) = with_entries(&database).await;
    let count = |kind: &'static str, from: &'static str, until: &'static str| {
        let tenant = tenant.clone();
        store.read(move |tx| logs::count_of_kind(tx, &tenant, kind, from, until))
    };
    assert_eq!(count("s", "1", "3").await.unwrap(), 2);
    assert_eq!(count("s", "0", "9").await.unwrap(), 3);
    assert_eq!(count("fp", "0", "9").await.unwrap(), 0);
}
