//! Who is faster: conditional writes under concurrency, in one store and in two on one database.

use std::collections::HashSet;
use std::sync::Arc;

use keywright_store::refresh_tokens::{Exchange, RefreshTokenRow};
use keywright_store::{
    Store, StoreError, Tx, authorization_codes, config, device_codes, grants, leases, login_failures, network_attempts,
    pushed_requests, refresh_tokens, transactions, used_jwt_ids, users,
};

use crate::database::Database;
use crate::refresh_tokens::rotation;
use crate::rows::{acme, approval, at, code, device_code, family, grant, populate, pushed_request, transaction, user};

const PARALLEL: u8 = 50;

/// Runs `job` fifty times at once, on the stores in turn; every one must be answered.
async fn parallel<T: Send + 'static>(
    stores: &[Store],
    job: impl Fn(&mut Tx<'_>, u8) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Vec<T> {
    let running: Vec<_> = (0..PARALLEL)
        .zip(stores.iter().cycle().cloned())
        .map(|(number, store)| {
            let job = job.clone();
            tokio::spawn(async move { store.write(move |tx| job(tx, number)).await })
        })
        .collect();
    let mut answers = Vec::new();
    for job in running {
        answers.push(job.await.unwrap().unwrap());
    }
    answers
}

async fn redeem_once(stores: &[Store]) {
    for round in 0..5_u8 {
        stores[0].write(move |tx| authorization_codes::insert(tx, &acme(), &code(round))).await.unwrap();
        let redeemed =
            parallel(stores, move |tx, _| authorization_codes::consume(tx, &acme(), &[round; 32], at(1))).await;
        assert_eq!(redeemed.into_iter().flatten().count(), 1);
    }
}

pub(crate) async fn cl_03_two_stores_take_one_jwt_id_once(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    for round in 0..5_u8 {
        let taken = parallel(&stores, move |tx, _| used_jwt_ids::take(tx, &acme(), &[round; 32], at(1))).await;
        assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    }
}

pub(crate) async fn fp_01_two_stores_take_one_pushed_request_once(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    for round in 0..5_u8 {
        stores[0].write(move |tx| pushed_requests::insert(tx, &acme(), &pushed_request(round))).await.unwrap();
        let taken = parallel(&stores, move |tx, _| pushed_requests::take(tx, &acme(), &[round; 32], "app", at(1)));
        assert_eq!(taken.await.into_iter().flatten().count(), 1);
    }
}

pub(crate) async fn co_03_fifty_redemptions_of_one_code_succeed_once(database: Arc<Database>) {
    redeem_once(&[database.open().await]).await;
}

pub(crate) async fn two_stores_take_one_code_once(database: Arc<Database>) {
    redeem_once(&[database.open().await, database.open().await]).await;
}

async fn exchange_all(stores: &[Store], exchange: Exchange) -> Vec<RefreshTokenRow> {
    let used = parallel(stores, move |tx, _| refresh_tokens::exchange(tx, &acme(), "f", &exchange)).await;
    used.into_iter().flatten().collect()
}

async fn rotate_once(stores: &[Store]) {
    stores[0].write(|tx| refresh_tokens::insert(tx, &acme(), &family("f"))).await.unwrap();
    for generation in 0..10 {
        let used = exchange_all(stores, rotation(generation, generation)).await;
        assert_eq!(used.iter().map(|row| row.generation).collect::<Vec<_>>(), [generation + 1]);
    }
}

pub(crate) async fn rt_01_fifty_exchanges_of_one_token_succeed_once(database: Arc<Database>) {
    rotate_once(&[database.open().await]).await;
}

pub(crate) async fn two_stores_rotate_one_token_once(database: Arc<Database>) {
    rotate_once(&[database.open().await, database.open().await]).await;
}

pub(crate) async fn rt_02_fifty_exchanges_within_leeway_share_one_successor(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    stores[0].write(|tx| refresh_tokens::insert(tx, &acme(), &family("f"))).await.unwrap();
    let leeway = Exchange { leeway_since: Some(at(0)), ..rotation(0, 5) };
    let used = exchange_all(&stores, leeway).await;
    assert_eq!(used.len(), usize::from(PARALLEL));
    assert!(used.iter().all(|row| row.generation == 1), "one live branch");
}

pub(crate) async fn one_transaction_completes_once(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    stores[0].write(|tx| transactions::insert(tx, &acme(), &transaction(1))).await.unwrap();
    let completed = parallel(&stores, |tx, _| transactions::complete(tx, &acme(), &[1; 32], at(1))).await;
    assert_eq!(completed.into_iter().flatten().count(), 1);
}

