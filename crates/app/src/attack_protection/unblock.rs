//! The end of a block before its time: by the link that the owner was mailed, or by a new password.

use keywright_jose::{Digest, Purpose};
use keywright_store::tickets::TicketStanding;
use keywright_store::{StoreError, Tx, login_failures, logs, tickets, users};
use keywright_types::TenantId;

use crate::{App, AppError, Caller, LogEvent, LogType, user_from_row};

/// Kind of the tickets that unblock.
pub(crate) const UNBLOCK: &str = "unblock";

impl App {
    /// Whether a ticket would unblock somebody. Changes nothing: mail scanners open links too.
    pub async fn is_unblock_ticket(&self, tenant: &TenantId, ticket: &str) -> Result<bool, AppError> {
        let (id, digest, now) = (tenant.clone(), self.ticket_digest(tenant, ticket), self.now());
        let found = self.store().read(move |tx| tickets::find(tx, &id, digest.as_bytes(), UNBLOCK, now)).await?;
        Ok(found.is_some_and(|ticket| ticket.standing == TicketStanding::Good))
    }

    /// Uses a ticket up and ends every block of its user. `false`: it was used, superseded, expired or never given out.
    pub async fn unblock_with_ticket(
        &self,
        tenant: &TenantId,
        ticket: &str,
        caller: &Caller,
    ) -> Result<bool, AppError> {
        let (id, digest, now) = (tenant.clone(), self.ticket_digest(tenant, ticket), self.now());
        let (app, event) = (self.clone(), LogEvent::new(LogType::UserUnblocked, caller));
        self.store()
            .write(move |tx| {
                let Some(user_id) = tickets::take(tx, &id, digest.as_bytes(), UNBLOCK, now)? else { return Ok(false) };
                // The ticket would have gone with the user.
                let Some(row) = users::find(tx, &id, &user_id)? else { return Ok(false) };
                clear_login_failures(&app, tx, &id, &user_id)?;
                logs::insert(tx, &id, &app.log_row(event.user(&user_from_row(&row)?)))?;
                Ok::<_, AppError>(true)
            })
            .await
    }

    /// What a ticket is found by.
    pub(crate) fn ticket_digest(&self, tenant: &TenantId, ticket: &str) -> Digest {
        self.data_keys().digest(Purpose::Ticket, tenant, ticket.as_bytes())
    }
}

/// Ends every block of a user; also to be called where a user gets a new password.
pub fn clear_login_failures(app: &App, tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<(), StoreError> {
    let account = app.failures_digest(tenant, Ok(user_id));
    login_failures::clear(tx, tenant, account.as_bytes()).map(drop)
}
