//! Cleanup of what has expired.

use std::sync::Arc;

use keywright_store::userinfo_claims::UserinfoClaimsRow;
use keywright_store::{
    Store, StoreError, Tx, access_token_revocations, authorization_codes, cleanup, client_secrets, device_codes, jobs,
    known_devices, leases, login_failures, network_attempts, params, pushed_requests, refresh_tokens,
    revoked_access_tokens, tickets, transactions, used_jwt_ids, userinfo_claims,
};

use crate::database::Database;
use crate::rows::{
    acme, at, code, device_code, family, job, populate, pushed_request, secret, ticket, transaction, userinfo_row,
};

/// How many rows of each table there are.
async fn counts(store: &Store) -> [i64; 8] {
    let count = |tx: &mut Tx<'_>| -> Result<[i64; 8], StoreError> {
        let mut one = |sql| tx.query_opt(sql, params![])?.unwrap().get::<i64>(0);
        Ok([
            one("SELECT COUNT(*) FROM transactions")?,
            one("SELECT COUNT(*) FROM authorization_codes")?,
            one("SELECT COUNT(*) FROM refresh_tokens")?,
            one("SELECT COUNT(*) FROM access_token_revocations")?,
            one("SELECT COUNT(*) FROM revoked_access_tokens")?,
            one("SELECT COUNT(*) FROM used_jwt_ids")?,
            one("SELECT COUNT(*) FROM pushed_requests")?,
            one("SELECT COUNT(*) FROM client_secrets")?,
        ])
    };
    store.read(count).await.unwrap()
}

/// One row of everything that lives for seconds or until a token ends.
fn short_lived(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    revoked_access_tokens::insert(tx, &acme(), &[1; 32], at(60))?;
    used_jwt_ids::take(tx, &acme(), &[1; 32], at(60))?;
    let mut request = pushed_request(1);
    request.expires_at = at(60);
    pushed_requests::insert(tx, &acme(), &request)?;
    client_secrets::replace(tx, &acme(), "app", &secret(1))
}

pub(crate) async fn removes_what_is_expired_in_batches(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut Tx<'_>| {
        // More than two batches.
        for number in 0..1201_u16 {
            let mut row = transaction(1);
            row.handle_digest = number.to_be_bytes().repeat(16);
            transactions::insert(tx, &acme(), &row)?;
        }
        authorization_codes::insert(tx, &acme(), &code(1))?;
        refresh_tokens::insert(tx, &acme(), &family("f1"))?;
        let mut never_idle = family("f2");
        never_idle.idle_expires_at = None;
        refresh_tokens::insert(tx, &acme(), &never_idle)?;
        short_lived(tx)?;
        access_token_revocations::insert(tx, &acme(), "app", "auth0|ann", 1, at(60))
    };
    store.write(fill).await.unwrap();
    assert_eq!(counts(&store).await, [1201, 1, 2, 1, 1, 1, 1, 1]);
    assert_eq!(cleanup::run_once(&store, at(1000), "node").await.unwrap(), Some(1201 + 1 + 2 + 1 + 4));
    assert_eq!(counts(&store).await, [0; 8]);
    assert_eq!(cleanup::run_once(&store, at(1000), "node").await.unwrap(), Some(0));
}

pub(crate) async fn keeps_what_is_alive(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut Tx<'_>| {
        transactions::insert(tx, &acme(), &transaction(1))?;
        authorization_codes::insert(tx, &acme(), &code(1))?;
        refresh_tokens::insert(tx, &acme(), &family("f1"))?;
        let mut endless = family("f2");
        (endless.idle_expires_at, endless.expires_at) = (None, None);
        refresh_tokens::insert(tx, &acme(), &endless)?;
        short_lived(tx)?;
        access_token_revocations::insert(tx, &acme(), "app", "auth0|ann", 1, at(60))
    };
    store.write(fill).await.unwrap();
    assert_eq!(cleanup::run_once(&store, at(59), "node").await.unwrap(), Some(0));
    assert_eq!(counts(&store).await, [1, 1, 2, 1, 1, 1, 1, 1]);
    cleanup::run_once(&store, at(1_000_000), "node").await.unwrap();
    assert_eq!(counts(&store).await, [0, 0, 1, 0, 0, 0, 0, 0], "a family without an end stays");
}

