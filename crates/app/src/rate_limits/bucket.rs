//! The arithmetic of a token bucket, in whole numbers (DO-01).
//!
//! A bucket that gets back R tokens in P milliseconds counts in parts, P to a token, and gains R parts every millisecond.
//! Nothing is rounded, so that "30 in a second" is 30 after a second and not 29.

use jiff::Timestamp;
use keywright_store::rate_limits::RateLimitRow;
use keywright_types::RateLimit;

/// Largest burst and refill.
const MOST: u32 = 1_000_000;
/// Longest time of a refill: 30 days.
const LONGEST: u32 = 30 * 24 * 60 * 60;
/// A node takes this part of a bucket ahead of its requests at most.
const AHEAD: i64 = 100;
/// How long it may keep what it took, in milliseconds.
const KEPT: i64 = 1000;

/// The numbers of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Tokens of a full bucket.
    burst: i64,
    /// Parts gained in a millisecond; also tokens gained in `part` milliseconds.
    refill: i64,
    /// Parts of a token.
    part: i64,
}

impl Bucket {
    /// The bucket of a setting. Numbers out of range are taken for the nearest one in it.
    pub(super) fn of(setting: RateLimit) -> Self {
        Self {
            burst: setting.burst.clamp(1, MOST).into(),
            refill: setting.refill.clamp(1, MOST).into(),
            part: i64::from(setting.per_seconds.clamp(1, LONGEST)) * 1000,
        }
    }

    /// What makes the parts of one row mean the same for everybody. With other numbers a bucket is another one.
    pub(super) fn numbers(self) -> [i64; 3] {
        [self.burst, self.refill, self.part]
    }

    /// Tokens of a full bucket.
    pub(super) fn burst(self) -> i64 {
        self.burst
    }

    /// Parts gained in a millisecond.
    pub(super) fn refill(self) -> i64 {
        self.refill
    }

    /// Parts of so many tokens.
    pub(super) fn parts(self, tokens: i64) -> i64 {
        tokens * self.part
    }

    /// How many tokens a node may take ahead: 1 % of the bucket. A bucket of less than 200 is counted one by one.
    pub(super) fn ahead(self) -> i64 {
        if self.burst < 2 * AHEAD { 0 } else { self.burst / AHEAD }
    }

    /// How long a node may keep them, in milliseconds: not longer than their refill takes.
    ///
    /// That and [`Bucket::capacity`] keep the cluster within the limit: what all nodes have ahead was taken in this time;
    /// in this time the database gained at most [`Bucket::ahead`]; so both together are never more than `burst`.
    pub(super) fn kept(self) -> i64 {
        KEPT.min(self.parts(self.ahead()) / self.refill)
    }

    /// Parts that the database holds at most.
    pub(super) fn capacity(self) -> i64 {
        self.parts(self.burst - self.ahead())
    }

    /// Parts in the database at `now`. No row is a full bucket.
    pub(super) fn level(self, row: Option<RateLimitRow>, now: Timestamp) -> i64 {
        let Some(row) = row else { return self.capacity() };
        let elapsed = now.as_millisecond().saturating_sub(row.updated_at.as_millisecond()).max(0);
        row.tokens.saturating_add(elapsed.saturating_mul(self.refill)).min(self.capacity())
    }

    /// Whole tokens in so many parts.
    pub(super) fn tokens(self, parts: i64) -> i64 {
        parts / self.part
    }

    /// Milliseconds until there is one more whole token than in `parts`; 0 for a full bucket.
    pub(super) fn wait(self, parts: i64) -> i64 {
        if parts >= self.capacity() {
            return 0;
        }
        (self.part - parts % self.part + self.refill - 1) / self.refill
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(burst: u32, refill: u32, per_seconds: u32) -> Bucket {
        Bucket::of(RateLimit { enabled: true, burst, refill, per_seconds })
    }

    fn ms(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_219_200_000 + milliseconds).unwrap()
    }

