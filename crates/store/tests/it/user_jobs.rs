//! Jobs that callers of the Management API start.

use std::collections::HashSet;
use std::sync::Arc;

use keywright_store::user_jobs::{Progress, UserJobRow};
use keywright_store::{StoreError, cleanup, user_jobs, users};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::{acme, at, populate, umbrella, user, user_job};

const INPUT: (&str, &str) = ("input", "inputs");

pub(crate) async fn go_on_once_and_end_once(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| user_jobs::insert(tx, &acme(), &user_job("job_a"))).await.unwrap();
    let find = || store.read(|tx| user_jobs::find(tx, &acme(), "job_a"));
    assert_eq!(find().await.unwrap(), Some(user_job("job_a")));
    let again = store.write(|tx| user_jobs::insert(tx, &acme(), &user_job("job_a"))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("user_jobs_pkey"));
    let nobody = store.write(|tx| user_jobs::insert(tx, &TenantId::new("nobody"), &user_job("job_a"))).await;
    assert_eq!(nobody.unwrap_err().constraint(), Some("foreign_key"));

    let progress = Progress { inserted: 3, updated: 2, failed: 1 };
    assert!(store.write(move |tx| user_jobs::advance(tx, &acme(), "job_a", progress, at(5))).await.unwrap());
    let reach = |from, to| store.write(move |tx| user_jobs::reach(tx, &acme(), "job_a", (from, to), 4, at(6)));
    assert!(reach("", "1").await.unwrap());
    assert!(!reach("", "1").await.unwrap(), "another node was faster");
    let row = find().await.unwrap().unwrap();
    assert_eq!((row.done, row.inserted, row.updated, row.failed, row.reached.as_str()), (10, 3, 2, 1, "1"));
    assert_eq!(row.updated_at, at(6));

    let end = |status| store.write(move |tx| user_jobs::end(tx, &acme(), "job_a", status, Some("why"), at(7)));
    assert!(end("failed").await.unwrap());
    assert!(!end("completed").await.unwrap());
    assert!(!store.write(move |tx| user_jobs::advance(tx, &acme(), "job_a", progress, at(8))).await.unwrap());
    assert!(!reach("1", "2").await.unwrap());
    let row = find().await.unwrap().unwrap();
    assert_eq!((row.status.as_str(), row.details.as_deref(), row.done), ("failed", Some("why"), 10));
    assert!(store.write(|tx| user_jobs::delete(tx, &acme(), "job_a")).await.unwrap());
    assert!(!store.write(|tx| user_jobs::delete(tx, &acme(), "job_a")).await.unwrap());
}

