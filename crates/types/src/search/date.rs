//! Dates in a query: a year, a month, a day, a minute, a second or a millisecond, each standing for all of its time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The time from (inclusive) and until (exclusive) that a date stands for. In UTC, unless it says otherwise.
pub(super) fn interval(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let Some(time) = time else {
        let parts: Vec<i16> = date.split('-').map(number).collect::<Option<_>>()?;
        let (first, step) = match (parts.as_slice(), date.len()) {
            ([year], 4) => (Date::new(*year, 1, 1), 1.year()),
            ([year, month], 7) => (Date::new(*year, small(*month)?, 1), 1.month()),
            ([year, month, day], 10) => (Date::new(*year, small(*month)?, small(*day)?), 1.day()),
            _ => return None,
        };
        let first = first.ok()?;
        let start = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
        return Some((start(first)?, first.checked_add(step).ok().and_then(start).unwrap_or(Timestamp::MAX)));
    };
    let place = time.find(['Z', 'z', '+', '-']);
    let (clock, zone) = place.map_or((time, "Z"), |place| time.split_at(place));
    let (whole, fraction) = clock.split_once('.').map_or((clock, None), |(whole, fraction)| (whole, Some(fraction)));
    let step = match (whole.len(), fraction.map(str::len)) {
        (5, None) => 60_000,
        (8, None) => 1_000,
        (8, Some(1..=9)) => 1,
        _ => return None,
    };
    let whole = if whole.len() == 5 { format!("{whole}:00") } else { whole.to_owned() };
    let time: Time = format!("{whole}.{}", fraction.unwrap_or("0")).parse().ok()?;
    let date: Date = date.parse().ok()?;
    let zone = if zone.eq_ignore_ascii_case("z") { "+00:00".to_owned() } else { offset(zone)? };
    let from: Timestamp = format!("{date}T{time}{zone}").parse().ok()?;
    // To the millisecond, as everything is stored.
    let from = Timestamp::from_millisecond(from.as_millisecond()).ok()?;
    let until = Timestamp::from_millisecond(from.as_millisecond().checked_add(step)?).ok()?;
    Some((from, until))
}

fn number(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn small(number: i16) -> Option<i8> {
    i8::try_from(number).ok()
}

/// `+01`, `+0100` or `+01:00`.
fn offset(text: &str) -> Option<String> {
    let (sign, digits) = text.split_at_checked(1)?;
    let digits: String = digits.chars().filter(|own| *own != ':').collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number, digits.len()) {
        (true, 2) => Some(format!("{sign}{digits}:00")),
        (true, 4) => digits.split_at_checked(2).map(|(hours, minutes)| format!("{sign}{hours}:{minutes}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_for_all_of_its_time() {
        for (text, from, until) in [
            ("2025", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2025-12", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2025-12-31T23:59", "2025-12-31T23:59:00Z", "2026-01-01T00:00:00Z"),
            ("2025-12-31T23:59:58Z", "2025-12-31T23:59:58Z", "2025-12-31T23:59:59Z"),
            ("2025-12-31T23:59:58.123Z", "2025-12-31T23:59:58.123Z", "2025-12-31T23:59:58.124Z"),
            ("2025-12-31T23:59:58+01:00", "2025-12-31T22:59:58Z", "2025-12-31T22:59:59Z"),
        ] {
            assert_eq!(interval(text), Some((from.parse().unwrap(), until.parse().unwrap())), "{text}");
        }
        for text in [
            "",
            "x",
            "25",
            "2025-13",
            "2025-02-30",
            "2025-1-1",
            "2025-01-01T",
            "2025-01-01T1",
            "+2025",
            "2025-01-01T10:00+1",
        ] {
            assert_eq!(interval(text), None, "{text}");
        }
    }
}
