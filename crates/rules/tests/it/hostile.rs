//! Scripts that mean harm (E §3, §4; SB-01, SB-02): each ends alone. After it, its tenant's next login works, and another
//! tenant's never noticed.

use std::sync::Arc;

use keywright_rules::{Engine, EngineOptions, FailureKind, Limits, Report, RulesOutcome};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::{out, run, short};

#[derive(Deserialize)]
struct Hostile {
    name: String,
    script: Vec<String>,
    /// Any of these: `continue`, `denied`, `out:…`, or a kind of failure.
    expect: Vec<String>,
}

fn corpus() -> Vec<Hostile> {
    serde_json::from_str(include_str!("../cases/hostile/corpus.json")).unwrap()
}

fn outcome(report: &Report<RulesOutcome>) -> Vec<String> {
    match &report.result {
        Err(failure) => {
            assert_ne!(failure.kind, FailureKind::Crashed, "the engine crashed");
            vec![serde_json::to_value(failure.kind).unwrap().as_str().unwrap().to_owned()]
        }
        Ok(outcome) if outcome.denial.is_some() => vec!["denied".to_owned()],
        Ok(outcome) => {
            let out = &outcome.context["out"];
            let text = out.as_str().map_or_else(|| out.to_string(), str::to_owned);
            vec!["continue".to_owned(), format!("out:{text}")]
        }
    }
}

const HARMLESS: &str =
    "function (user, context, callback) { context.out = user.email; callback(null, user, context); }";

/// Ends by the clock alone.
fn waits(hostile: &Hostile) -> bool {
    hostile.expect == ["wall_time"]
}

/// What a login of another tenant finds: its user, and a world as it was made.
const BYSTANDER: &str = "function (user, context, callback) { const names = []; for (const name in {}) names.push(name); for (const \
                         name of Object.keys(globalThis)) names.push(name); context.out = [user.email, names, typeof leaked, \
                         [1, 2].length]; callback(null, user, context); }";

async fn check(engine: Engine, index: usize, hostile: Hostile) -> Result<(), String> {
    let tenant = format!("tenant-{index}");
    let report = run(&engine, &tenant, &hostile.script.join("\n")).await;
    let found = outcome(&report);
    let written: usize = report.console.iter().map(|line| line.text.len()).sum();
    let next = out(&engine, &tenant, HARMLESS).await;
    let other = out(&engine, "bystander", BYSTANDER).await;
    if !found.iter().any(|found| hostile.expect.contains(found)) {
        return Err(format!("{}: {found:?}, not {:?} ({:?})", hostile.name, hostile.expect, report.result));
    }
    if next != "ann@example.com" {
        return Err(format!("{}: the next login got {next}", hostile.name));
    }
    if other != json!(["ann@example.com", [], "undefined", 2]) {
        return Err(format!("{}: another tenant's login got {other}", hostile.name));
    }
    if written > 128 * 1024 {
        return Err(format!("{}: {written} bytes of console output were kept", hostile.name));
    }
    Ok(())
}

/// The corpus is run in parts, side by side.
const PARTS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn sb_01_sb_02_hostile_scripts_end_alone_1() {
    part(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb_01_sb_02_hostile_scripts_end_alone_2() {
    part(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb_01_sb_02_hostile_scripts_end_alone_3() {
    part(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb_01_sb_02_hostile_scripts_end_alone_4() {
    part(3).await;
}

async fn part(part: usize) {
    let corpus = corpus();
    assert!(corpus.len() >= 160, "{} scripts", corpus.len());
    let engine = Engine::new(short());
    let hasty = Engine::new(EngineOptions { limits: Limits { wall_ms: 1_000, ..short().limits }, ..short() });
    let (places, mut running) = (Arc::new(Semaphore::new(8)), JoinSet::new());
    for (index, hostile) in corpus.into_iter().enumerate().filter(|(index, _)| index % PARTS == part) {
        let engine = if waits(&hostile) { hasty.clone() } else { engine.clone() };
        let places = places.clone();
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            check(engine, index, hostile).await
        });
    }
    let wrong: Vec<_> = running.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is left of them took its memory along: a worker that waits is as small as one that ran nothing but logins.
    #[cfg(target_os = "linux")]
    for resident in resident_memory_of_workers() {
        assert!(resident < 48 * 1024, "{resident} KiB");
    }
}

/// KiB of each child process; each test is a process of its own.
#[cfg(target_os = "linux")]
fn resident_memory_of_workers() -> Vec<u64> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default());
    let children = children.collect::<Vec<_>>().join(" ");
    let status = |child: &str| std::fs::read_to_string(format!("/proc/{child}/statm")).ok();
    let pages = |text: String| text.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let found: Vec<u64> = children.split_ascii_whitespace().filter_map(status).filter_map(pages).collect();
    assert!(!found.is_empty(), "no worker waits");
    found.into_iter().map(|pages| pages * 4).collect()
}

/// E §4: the engine's collector, were it on, would crash at some limits while it reports that there is no memory left.
#[tokio::test(flavor = "multi_thread")]
async fn sb_02_running_out_of_memory_crashes_no_worker() {
    let scripts = [
        "function (u, c, cb) { let o = {}; for (let i = 0; ; i++) o['p' + i] = i; }",
        "function (u, c, cb) { for (;;) { const a = { b: [1, 2, 3] }; a.a = a; } }",
        "async function (u, c, cb) { const all = []; for (;;) { all.push(Promise.resolve([1])); await null; } }",
    ];
    let mut running = JoinSet::new();
    for step in 0..24 {
        let limits = Limits { memory: 500_000 + step * 37_813, ..short().limits };
        let engine = Engine::new(EngineOptions { limits, ..short() });
        let script = scripts[step % scripts.len()];
        running.spawn(async move {
            let found = outcome(&run(&engine, "tenant", script).await);
            // What the failure of an asynchronous function could not be told to, waits for ever.
            assert!(
                ["memory", "denied", "stalled"].iter().any(|expected| found.contains(&(*expected).to_owned())),
                "{found:?}"
            );
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}
