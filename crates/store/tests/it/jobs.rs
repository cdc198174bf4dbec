//! Jobs: what is committed, what is rolled back, and what others notice of it.

use std::sync::Arc;
use std::sync::mpsc;

use keywright_store::{Store, StoreError, Tx, params, tenants};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::tenant;

async fn names(store: &Store) -> Vec<String> {
    let tenants = store.read(tenants::list).await.unwrap();
    tenants.into_iter().map(|tenant| tenant.tenant_id.as_str().to_owned()).collect()
}

fn refused() -> StoreError {
    StoreError::Engine("refused".to_owned())
}

/// An error of a caller, as the layers above have it.
#[derive(Debug, PartialEq)]
enum Mistake {
    Store(StoreError),
    Own(u8),
}

impl From<StoreError> for Mistake {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub(crate) async fn an_error_rolls_back_alone(database: Arc<Database>) {
    let store = database.open().await;
    let jobs: Vec<_> = (0..20_u8)
        .map(|number| {
            let store = store.clone();
            let job = move |tx: &mut Tx<'_>| {
                tenants::insert(tx, &tenant(&format!("t{number:02}")))?;
                if number % 2 == 0 { Ok(number) } else { Err(Mistake::Own(number)) }
            };
            tokio::spawn(async move { store.write(job).await })
        })
        .collect();
    for (number, job) in (0..).zip(jobs) {
        let expected = if number % 2 == 0 { Ok(number) } else { Err(Mistake::Own(number)) };
        assert_eq!(job.await.unwrap(), expected);
    }
    let expected: Vec<_> = (0..20).step_by(2).map(|number| format!("t{number:02}")).collect();
    assert_eq!(names(&store).await, expected);
}

pub(crate) async fn a_panic_rolls_back_alone(database: Arc<Database>) {
    let store = database.open().await;
    let panicking = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        tenants::insert(tx, &tenant("lost"))?;
        panic!("on purpose");
    };
    // More often than there are threads.
    for _ in 0..40 {
        let error = store.write(panicking).await.unwrap_err();
        assert_eq!(error, StoreError::Engine("a job panicked: on purpose".to_owned()));
    }
    let reading = |_: &mut Tx<'_>| -> Result<(), StoreError> { panic!("{} on purpose", "read") };
    for _ in 0..40 {
        let error = store.read(reading).await.unwrap_err();
        assert_eq!(error, StoreError::Engine("a job panicked: read on purpose".to_owned()));
    }
    store.write(|tx| tenants::insert(tx, &tenant("kept"))).await.unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

pub(crate) async fn a_failed_statement_ends_the_job(database: Arc<Database>) {
    let store = database.open().await;
    let careless = |tx: &mut Tx<'_>| -> Result<Vec<bool>, StoreError> {
        tenants::insert(tx, &tenant("a"))?;
        let again = tenants::insert(tx, &tenant("a")).is_err();
        let other = tenants::insert(tx, &tenant("b")).is_err();
        let savepoint = tx.savepoint(tenants::list).is_err();
        Ok(vec![again, other, savepoint])
    };
    let error = store.write(careless).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    let inspecting = |tx: &mut Tx<'_>| -> Result<(), Mistake> {
        tenants::insert(tx, &tenant("a"))?;
        let errors = [tenants::insert(tx, &tenant("a")), tenants::insert(tx, &tenant("b"))];
        if errors.iter().all(Result::is_err) { Err(Mistake::Own(1)) } else { Ok(()) }
    };
    assert_eq!(store.write(inspecting).await, Err(Mistake::Own(1)));
    assert_eq!(names(&store).await, Vec::<String>::new());
}

pub(crate) async fn a_savepoint_survives_a_conflict(database: Arc<Database>) {
    let store = database.open().await;
    let job = |tx: &mut Tx<'_>| -> Result<StoreError, StoreError> {
        tenants::insert(tx, &tenant("a"))?;
        let conflict = tx.savepoint(|tx| {
            tenants::insert(tx, &tenant("undone"))?;
            tenants::insert(tx, &tenant("a"))
        });
        tenants::insert(tx, &tenant("b"))?;
        Ok(conflict.unwrap_err())
    };
    let conflict = store.write(job).await.unwrap();
    assert!(matches!(conflict, StoreError::Conflict { .. }), "{conflict:?}");
    assert_eq!(names(&store).await, ["a", "b"]);
}

