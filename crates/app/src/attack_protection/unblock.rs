//! The end of a block before its time: by the link that the owner was mailed, or by a new password.

use std::net::IpAddr;

use keywright_jose::{Digest, Purpose};
use keywright_store::network_attempts::{self, Allowance};
use keywright_store::tickets::TicketStanding;
use keywright_store::{StoreError, Tx, identities, login_failures, logs, tickets, users};
use keywright_types::{Tenant, TenantId};

use super::counting::PRE_LOGIN;
use crate::{App, AppError, Caller, LogEvent, LogType, network_of, user_from_row};

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

/// Ends every block of a user and of the accounts that are linked to them; also to be called where a user gets a new password.
pub fn clear_login_failures(app: &App, tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<(), StoreError> {
    for account in accounts(tx, tenant, user_id)? {
        let failures = app.failures_digest(tenant, Ok(&account));
        login_failures::clear(tx, tenant, failures.as_bytes())?;
    }
    Ok(())
}

/// The user's own account, and those that are linked to it.
fn accounts(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<String>, StoreError> {
    let mut accounts = vec![user_id.to_owned()];
    accounts.extend(identities::ids(tx, tenant, user_id)?);
    Ok(accounts)
}

/// A block of a user: by whom it is, an address or username, and where it holds; `None` for everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBlock {
    /// Connection of the blocked account.
    pub connection: String,
    /// The network that it holds for.
    pub network: Option<String>,
}

impl App {
    /// The blocks of a user for too many failed logins, as the tenant's limits are now. A device of the user's own has a count
    /// of its own, and is none of them.
    pub async fn account_blocks(&self, tenant: &Tenant, user_id: &str) -> Result<Vec<AccountBlock>, AppError> {
        let settings = &tenant.settings.attack_protection.brute_force_protection;
        if !(settings.enabled && settings.blocks()) {
            return Ok(Vec::new());
        }
        let most = i64::from(settings.max_attempts.clamp(1, 100));
        let (app, id, user, now) = (self.clone(), tenant.id.clone(), user_id.to_owned(), self.now());
        self.store()
            .read(move |tx| {
                let mut blocks = Vec::new();
                for account in accounts(tx, &id, &user)? {
                    let Some(row) = users::find_account(tx, &id, &account)? else { continue };
                    let failures = app.failures_digest(&id, Ok(&account));
                    for (origin, count) in login_failures::list(tx, &id, failures.as_bytes(), now)? {
                        if count >= most && !origin.starts_with("device:") {
                            let network = Some(origin).filter(|origin| !origin.is_empty());
                            blocks.push(AccountBlock { connection: row.connection.clone(), network });
                        }
                    }
                }
                Ok(blocks)
            })
            .await
    }

    /// Whether logins from an address are refused now.
    pub async fn is_address_blocked(&self, tenant: &Tenant, address: IpAddr) -> Result<bool, AppError> {
        let settings = &tenant.settings.attack_protection.suspicious_ip_throttling;
        if !(settings.enabled && settings.blocks()) {
            return Ok(false);
        }
        let throttle = settings.stage.pre_login;
        let allowance = Allowance { burst: throttle.max_attempts.max(1).into(), rate: throttle.rate.into() };
        let (id, network, now) = (tenant.id.clone(), network_of(Some(address)), self.now());
        Ok(self
            .store()
            .read(move |tx| network_attempts::is_empty(tx, &id, PRE_LOGIN, &network, allowance, now))
            .await?)
    }
}
