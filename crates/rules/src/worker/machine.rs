//! A pass in the worker: a fresh runtime, its realms one after the other, and the loop that runs jobs, timers and answers
//! of the parent until it is decided (E §5.1, §5.5, §5.6).

use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rquickjs::Runtime;
use serde_json::{Value, json};

use super::shared::Shared;
use super::stage::{Stage, State};
use super::{emit, hardening};
use crate::commands::Command;
use crate::protocol::{FromWorker, Run, RunKind, Stopped, ToWorker, Usage};

/// Runs the pass, sends its answer, and stays until nothing is pending. A worker whose pass was stopped does not come back
/// from here: its memory is not worth another pass.
pub(super) fn run(run: Run, inbox: &Receiver<ToWorker>) -> Usage {
    hardening::bound_processor_time(run.limits.cpu_ms);
    let shared = Rc::new(Shared::new(run.limits, run.now, run.frozen, run.seed, run.cache.clone()));
    let Ok(runtime) = Runtime::new() else {
        answer(&shared, 0, Err(Stopped::Memory));
        std::process::exit(1)
    };
    runtime.set_memory_limit(run.limits.memory);
    // With the collector, running out of memory can crash the engine; a runtime for each pass does not need one.
    runtime.set_gc_threshold(usize::MAX);
    runtime.set_max_stack_size(run.limits.stack);
    let watch = Rc::clone(&shared);
    runtime.set_interrupt_handler(Some(Box::new(move || watch.exhausted())));

    let input = run.input.clone();
    let mut machine = Machine { stages: Vec::new(), runtime, shared, run: Rc::new(run), input, inbox };
    let result = machine.pass();
    let stopped = result.is_err();
    answer(&machine.shared, machine.memory(), result);
    // R §2.3 (6): "work still pending after the callback is expected to finish in the background".
    if stopped || machine.drain().is_err() {
        // Not even the runtime is taken apart.
        emit(&FromWorker::Ended);
        std::process::exit(0);
    }
    machine.shared.usage(machine.memory())
}

fn answer(shared: &Shared, memory: u64, result: Result<String, Stopped>) {
    let result =
        result.and_then(|text| if text.len() > shared.limits.result { Err(Stopped::Result) } else { Ok(text) });
    shared.answered.set(true);
    emit(&FromWorker::Answer { result, usage: shared.usage(memory) });
}

struct Machine<'a> {
    // Realms before their runtime.
    stages: Vec<Stage>,
    runtime: Runtime,
    shared: Rc<Shared>,
    run: Rc<Run>,
    /// What the next driver reads.
    input: String,
    inbox: &'a Receiver<ToWorker>,
}

