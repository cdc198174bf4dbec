//! Background jobs: queued with their cause, done at least once, by one node at a time.

use std::sync::{Arc, Mutex};

use keywright_app::{Caller, Job, JobFuture, JobHandler, JobKind, JobReport, LogEvent, LogType};
use keywright_store::{StoreError, jobs, logs};
use keywright_testkit::{Engine, Scene, TestApp};
use keywright_types::{TenantId, TenantSettings};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::no_routes;

const KIND: JobKind = JobKind { name: "test", delays: &[10, 60], lease: 30, places: 4 };

#[derive(Serialize, Deserialize)]
struct Payload {
    text: String,
}

/// Answers each attempt with the next of `answers`, the last of them again and again; `panic` for a node that dies.
struct Receiver {
    answers: Mutex<Vec<&'static str>>,
    seen: Mutex<Vec<String>>,
    bell: Notify,
}

impl JobHandler for Receiver {
    fn run<'a>(&'a self, app: &'a keywright_app::App, _: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            let payload: Payload = job.payload().unwrap();
            self.seen.lock().unwrap().push(format!("{} {} {}", payload.text, job.attempt, job.is_last_attempt));
            self.bell.notify_one();
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
            drop(answers);
            let entry = || app.log_row(LogEvent::new(LogType::FailedBackchannelLogout, &Caller::default()));
            match answer {
                "done" => JobReport::done(),
                "retry" => JobReport::retry("503"),
                "refused" => JobReport::give_up("400").logged(entry()),
                _ => panic!("the node dies"),
            }
        })
    }
}

fn receive(node: &TestApp, answers: &[&'static str]) -> Arc<Receiver> {
    let receiver =
        Arc::new(Receiver { answers: Mutex::new(answers.to_vec()), seen: Mutex::default(), bell: Notify::new() });
    node.app.handle_jobs(KIND, receiver.clone());
    receiver
}

async fn queue(node: &TestApp, text: &str, fails: bool) {
    let (app, tenant, payload) = (node.app.clone(), node.tenant.id.clone(), Payload { text: text.to_owned() });
    let queued = node
        .app
        .store()
        .write(move |tx| {
            app.enqueue(tx, &tenant, &KIND, &payload)?;
            if fails { Err(StoreError::Engine("rolled back".to_owned())) } else { Ok(()) }
        })
        .await;
    assert_eq!(queued.is_err(), fails);
}

fn seen(receiver: &Receiver) -> Vec<String> {
    std::mem::take(&mut *receiver.seen.lock().unwrap())
}

#[tokio::test]
async fn a_job_exists_exactly_when_its_cause_does() {
    let scene = Scene::new(no_routes).await;
    let receiver = receive(&scene.app, &["done"]);
    queue(&scene.app, "kept", false).await;
    queue(&scene.app, "undone", true).await;
    assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 1);
    assert_eq!(seen(&receiver), ["kept 1 false"]);
    assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 0, "done is done");
}

#[tokio::test]
async fn eg_03_a_failed_attempt_is_repeated_after_its_delays_and_then_kept_as_failed() {
    let scene = Scene::new(no_routes).await;
    let (app, tenant) = (&scene.app.app, scene.app.tenant.id.clone());
    let receiver = receive(&scene.app, &["retry"]);
    queue(&scene.app, "x", false).await;
    assert_eq!(app.run_due_jobs().await.unwrap(), 1);
    scene.app.advance(9);
    assert_eq!(app.run_due_jobs().await.unwrap(), 0);
    scene.app.advance(1);
    assert_eq!(app.run_due_jobs().await.unwrap(), 1);
    scene.app.advance(60);
    assert_eq!(app.run_due_jobs().await.unwrap(), 1);
    assert_eq!(seen(&receiver), ["x 1 false", "x 2 false", "x 3 true"]);
    scene.app.advance(100_000);
    assert_eq!(app.run_due_jobs().await.unwrap(), 0);
    let failed = app.store().read(move |tx| jobs::failed(tx, &tenant, 9)).await.unwrap();
    assert_eq!((failed.len(), failed[0].failure.as_deref()), (1, Some("503")));
}

#[tokio::test]
async fn eg_03_what_is_refused_is_not_repeated_and_the_log_says_so_at_once() {
    let scene = Scene::new(no_routes).await;
    let (app, tenant) = (&scene.app.app, scene.app.tenant.id.clone());
    receive(&scene.app, &["refused"]);
    queue(&scene.app, "x", false).await;
    assert_eq!(app.run_due_jobs().await.unwrap(), 1);
    scene.app.advance(100_000);
    assert_eq!(app.run_due_jobs().await.unwrap(), 0);
    let entries = app.store().read(move |tx| logs::list_after(tx, &tenant, "", jiff::Timestamp::MAX, 9)).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["oidc_backchannel_logout_failed"]);
}

#[tokio::test]
async fn eg_03_the_job_of_a_node_that_dies_is_taken_over() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let other = scene.second_node().await;
        let (dying, living) = (receive(&scene.app, &["panic"]), receive(&other, &["done"]));
        queue(&scene.app, "x", false).await;
        assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 1);
        assert_eq!(seen(&dying), ["x 1 false"]);
        scene.app.advance(29);
        assert_eq!(other.app.run_due_jobs().await.unwrap(), 0, "it may still be at it");
        scene.app.advance(1);
        assert_eq!(other.app.run_due_jobs().await.unwrap(), 1);
        assert_eq!(seen(&living), ["x 2 false"]);
        scene.app.advance(1000);
        assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_job_that_ends_every_node_is_given_up() {
    let scene = Scene::new(no_routes).await;
    let receiver = receive(&scene.app, &["panic"]);
    queue(&scene.app, "x", false).await;
    for _ in 0..9 {
        scene.app.app.run_due_jobs().await.unwrap();
        scene.app.advance(30);
    }
    assert_eq!(seen(&receiver).len(), 3);
}

/// The runner of a server: it finds what was queued while it slept, and ends when it is told.
#[tokio::test]
async fn the_runner_does_what_is_due_until_it_is_stopped() {
    let scene = Scene::new(no_routes).await;
    let receiver = receive(&scene.app, &["panic", "done"]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = scene.app.app.clone();
    let runner = tokio::spawn(async move { app.run_jobs(async { drop(stopped.await) }).await });
    for number in 0..6 {
        queue(&scene.app, &number.to_string(), false).await;
    }
    scene.app.app.wake_jobs();
    let all_seen = async {
        while receiver.seen.lock().unwrap().len() < 6 {
            receiver.bell.notified().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all_seen).await.expect("all were done, after a panic too");
    drop(stop);
    tokio::time::timeout(std::time::Duration::from_secs(10), runner).await.expect("it ends").unwrap();
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn op_02_an_attempt_is_a_span_without_the_payload() {
    let scene = Scene::new(no_routes).await;
    let (written, _receiver) = (Written::default(), receive(&scene.app, &["retry", "done"]));
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    let _recorded = tracing::subscriber::set_default(subscriber);
    queue(&scene.app, "secret", false).await;
    assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 1);
    scene.app.advance(60);
    assert_eq!(scene.app.app.run_due_jobs().await.unwrap(), 1);
    let lines = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    for expected in ["job.attempt=1 job.result=\"retry\"", "job.attempt=2 job.result=\"done\""] {
        assert!(lines.contains(expected) && lines.contains("job.kind=\"test\""), "{expected}: {lines}");
    }
    assert!(!lines.contains("secret"), "{lines}");
}
