//! The tenant log: every login, logout, exchange and refusal, with Auth0's event codes (`management-api.md` §12.1; OP-03).
//!
//! An entry is durable before the answer that it reports is sent. Successes are written in the transaction of what they
//! report (`App::log_row` and `logs::insert`), failures on their own (`App::log`).

mod entry_id;
mod event;
mod types;

use keywright_store::logs::{self, LogRow};
use keywright_types::TenantId;

pub use event::LogEvent;
pub use types::LogType;

use crate::{App, AppError};

impl App {
    /// The row of an event, made now; for `logs::insert` in the transaction of what it reports.
    #[must_use]
    pub fn log_row(&self, event: LogEvent) -> LogRow {
        let now = self.now();
        event.into_row(entry_id::new(now, self.random()), now)
    }

    /// Writes an event on its own.
    ///
    /// # Errors
    /// When it could not be made durable: then nothing may be answered as if it had been.
    pub async fn log(&self, tenant: &TenantId, event: LogEvent) -> Result<(), AppError> {
        let (row, id) = (self.log_row(event), tenant.clone());
        self.store().write(move |tx| logs::insert(tx, &id, &row)).await?;
        Ok(())
    }
}
