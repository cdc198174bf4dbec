//! The threads that hash. They end with the instance.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::AppError;

type Work = Box<dyn FnOnce() + Send>;

/// A fixed number of threads.
#[derive(Clone)]
pub(super) struct Workers(mpsc::Sender<Work>);

impl Workers {
    /// Starts `count` threads.
    pub(super) fn start(count: usize) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..count {
            let receiver = receiver.clone();
            thread::Builder::new().name(format!("password-{number}")).spawn(move || {
                loop {
                    // One thread waits for the next work, the others for the lock; it is free while a thread works.
                    let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(work) = next else { return };
                    work();
                }
            })?;
        }
        Ok(Self(sender))
    }

    /// Has a thread do `work`; `slot` is given back when it is done. What nobody waits for any more is not begun.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        slot: OwnedSemaphorePermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let (sender, answer) = oneshot::channel();
        let run = move || {
            if sender.is_closed() {
                return;
            }
            // The libraries below work on input from anywhere; a thread must outlive their defects.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // Before the answer: whoever has it finds the slot free.
            drop(slot);
            if let Ok(result) = result {
                drop(sender.send(result));
            }
        };
        self.0.send(Box::new(run)).map_err(AppError::internal)?;
        answer.await.map_err(|_| AppError::internal("a password was not hashed"))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    async fn slot(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        slots.clone().acquire_owned().await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_thread_goes_on() {
        let (workers, slots) = (Workers::start(1).unwrap(), Arc::new(Semaphore::new(1)));
        let failed: Result<(), AppError> = workers.run::<()>(slot(&slots).await, || panic!("defect")).await;
        assert!(matches!(failed, Err(AppError::Internal(_))));
        assert_eq!(workers.run(slot(&slots).await, || 7).await.unwrap(), 7);
        assert_eq!(slots.available_permits(), 1);
    }

    #[tokio::test]
    async fn lg_04_work_of_a_caller_who_has_gone_is_not_begun() {
        let (workers, slots) = (Workers::start(1).unwrap(), Arc::new(Semaphore::new(2)));
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let (workers, slot) = (workers.clone(), slot(&slots).await);
            async move { workers.run(slot, move || held.recv()).await }
        });
        // The thread gets its work in this order.
        tokio::task::yield_now().await;
        let (begun, began) = mpsc::channel::<()>();
        let second = workers.run(slot(&slots).await, move || begun.send(()));
        let gone = tokio::time::timeout(std::time::Duration::ZERO, second).await;
        assert!(gone.is_err());
        release.send(()).unwrap();
        first.await.unwrap().unwrap().unwrap();
        assert_eq!(workers.run(slot(&slots).await, || 7).await.unwrap(), 7);
        assert!(began.recv().is_err(), "dropped, never run");
    }
}
