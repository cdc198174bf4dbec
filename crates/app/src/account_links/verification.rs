//! Proving that somebody reads the address of an account (§7.1, §7.7; `management-api.md` §5.3, §6.4, §6.5).

use keywright_store::{StoreError, Tx, logs, tickets, users};
use keywright_types::{Tenant, TenantId};

use super::{Link, LinkProblem, Purpose, link};
use crate::account_changes::AccountError;
use crate::mail::{AccountMail, MAIL, Mail};
use crate::{App, AppError, Caller, LogEvent, LogType, user_from_row};

impl App {
    /// Has the mail sent that asks a user to prove the address.
    pub async fn send_verification_email(
        &self,
        tenant: &Tenant,
        user_id: &str,
        client_id: Option<&str>,
        organization_id: Option<&str>,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let (row, _) = self.account(&tenant.id, user_id).await?;
        let user = user_from_row(&row)?;
        if user.email.is_none() {
            return Err(AccountError::InvalidEmail);
        }
        let event = LogEvent::new(LogType::SuccessVerificationRequest, caller).user(&user);
        let event = client_id.map_or(event.clone(), |client_id| event.client_id(client_id));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (client_id, organization_id) = (owned(client_id), owned(organization_id));
        let (app, id, entry) = (self.clone(), tenant.id.clone(), self.log_row(event));
        self.store()
            .write(move |tx| {
                app.queue_verification_email(tx, &id, &user.user_id, client_id, organization_id, None)?;
                Ok::<_, AccountError>(logs::insert(tx, &id, &entry)?)
            })
            .await?;
        self.wake_jobs();
        Ok(())
    }

    /// Queues that mail in the transaction of its cause. Call [`App::wake_jobs`] after the commit.
    pub fn queue_verification_email(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        client_id: Option<String>,
        organization_id: Option<String>,
        language: Option<String>,
    ) -> Result<(), StoreError> {
        let mail = AccountMail {
            user_id: Some(user_id.to_owned()),
            ticket: self.random().identifier(32),
            client_id,
            organization_id,
            language,
        };
        self.enqueue(tx, tenant, &MAIL, &Mail::VerifyEmail(mail))
    }

    /// Where a link to prove an address leads. Changes nothing.
    pub async fn email_verification(&self, tenant: &TenantId, ticket: &str) -> Result<Link, AppError> {
        self.open_link(tenant, Purpose::EmailVerification, ticket).await
    }

    /// Uses a link up: the address is proven. What does not work is in the answer.
    pub async fn verify_email(&self, tenant: &TenantId, ticket: &str, caller: &Caller) -> Result<Link, AppError> {
        let (app, id, digest, now) = (self.clone(), tenant.clone(), self.ticket_digest(tenant, ticket), self.now());
        let event = LogEvent::new(LogType::SuccessVerification, caller);
        let used = self
            .store()
            .write(move |tx| {
                let purpose = Purpose::EmailVerification;
                let mut link = link(tx, &id, purpose, digest.as_bytes(), now)?;
                let taken = tickets::take(tx, &id, digest.as_bytes(), purpose.kind(), now)?;
                let Some(user) = &mut link.user else { return Ok(link) };
                let mut event = event.user(user);
                if let Some(client_id) = &link.document.client_id {
                    event = event.client_id(client_id);
                }
                let mut verified = false;
                if let (Some(_), None) = (&taken, link.problem) {
                    user.email_verified = users::set_verified(tx, &id, &user.user_id, true, now)?;
                    verified = true;
                } else {
                    // Somebody was faster, or there is nothing to prove.
                    let problem = link.problem.unwrap_or(LinkProblem::Used);
                    event = event.with_kind(LogType::FailedVerification).description(sentence(problem));
                    link = link.with_problem(problem);
                }
                logs::insert(tx, &id, &app.log_row(event))?;
                if verified {
                    app.enqueue(tx, &id, &MAIL, &Mail::Welcome(welcome(&link)))?;
                }
                Ok::<_, AppError>(link)
            })
            .await?;
        self.wake_jobs();
        Ok(used)
    }
}

/// The mail to somebody who has proven an address.
fn welcome(link: &Link) -> AccountMail {
    AccountMail {
        user_id: link.user.as_ref().map(|user| user.user_id.clone()),
        ticket: String::new(),
        client_id: link.document.client_id.clone(),
        organization_id: link.document.organization_id.clone(),
        language: None,
    }
}

/// What the tenant log says.
pub(super) const fn sentence(problem: LinkProblem) -> &'static str {
    match problem {
        LinkProblem::Used => "the link was used before, or there is a newer one",
        LinkProblem::Expired => "the link is too old",
        LinkProblem::Invalid => "the account has changed since the link was made",
        LinkProblem::AlreadyVerified => "the address was proven before",
    }
}
