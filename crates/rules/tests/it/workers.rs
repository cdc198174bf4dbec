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

/// Where the system bounds the processor time of a process, nobody waits for the clock; and it is no crash.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sb_02_the_system_ends_what_takes_too_much_processor_time() {
    // Longer than a busy machine needs to give a process a second or two that has taken a step back.
    let limits = Limits { wall_ms: 150_000, ..short().limits };
    let engine = Engine::new(EngineOptions { limits, ..short() });
    let script = "function (user, context, callback) { require('bcrypt').hashSync('x', 31); }";
    let report = run(&engine, "tenant", script).await;
    assert_eq!(report.result.unwrap_err().kind, FailureKind::ProcessorTime);
    report.background.finished().await;
    assert_eq!(engine.idle_workers(), 1);
}

#[tokio::test]
async fn there_are_no_more_workers_than_allowed() {
    let engine = Engine::new(EngineOptions { pool: PoolLimits { workers: 2, ..PoolLimits::default() }, ..options() });
    let nothing = "function (user, context, callback) { callback(null, user, context); }";
    for tenant in ["one", "two", "three", "four", "three"] {
        run(&engine, tenant, nothing).await.background.finished().await;
        assert!(engine.idle_workers() <= 2, "{}", engine.idle_workers());
    }
}

/// A worker that a script took over says what it likes: frames that are none, results that cannot be, more than is read.
#[cfg(unix)]
#[tokio::test]
async fn sb_01_what_a_worker_says_is_not_believed() {
    let frame = |message: &serde_json::Value| {
        let text = message.to_string();
        [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
    };
    let usage = json!({ "wall_us": 0, "cpu_us": 0, "memory": 0, "host_calls": 0 });
    let answer =
        |text: &serde_json::Value| json!({ "Answer": { "result": { "Ok": text.to_string() }, "usage": usage } });
    let result = |executed: usize, error: serde_json::Value| {
        answer(&json!({ "user": {}, "context": {}, "error": error, "executed": executed, "global": null }))
    };
    let denied = result(1, json!({ "name": "Error", "message": "no", "script": 0 }));
    let call = |id: usize| json!({ "Call": { "id": id, "call": { "operation": "nothing", "arguments": "{}" } } });
    let line = json!({ "Console": { "level": "log", "script": null, "text": "" } });
    let all = |messages: Vec<serde_json::Value>| messages.iter().flat_map(frame).collect::<Vec<u8>>();
    let idle = json!({ "Idle": usage });
    for (name, said, expected) in [
        ("no frame", vec![0xff; 100], Err(FailureKind::Crashed)),
        ("no message", all(vec![json!({ "Nothing": 1 })]), Err(FailureKind::Crashed)),
        ("no answer", all(vec![idle.clone()]), Err(FailureKind::Crashed)),
        ("the end", all(vec![json!("Ended")]), Err(FailureKind::Crashed)),
        ("no result", all(vec![answer(&json!("x"))]), Err(FailureKind::Result)),
        ("a Rule less", all(vec![result(0, json!(null))]), Err(FailureKind::Result)),
        (
            "a Rule more",
            all(vec![result(1, json!({ "name": "", "message": "", "script": 7 }))]),
            Err(FailureKind::Result),
        ),
        ("two answers", all(vec![denied, result(1, json!(null)), idle]), Ok("no")),
        ("too many questions", all((0..31).map(call).collect()), Err(FailureKind::Crashed)),
        ("too many lines", all(vec![line; 20_001]), Err(FailureKind::Crashed)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("said");
        let ready = frame(&json!({ "Ready": { "resource_limits": true, "system_calls": true } }));
        std::fs::write(&file, [b"\0keywright-script-worker\n".as_slice(), &ready, &said].concat()).unwrap();
        let program = format!("/bin/cat {}; exec /bin/sleep 60", file.display());
        let worker = WorkerProgram {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), program.into()],
            environment: vec![],
        };
        let engine = Engine::new(EngineOptions { worker, ..options() });
        let report = engine.run_rules("tenant", pass(&["(u, c, cb) => cb()"]), Arc::new(NoHost)).await;
        let found = report.result.map(|outcome| outcome.denial.map(|denial| denial.message));
        assert_eq!(found.map_err(|failure| failure.kind), expected.map(|text: &str| Some(text.to_owned())), "{name}");
        assert!(report.console.len() <= 65_536, "{name}");
    }
}

/// A worker that does not read what it is sent holds nobody up for longer than a pass may take.
#[cfg(unix)]
#[tokio::test]
async fn sb_02_a_worker_that_does_not_listen_is_given_up() {
    let program = "printf '\\000keywright-script-worker\\n\\000\\000\\000\\066{\"Ready\":{\"resource_limits\":true,\"system_calls\":true}}'; exec \
                   /bin/sleep 60";
    let worker =
        WorkerProgram { program: "/bin/sh".into(), arguments: vec!["-c".into(), program.into()], environment: vec![] };
    let limits = Limits { wall_ms: 300, ..Limits::default() };
    let engine = Engine::new(EngineOptions { worker, limits, ..options() });
    let report = engine.run_rules("tenant", pass(&["(u, c, cb) => cb()"]), Arc::new(NoHost)).await;
    assert_eq!(report.result.unwrap_err().kind, FailureKind::WallTime);
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
