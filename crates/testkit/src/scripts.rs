//! An engine for scripts of tenants whose workers are the test's own program.

use keywright_app::{Egress, FetchPolicy, PoolLimits, ScriptEngine, ScriptEngineOptions, ScriptLimits, WorkerProgram};

use crate::receiver::egress_options;

/// The test that is a worker. Every test program that runs scripts has it, at its root:
///
/// ```ignore
/// #[test]
/// #[ignore = "the program of a worker for scripts"]
/// fn script_worker() {
///     keywright_testkit::become_script_worker();
/// }
/// ```
const WORKER: &str = "script_worker";

/// What `script_worker` does: it serves the program that started it, and ends with it.
pub fn become_script_worker() -> ! {
    let _ = keywright_rules::worker::run();
    std::process::exit(0)
}

/// An engine whose scripts reach the test's own receivers.
#[must_use]
pub fn script_engine() -> ScriptEngine {
    script_engine_with(ScriptLimits::default())
}

/// The same with limits that a hostile script reaches soon.
#[must_use]
pub fn script_engine_with(limits: ScriptLimits) -> ScriptEngine {
    let arguments = [WORKER, "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    ScriptEngine::new(ScriptEngineOptions {
        worker: WorkerProgram {
            program: std::env::current_exe().expect("this program"),
            arguments: arguments.map(Into::into).to_vec(),
            environment: Vec::new(),
        },
        limits,
        pool: PoolLimits::default(),
        egress: Egress::new(egress_options()).expect("a client"),
        fetch: FetchPolicy { ports: None, ..FetchPolicy::default() },
    })
}
