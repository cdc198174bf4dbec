//! Rate limits (§2.11; DO-01, DO-02): token buckets in the database, which all nodes share.
//!
//! A request is admitted when its node got a token for it by one conditional write. Requests that wait for the same
//! bucket share a write (`shared_bucket.rs`), and a node that knows a bucket to be empty refuses without asking, so that a
//! flood costs the database nothing. A database that does not answer admits nobody: the caller gets an error, which is
//! answered by 503.

mod bucket;
mod limit;
mod shared_bucket;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::{StoreError, logs, rate_limits};
use keywright_types::{RateLimit, Tenant, TenantId};
use moka::sync::Cache;
use serde_json::json;

use self::bucket::Bucket;
pub use self::limit::Limit;
use self::shared_bucket::SharedBucket;
use crate::{App, AppError, Caller, LogEvent};

/// Buckets that a node remembers. Forgetting one costs a question to the database, and nothing else.
const REMEMBERED: u64 = 20_000;

/// At most one entry of the tenant log about a bucket in this time.
const LOGGED_ONCE: RateLimit = RateLimit { enabled: true, burst: 1, refill: 1, per_seconds: 60 };

/// How a request stands with one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// Whether the request is within the limit.
    pub admitted: bool,
    /// Requests that a full bucket holds.
    pub limit: i64,
    /// Requests that could follow at once.
    pub remaining: i64,
    /// When there will be one more.
    pub reset: Timestamp,
}

/// The buckets that this node knows.
pub(crate) struct RateLimits {
    enabled: bool,
    buckets: Cache<[u8; 32], Arc<SharedBucket>>,
}

impl RateLimits {
    pub(crate) fn new(enabled: bool) -> Self {
        Self { enabled, buckets: Cache::new(REMEMBERED) }
    }

    /// Whether this instance limits anything. Suspicious addresses are throttled only then.
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }
}

impl App {
    /// Whether any request to this tenant is limited. `false` costs nothing more.
    #[must_use]
    pub fn limits_requests_to(&self, tenant: &Tenant) -> bool {
        self.rate_limits().enabled && tenant.settings.rate_limits.enabled
    }

    /// Takes one token of the bucket of `limit` for `key` (a user, an address, …; empty for the tenant as a whole). `None`
    /// when this limit is switched off. A refusal is in the tenant log, once a minute.
    ///
    /// # Errors
    /// When the database does not answer: then nobody knows whether the request is within the limit.
    pub async fn take_token(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        limit: Limit,
        key: &[&str],
    ) -> Result<Option<RateLimitStatus>, AppError> {
        let setting = limit.setting(&tenant.settings.rate_limits);
        if !self.limits_requests_to(tenant) || !setting.enabled {
            return Ok(None);
        }
        let shared = self.shared_bucket(&tenant.id, limit.name(), Bucket::of(setting), key);
        let status = shared.take(self, &tenant.id).await?;
        if !status.admitted {
            self.log_refusal(tenant, caller, limit, key).await?;
        }
        Ok(Some(status))
    }

    fn shared_bucket(&self, tenant: &TenantId, name: &str, bucket: Bucket, key: &[&str]) -> Arc<SharedBucket> {
        let digest = self.bucket_digest(tenant, name, bucket, key);
        self.rate_limits().buckets.get_with(*digest.as_bytes(), || Arc::new(SharedBucket::new(bucket, digest)))
    }

    /// What a bucket is found by: its name, its numbers and its key, none of which can run into the next.
    fn bucket_digest(&self, tenant: &TenantId, name: &str, bucket: Bucket, key: &[&str]) -> Digest {
        let key: String = key.iter().map(|part| [&part.len().to_string(), " ", part].concat()).collect();
        let text = format!("{name} {:?} {key}", bucket.numbers());
        self.data_keys().digest(Purpose::RateLimit, tenant, text.as_bytes())
    }

    /// Writes one entry a minute about a limit, or about an account where accounts are limited, on whichever node.
    async fn log_refusal(&self, tenant: &Tenant, caller: &Caller, limit: Limit, key: &[&str]) -> Result<(), AppError> {
        let key = if limit.is_logged_by_key() { key } else { &[] };
        let once = Bucket::of(LOGGED_ONCE);
        let shared = self.shared_bucket(&tenant.id, &format!("log of {}", limit.name()), once, key);
        let now = self.now();
        if shared.is_empty_at(now) {
            return Ok(());
        }
        let mut event = LogEvent::new(limit.log_type(), caller)
            .description(limit.log_description())
            .details(json!({ "limit": limit.name() }));
        if let (Limit::Login, Some(account)) = (limit, key.first()) {
            event = event.user_name(account);
        }
        let (row, id, digest) = (self.log_row(event), tenant.id.clone(), shared.digest());
        self.store()
            .write(move |tx| {
                let take = rate_limits::Take {
                    bucket: digest.as_bytes(),
                    capacity: once.capacity(),
                    refill: once.refill(),
                    cost: once.parts(1),
                };
                match rate_limits::take(tx, &id, take, now)? {
                    Some(_) => logs::insert(tx, &id, &row),
                    None => Ok::<_, StoreError>(()),
                }
            })
            .await?;
        shared.empty_until(after(now, once.wait(0)));
        Ok(())
    }
}

/// The part of an address that one customer of a provider has: all of an IPv4 address, the /64 of an IPv6 address. Empty
/// for a request without one.
#[must_use]
pub fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => String::new(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
    }
}

fn after(now: Timestamp, milliseconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_millis(milliseconds)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network_of(Some(text.parse().unwrap()));
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network_of(None), "");
    }
}