    #[test]
    fn do_01_a_refill_is_exact_at_the_end_of_its_time() {
        for (burst, refill, seconds) in [(30, 30, 1), (10, 5, 60), (300, 300, 60), (7, 7, 3)] {
            let bucket = bucket(burst, refill, seconds);
            let empty = Some(RateLimitRow { tokens: 0, updated_at: ms(0) });
            let end = i64::from(seconds) * 1000;
            let filled = i64::from(refill).min(bucket.tokens(bucket.capacity()));
            assert_eq!(bucket.tokens(bucket.level(empty, ms(end))), filled, "{bucket:?}");
            let wait = bucket.wait(0);
            assert_eq!(bucket.tokens(bucket.level(empty, ms(wait))), 1, "{bucket:?}");
            assert_eq!(bucket.tokens(bucket.level(empty, ms(wait - 1))), 0, "{bucket:?}");
        }
    }

    #[test]
    fn absurd_numbers_are_brought_into_range() {
        assert_eq!(bucket(0, 0, 0), bucket(1, 1, 1));
        let largest = bucket(u32::MAX, u32::MAX, u32::MAX);
        assert_eq!(largest, bucket(MOST, MOST, LONGEST));
        assert!(largest.capacity() > 0 && largest.wait(0) > 0);
        assert_eq!(
            largest.level(Some(RateLimitRow { tokens: 0, updated_at: Timestamp::MIN }), Timestamp::MAX),
            largest.capacity()
        );
    }

    #[test]
    fn small_buckets_are_counted_one_by_one() {
        assert_eq!((bucket(10, 5, 60).ahead(), bucket(10, 5, 60).kept()), (0, 0));
        assert_eq!(bucket(199, 1, 1).ahead(), 0);
        assert_eq!((bucket(300, 300, 60).ahead(), bucket(300, 300, 60).kept()), (3, 600));
        assert_eq!((bucket(1000, 10, 1).ahead(), bucket(1000, 10, 1).kept()), (10, 1000));
    }

    /// One node after another takes tokens ahead and spends them within the time it may keep them, as fast as it can.
    /// When, and how many.
    fn spend(bucket: Bucket, steps: &[(u8, u8)]) -> Vec<(i64, i64)> {
        let (mut row, mut now, mut held) = (None, 0, (0, 0));
        let mut spent = Vec::new();
        for (pause, wanted) in steps {
            now += i64::from(*pause);
            let kept = if now < held.0 { held.1 } else { 0 };
            let level = bucket.level(row, ms(now));
            let taken = bucket.tokens(level).min(i64::from(*wanted));
            let ahead = taken.min(bucket.ahead());
            row = Some(RateLimitRow { tokens: level - bucket.parts(taken), updated_at: ms(now) });
            held = (now + bucket.kept(), ahead);
            spent.push((now, kept + taken - ahead));
        }
        spent
    }

    proptest! {
        /// The definition of the limit: no interval has more than a full bucket and what came back during it.
        #[test]
        fn do_01_no_interval_gets_more_than_the_limit(
            burst in 1_u32..600, refill in 1_u32..400, seconds in 1_u32..5,
            steps in proptest::collection::vec((any::<u8>(), any::<u8>()), 1..60),
        ) {
            let bucket = bucket(burst, refill, seconds);
            let spent = spend(bucket, &steps);
            for (first, (from, _)) in spent.iter().enumerate() {
                let mut count = 0;
                for (until, tokens) in &spent[first..] {
                    count += tokens;
                    let allowed = bucket.burst() + bucket.tokens((until - from) * bucket.refill());
                    prop_assert!(count <= allowed, "{count} of {allowed} from {from} to {until}");
                }
            }
        }

        /// What is waited for is there, and not a millisecond before.
        #[test]
        fn do_01_the_wait_is_the_shortest(burst in 1_u32..500, refill in 1_u32..2000, seconds in 1_u32..100, parts in 0_i64..100_000_000) {
            let bucket = bucket(burst, refill, seconds);
            let parts = parts % (bucket.capacity() + 1);
            let row = Some(RateLimitRow { tokens: parts, updated_at: ms(0) });
            let (before, wait) = (bucket.tokens(parts), bucket.wait(parts));
            if parts < bucket.capacity() {
                prop_assert!(bucket.tokens(bucket.level(row, ms(wait))) > before);
                prop_assert_eq!(bucket.tokens(bucket.level(row, ms(wait - 1))), before);
            } else {
                prop_assert_eq!(wait, 0);
            }
        }
    }
}
