//! `api.cache` (R §3.7): a few short texts of a tenant and trigger, reliable only within one pass.

use super::shared::Shared;
use crate::protocol::CacheEntry;

/// Milliseconds.
const LONGEST: i64 = 24 * 60 * 60 * 1000;
/// Milliseconds.
const DEFAULT: i64 = 15 * 60 * 1000;

/// `[code]` of an error, or `[value, expires_at]`.
type Answer = Result<(String, i64), &'static str>;

impl Shared {
    fn cache_of(&self, key: &str) -> Option<CacheEntry> {
        let now = self.now();
        self.cache.borrow().iter().find(|entry| entry.key == key && entry.expires_at > now).cloned()
    }

    /// JSON of the record.
    pub(super) fn cache_get(&self, key: &str) -> Option<String> {
        self.cache_of(key).map(|entry| record(&entry.value, entry.expires_at).to_string())
    }

    /// JSON of the answer. `ttl` and `expires_at` are milliseconds, and the earlier of both counts.
    pub(super) fn cache_set(&self, key: String, value: String, ttl: Option<f64>, expires_at: Option<f64>) -> String {
        match self.stored(key, value, ttl, expires_at) {
            Ok((value, expires_at)) => {
                serde_json::json!({ "type": "success", "record": record(&value, expires_at) }).to_string()
            }
            Err(code) => refusal(code),
        }
    }

    fn stored(&self, key: String, value: String, ttl: Option<f64>, expires_at: Option<f64>) -> Answer {
        if key.len() > CacheEntry::KEY {
            return Err("CacheKeySizeExceeded");
        }
        if value.len() > CacheEntry::VALUE {
            return Err("CacheValueSizeExceeded");
        }
        let now = self.now();
        let mut end = now.saturating_add(if ttl.is_none() && expires_at.is_none() { DEFAULT } else { LONGEST });
        if ttl.is_some_and(|ttl| !ttl.is_finite()) || expires_at.is_some_and(|at| !at.is_finite()) {
            return Err("InvalidExpiry");
        }
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is bounded by the longest time")]
        if let Some(ttl) = ttl {
            end = end.min(now.saturating_add(ttl as i64));
        }
        #[expect(clippy::cast_possible_truncation, reason = "as above")]
        if let Some(at) = expires_at {
            end = end.min(at as i64);
        }
        if end <= now {
            return Err("ItemAlreadyExpired");
        }
        let mut cache = self.cache.borrow_mut();
        cache.retain(|entry| entry.expires_at > now && entry.key != key);
        let size: usize = cache.iter().map(|entry| entry.key.len().saturating_add(entry.value.len())).sum();
        if cache.len() >= CacheEntry::ENTRIES
            || size.saturating_add(key.len()).saturating_add(value.len()) > CacheEntry::TOTAL
        {
            return Err("CacheSizeExceeded");
        }
        cache.push(CacheEntry { key, value: value.clone(), expires_at: end });
        Ok((value, end))
    }

    /// JSON of the answer.
    pub(super) fn cache_delete(&self, key: &str) -> String {
        if self.cache_of(key).is_none() {
            return refusal("CacheKeyDoesNotExist");
        }
        self.cache.borrow_mut().retain(|entry| entry.key != key);
        serde_json::json!({ "type": "success" }).to_string()
    }
}

fn record(value: &str, expires_at: i64) -> serde_json::Value {
    serde_json::json!({ "value": value, "expires_at": expires_at })
}

fn refusal(code: &str) -> String {
    serde_json::json!({ "type": "error", "code": code }).to_string()
}
