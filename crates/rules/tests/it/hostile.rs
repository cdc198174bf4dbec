//! Scripts that mean harm (E §3, §4; SB-01, SB-02): each ends alone. After it, its tenant's next login works, and another
//! tenant's never noticed.

use std::sync::Arc;

use keywright_rules::{Engine, FailureKind, Report, RulesOutcome};
use serde::Deserialize;
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

async fn check(engine: Engine, index: usize, hostile: Hostile) -> Result<(), String> {
    let tenant = format!("tenant-{index}");
    let report = run(&engine, &tenant, &hostile.script.join("\n")).await;
    let found = outcome(&report);
    let written: usize = report.console.iter().map(|line| line.text.len()).sum();
    let next = out(&engine, &tenant, HARMLESS).await;
    if !found.iter().any(|found| hostile.expect.contains(found)) {
        return Err(format!("{}: {found:?}, not {:?} ({:?})", hostile.name, hostile.expect, report.result));
    }
    if next != "ann@example.com" {
        return Err(format!("{}: the next login got {next}", hostile.name));
    }
    if written > 128 * 1024 {
        return Err(format!("{}: {written} bytes of console output were kept", hostile.name));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sb_01_sb_02_hostile_scripts_end_alone() {
    let corpus = corpus();
    assert!(corpus.len() >= 80, "{} scripts", corpus.len());
    let engine = Engine::new(short());
    let (places, mut running) = (Arc::new(Semaphore::new(8)), JoinSet::new());
    for (index, hostile) in corpus.into_iter().enumerate() {
        let (engine, places) = (engine.clone(), places.clone());
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            check(engine, index, hostile).await
        });
    }
    let wrong: Vec<_> = running.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
