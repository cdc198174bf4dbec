//! The newest configuration version this node knows of, told to whoever keeps a cache (architecture §4).
//!
//! Three sources feed it: this node's own writes, at once; on PostgreSQL the notification of another node's commit; and a
//! poll of the counter row, which finds what the others missed.

use std::time::Duration;

use tokio::sync::watch;

/// How often the counter row is read. With the poll alone, another node's write is seen within this time and a little.
pub(crate) const POLL: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(crate) struct Changes(watch::Sender<u64>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Tells of `version` if it is news.
    pub(crate) fn publish(&self, version: u64) {
        self.0.send_if_modified(|known| {
            let news = version > *known;
            if news {
                *known = version;
            }
            news
        });
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_is_no_news() {
        let changes = Changes::new();
        let mut seen = changes.subscribe();
        changes.publish(3);
        assert!(seen.has_changed().unwrap());
        assert_eq!(*seen.borrow_and_update(), 3);
        changes.publish(2);
        changes.publish(3);
        assert!(!seen.has_changed().unwrap());
    }
}
