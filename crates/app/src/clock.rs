//! The one source of time. A real clock in production; in tests and under `POST /dev/clock` it can be moved.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Cheap to clone; all clones tell the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Adjustment>>);

/// How the clock differs from the machine's.
#[derive(Clone, Copy, Debug, Default)]
struct Adjustment {
    offset: SignedDuration,
    frozen_at: Option<Timestamp>,
}

impl Clock {
    /// The machine's own time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `now` until it is moved.
    #[must_use]
    pub fn frozen(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Adjustment { offset: SignedDuration::ZERO, frozen_at: Some(now) })))
    }

    /// The present, cut to milliseconds, which is what the store keeps.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.with(|adjustment| adjustment.now())
    }

    /// Moves the clock forward (or back, when negative). A step beyond the representable times changes nothing.
    pub fn advance(&self, step: SignedDuration) {
        self.with(|adjustment| match adjustment.frozen_at {
            Some(at) => adjustment.frozen_at = at.checked_add(step).ok().or(Some(at)),
            None => adjustment.offset = adjustment.offset.checked_add(step).unwrap_or(adjustment.offset),
        });
    }

    /// Stops the clock, or lets it run on from where it stands.
    pub fn set_frozen(&self, frozen: bool) {
        self.with(|adjustment| {
            let now = adjustment.now();
            if frozen {
                adjustment.frozen_at = Some(now);
            } else if adjustment.frozen_at.take().is_some() {
                adjustment.offset = now.duration_since(system_now());
            }
        });
    }

    /// Sets the time; a frozen clock stays frozen.
    pub fn set(&self, now: Timestamp) {
        self.with(|adjustment| match adjustment.frozen_at {
            Some(_) => adjustment.frozen_at = Some(now),
            None => adjustment.offset = now.duration_since(system_now()),
        });
    }

    /// Whether the clock stands still.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.with(|adjustment| adjustment.frozen_at.is_some())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Adjustment) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Adjustment {
    fn now(self) -> Timestamp {
        let now = self.frozen_at.unwrap_or_else(|| {
            let system = system_now();
            system.checked_add(self.offset).unwrap_or(system)
        });
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let start: Timestamp = "2026-01-02T03:04:05.006Z".parse().unwrap();
        let clock = Clock::frozen(start);
        assert_eq!(clock.now(), start);
        clock.clone().advance(SignedDuration::from_secs(90));
        assert_eq!(clock.now().to_string(), "2026-01-02T03:05:35.006Z", "clones share one time");
        assert!(clock.is_frozen());
    }

    #[test]
    fn a_running_clock_can_be_set_and_frozen() {
        let clock = Clock::system();
        clock.set("2030-05-05T00:00:00Z".parse().unwrap());
        assert_eq!(clock.now().to_string().get(..13), Some("2030-05-05T00"));
        clock.set_frozen(true);
        let at = clock.now();
        assert_eq!(clock.now(), at);
        clock.set_frozen(false);
        assert!(clock.now() >= at);
    }

    #[test]
    fn an_absurd_step_changes_nothing() {
        let clock = Clock::frozen("2026-01-01T00:00:00Z".parse().unwrap());
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
    }
}
