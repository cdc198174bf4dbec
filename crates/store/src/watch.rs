//! The newest configuration version this node knows of, told to whoever keeps a cache, and how long ago the database last
//! confirmed it (architecture §4).
//!
//! Three sources feed it: this node's own writes, at once; on PostgreSQL the notification of another node's commit; and a
//! poll of the counter row, which finds what the others missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How often the counter row is read. With the poll alone, another node's write is seen within this time and a little.
pub(crate) const POLL: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(crate) struct Changes {
    version: watch::Sender<u64>,
    /// When this was made; what `confirmed` counts from.
    origin: Instant,
    /// Microseconds from `origin` to the last confirmation.
    confirmed: Arc<AtomicU64>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self { version: watch::Sender::new(0), origin: Instant::now(), confirmed: Arc::new(AtomicU64::new(0)) }
    }

    /// Tells of `version` if it is news. `asked` is a moment *before* the database was asked (or, for an own write, before
    /// its commit, while it held the counter row): the version was the newest at that moment, and may not be now.
    pub(crate) fn publish(&self, version: u64, asked: Instant) {
        self.version.send_if_modified(|known| {
            let news = version > *known;
            if news {
                *known = version;
            }
            news
        });
        // After the version: who finds it confirmed finds it.
        self.confirmed.fetch_max(micros(asked.saturating_duration_since(self.origin)), Ordering::SeqCst);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Whether the database confirmed the version no longer than `within` before `now`.
    pub(crate) fn confirmed_within(&self, within: Duration, now: Instant) -> bool {
        let age =
            micros(now.saturating_duration_since(self.origin)).saturating_sub(self.confirmed.load(Ordering::SeqCst));
        age <= micros(within)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_is_no_news() {
        let changes = Changes::new();
        let mut seen = changes.subscribe();
        changes.publish(3, Instant::now());
        assert!(seen.has_changed().unwrap());
        assert_eq!(*seen.borrow_and_update(), 3);
        changes.publish(2, Instant::now());
        changes.publish(3, Instant::now());
        assert!(!seen.has_changed().unwrap());
    }

    #[test]
    fn a_confirmation_ages_from_the_moment_of_asking_and_never_goes_back() {
        let changes = Changes::new();
        let asked = changes.origin + Duration::from_secs(10);
        let age = |seconds| asked + Duration::from_secs(seconds);
        let within = Duration::from_secs(2);
        changes.publish(1, asked);
        assert!(changes.confirmed_within(within, age(0)));
        assert!(changes.confirmed_within(within, age(2)));
        assert!(!changes.confirmed_within(within, age(3)));
        // The same version again is a confirmation; an answer that took long is not a younger one.
        changes.publish(1, age(3));
        changes.publish(2, age(1));
        assert!(changes.confirmed_within(within, age(5)));
        assert!(!changes.confirmed_within(within, age(6)));
    }
}