pub(crate) async fn remembers_for_replays(database: Arc<Database>) {
    const DAY: i64 = 24 * 60 * 60;
    let store = database.open().await;
    let fill = |tx: &mut Tx<'_>| {
        authorization_codes::insert(tx, &acme(), &code(1))?;
        authorization_codes::consume(tx, &acme(), &[1; 32], at(59))?;
        let mut endless = family("f1");
        (endless.idle_expires_at, endless.expires_at) = (None, None);
        refresh_tokens::insert(tx, &acme(), &endless)?;
        refresh_tokens::revoke(tx, &acme(), "f1", at(60))
    };
    store.write(fill).await.unwrap();
    assert_eq!(cleanup::run_once(&store, at(59 + DAY), "node").await.unwrap(), Some(0));
    assert_eq!(counts(&store).await, [0, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(cleanup::run_once(&store, at(60 + DAY), "node").await.unwrap(), Some(2));
}

pub(crate) async fn keeps_failed_jobs_for_a_week(database: Arc<Database>) {
    const WEEK: i64 = 7 * 24 * 60 * 60;
    let store = database.open().await;
    let fill = |tx: &mut Tx<'_>| {
        let mut failed = job("failed", 0);
        failed.failed_at = Some(at(5));
        jobs::insert(tx, &acme(), &failed)?;
        jobs::insert(tx, &acme(), &job("waiting", 0))
    };
    store.write(fill).await.unwrap();
    assert_eq!(cleanup::run_once(&store, at(4 + WEEK), "node").await.unwrap(), Some(0));
    assert_eq!(cleanup::run_once(&store, at(5 + WEEK), "node").await.unwrap(), Some(1));
    assert!(store.read(|tx| jobs::find(tx, &acme(), "waiting")).await.unwrap().is_some());
}

pub(crate) async fn removes_what_attack_protection_no_longer_needs(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let allowance = network_attempts::Allowance { burst: 1, rate: 60_000 };
    let fill = move |tx: &mut Tx<'_>| {
        login_failures::count(tx, &acme(), &[1; 32], "a", 3, at(0), at(60))?;
        network_attempts::take(tx, &acme(), "pre-login", "a", allowance, at(0))?;
        known_devices::remember(tx, &acme(), "auth0|ann", &[1; 32], at(60))?;
        tickets::insert(tx, &acme(), &ticket([1; 32], "unblock", "auth0|ann"))
    };
    store.write(fill).await.unwrap();
    assert_eq!(cleanup::run_once(&store, at(59), "node").await.unwrap(), Some(0));
    assert_eq!(cleanup::run_once(&store, at(60), "node").await.unwrap(), Some(4));
}

pub(crate) async fn removes_userinfo_claims_with_their_tokens(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let find = || store.read(|tx| userinfo_claims::find(tx, &acme(), "auth0|ann", "app", 1));
    for claims in ["{}", "{\"a\":1}"] {
        let row = UserinfoClaimsRow { claims: claims.to_owned(), ..userinfo_row("auth0|ann", 60) };
        let put = row.clone();
        store.write(move |tx| userinfo_claims::put(tx, &acme(), &put)).await.unwrap();
        assert_eq!(find().await.unwrap(), Some(row), "the later token of one second counts");
    }
    assert_eq!(cleanup::run_once(&store, at(59), "node").await.unwrap(), Some(0));
    assert_eq!(cleanup::run_once(&store, at(60), "node").await.unwrap(), Some(1));
    assert_eq!(find().await.unwrap(), None);
}

pub(crate) async fn runs_on_one_node_at_a_time(database: Arc<Database>) {
    let (one, other) = (database.open().await, database.open().await);
    one.write(|tx| transactions::insert(tx, &acme(), &transaction(1))).await.unwrap();
    assert!(one.write(|tx| leases::acquire(tx, "cleanup", "one", at(1000), at(1060))).await.unwrap());
    assert_eq!(cleanup::run_once(&other, at(1001), "other").await.unwrap(), None);
    assert_eq!(counts(&other).await[0], 1);
    assert_eq!(cleanup::run_once(&one, at(1001), "one").await.unwrap(), Some(1));
    assert_eq!(cleanup::run_once(&other, at(1001), "other").await.unwrap(), Some(0), "the lease was given back");
}

pub(crate) async fn keeps_device_codes_for_an_hour(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| device_codes::insert(tx, &acme(), &device_code(1))).await.unwrap();
    assert_eq!(cleanup::run_once(&store, at(59 + 3600), "node").await.unwrap(), Some(0));
    assert_eq!(cleanup::run_once(&store, at(60 + 3600), "node").await.unwrap(), Some(1));
}
