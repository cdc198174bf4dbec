//! Links that prove something about an account: that somebody reads its address, or may set its password (`management-api.md`
//! §6.5, `authentication-api.md` §7.2, §7.7; LG-12).
//!
//! A link carries a secret, of which the database keeps a digest. It works once, for a time, as long as there is no newer one
//! of its kind and the account has the address that it was made for: one conditional write decides all of it. Looking at
//! where it leads changes nothing, because mail scanners open links too; only the answer to the page uses it up.

mod password_reset;
mod verification;

use jiff::{SignedDuration, Timestamp};
use keywright_store::tickets::{self, TicketRow, TicketStanding};
use keywright_store::{StoreError, Tx, users};
use keywright_types::{Tenant, TenantId, User};
use serde::{Deserialize, Serialize};

pub(crate) use password_reset::end_with_password;
pub use password_reset::{PasswordResetRequest, ResetDenied, ResetError};

use crate::account_changes::AccountError;
use crate::config_cache::document;
use crate::mail::lifetime;
use crate::sessions::later;
use crate::{App, AppError, user_from_row};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Proving that somebody reads the address.
    EmailVerification,
    /// Setting another password.
    PasswordChange,
}

impl Purpose {
    /// Kind of its tickets in the database.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::EmailVerification => "email-verification",
            Self::PasswordChange => "password-change",
        }
    }

    /// The page of the link.
    const fn path(self) -> &'static str {
        match self {
            Self::EmailVerification => "/u/email-verification",
            Self::PasswordChange => "/u/reset-password",
        }
    }

    /// The template of the mail that the link is in.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::EmailVerification => "verify_email",
            Self::PasswordChange => "reset_email",
        }
    }

    /// The link with this secret. The `#` keeps an application's own fragment out.
    pub(crate) fn link(self, tenant: &Tenant, ticket: &str) -> String {
        tenant.url(&format!("{}?ticket={ticket}#", self.path()))
    }
}

/// What a link is made with.
#[derive(Clone, Debug, Default)]
pub struct LinkRequest {
    /// Which account: a user's own, or one that is linked to a user.
    pub user_id: String,
    /// Where the browser goes in the end.
    pub result_url: Option<String>,
    /// The application that it is about.
    pub client_id: Option<String>,
    /// The organization that it is about.
    pub organization_id: Option<String>,
    /// Seconds that it works; none and 0 mean five days.
    pub lifetime: Option<i64>,
    /// Whether the address is in the query of `result_url`.
    pub include_email: bool,
    /// Whether setting a password proves the address too: the link is going to be mailed to it.
    pub mark_email_as_verified: bool,
}

/// What the database keeps of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LinkDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization_id: Option<String>,
    pub(crate) include_email: bool,
    pub(crate) mark_email_as_verified: bool,
}

/// Why a link does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkProblem {
    /// It was used, or there is a newer one.
    Used,
    /// It is too old.
    Expired,
    /// There is none with this secret, or its account has changed since.
    Invalid,
    /// There is nothing left to prove.
    AlreadyVerified,
}

/// A link that somebody has opened.
#[derive(Clone, Debug)]
pub struct Link {
    /// Why it does not work; `None` when it does.
    pub problem: Option<LinkProblem>,
    /// The application that it is about.
    pub client_id: Option<String>,
    /// Whose account; `None` when nobody ever got such a link.
    pub(crate) user: Option<User>,
    document: LinkDocument,
}

impl Link {
    /// Name of the account's connection.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.connection.as_str())
    }

    /// The account's address. Only for somebody whose link works.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.user.as_ref().filter(|_| self.problem.is_none()).and_then(|user| user.email.as_deref())
    }

    /// Where the browser goes, with the outcome in the query: §7.7, "`email`, `success=true|false`, `message`". `None` where
    /// nobody said where.
    #[must_use]
    pub fn result_url(&self, success: bool, message: &str) -> Option<String> {
        let mut url = self.document.result_url.as_deref().and_then(|text| url::Url::parse(text).ok())?;
        // RU-05: it was checked when it was written; a template may have put something else together.
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return None;
        }
        let email = self.user.as_ref().and_then(|user| user.email.as_deref());
        if let (Some(email), true) = (email, self.document.include_email) {
            url.query_pairs_mut().append_pair("email", email);
        }
        url.query_pairs_mut().append_pair("success", if success { "true" } else { "false" });
        url.query_pairs_mut().append_pair("message", message);
        Some(url.into())
    }

    fn nobody() -> Self {
        Self { problem: Some(LinkProblem::Invalid), client_id: None, user: None, document: LinkDocument::default() }
    }

    fn with_problem(self, problem: LinkProblem) -> Self {
        Self { problem: Some(problem), ..self }
    }
}

