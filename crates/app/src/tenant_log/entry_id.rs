//! Identifiers of log entries: decimal digits that sort by time (`management-api.md` §1.4 "log event").

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use keywright_jose::Random;

/// Keeps the entries of one process apart that were made in the same millisecond. Wraps around; the order within one
/// millisecond of a busy process is not promised.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// `900`, the time to the millisecond (17 digits), a counter (6) and random digits (30).
pub(super) fn new(now: Timestamp, random: &Random) -> String {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) % 1_000_000;
    let random = u128::from_be_bytes(random.bytes()) % 10_u128.pow(30);
    format!("{}{count:06}{random:030}", before(now))
}

/// The least identifier of a time, without counter and random digits; sorts before all entries of that millisecond.
pub(crate) fn before(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    format!(
        "900{:04}{:02}{:02}{:02}{:02}{:02}{:03}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_56_digits_and_sort_by_time() {
        let random = Random::system();
        let times = ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00.001Z"];
        let ids: Vec<String> = times.iter().map(|at| new(at.parse().unwrap(), &random)).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 56 && id.bytes().all(|b| b.is_ascii_digit())));
        assert!(before(times[1].parse().unwrap()) < ids[1] && before(times[1].parse().unwrap()) > ids[0]);
    }
}
