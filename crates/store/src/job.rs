//! A job on its way through an engine's queue: the caller's closure, and the caller who waits for its answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::{StoreError, Tx};

/// What engines know of a job.
pub(crate) trait Job: Send {
    /// Whether nobody waits any more: the caller's deadline is over. Such a job must not begin.
    fn abandoned(&self) -> bool;
    /// Runs the closure, once, and keeps its answer. `true` when it is to be committed.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Gives the caller the answer kept by `run`, or the error that came in between.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// Where a job leaves what it returned, for its caller.
pub(crate) type Outcome<T, E> = Arc<Mutex<Option<Result<T, E>>>>;

/// Tells the caller that the outcome is there, or what came in between.
pub(crate) type Answer = oneshot::Receiver<Result<(), StoreError>>;

pub(crate) struct Work<T, E, F> {
    closure: Option<F>,
    outcome: Outcome<T, E>,
    caller: oneshot::Sender<Result<(), StoreError>>,
}

impl<T, E, F> Work<T, E, F> {
    pub(crate) fn new(closure: F) -> (Self, Outcome<T, E>, Answer) {
        let (caller, answer) = oneshot::channel();
        let outcome = Outcome::default();
        (Self { closure: Some(closure), outcome: Arc::clone(&outcome), caller }, outcome, answer)
    }
}

/// What is in the outcome. Nothing panics while it is locked.
pub(crate) fn take<T, E>(outcome: &Mutex<Option<Result<T, E>>>) -> Option<Result<T, E>> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl<T, E, F> Job for Work<T, E, F>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn abandoned(&self) -> bool {
        self.caller.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(closure) = self.closure.take() else { return false };
        // A panic in one job must not take the thread, and with it the jobs of others. The closure is gone afterwards and its
        // transaction is rolled back, so nothing half-done can be seen.
        let result = match catch_unwind(AssertUnwindSafe(|| closure(tx))) {
            Ok(Ok(value)) => tx.failure().cloned().map_or(Ok(value), |failure| Err(failure.into())),
            Ok(Err(error)) => Err(error),
            Err(panic) => Err(StoreError::Engine(format!("a job panicked: {}", message(panic.as_ref()))).into()),
        };
        let commit = result.is_ok();
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        commit
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        // The caller may have gone; then nobody wants the answer.
        let _ = self.caller.send(outcome);
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
