//! How often a device asks for its tokens (RFC 8628 §3.5): the time of its last question, in the memory of the node it asked.
//!
//! A question costs the database one read and no write. The price: each node counts on its own, so a device whose questions
//! reach several nodes by turns may ask each of them at its interval. What the interval is, after a device was told to slow
//! down, is in the database and the same for all nodes. Forgetting a device costs one question that comes too early.

use jiff::{SignedDuration, Timestamp};
use keywright_store::device_codes;
use keywright_types::TenantId;
use moka::sync::Cache;

use crate::{App, AppError};

/// Devices that a node remembers: about 20 MB.
const REMEMBERED: u64 = 200_000;
/// RFC 8628 §3.5, `slow_down`: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const MORE: i64 = 5;

/// When devices asked this node last, by the digests of their codes.
pub(crate) struct DevicePolls(Cache<Vec<u8>, Timestamp>);

impl DevicePolls {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl App {
    /// A device that has to wait `interval` seconds between two questions asks. `false` when it came too early: then it has to
    /// wait longer from now on.
    pub async fn device_asks(&self, tenant: &TenantId, code_digest: &[u8], interval: i64) -> Result<bool, AppError> {
        let (now, polls) = (self.now(), &self.device_polls().0);
        let last = polls.get(code_digest);
        polls.insert(code_digest.to_vec(), now);
        let early = last.is_some_and(|last| now.duration_since(last) < SignedDuration::from_secs(interval));
        if early {
            let (id, digest) = (tenant.clone(), code_digest.to_vec());
            self.store().write(move |tx| device_codes::slow_down(tx, &id, &digest, MORE, now)).await?;
        }
        Ok(!early)
    }

    /// A device has what it asked for, or never gets it.
    pub fn forget_device(&self, code_digest: &[u8]) {
        self.device_polls().0.invalidate(code_digest);
    }
}
