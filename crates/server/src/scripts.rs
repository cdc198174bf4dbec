//! The engine for scripts of tenants: this program again, as a worker.

use std::io;

use keywright_app::{App, FetchPolicy, PoolLimits, ScriptEngine, ScriptEngineOptions, ScriptLimits, WorkerProgram};

use crate::config::Scripts;

/// The hidden command that makes this program a worker for scripts.
pub(crate) const WORKER: &str = "script-worker";

/// What scripts may use on a development server: everything that its requests reach, on any port.
pub(crate) fn of_development() -> Scripts {
    Scripts {
        limits: ScriptLimits::default(),
        pool: PoolLimits::default(),
        fetch: FetchPolicy { ports: None, ..FetchPolicy::default() },
    }
}

/// Has scripts of tenants run. No process is started before one is needed.
pub(crate) fn run(app: &App, scripts: Scripts) -> io::Result<()> {
    let Scripts { limits, pool, fetch } = scripts;
    let worker = WorkerProgram::this([WORKER])?;
    let egress = app.egress().clone();
    app.run_scripts_with(ScriptEngine::new(ScriptEngineOptions { worker, limits, pool, egress, fetch }));
    Ok(())
}
