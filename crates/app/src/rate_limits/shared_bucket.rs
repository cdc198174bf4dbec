//! One bucket of the cluster as this node sees it.
//!
//! Requests that come while a write is under way wait together, and the next write takes a token for each of them. A node
//! that spends what it takes also takes some ahead, twice as much each time up to 1 % of the bucket; what it does not
//! spend soon lapses. It is never put back: the bucket fills by itself, also when the node has died.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use keywright_jose::Digest;
use keywright_store::rate_limits::{self, RateLimitRow, Take};
use keywright_store::{StoreError, Tx};
use keywright_types::TenantId;
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::{RateLimitStatus, after};
use crate::{App, AppError};

/// How often a write is tried anew because another node was faster. Then the bucket counts as empty.
const ATTEMPTS: u32 = 8;

type Waiter = oneshot::Sender<Result<RateLimitStatus, StoreError>>;

pub(super) struct SharedBucket {
    bucket: Bucket,
    digest: Digest,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ahead: Ahead,
    /// Nobody gets a token before.
    empty_until: Option<Timestamp>,
    waiting: Vec<Waiter>,
    /// Whether a write is under way, which takes care of those that wait.
    fetching: bool,
}

/// Tokens that the node has taken ahead.
#[derive(Default)]
struct Ahead {
    taken: i64,
    left: i64,
    /// They lapse then.
    until: Option<Timestamp>,
    /// What was left in the database.
    row: Option<RateLimitRow>,
}

impl SharedBucket {
    pub(super) fn new(bucket: Bucket, digest: Digest) -> Self {
        Self { bucket, digest, state: Mutex::default() }
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether nobody can get a token at `now`.
    pub(super) fn is_empty_at(&self, now: Timestamp) -> bool {
        self.state().empty_until.is_some_and(|until| now < until)
    }

    /// Remembers that nobody gets a token before.
    pub(super) fn empty_until(&self, until: Timestamp) {
        self.state().empty_until = Some(until);
    }

    /// Takes one token.
    pub(super) async fn take(self: &Arc<Self>, app: &App, tenant: &TenantId) -> Result<RateLimitStatus, AppError> {
        let answer = {
            let mut state = self.state();
            let now = app.now();
            if let Some(status) = self.at_hand(&mut state, now) {
                return Ok(status);
            }
            let (waiter, answer) = oneshot::channel();
            state.waiting.push(waiter);
            if !state.fetching {
                state.fetching = true;
                // On its own, because the request that began it may be given up while others wait.
                tokio::spawn(fetch(self.clone(), app.clone(), tenant.clone()));
            }
            answer
        };
        let status = answer.await.map_err(|_| AppError::internal("a rate limit was not looked up"))?;
        Ok(status?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, if the database need not be asked.
    fn at_hand(&self, state: &mut State, now: Timestamp) -> Option<RateLimitStatus> {
        if let Some(until) = state.empty_until.filter(|until| now < *until) {
            return Some(RateLimitStatus { admitted: false, limit: self.bucket.burst(), remaining: 0, reset: until });
        }
        let ahead = &mut state.ahead;
        if ahead.left == 0 || ahead.until.is_none_or(|until| now >= until) {
            return None;
        }
        ahead.left -= 1;
        Some(self.admitted(ahead.row, ahead.left, now))
    }

    fn admitted(&self, row: Option<RateLimitRow>, held: i64, now: Timestamp) -> RateLimitStatus {
        let level = self.bucket.level(row, now);
        RateLimitStatus {
            admitted: true,
            limit: self.bucket.burst(),
            remaining: self.bucket.tokens(level) + held,
            reset: after(now, self.bucket.wait(level)),
        }
    }

    /// How much to take ahead: more while what was taken is spent in time, nothing after a pause.
    fn wanted_ahead(&self, ahead: &Ahead, now: Timestamp) -> i64 {
        let spent_in_time = ahead.left == 0 && ahead.until.is_some_and(|until| now < until);
        if spent_in_time { (2 * ahead.taken).clamp(1, self.bucket.ahead().max(1)).min(self.bucket.ahead()) } else { 0 }
    }

    /// Takes up to `wanted` tokens; says how many, and what is left.
    fn take_up_to(
        bucket: Bucket,
        digest: Digest,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        mut wanted: i64,
        now: Timestamp,
    ) -> Result<(i64, Option<RateLimitRow>), StoreError> {
        let mut row = None;
        for _ in 0..ATTEMPTS {
            let take = Take {
                bucket: digest.as_bytes(),
                capacity: bucket.capacity(),
                refill: bucket.refill(),
                cost: bucket.parts(wanted),
            };
            if wanted <= bucket.tokens(bucket.capacity())
                && let Some(left) = rate_limits::take(tx, tenant, take, now)?
            {
                return Ok((wanted, Some(left)));
            }
            row = rate_limits::find(tx, tenant, digest.as_bytes(), now)?;
            wanted = wanted.min(bucket.tokens(bucket.level(row, now)));
            if wanted == 0 {
                break;
            }
        }
        Ok((0, row))
    }

    /// Answers those that waited and keeps what is over.
    fn hand_out(&self, waiters: Vec<Waiter>, granted: i64, row: Option<RateLimitRow>, now: Timestamp) {
        let mut state = self.state();
        let mut left = granted;
        let level = self.bucket.level(row, now);
        let next = after(now, self.bucket.wait(level));
        for waiter in waiters {
            let status = if left > 0 {
                left -= 1;
                self.admitted(row, left, now)
            } else {
                state.empty_until = Some(next);
                RateLimitStatus { admitted: false, limit: self.bucket.burst(), remaining: 0, reset: next }
            };
            // Whoever has gone meanwhile has made a request all the same.
            let _ = waiter.send(Ok(status));
        }
        let until = (self.bucket.kept() > 0).then(|| after(now, self.bucket.kept()));
        state.ahead = Ahead { taken: left, left, until, row };
    }
}

/// Writes until nobody waits any more.
async fn fetch(shared: Arc<SharedBucket>, app: App, tenant: TenantId) {
    let ended = Ended(&shared);
    loop {
        let (waiters, wanted, now) = {
            let mut state = shared.state();
            let waiters = mem::take(&mut state.waiting);
            if waiters.is_empty() {
                state.fetching = false;
                mem::forget(ended);
                return;
            }
            let now = app.now();
            let waiting = i64::try_from(waiters.len()).unwrap_or(i64::MAX).min(shared.bucket.burst());
            (waiters, waiting + shared.wanted_ahead(&state.ahead, now), now)
        };
        let (bucket, digest, id) = (shared.bucket, shared.digest, tenant.clone());
        let taken = app.store().write(move |tx| SharedBucket::take_up_to(bucket, digest, tx, &id, wanted, now)).await;
        match taken {
            Ok((granted, row)) => shared.hand_out(waiters, granted, row, now),
            Err(error) => waiters.into_iter().for_each(|waiter| drop(waiter.send(Err(error.clone())))),
        }
    }
}

/// If the task ends before its time, those that wait are let go, and the next request begins anew.
struct Ended<'a>(&'a SharedBucket);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.fetching = false;
        state.waiting.clear();
    }
}