pub(crate) async fn have_places_that_one_of_many_gets(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await, database.open().await];
    populate(&stores[0]).await;
    let placed = |name: &str| UserJobRow { slot: Some(1), ..user_job(name) };
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..9 {
        let (store, row) = (stores[number % stores.len()].clone(), placed(&format!("job_{number}")));
        racing.spawn(async move { store.write(move |tx| user_jobs::insert(tx, &acme(), &row)).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let taken = StoreError::Conflict { constraint: "user_jobs_slot_key".to_owned() };
    assert_eq!(answers.iter().filter(|answer| **answer == Err(taken.clone())).count(), 8);
    // Another tenant has its own, and jobs without a place are as many as you like.
    let row = placed("job_0");
    stores[0].write(move |tx| user_jobs::insert(tx, &umbrella(), &row)).await.unwrap();
    for name in ["job_x", "job_y"] {
        stores[0].write(move |tx| user_jobs::insert(tx, &acme(), &user_job(name))).await.unwrap();
    }
    // Those whose time is over give it back.
    let time_out = |until| stores[0].write(move |tx| user_jobs::time_out(tx, &acme(), at(until), "late", at(9)));
    assert_eq!(time_out(-1).await.unwrap(), Vec::<String>::new());
    assert_eq!(time_out(0).await.unwrap().len(), 3);
    assert_eq!(time_out(0).await.unwrap(), Vec::<String>::new());
    let row = placed("job_new");
    stores[1].write(move |tx| user_jobs::insert(tx, &acme(), &row)).await.unwrap();
}

pub(crate) async fn have_parts_that_are_taken_once(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let insert =
        |name: &'static str| store.write(move |tx| user_jobs::insert_part(tx, &acme(), "job_a", name, name.as_bytes()));
    assert_eq!(insert("input1").await.unwrap_err().constraint(), Some("foreign_key"));
    store.write(|tx| user_jobs::insert(tx, &acme(), &user_job("job_a"))).await.unwrap();
    for name in ["output1", "input2", "error1", "input1", "input10"] {
        insert(name).await.unwrap();
    }
    assert_eq!(insert("input1").await.unwrap_err().constraint(), Some("user_job_parts_pkey"));
    let parts = |range, limit| {
        let store = store.clone();
        async move {
            let found = store.read(move |tx| user_jobs::parts(tx, &acme(), "job_a", range, limit)).await.unwrap();
            assert!(found.iter().all(|(name, content)| name.as_bytes() == content));
            found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        }
    };
    assert_eq!(parts(INPUT, 9).await, ["input1", "input10", "input2"]);
    assert_eq!(parts(INPUT, 1).await, ["input1"]);
    assert_eq!(parts(("input1", "inputs"), 9).await, ["input10", "input2"]);
    let take = || store.write(|tx| user_jobs::take_part(tx, &acme(), "job_a", "input1"));
    assert!(take().await.unwrap());
    assert!(!take().await.unwrap());
    assert_eq!(store.write(|tx| user_jobs::remove_parts(tx, &acme(), "job_a", INPUT)).await.unwrap(), 2);
    assert_eq!(parts(("a", "z"), 9).await, ["error1", "output1"]);
    store.write(|tx| user_jobs::delete(tx, &acme(), "job_a")).await.unwrap();
    assert_eq!(parts(("a", "z"), 9).await, Vec::<String>::new(), "they go with the job");
}

pub(crate) async fn are_kept_for_a_day_and_what_they_read_for_two_hours(database: Arc<Database>) {
    const HOUR: i64 = 60 * 60;
    let store = database.open().await;
    populate(&store).await;
    store
        .write(|tx| {
            user_jobs::insert(tx, &acme(), &user_job("job_a"))?;
            user_jobs::insert_part(tx, &acme(), "job_a", "input1", b"x")?;
            user_jobs::insert_part(tx, &acme(), "job_a", "error1", b"x")
        })
        .await
        .unwrap();
    for (second, removed) in [(2 * HOUR - 1, 0), (2 * HOUR, 1), (24 * HOUR - 1, 0), (24 * HOUR, 1)] {
        assert_eq!(cleanup::run_once(&store, at(second), "node").await.unwrap(), Some(removed), "{second}");
    }
    let left = store.read(|tx| user_jobs::parts(tx, &acme(), "job_a", ("a", "z"), 9)).await.unwrap();
    assert!(left.is_empty());
}

pub(crate) async fn users_are_added_where_nobody_is_in_the_way(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut rows: Vec<_> = (0..40).map(|number| user(&format!("u{number}"))).collect();
    // In the way: of the identifier, of the address, of the user name; one of them in the list itself.
    rows[3].user_id = "auth0|ann".to_owned();
    rows[5].email = Some("ann@example.com".to_owned());
    rows[17].username = Some("ann".to_owned());
    rows[39].email = Some("u38@example.com".to_owned());
    let expected: HashSet<String> =
        (0..40).filter(|number| ![3, 5, 17, 39].contains(number)).map(|number| format!("auth0|u{number}")).collect();
    let (first, again) = (rows.clone(), rows.clone());
    assert_eq!(store.write(move |tx| users::insert_new(tx, &acme(), &first)).await.unwrap(), expected);
    assert_eq!(store.write(move |tx| users::insert_new(tx, &acme(), &again)).await.unwrap(), HashSet::new());
    assert_eq!(store.read(|tx| users::find(tx, &acme(), "auth0|u7")).await.unwrap(), Some(user("u7")));
    assert_eq!(store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap(), Some(user("ann")));
    assert_eq!(store.read(|tx| users::count(tx, &acme())).await.unwrap(), 37);
    assert_eq!(store.write(|tx| users::insert_new(tx, &acme(), &[])).await.unwrap(), HashSet::new());
}