pub(crate) async fn savepoints_nest(database: Arc<Database>) {
    let store = database.open().await;
    let job = |tx: &mut Tx<'_>| {
        tx.savepoint(|tx| {
            tenants::insert(tx, &tenant("outer"))?;
            let inner: Result<(), StoreError> = tx.savepoint(|tx| {
                tenants::insert(tx, &tenant("inner"))?;
                Err(refused())
            });
            assert_eq!(inner, Err(refused()));
            tx.savepoint(|tx| tenants::insert(tx, &tenant("second")))
        })
    };
    store.write(job).await.unwrap();
    assert_eq!(names(&store).await, ["outer", "second"]);
}

pub(crate) async fn an_error_in_a_savepoint_undoes_only_it(database: Arc<Database>) {
    let store = database.open().await;
    let job = |tx: &mut Tx<'_>| -> Result<(), Mistake> {
        tenants::insert(tx, &tenant("before"))?;
        let step = tx.savepoint(|tx| -> Result<(), Mistake> {
            tenants::insert(tx, &tenant("undone"))?;
            Err(Mistake::Own(3))
        });
        assert_eq!(step, Err(Mistake::Own(3)));
        // A swallowed failure of a statement fails the step.
        let swallowed = tx.savepoint(|tx| -> Result<(), Mistake> {
            let _ = tenants::insert(tx, &tenant("before"));
            Ok(())
        });
        assert!(matches!(swallowed, Err(Mistake::Store(StoreError::Conflict { .. }))), "{swallowed:?}");
        Ok(())
    };
    store.write(job).await.unwrap();
    assert_eq!(names(&store).await, ["before"]);
}

pub(crate) async fn reads_see_what_was_written(database: Arc<Database>) {
    let store = database.open().await;
    for number in 0..50 {
        let name = format!("t{number}");
        let row = tenant(&name);
        store.write(move |tx| tenants::insert(tx, &row)).await.unwrap();
        let id = TenantId::new(name);
        assert!(store.read(move |tx| tenants::find(tx, &id)).await.unwrap().is_some());
    }
}

pub(crate) async fn a_read_cannot_write(database: Arc<Database>) {
    let store = database.open().await;
    let error = store.read(|tx| tenants::insert(tx, &tenant("a"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Engine(_)), "{error:?}");
    let sneaky = store.read(|tx| tx.query("DELETE FROM tenants RETURNING tenant_id", params![])).await;
    assert!(matches!(sneaky, Err(StoreError::Engine(_))), "{sneaky:?}");
    assert_eq!(names(&store).await, Vec::<String>::new());
}

pub(crate) async fn text_with_a_nul_byte_is_refused(database: Arc<Database>) {
    let store = database.open().await;
    let error = store.read(|tx| tenants::find_by_domain(tx, "a\0b")).await.unwrap_err();
    assert!(matches!(error, StoreError::Engine(_)), "{error:?}");
}

pub(crate) async fn close_waits_for_accepted_jobs(database: Arc<Database>) {
    let store = database.open().await;
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let slow = {
        let store = store.clone();
        let job = move |tx: &mut Tx<'_>| {
            begun.send(()).unwrap();
            released.recv().unwrap();
            tenants::insert(tx, &tenant("slow"))
        };
        tokio::spawn(async move { store.write(job).await })
    };
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    let closing = {
        let store = store.clone();
        tokio::spawn(async move { store.close().await })
    };
    // Refused from the moment close has begun.
    while store.read(tenants::list).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!closing.is_finished(), "a job is still running");
    release.send(()).unwrap();
    slow.await.unwrap().unwrap();
    closing.await.unwrap();
    assert_eq!(names(&database.open().await).await, ["slow"]);
}

pub(crate) async fn a_closed_store_is_unavailable(database: Arc<Database>) {
    let store = database.open().await;
    store.close().await;
    store.close().await;
    let error = store.write(|tx| tenants::insert(tx, &tenant("late"))).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable("the store is closed".to_owned()));
    assert_eq!(store.read(tenants::list).await.unwrap_err(), error);
    assert_eq!(store.look_up(tenants::list).await.unwrap_err(), error);
}

pub(crate) async fn a_look_up_that_runs_during_close_is_the_last(database: Arc<Database>) {
    let store = database.open().await;
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let slow = {
        let store = store.clone();
        let job = move |tx: &mut Tx<'_>| {
            begun.send(()).unwrap();
            released.recv().unwrap();
            tenants::list(tx)
        };
        // It may run on the caller's thread, so the caller has one of its own.
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(store.look_up(job))
        })
    };
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    let closing = {
        let store = store.clone();
        tokio::spawn(async move { store.close().await })
    };
    while store.read(tenants::list).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    tokio::task::spawn_blocking(move || slow.join().unwrap()).await.unwrap().unwrap();
    closing.await.unwrap();
    let late = store.look_up(tenants::list).await.unwrap_err();
    assert_eq!(late, StoreError::Unavailable("the store is closed".to_owned()));
}
