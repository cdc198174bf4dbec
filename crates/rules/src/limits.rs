//! What a pass may use, and how many workers there are (R §2.14, §3.8; SB-02).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bounds of one pass. Times are milliseconds, sizes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// R §2.3 (8): "the whole sequence must finish in 20 s (wall)".
    pub wall_ms: u64,
    /// Processor time of the scripts; less than `wall_ms`, so that a script that spins does not hold a core that long.
    pub cpu_ms: u64,
    /// Memory of the JavaScript heap.
    pub memory: usize,
    /// Stack of the JavaScript code.
    pub stack: usize,
    /// Length of one script.
    pub script: usize,
    /// Console output of a pass.
    pub console: usize,
    /// Timers that are set in a pass.
    pub timers: u32,
    /// Questions that a pass asks the server: requests, changes of users, roles.
    pub host_calls: u32,
    /// What a pass gives back, as JSON.
    pub result: usize,
    /// What `global` keeps for the next pass, as JSON.
    pub global: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 20_000,
            cpu_ms: 2_000,
            memory: 64 * 1024 * 1024,
            stack: 4 * 1024 * 1024,
            script: 100_000,
            console: 64 * 1024,
            timers: 1_000,
            host_calls: 30,
            result: 1024 * 1024,
            global: 64 * 1024,
        }
    }
}

impl Limits {
    /// How long a pass may take.
    #[must_use]
    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }
}

/// How many workers there are, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Passes of one tenant at the same time (R §1: "250 in-flight executions per tenant").
    pub tenant: usize,
    /// Worker processes of all tenants.
    pub workers: usize,
    /// Passes after which a worker is replaced.
    pub runs: u32,
    /// How long a worker waits for the next pass of its tenant.
    pub idle: Duration,
    /// How long after its deadline a pass is killed from outside.
    pub grace: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { tenant: 250, workers: 64, runs: 1_000, idle: Duration::from_mins(1), grace: Duration::from_millis(250) }
    }
}
