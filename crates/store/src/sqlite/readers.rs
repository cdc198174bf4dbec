//! The reader threads, and the poll of the configuration version.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rusqlite::Connection;

use super::Ask;
use super::connection::Session;
use crate::job::Job;
use crate::queue::Queue;
use crate::tx::{Access, Tx};
use crate::watch::{Changes, POLL};
use crate::{StoreError, config};

pub(super) fn run(connection: &mut Connection, queue: &Queue<Box<dyn Job>>) {
    loop {
        // One at a time: the other readers may take the next.
        let Some(mut job) = queue.take(1).pop() else { return };
        if !job.abandoned() {
            job.run(&mut Tx::new(&mut Session(connection), Access::Read));
            job.answer(Ok(()));
        }
    }
}

/// Reads the configuration version again and again, for the writes of other processes, until the other end of `ended` goes.
pub(super) fn poll(connection: &mut Connection, ended: &Receiver<()>, changes: &Changes) {
    while ended.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        let asked = Instant::now();
        match once(connection, config::current) {
            Ok(version) => changes.publish(version, asked),
            Err(error) => tracing::warn!(%error, "cannot read the configuration version"),
        }
    }
}

/// One read outside any job.
pub(super) fn once<T>(connection: &mut Connection, ask: Ask<T>) -> Result<T, StoreError> {
    ask(&mut Tx::new(&mut Session(connection), Access::Read))
}