impl App {
    /// A link to prove an address; nothing is mailed.
    pub async fn email_verification_link(&self, tenant: &Tenant, request: LinkRequest) -> Result<String, AccountError> {
        self.make_link(tenant, Purpose::EmailVerification, request).await
    }

    /// A link to set another password; nothing is mailed.
    pub async fn password_change_link(&self, tenant: &Tenant, request: LinkRequest) -> Result<String, AccountError> {
        let (row, _) = self.account(&tenant.id, &request.user_id).await?;
        self.database_of(&tenant.id, &user_from_row(&row)?).await?;
        self.make_link(tenant, Purpose::PasswordChange, request).await
    }

    async fn make_link(&self, tenant: &Tenant, purpose: Purpose, request: LinkRequest) -> Result<String, AccountError> {
        let secret = self.random().identifier(32);
        let (app, id, ticket, now) = (self.clone(), tenant.id.clone(), secret.clone(), self.now());
        let expires_at = later(now, SignedDuration::from_secs(lifetime(request.lifetime)));
        let LinkRequest {
            user_id, result_url, client_id, organization_id, include_email, mark_email_as_verified, ..
        } = request;
        let about = LinkDocument { result_url, client_id, organization_id, include_email, mark_email_as_verified };
        self.store()
            .write(move |tx| {
                let row = users::find_account(tx, &id, &user_id)?.ok_or(AccountError::NotFound)?;
                let ticket = NewTicket { secret: &ticket, purpose, user_id: &user_id, email: row.email, about: &about };
                app.insert_ticket(tx, &id, ticket, now, expires_at)?;
                Ok::<_, AccountError>(())
            })
            .await?;
        Ok(purpose.link(tenant, &secret))
    }

    /// Writes a ticket down.
    pub(crate) fn insert_ticket(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        new: NewTicket<'_>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let document = serde_json::to_string(new.about).map_err(|error| StoreError::Engine(error.to_string()))?;
        let row = TicketRow {
            ticket_digest: self.ticket_digest(tenant, new.secret).as_bytes().to_vec(),
            kind: new.purpose.kind().to_owned(),
            user_id: new.user_id.to_owned(),
            email: new.email,
            document: Some(document),
            created_at: now,
            expires_at,
        };
        tickets::insert(tx, tenant, &row)
    }

    /// Looks where a link leads, and changes nothing.
    async fn open_link(&self, tenant: &TenantId, purpose: Purpose, ticket: &str) -> Result<Link, AppError> {
        let (id, digest, now) = (tenant.clone(), self.ticket_digest(tenant, ticket), self.now());
        self.store().read(move |tx| link(tx, &id, purpose, digest.as_bytes(), now)).await
    }
}

/// A ticket that is to be written down.
pub(crate) struct NewTicket<'a> {
    pub(crate) secret: &'a str,
    pub(crate) purpose: Purpose,
    pub(crate) user_id: &'a str,
    /// The account's address.
    pub(crate) email: Option<String>,
    pub(crate) about: &'a LinkDocument,
}

/// The link of a ticket, as it stands in this transaction.
fn link(tx: &mut Tx<'_>, tenant: &TenantId, purpose: Purpose, digest: &[u8], now: Timestamp) -> Result<Link, AppError> {
    let Some(ticket) = tickets::find(tx, tenant, digest, purpose.kind(), now)? else { return Ok(Link::nobody()) };
    let Some(row) = users::find_account(tx, tenant, &ticket.user_id)? else { return Ok(Link::nobody()) };
    let about: LinkDocument = match &ticket.document {
        Some(text) => document("tickets", text)?,
        None => LinkDocument::default(),
    };
    let problem = match ticket.standing {
        TicketStanding::Good if purpose == Purpose::EmailVerification && row.email_verified => {
            Some(LinkProblem::AlreadyVerified)
        }
        TicketStanding::Good => None,
        TicketStanding::Used => Some(LinkProblem::Used),
        TicketStanding::Expired => Some(LinkProblem::Expired),
        TicketStanding::Foreign => Some(LinkProblem::Invalid),
    };
    Ok(Link { problem, client_id: about.client_id.clone(), user: Some(user_from_row(&row)?), document: about })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ru_07_a_result_goes_to_the_web_and_nowhere_else() {
        let at = |result_url: &str| {
            let document = LinkDocument { result_url: Some(result_url.to_owned()), ..LinkDocument::default() };
            Link { document, ..Link::nobody() }.result_url(true, "It is done.")
        };
        let expected = "https://app.example/done?x=1&success=true&message=It+is+done.#top";
        assert_eq!(at("https://app.example/done?x=1#top").as_deref(), Some(expected));
        for bad in
            ["", "javascript:alert(1)", "data:text/html,x", "/done", "//evil.example", "app.example", "com.app:/x"]
        {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
