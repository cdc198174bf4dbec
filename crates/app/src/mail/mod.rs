//! Mails: queued with their cause as background jobs, rendered when they are sent (WB-04: "Links in mail […] use configured
//! origins").
//!
//! A mail never holds up the answer that causes it, and whether one is sent cannot be told from the answer: a job is queued
//! in either case, and the runner drops the one that is for nobody.

mod inbox;
mod smtp;
mod templates;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use keywright_store::{StoreError, tenants, tickets, users};
use keywright_types::{Tenant, TenantId};
use serde::{Deserialize, Serialize};

pub use inbox::{Inbox, ReceivedMail};
pub use smtp::{SmtpError, SmtpMailer};

use crate::attack_protection::{TICKET_LIFETIME, UNBLOCK};
use crate::jobs::{Job, JobFuture, JobHandler, JobKind, JobReport};
use crate::sessions::later;
use crate::{App, AppError, user_from_row};

/// The jobs that send mails: seven attempts in nine hours.
pub(crate) const MAIL: JobKind =
    JobKind { name: "mail", delays: &[10, 60, 300, 1800, 7200, 21_600], lease: 90, places: 8 };

/// A mail that is to be written: which one, and what it is about.
#[derive(Serialize, Deserialize)]
pub(crate) enum Mail {
    /// Auth0's template `blocked_account`.
    BlockedAccount(BlockedAccount),
}

/// Somebody failed too often with an account.
#[derive(Serialize, Deserialize)]
pub(crate) struct BlockedAccount {
    /// Whose account; `None` for a name that nobody has.
    pub(crate) user_id: Option<String>,
    /// Secret of the link.
    pub(crate) ticket: String,
    /// Where the attempts came from.
    pub(crate) ip: Option<IpAddr>,
}

/// A mail ready to be sent.
#[derive(Clone)]
pub struct Message {
    /// Address of the receiver.
    pub to: String,
    /// Auth0's name of the template it was made of.
    pub template: &'static str,
    /// Subject.
    pub subject: String,
    /// Body for mail programs without HTML.
    pub text: String,
    /// Body.
    pub html: String,
    /// When it was rendered.
    pub date: Timestamp,
}

/// Why a mail was not taken. The text is for operators; it holds no content of the mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may be taken later.
    #[error("{0}")]
    Temporary(String),
    /// It will never be taken.
    #[error("{0}")]
    Permanent(String),
}

/// The answer of a [`Mailer`], in the making.
pub type MailFuture<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Takes mails and sees to their delivery.
pub trait Mailer: Send + Sync {
    /// Hands one mail over. Ends by itself within a minute.
    fn send<'a>(&'a self, message: &'a Message) -> MailFuture<'a>;

    /// Finds out whether mails would be taken, and hands none over. Ends by itself within a minute.
    fn check(&self) -> MailFuture<'_>;
}

/// For an instance without a mail server: every mail is given up, and kept as a failed job that says so.
pub struct NoMailer;

impl Mailer for NoMailer {
    fn send<'a>(&'a self, _: &'a Message) -> MailFuture<'a> {
        self.check()
    }

    fn check(&self) -> MailFuture<'_> {
        let refused = MailError::Permanent("no mail server is configured (mail.smtp_url)".to_owned());
        Box::pin(std::future::ready(Err(refused)))
    }
}

struct MailJobs(Arc<dyn Mailer>);

impl JobHandler for MailJobs {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            let message = match app.message(tenant, job).await {
                Ok(Some(message)) => message,
                Ok(None) => return JobReport::done(),
                Err(error) if error.is_temporary() => return JobReport::retry(error.to_string()),
                Err(error) => return JobReport::give_up(error.to_string()),
            };
            match self.0.send(&message).await {
                Ok(()) => JobReport::done(),
                Err(MailError::Temporary(cause)) => JobReport::retry(cause),
                Err(MailError::Permanent(cause)) => JobReport::give_up(cause),
            }
        })
    }
}

impl App {
    /// Has this node send mails with `mailer`. Called while the instance is put together.
    pub fn send_mails_with(&self, mailer: Arc<dyn Mailer>) {
        self.handle_jobs(MAIL, Arc::new(MailJobs(mailer)));
    }

    /// The mail of a job; `None` when there is nobody to send it to.
    async fn message(&self, tenant: &TenantId, job: &Job) -> Result<Option<Message>, AppError> {
        let Mail::BlockedAccount(about) = job.payload()?;
        let Some(user_id) = about.user_id else { return Ok(None) };
        let Some(tenant) = self.tenant_of_mail(tenant).await? else { return Ok(None) };
        let (id, digest, now) = (tenant.id.clone(), self.ticket_digest(&tenant.id, &about.ticket), self.now());
        let expires_at = later(job.queued_at, TICKET_LIFETIME);
        let row = self
            .store()
            .write(move |tx| {
                let row = users::find(tx, &id, &user_id)?.filter(|row| row.email.is_some());
                if row.is_some() {
                    // A repeated attempt finds its own ticket there.
                    tickets::insert(tx, &id, digest.as_bytes(), UNBLOCK, &user_id, now, expires_at)?;
                }
                Ok::<_, StoreError>(row)
            })
            .await?;
        let Some(row) = row else { return Ok(None) };
        let user = user_from_row(&row)?;
        let Some(to) = user.email.clone() else { return Ok(None) };
        let link = tenant.url(&format!("/u/unblock?ticket={}", about.ticket));
        templates::blocked_account(&tenant, to, &link, about.ip, now).map(Some)
    }

    async fn tenant_of_mail(&self, tenant: &TenantId) -> Result<Option<Arc<Tenant>>, AppError> {
        let id = tenant.clone();
        match self.store().read(move |tx| tenants::find(tx, &id)).await? {
            Some(row) => self.tenant_by_domain(&row.domain).await,
            None => Ok(None),
        }
    }
}
