//! Token buckets (§2.11; DO-01). Taking from one is a single conditional statement, so that any number of nodes may take
//! at once and none gets what another one has.
//!
//! A level is counted in parts of a token: a bucket that gets back `refill` tokens in P milliseconds has P parts to a
//! token and gains `refill` parts every millisecond, all of it in whole numbers. The program keeps the numbers of a bucket
//! in its key, so that the parts of a row never change their size.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// What is left in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitRow {
    /// Parts at `updated_at`.
    pub tokens: i64,
    /// When it was taken from last, by the clock that is furthest ahead.
    pub updated_at: Timestamp,
}

/// What is wanted of a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a> {
    /// Keyed digest of what is limited, and of the bucket's numbers.
    pub bucket: &'a [u8],
    /// Parts of a full bucket.
    pub capacity: i64,
    /// Parts that it gains in a millisecond; at least 1.
    pub refill: i64,
    /// Parts to take, not more than `capacity`.
    pub cost: i64,
}

/// The parts in the stored row at `$3`. A bucket whose end has come is full; before, it cannot be. A clock behind the one
/// that wrote the row sees no refill.
macro_rules! level {
    () => {
        "(CASE WHEN rate_limits.expires_at <= $3 THEN $4 \
               WHEN rate_limits.updated_at >= $3 THEN rate_limits.tokens \
               ELSE rate_limits.tokens + ($3 - rate_limits.updated_at) * $5 END)"
    };
}

macro_rules! latest {
    () => {
        "(CASE WHEN rate_limits.updated_at >= $3 THEN rate_limits.updated_at ELSE $3 END)"
    };
}

statements! {
    TAKE = concat!(
        "INSERT INTO rate_limits (tenant_id, bucket, tokens, updated_at, expires_at) VALUES ($1, $2, $7, $3, $8) \
         ON CONFLICT (tenant_id, bucket) DO UPDATE SET tokens = ", level!(), " - $6, updated_at = ", latest!(), ", \
         expires_at = ", latest!(), " + ($4 - ", level!(), " + $6 + $5 - 1) / $5 \
         WHERE ", level!(), " >= $6 RETURNING tokens, updated_at"
    );
    FIND = "SELECT tokens, updated_at FROM rate_limits WHERE tenant_id = $1 AND bucket = $2 AND expires_at > $3";
}

fn from_row(row: &Row) -> Result<RateLimitRow, StoreError> {
    Ok(RateLimitRow { tokens: row.get(0)?, updated_at: row.get(1)? })
}

/// Takes `cost` parts at `now` if they are there; returns what is left. `None` when there are fewer; then nothing changed.
pub fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    take: Take<'_>,
    now: Timestamp,
) -> Result<Option<RateLimitRow>, StoreError> {
    let Take { bucket, capacity, refill, cost } = take;
    let full_again = now.as_millisecond().saturating_add(cost.saturating_add(refill - 1) / refill);
    let bound = params![tenant, bucket, now, capacity, refill, cost, capacity - cost, full_again];
    tx.query_opt(TAKE, bound)?.as_ref().map(from_row).transpose()
}

/// The bucket, unless it is full.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    bucket: &[u8],
    now: Timestamp,
) -> Result<Option<RateLimitRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, bucket, now])?.as_ref().map(from_row).transpose()
}