pub(crate) async fn one_progress_is_recorded_per_version(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    stores[0].write(|tx| transactions::insert(tx, &acme(), &transaction(1))).await.unwrap();
    for version in 0..5 {
        let recorded = parallel(&stores, move |tx, number| {
            transactions::update_progress(tx, &acme(), &[1; 32], version, &number.to_string(), at(1))
        });
        assert_eq!(recorded.await.into_iter().filter(|recorded| *recorded).count(), 1);
    }
}

pub(crate) async fn no_extension_of_a_grant_is_lost(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    populate(&stores[0]).await;
    let extend = |tx: &mut Tx<'_>, number: u8| {
        grants::extend(tx, &acme(), &grant(&format!("g{number}"), "orders", &format!("scope-{number}")))
    };
    let answers = parallel(&stores, extend).await;
    let ids: HashSet<_> = answers.into_iter().map(|row| row.grant_id).collect();
    assert_eq!(ids.len(), 1, "one grant");
    let found = stores[1].read(|tx| grants::find(tx, &acme(), "auth0|ann", "app", "orders")).await.unwrap().unwrap();
    let scopes: HashSet<_> = found.scope.split(' ').map(str::to_owned).collect();
    assert_eq!(scopes, (0..PARALLEL).map(|number| format!("scope-{number}")).collect());
}

pub(crate) async fn configuration_versions_are_never_missed(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    populate(&stores[0]).await;
    let before = stores[0].read(config::current).await.unwrap();
    // A reader that only ever asks for what is newer than the newest it has seen.
    let reader = {
        let store = stores[1].clone();
        tokio::spawn(async move {
            let mut known = before;
            let mut seen = HashSet::new();
            while seen.len() < usize::from(PARALLEL) {
                let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                    let version = config::current(tx)?;
                    Ok((version, config::changed_since(tx, known)?))
                };
                let (version, changed) = store.read(look).await.unwrap();
                known = version;
                seen.extend(changed);
            }
        })
    };
    let versions =
        parallel(&stores, |tx, number| config::bump(tx, &keywright_types::TenantId::new(format!("t{number}")))).await;
    let distinct: HashSet<_> = versions.into_iter().collect();
    assert_eq!(distinct, (before + 1..=before + u64::from(PARALLEL)).collect());
    reader.await.unwrap();
}

pub(crate) async fn one_lease_has_one_holder(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    let acquire = |tx: &mut Tx<'_>, number: u8| leases::acquire(tx, "job", &format!("node-{number}"), at(0), at(60));
    let held = parallel(&stores, acquire).await;
    assert_eq!(held.into_iter().filter(|held| *held).count(), 1);
}

pub(crate) async fn an_email_is_taken_once(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    let sign_up = |tx: &mut Tx<'_>, number: u8| {
        let mut row = user(&format!("u{number}"));
        row.email = Some("same@example.com".to_owned());
        Ok(tx.savepoint(|tx| users::insert(tx, &acme(), &row)))
    };
    let answers = parallel(&stores, sign_up).await;
    let taken: HashSet<_> = answers.iter().filter_map(|answer| answer.as_ref().err()?.constraint()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(taken, HashSet::from(["users_email_key"]));
}

pub(crate) async fn lg_07_two_nodes_count_exactly_to_the_limit(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    let counted =
        parallel(&stores, |tx, _| login_failures::count(tx, &acme(), &[7; 32], "192.0.2.7", 10, at(0), at(60))).await;
    let mut counted: Vec<i64> = counted.into_iter().flatten().collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=10).collect::<Vec<_>>());
}

pub(crate) async fn lg_07_two_nodes_give_out_exactly_the_attempts(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    let allowance = network_attempts::Allowance { burst: 20, rate: 1000 };
    let taken =
        parallel(&stores, move |tx, _| network_attempts::take(tx, &acme(), "pre-login", "192.0.2.7", allowance, at(0)));
    let refused: Vec<_> = taken.await.into_iter().flatten().collect();
    assert_eq!(refused, vec![at(1); usize::from(PARALLEL) - 20]);
}

pub(crate) async fn dv_06_two_stores_take_one_device_code_once(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await];
    for round in 0..5_u8 {
        stores[0].write(move |tx| device_codes::insert(tx, &acme(), &device_code(round))).await.unwrap();
        // Approved by some and denied by others: one decides.
        let decided = parallel(&stores, move |tx, number| match number % 2 {
            0 => device_codes::approve(tx, &acme(), &[round; 32], "app", &approval(), at(1)),
            _ => device_codes::deny(tx, &acme(), &[round; 32], "no", at(1)),
        });
        assert_eq!(decided.await.into_iter().filter(|done| *done).count(), 1);
        // Whatever was decided, the device hears it once.
        let heard = parallel(&stores, move |tx, _| {
            Ok(device_codes::consume(tx, &acme(), &[round; 32], at(2))?
                || device_codes::close(tx, &acme(), &[round; 32], at(2))?)
        });
        assert_eq!(heard.await.into_iter().filter(|done| *done).count(), 1);
    }
}
