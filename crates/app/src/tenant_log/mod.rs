//! The tenant log: every login, logout, exchange and refusal, with Auth0's event codes (`management-api.md` §12.1; OP-03).
//!
//! An entry is durable before the answer that it reports is sent. Successes are written in the transaction of what they
//! report (`App::log_row` and `logs::insert`), failures on their own (`App::log`). Entries are never changed; once a minute
//! those that are old enough are sealed (`seal.rs`), so that a later change shows (`verification.rs`).

mod entry_id;
mod event;
mod json;
mod seal;
mod types;
mod verification;

use jiff::{SignedDuration, Timestamp};
use keywright_store::logs::{self, LogRow};
use keywright_store::{log_seals, tenants};
use keywright_types::{Tenant, TenantId};

pub use event::LogEvent;
pub use json::log_entry;
pub use types::LogType;
pub use verification::{LogProblem, LogVerification};

/// The least identifier of entries that are made from a time on.
pub(crate) use entry_id::before as entries_since;

use crate::{App, AppError};

/// Entries removed by one job, so that nobody waits long for it.
const BATCH: i64 = 500;

impl App {
    /// The row of an event, made now; for `logs::insert` in the transaction of what it reports.
    #[must_use]
    pub fn log_row(&self, event: LogEvent) -> LogRow {
        metrics::counter!("keywright_log_events_total", "type" => event.kind().as_str()).increment(1);
        let now = self.now();
        event.into_row(entry_id::new(now, self.random()), now)
    }

    /// Writes an event on its own; gives the entry's identifier.
    ///
    /// # Errors
    /// When it could not be made durable: then nothing may be answered as if it had been.
    pub async fn log(&self, tenant: &TenantId, event: LogEvent) -> Result<String, AppError> {
        let (row, id) = (self.log_row(event), tenant.clone());
        let log_id = row.log_id.clone();
        self.store().write(move |tx| logs::insert(tx, &id, &row)).await?;
        Ok(log_id)
    }
}

impl App {
    /// Seals what is old enough and removes what is too old, for every tenant. For one node at a time.
    pub async fn tend_logs(&self) -> Result<(), AppError> {
        for tenant in self.store().read(|tx| tenants::list(tx).map_err(AppError::from)).await? {
            let Some(tenant) = self.tenant_by_domain(&tenant.domain).await? else { continue };
            self.seal_log(&tenant).await?;
            self.trim_log(&tenant).await?;
        }
        Ok(())
    }

    /// Removes entries beyond the retention, whole seals at a time: what is still there can always be verified.
    async fn trim_log(&self, tenant: &Tenant) -> Result<(), AppError> {
        let (id, oldest) = (tenant.id.clone(), oldest_kept(tenant, self.now()));
        let seal = self.store().read(move |tx| log_seals::last_before(tx, &id, &oldest)).await?;
        let Some(seal) = seal else { return Ok(()) };
        loop {
            let (id, until) = (tenant.id.clone(), seal.last_log_id.clone());
            let removed = self.store().write(move |tx| logs::delete_until(tx, &id, &until, BATCH)).await?;
            if i64::try_from(removed).unwrap_or(BATCH) < BATCH {
                break;
            }
        }
        let (id, until) = (tenant.id.clone(), seal.last_log_id);
        self.store().write(move |tx| log_seals::delete_before(tx, &id, &until)).await?;
        Ok(())
    }
}

/// Entries before this one are beyond the tenant's retention.
fn oldest_kept(tenant: &Tenant, now: Timestamp) -> String {
    let kept = SignedDuration::from_hours(24 * i64::from(tenant.settings.log_retention_days));
    entry_id::before(now.checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH))
}