impl Machine<'_> {
    fn memory(&self) -> u64 {
        u64::try_from(self.runtime.memory_usage().malloc_size).unwrap_or(0)
    }

    /// Whether there is hardly any memory left: what goes wrong then goes wrong for that.
    fn is_full(&self) -> bool {
        self.runtime.memory_usage().malloc_size > i64::try_from(self.run.limits.memory / 10 * 9).unwrap_or(i64::MAX)
    }

    /// What the driver of the rules says, or of every Action that was called, as JSON.
    fn pass(&mut self) -> Result<String, Stopped> {
        match self.run.kind {
            RunKind::Rules | RunKind::Function(_) => self.stage(0),
            RunKind::Actions(_) => self.actions(),
        }
    }

    /// R §3.6: "take effect when the calling Action returned; following Actions wait".
    fn actions(&mut self) -> Result<String, Stopped> {
        let input: Value = serde_json::from_str(&self.run.input).map_err(|_| Stopped::Engine)?;
        let first =
            input.get("resume").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
        let mut results = Vec::new();
        let mut size = 0_usize;
        for index in first..self.run.scripts.len() {
            self.shared.script.set(Some(index));
            let result = self.stage(index)?;
            size = size.saturating_add(result.len());
            if size > self.run.limits.result {
                return Err(Stopped::Result);
            }
            let result: Value = serde_json::from_str(&result).map_err(|_| Stopped::Result)?;
            // The next Action sees the metadata of the transaction as this one left it, and nothing else of it.
            if let Some(metadata) = result.get("metadata") {
                self.hand_on(metadata)?;
            }
            let ends = result.get("error").is_some_and(|error| !error.is_null());
            results.push(result);
            if ends || self.shared.commands.borrow().iter().any(Command::ends_the_trigger) {
                break;
            }
        }
        let commands = self.shared.commands.borrow();
        let cache = self.shared.cache.borrow();
        serde_json::to_string(&json!({ "first": first, "results": results, "commands": *commands, "cache": *cache }))
            .map_err(|_| Stopped::Result)
    }

    fn hand_on(&mut self, metadata: &Value) -> Result<(), Stopped> {
        let mut input: Value = serde_json::from_str(&self.input).map_err(|_| Stopped::Engine)?;
        if let Some(input) = input.as_object_mut() {
            input.insert("metadata".to_owned(), metadata.clone());
        }
        self.input = input.to_string();
        Ok(())
    }

    fn stage(&mut self, index: usize) -> Result<String, Stopped> {
        let number = self.stages.len();
        let stage = Stage::start(&self.runtime, &self.shared, &self.run, &self.input, (index, number))?;
        self.stages.push(stage);
        loop {
            self.jobs()?;
            let stage = self.stages.get(number).ok_or(Stopped::Engine)?;
            let state = stage.state(&self.shared)?;
            if state.done {
                let result = stage.result(&self.shared)?;
                return self.stopped().map_or(Ok(result), Err);
            }
            if !self.wait(true)? {
                if self.is_full() {
                    return Err(Stopped::Memory);
                }
                let stage = self.stages.get(number).ok_or(Stopped::Engine)?;
                stage.stall(&self.shared)?;
            }
        }
    }

    /// Runs until no question to the parent is open, or the time is over.
    fn drain(&mut self) -> Result<(), Stopped> {
        loop {
            self.jobs()?;
            if self.shared.outstanding.borrow().is_empty() {
                return Ok(());
            }
            if !self.wait(false)? {
                return Ok(());
            }
        }
    }

    fn stopped(&self) -> Option<Stopped> {
        self.shared.exhausted().then(|| self.shared.stopped.get()).flatten()
    }

    /// Promise jobs, until there is none.
    fn jobs(&self) -> Result<(), Stopped> {
        loop {
            if let Some(stopped) = self.stopped() {
                return Err(stopped);
            }
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // A job catches what its function throws. What comes through is the end of the pass, which is seen above,
                // or of a callback that nobody waits for.
                Err(job) => {
                    job.0.with(|ctx| drop(ctx.catch()));
                    if self.is_full() {
                        return Err(Stopped::Memory);
                    }
                }
            }
        }
    }

    /// Waits for the next timer or answer and handles it. `false` when nothing is left to wait for.
    fn wait(&self, timers: bool) -> Result<bool, Stopped> {
        let mut next: Option<f64> = None;
        for stage in &self.stages {
            if let State { timer: Some(timer), .. } = stage.state(&self.shared)? {
                next = Some(next.map_or(timer, |next| next.min(timer)));
            }
        }
        let open = !self.shared.outstanding.borrow().is_empty();
        if !open && (next.is_none() || !timers) {
            return Ok(false);
        }
        let left = self.shared.left();
        let pause = next.map_or(left, |due| {
            left.min(Duration::try_from_secs_f64((due - self.shared.elapsed()).max(0.0) / 1000.0).unwrap_or(left))
        });
        match self.inbox.recv_timeout(pause) {
            Ok(ToWorker::Reply { id, result }) => {
                let stage = self.shared.outstanding.borrow_mut().remove(&id);
                if let Some(stage) = stage.and_then(|stage| self.stages.get(stage)) {
                    stage.deliver(&self.shared, id, result)?;
                }
            }
            // The parent never sends a pass before the last one ended.
            Ok(ToWorker::Run(_)) => return Err(Stopped::Engine),
            Err(RecvTimeoutError::Disconnected) => std::process::exit(0),
            Err(RecvTimeoutError::Timeout) => {
                for stage in &self.stages {
                    stage.fire(&self.shared)?;
                    self.jobs()?;
                }
            }
        }
        self.stopped().map_or(Ok(true), Err)
    }
}
