//! The worker process (E §5). Two threads: one reads what the parent sends, the other runs JavaScript, so that the process
//! ends with its parent even while a script spins.

mod bindings;
mod cache;
mod cryptography;
mod encoding;
mod hardening;
mod machine;
mod shared;
mod sources;
mod stage;

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};

use crate::protocol::{FromWorker, GREETING, MAX_FRAME, ToWorker};

/// Stack of the thread that runs JavaScript: twice what a script may use.
const STACK: usize = 16 * 1024 * 1024;

/// Runs the worker until its parent closes the connection. This is the whole program of the process: it takes the standard
/// input and output, and gives up everything else that it could reach.
#[must_use]
pub fn run() -> ExitCode {
    let (sender, inbox) = mpsc::channel();
    let (ready, hardened) = mpsc::channel();
    let (warm, warmed) = mpsc::channel();
    let engine = std::thread::Builder::new().name("scripts".to_owned()).stack_size(STACK).spawn(move || {
        // What the generator looks for in the system it finds before the walls stand; nothing else is done before.
        let seeded = aws_lc_rs::rand::fill(&mut [0; 16]);
        let _ = warm.send(seeded);
        if hardened.recv().is_ok() {
            serve(&inbox);
        }
        std::process::exit(0);
    });
    if engine.is_err() {
        return ExitCode::FAILURE;
    }
    if !matches!(warmed.recv(), Ok(Ok(()))) {
        return ExitCode::FAILURE;
    }
    let walls = hardening::apply();
    let mut output = std::io::stdout().lock();
    if output.write_all(GREETING).is_err() || send(&mut output, &FromWorker::Ready(walls)).is_err() {
        return ExitCode::FAILURE;
    }
    drop(output);
    if ready.send(()).is_err() {
        return ExitCode::FAILURE;
    }
    let mut input = std::io::stdin().lock();
    while let Some(message) = receive(&mut input) {
        if sender.send(message).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

fn serve(inbox: &Receiver<ToWorker>) {
    while let Ok(message) = inbox.recv() {
        // Replies to a pass that is over are of no use.
        if let ToWorker::Run(run) = message {
            let usage = machine::run(*run, inbox);
            if !emit(&FromWorker::Idle(usage)) {
                return;
            }
        }
    }
}

/// Sends a frame from the thread of the scripts.
fn emit(message: &FromWorker) -> bool {
    send(&mut std::io::stdout().lock(), message).is_ok()
}

fn send(output: &mut impl Write, message: &FromWorker) -> std::io::Result<()> {
    let frame = serde_json::to_vec(message)?;
    let length = u32::try_from(frame.len()).map_err(std::io::Error::other)?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(&frame)?;
    output.flush()
}

fn receive(input: &mut impl Read) -> Option<ToWorker> {
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= MAX_FRAME)?;
    let mut frame = vec![0; length];
    input.read_exact(&mut frame).ok()?;
    serde_json::from_slice(&frame).ok()
}
