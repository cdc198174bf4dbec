//! What parent and worker say to each other over the worker's standard input and output: frames of JSON, each after its
//! length in four bytes.
//!
//! The first bytes of the worker are [`GREETING`]; whatever the program wrote before is skipped.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;

/// The worker is ready.
pub(crate) const GREETING: &[u8] = b"\0keywright-script-worker\n";
/// Longest frame that is read, in bytes; an answer of a host is the longest.
pub(crate) const MAX_FRAME: usize = 24 * 1024 * 1024;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunKind {
    /// All in one realm.
    Rules,
    /// Each in its own.
    Actions(crate::trigger::Trigger),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) code: String,
    /// JSON object.
    pub(crate) secrets: String,
}

/// An entry of `api.cache`. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CacheEntry {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) expires_at: i64,
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
