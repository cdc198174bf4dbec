//! The script engine with real worker processes: behaviour as data, hostile scripts, requests, isolation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a failed expectation is a failed test"
)]

mod cases;
mod fetch;
mod hostile;
mod secrets;
mod workers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keywright_rules::{
    Engine, EngineOptions, FetchPolicy, Limits, NoHost, PoolLimits, Report, RuleScript, RulesOutcome, RulesPass,
    ScriptClock, WorkerProgram,
};
use keywright_testkit::egress_options;
use serde_json::{Map, Value, json};

fn worker() -> WorkerProgram {
    WorkerProgram {
        program: PathBuf::from(env!("CARGO_BIN_EXE_keywright-script-worker")),
        arguments: Vec::new(),
        environment: Vec::new(),
    }
}

fn options() -> EngineOptions {
    EngineOptions {
        worker: worker(),
        limits: Limits::default(),
        pool: PoolLimits::default(),
        egress: keywright_egress::Egress::new(egress_options()).unwrap(),
        fetch: FetchPolicy { ports: None, ..FetchPolicy::default() },
    }
}

fn engine() -> Engine {
    Engine::new(options())
}

/// Bounds that a hostile script reaches soon.
fn short() -> EngineOptions {
    EngineOptions {
        limits: Limits { cpu_ms: 100, memory: 16 * 1024 * 1024, ..Limits::default() },
        pool: PoolLimits { grace: Duration::from_millis(200), ..PoolLimits::default() },
        ..options()
    }
}

fn pass(scripts: &[&str]) -> RulesPass {
    RulesPass {
        rules: scripts
            .iter()
            .enumerate()
            .map(|(index, script)| RuleScript {
                id: format!("rul_{index}"),
                name: format!("rule {index}"),
                script: (*script).to_owned(),
            })
            .collect(),
        user: json!({ "user_id": "auth0|1", "email": "ann@example.com" }),
        context: json!({ "idToken": {}, "accessToken": {} }),
        configuration: Map::new(),
        management: None,
        clock: ScriptClock::from(1_700_000_000_000),
    }
}

async fn run(engine: &Engine, tenant: &str, script: &str) -> Report<RulesOutcome> {
    engine.run_rules(tenant, pass(&[script]), Arc::new(NoHost)).await
}

/// What the rule put into `context.out`.
async fn out(engine: &Engine, tenant: &str, script: &str) -> Value {
    let report = run(engine, tenant, script).await;
    let outcome = report.result.unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(outcome.denial, None);
    outcome.context["out"].clone()
}
