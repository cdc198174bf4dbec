//! What parent and worker say to each other over the worker's standard input and output: frames of JSON, each after its
//! length in four bytes.
//!
//! The first bytes of the worker are [`GREETING`]; whatever the program wrote before is skipped.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::limits::Limits;
use crate::pass::ScriptModule;

/// The worker is ready.
pub(crate) const GREETING: &[u8] = b"\0keywright-script-worker\n";
/// Longest frame that a worker reads, in bytes: a pass of as many Actions as a trigger may have, with their modules.
pub(crate) const MAX_FRAME: usize = 48 * 1024 * 1024;
/// Longest frame that the parent reads, in bytes: a question as it is bounded by the worker, each character escaped.
pub(crate) const MAX_FRAME_OF_WORKER: usize = 6 * 1024 * 1024;
/// Most bytes that the parent reads in one pass. Nothing that keeps to the other bounds comes near.
pub(crate) const MAX_BYTES_OF_PASS: usize = 160 * 1024 * 1024;
/// Most frames that the parent reads in one pass.
pub(crate) const MAX_FRAMES_OF_PASS: usize = 20_000;
/// Processor time of a pass, in microseconds, after which its thread gets what others leave over, so that a script that spins
/// does not slow down logins. A process cannot take that back: its worker is not used again.
pub(crate) const PATIENCE_US: u64 = 50_000;

/// From the parent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    Run(Box<Run>),
    /// The answer to a [`FromWorker::Call`]: JSON, or the message of an error.
    Reply {
        id: u32,
        result: Result<String, String>,
    },
}

/// From the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWorker {
    Ready(Hardening),
    Console(ConsoleLine),
    Call {
        id: u32,
        call: Call,
    },
    /// The pass is decided.
    Answer {
        result: Result<String, Stopped>,
        usage: Usage,
    },
    /// Nothing of it is pending any more; the worker takes the next pass.
    Idle(Usage),
    /// The worker ends: its memory is not worth another pass.
    Ended,
}

/// Which walls stand around the worker besides the process itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hardening {
    pub(crate) resource_limits: bool,
    pub(crate) system_calls: bool,
}

/// One pass.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) kind: RunKind,
    pub(crate) scripts: Vec<Script>,
    /// JSON that the driver of the kind reads.
    pub(crate) input: String,
    pub(crate) cache: Vec<CacheEntry>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    /// The clock stands at `now`.
    pub(crate) frozen: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) limits: Limits,
}

/// It holds `configuration` and tokens.
impl Drop for Run {
    fn drop(&mut self) {
        self.input.zeroize();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunKind {
    /// All in one realm.
    Rules,
    /// Each in its own.
    Actions(crate::trigger::Trigger),
    /// One function, called once.
    Function(crate::functions::FunctionKind),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) code: String,
    /// JSON object.
    pub(crate) secrets: String,
    pub(crate) modules: Vec<ScriptModule>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.secrets.zeroize();
    }
}

/// An entry of `api.cache`. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CacheEntry {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) expires_at: i64,
}

impl CacheEntry {
    /// R §3.7: "≤20 entries".
    pub(crate) const ENTRIES: usize = 20;
    /// R §3.7: "key ≤64 bytes".
    pub(crate) const KEY: usize = 64;
    /// R §3.7: "value ≤4 kB".
    pub(crate) const VALUE: usize = 4 * 1024;
    /// R §3.7: "sum ≤8 kB".
    pub(crate) const TOTAL: usize = 8 * 1024;

    /// Whether these are few and short enough.
    pub(crate) fn fit(all: &[Self]) -> bool {
        let total: usize = all.iter().map(|entry| entry.key.len().saturating_add(entry.value.len())).sum();
        all.len() <= Self::ENTRIES && total <= Self::TOTAL
    }
}

/// What a script asks the parent for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) operation: String,
    /// JSON.
    pub(crate) arguments: String,
}

/// Why a pass was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stopped {
    WallTime,
    ProcessorTime,
    Memory,
    /// What it gives back is too long, or no JSON.
    Result,
    /// The engine itself failed.
    Engine,
}

/// One line that a script wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLine {
    /// How loud.
    pub level: ConsoleLevel,
    /// Which script of the pass wrote it, if one did.
    pub script: Option<usize>,
    /// The text.
    pub text: String,
}

/// The method of `console` that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleLevel {
    /// `console.debug`.
    Debug,
    /// `console.log`.
    Log,
    /// `console.info`.
    Info,
    /// `console.warn`, and remarks of the engine.
    Warn,
    /// `console.error` and `console.exception`.
    Error,
    /// `console.trace`.
    Trace,
}

/// What a pass used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Microseconds from its start.
    pub wall_us: u64,
    /// Microseconds of processor time.
    pub cpu_us: u64,
    /// Bytes of the JavaScript heap at its end.
    pub memory: u64,
    /// Questions to the server.
    pub host_calls: u32,
}
