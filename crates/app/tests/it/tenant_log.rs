//! The tenant log is sealed, names what was tampered with, and lets go of what is old (OP-03).

use jiff::SignedDuration;
use keywright_app::{Caller, LogEvent, LogProblem, LogType};
use keywright_store::{Value, logs};
use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;

async fn with_entries(engine: Engine) -> (Scene, Vec<String>) {
    let scene = Scene::with(crate::no_routes, engine, TenantSettings::default()).await;
    let (app, tenant) = (scene.app.app.clone(), scene.app.tenant.clone());
    for round in 0..3 {
        for _ in 0..3 {
            let event = LogEvent::new(LogType::SuccessLogin, &Caller::default()).client(&scene.web.client);
            app.log(&tenant.id, event.user(&scene.user).description(format!("round {round}"))).await.unwrap();
            app.clock().advance(SignedDuration::from_millis(1));
        }
        app.clock().advance(SignedDuration::from_secs(61));
        app.tend_logs().await.unwrap();
    }
    let (id, until) = (tenant.id.clone(), app.now());
    let rows = app.store().read(move |tx| logs::list_after(tx, &id, "", until, 100)).await.unwrap();
    (scene, rows.into_iter().map(|row| row.log_id).collect())
}

async fn problems(scene: &Scene) -> Vec<LogProblem> {
    scene.app.app.verify_log(&scene.app.tenant).await.unwrap().problems
}

/// What the verifier says of a fresh log after one statement behind its back; and the log's entries before.
async fn tampered(sql: &'static str, values: impl Fn(&[String]) -> Vec<Value>) -> (Vec<LogProblem>, Vec<String>) {
    let (scene, ids) = with_entries(Engine::Sqlite).await;
    let values = values(&ids);
    let changed = scene.app.app.store().write(move |tx| tx.execute(sql, &values));
    assert_eq!(changed.await.unwrap(), 1, "{sql}");
    (problems(&scene).await, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn op_03_an_untouched_log_verifies_on_every_engine() {
    for engine in Engine::all() {
        let (scene, ids) = with_entries(engine).await;
        let verification = scene.app.app.verify_log(&scene.app.tenant).await.unwrap();
        assert_eq!((verification.seals, verification.entries, ids.len()), (3, 9, 9), "{engine:?}");
        assert_eq!(verification.problems, []);
        let fresh = scene.second_node().await;
        fresh.app.tend_logs().await.unwrap();
        assert_eq!(fresh.app.verify_log(&scene.app.tenant).await.unwrap().seals, 3, "nothing new, no seal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn op_03_the_verifier_names_what_was_altered_removed_or_added() {
    let alter = "UPDATE logs SET user_id = 'auth0|2' WHERE log_id = $1";
    let (found, ids) = tampered(alter, |ids| vec![Value::from(&ids[4])]).await;
    assert_eq!(found, [LogProblem::Altered { log_id: ids[4].clone() }]);

    let (found, ids) = tampered("DELETE FROM logs WHERE log_id = $1", |ids| vec![Value::from(&ids[1])]).await;
    assert_eq!(found, [LogProblem::Missing { after: ids[0].clone() }]);

    let add = "INSERT INTO logs (tenant_id, log_id, type, logged_at, hostname)                SELECT tenant_id, $1, type, logged_at, hostname FROM logs WHERE log_id = $2";
    let added = |ids: &[String]| format!("{}5", ids[5]);
    let (found, ids) = tampered(add, |ids| vec![Value::from(&added(ids)), Value::from(&ids[5])]).await;
    assert_eq!(found, [LogProblem::Added { log_id: added(&ids) }], "not even between two seals");
}

#[tokio::test(flavor = "multi_thread")]
async fn op_03_a_seal_cannot_be_removed_or_made_anew() {
    for (sql, sequence, cause) in [
        ("DELETE FROM log_seals WHERE sequence = 2", 3, "the seal before it is missing"),
        (
            "UPDATE log_seals SET entry_digests = (SELECT entry_digests FROM log_seals WHERE sequence = 1)              WHERE sequence = 2",
            2,
            "the row is not what was signed",
        ),
        (
            "UPDATE log_seals SET signature = (SELECT signature FROM log_seals WHERE sequence = 1) WHERE sequence = 2",
            2,
            "the row is not what was signed",
        ),
    ] {
        let (found, _) = tampered(sql, |_| Vec::new()).await;
        assert!(found.contains(&LogProblem::BrokenSeal { sequence, cause }), "{sql}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_beyond_the_retention_go_and_the_rest_still_verifies() {
    let (scene, ids) = with_entries(Engine::Sqlite).await;
    let app = scene.app.app.clone();
    app.clock().advance(SignedDuration::from_hours(24 * 30) - SignedDuration::from_secs(61 + 30));
    app.tend_logs().await.unwrap();
    let (id, until) = (scene.app.tenant.id.clone(), app.now());
    let rows = app.store().read(move |tx| logs::list_after(tx, &id, "", until, 100)).await.unwrap();
    assert_eq!(rows.first().map(|row| &row.log_id), ids.get(6), "two of three rounds are older than 30 days");
    assert_eq!(problems(&scene).await, []);
    app.clock().advance(SignedDuration::from_hours(24));
    app.tend_logs().await.unwrap();
    let verification = app.verify_log(&scene.app.tenant).await.unwrap();
    assert_eq!((verification.entries, verification.problems), (0, Vec::new()));
}
