//! What the host functions of a pass share: its limits and how far they are used up, the clock, and chance.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{emit, hardening};
use crate::commands::Command;
use crate::limits::Limits;
use crate::protocol::{CacheEntry, Call, ConsoleLevel, ConsoleLine, FromWorker, PATIENCE_US, Stopped, Usage};

pub(super) struct Shared {
    pub(super) limits: Limits,
    started: Instant,
    processor: Duration,
    now: i64,
    frozen: bool,
    /// Milliseconds that timers moved a clock that stands.
    moved: Cell<i64>,
    chance: RefCell<Option<StdRng>>,
    /// Whether the pass took so long that it gives way to others.
    behind: Cell<bool>,
    /// Set by the interrupt handler: what the engine threw is no error of the script then.
    pub(super) stopped: Cell<Option<Stopped>>,
    /// Set when the pass is decided.
    pub(super) answered: Cell<bool>,
    calls: Cell<u32>,
    /// Which stage asked.
    pub(super) outstanding: RefCell<HashMap<u32, usize>>,
    console: Cell<usize>,
    /// The script that runs.
    pub(super) script: Cell<Option<usize>>,
    pub(super) commands: RefCell<Vec<Command>>,
    pub(super) cache: RefCell<Vec<CacheEntry>>,
}

impl Shared {
    pub(super) fn new(limits: Limits, now: i64, frozen: bool, seed: Option<u64>, cache: Vec<CacheEntry>) -> Self {
        Self {
            limits,
            started: Instant::now(),
            processor: processor_time(),
            now,
            frozen,
            moved: Cell::new(0),
            chance: RefCell::new(seed.map(StdRng::seed_from_u64)),
            behind: Cell::new(false),
            stopped: Cell::new(None),
            answered: Cell::new(false),
            calls: Cell::new(0),
            outstanding: RefCell::default(),
            console: Cell::new(0),
            script: Cell::new(None),
            commands: RefCell::default(),
            cache: RefCell::new(cache),
        }
    }

    /// Milliseconds since the pass began, never backwards.
    pub(super) fn elapsed(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }

    /// What is left of the pass.
    pub(super) fn left(&self) -> Duration {
        self.limits.wall().saturating_sub(self.started.elapsed())
    }

    /// Whether the scripts have to stop now.
    pub(super) fn exhausted(&self) -> bool {
        if self.stopped.get().is_none() {
            let used = processor_time().saturating_sub(self.processor);
            if self.left().is_zero() {
                self.stopped.set(Some(Stopped::WallTime));
            } else if used > Duration::from_millis(self.limits.cpu_ms) {
                self.stopped.set(Some(Stopped::ProcessorTime));
            } else if used > Duration::from_micros(PATIENCE_US) && !self.behind.replace(true) {
                hardening::step_back();
            }
        }
        self.stopped.get().is_some()
    }

    /// `Date.now()`.
    pub(super) fn now(&self) -> i64 {
        let passed =
            if self.frozen { self.moved.get() } else { i64::try_from(self.started.elapsed().as_millis()).unwrap_or(0) };
        self.now.saturating_add(passed)
    }

    /// A timer that was due this long after the start has fired.
    pub(super) fn move_clock(&self, elapsed: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is a time of a pass")]
        self.moved.set(self.moved.get().max(elapsed as i64));
    }

    /// Random bytes: the system's, or those of the seed.
    pub(super) fn random(&self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.chance.borrow_mut().as_mut() {
            Some(chance) => chance.fill(bytes.as_mut_slice()),
            None => aws_lc_rs::rand::fill(&mut bytes).ok()?,
        }
        Some(bytes)
    }

    pub(super) fn usage(&self, memory: u64) -> Usage {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Usage {
            wall_us: micros(self.started.elapsed()),
            cpu_us: micros(processor_time().saturating_sub(self.processor)),
            memory,
            host_calls: self.calls.get(),
        }
    }

    /// Sends a line of console output while there is room for it.
    pub(super) fn console(&self, level: ConsoleLevel, text: &str) {
        let room = self.limits.console.saturating_sub(self.console.get());
        if room == 0 {
            return;
        }
        let mut text = text.to_owned();
        if text.len() >= room {
            text.truncate(text.floor_char_boundary(room));
            text.push_str(" … (no more output of this run is kept)");
        }
        // An empty line is output, too.
        self.console.set(self.console.get().saturating_add(text.len()).saturating_add(16));
        emit(&FromWorker::Console(ConsoleLine { level, script: self.script.get(), text }));
    }

    /// Asks the parent. `None` when the pass may not ask any more.
    pub(super) fn call(&self, stage: usize, operation: String, arguments: String) -> Option<u32> {
        let id = self.calls.get();
        if id >= self.limits.host_calls {
            return None;
        }
        self.calls.set(id.saturating_add(1));
        self.outstanding.borrow_mut().insert(id, stage);
        emit(&FromWorker::Call { id, call: Call { operation, arguments } });
        Some(id)
    }
}

/// Processor time of this thread.
#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
}

/// Not known here: the wall clock bounds the pass alone.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    Duration::ZERO
}
