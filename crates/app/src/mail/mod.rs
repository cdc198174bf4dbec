//! Mails: queued with their cause as background jobs, rendered when they are sent (WB-04: "Links in mail […] use configured
//! origins").
//!
//! A mail never holds up the answer that causes it, and whether one is sent cannot be told from the answer: a job is queued
//! in either case, and the runner drops the one that is for nobody.

mod built_in;
mod inbox;
mod liquid;
mod plain_text;
mod provider;
mod smtp;
mod templates;
mod variables;
mod writing;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use keywright_types::TenantId;
use serde::{Deserialize, Serialize};

pub use inbox::{Inbox, ReceivedMail};
pub use liquid::TemplateError;
pub use provider::{EMAIL_HEADERS, EMAIL_PROVIDER};
pub use smtp::{SmtpError, SmtpMailer};
pub(crate) use templates::lifetime;
pub use templates::{EMAIL_TEMPLATE, EMAIL_TEMPLATES, LONGEST_LINK_LIFETIME, check_template};

use crate::jobs::{Job, JobFuture, JobHandler, JobKind, JobReport};
use crate::{App, Caller, LogEvent, LogType};

/// The jobs that send mails: seven attempts in nine hours.
pub(crate) const MAIL: JobKind =
    JobKind { name: "mail", delays: &[10, 60, 300, 1800, 7200, 21_600], lease: 90, places: 8 };

/// A mail that is to be written: which one, and what it is about.
#[derive(Serialize, Deserialize)]
pub(crate) enum Mail {
    /// Auth0's template `blocked_account`.
    BlockedAccount(BlockedAccount),
    /// Auth0's template `verify_email`.
    VerifyEmail(AccountMail),
    /// The first mail to somebody who has signed up: `verify_email`, or `welcome_email` where that one is switched off.
    SignUp(AccountMail),
    /// Auth0's template `reset_email`.
    ResetPassword(AccountMail),
    /// Auth0's template `welcome_email`.
    Welcome(AccountMail),
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
    /// For which application they were made.
    #[serde(default)]
    pub(crate) client_id: Option<String>,
}

/// A mail about an account.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountMail {
    /// Whose account; `None` for a name that nobody has.
    pub(crate) user_id: Option<String>,
    /// Secret of the link.
    pub(crate) ticket: String,
    /// The application that it is about.
    pub(crate) client_id: Option<String>,
    /// The organization that it is about.
    pub(crate) organization_id: Option<String>,
    /// Language of the request, a BCP 47 tag.
    pub(crate) language: Option<String>,
}

/// A mail ready to be sent.
#[derive(Clone)]
pub struct Message {
    /// Address of the receiver.
    pub to: String,
    /// The sender that the tenant wants; only its own server is given it.
    pub from: Option<String>,
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

    /// Whether it takes the mails of tenants with a server of their own too: in development nothing leaves the machine.
    fn takes_all(&self) -> bool {
        false
    }
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
            let server = match app.mail_server_of(tenant).await {
                Ok(server) => server.filter(|_| !self.0.takes_all()),
                Err(error) if error.is_temporary() => return JobReport::retry(error.to_string()),
                Err(error) => return JobReport::give_up(error.to_string()),
            };
            let sent = match &server {
                Some(server) => app.send_by(server, &message).await,
                None => self.0.send(&message).await,
            };
            let (report, cause) = match sent {
                Ok(()) => return JobReport::done(),
                Err(MailError::Temporary(cause)) if !job.is_last_attempt => return JobReport::retry(cause),
                Err(MailError::Temporary(cause)) => (JobReport::retry(cause.clone()), cause),
                Err(MailError::Permanent(cause)) => (JobReport::give_up(cause.clone()), cause),
            };
            let event = LogEvent::new(LogType::FailedNotification, &Caller::default())
                .description(format!("{}: {cause}", message.template))
                .user_name(&message.to);
            report.logged(app.log_row(event))
        })
    }
}

impl App {
    /// Has this node send mails with `mailer`. Called while the instance is put together.
    pub fn send_mails_with(&self, mailer: Arc<dyn Mailer>) {
        self.handle_jobs(MAIL, Arc::new(MailJobs(mailer)));
    }
}

/// Whether mails can come from this sender: an address, or `Name <address>`.
#[must_use]
pub fn is_sender(text: &str) -> bool {
    smtp::sender(text).is_some()
}
