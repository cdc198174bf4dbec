//! Workers (E §5): one tenant each, replaced when they end, with nothing of the server in them.

use std::sync::Arc;

use keywright_rules::{Engine, EngineOptions, FailureKind, Limits, NoHost, PoolLimits, WorkerProgram};
use serde_json::json;

use crate::{engine, options, out, pass, run, short};

/// SB-03: what one tenant's rule leaves behind, another one's does not find; its own next pass finds the data of `global`.
#[tokio::test]
async fn sb_03_nothing_is_left_for_another_tenant() {
    let engine = engine();
    let write = "function (user, context, callback) { global.mine = { a: 1 }; global.work = () => 1; Object.prototype.leak = 1; \
                 Array.prototype.leak = 1; globalThis.fetch = () => 'mine'; leaked = 1; callback(null, user, context); }";
    let read = "function (user, context, callback) { context.out = [typeof global.mine, typeof global.work, typeof ({}).leak, \
                typeof [].leak, String(fetch).includes('mine'), typeof leaked]; callback(null, user, context); }";
    assert_eq!(out(&engine, "one", write).await, json!(null));
    let nothing = json!(["undefined", "undefined", "undefined", "undefined", false, "undefined"]);
    assert_eq!(out(&engine, "other", read).await, nothing);
    // The cache that is documented: data of `global`, of the same tenant.
    let own = json!(["object", "undefined", "undefined", "undefined", false, "number"]);
    assert_eq!(out(&engine, "one", read).await, own);
}

#[tokio::test]
async fn a_worker_is_used_again_by_its_tenant_only() {
    let engine = engine();
    let nothing = "function (user, context, callback) { callback(null, user, context); }";
    for _ in 0..3 {
        run(&engine, "one", nothing).await.background.finished().await;
        assert_eq!(engine.idle_workers(), 1);
    }
    run(&engine, "other", nothing).await.background.finished().await;
    assert_eq!(engine.idle_workers(), 2);
}

#[tokio::test]
async fn sb_02_a_script_that_cannot_be_interrupted_is_killed_and_replaced() {
    let options = short();
    let limits = Limits { wall_ms: 1_000, ..options.limits };
    let engine = Engine::new(EngineOptions { limits, ..options });
    let script =
        "function (user, context, callback) { require('bcrypt').hashSync('x', 31); callback(null, user, context); }";
    let report = run(&engine, "tenant", script).await;
    assert_eq!(report.result.unwrap_err().kind, FailureKind::WallTime);
    report.background.finished().await;
    assert_eq!(engine.idle_workers(), 1);
    let harmless = "function (user, context, callback) { context.out = 1; callback(null, user, context); }";
    assert_eq!(out(&engine, "tenant", harmless).await, json!(1));
}

#[tokio::test]
async fn sb_02_too_many_passes_of_a_tenant_are_refused_and_others_are_not() {
    let pool = PoolLimits { tenant: 1, ..PoolLimits::default() };
    let engine = Engine::new(EngineOptions { pool, ..options() });
    let slow = "function (user, context, callback) { setTimeout(() => callback(null, user, context), 300); }";
    let first = {
        let engine = engine.clone();
        tokio::spawn(async move { run(&engine, "one", slow).await.result.is_ok() })
    };
    tokio::task::yield_now().await;
    let second = run(&engine, "one", slow).await;
    assert_eq!(second.result.unwrap_err().kind, FailureKind::Busy);
    assert!(run(&engine, "other", slow).await.result.is_ok());
    assert!(first.await.unwrap());
}

#[tokio::test]
async fn without_a_worker_nothing_passes() {
    let worker =
        WorkerProgram { program: "/nonexistent/worker".into(), arguments: Vec::new(), environment: Vec::new() };
    let engine = Engine::new(EngineOptions { worker, ..options() });
    let report = engine.run_rules("tenant", pass(&["(u, c, cb) => cb()"]), Arc::new(NoHost)).await;
    assert_eq!(report.result.unwrap_err().kind, FailureKind::Unavailable);
}

/// The environment is empty, and the limits of the process are in force.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sb_01_the_process_is_confined() {
    use tokio::io::AsyncReadExt as _;
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_keywright-script-worker"))
        .env_clear()
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut greeting = vec![0; 25];
    child.stdout.as_mut().unwrap().read_exact(&mut greeting).await.unwrap();
    let process = format!("/proc/{}", child.id().unwrap());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.rsplit('\t').next().unwrap_or_default().to_owned()
    };
    assert_eq!((field("NoNewPrivs:").as_str(), field("Seccomp:").as_str()), ("1", "2"), "{status}");
    // Where this test may not even look, the process is closed as it should be.
    if let Ok(limits) = std::fs::read_to_string(format!("{process}/limits")) {
        let row = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        assert!(row("Max core file size").contains(" 0 "), "{limits}");
        assert!(row("Max open files").contains(" 8 "), "{limits}");
        assert!(!row("Max address space").contains("unlimited  "), "{limits}");
    }
}
