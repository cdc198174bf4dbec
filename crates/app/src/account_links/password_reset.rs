//! Setting another password by a link (§7.2, §7.7; LG-01, LG-03, LG-12).

use jiff::Timestamp;
use keywright_store::{StoreError, Tx, identities, logs, tickets, users};
use keywright_types::{Client, Connection, LogoutInitiator, Tenant, TenantId, User};

use super::verification::sentence;
use super::{Link, LinkDocument, LinkProblem, Purpose};
use crate::account_changes::{AccountError, Consequences};
use crate::attack_protection::{UNBLOCK, clear_login_failures};
use crate::extensibility::{ChallengeVerdict, RequestFacts};
use crate::mail::{AccountMail, MAIL, Mail};
use crate::passwords::replace_password;
use crate::users::normalized_identifier;
use crate::{App, AppError, Caller, LogEvent, LogType, PasswordRefusal};

/// Somebody has forgotten a password.
pub struct PasswordResetRequest<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// Among whose users.
    pub connection: &'a Connection,
    /// For which application.
    pub client: &'a Client,
    /// Address or username, as it was entered.
    pub identifier: &'a str,
    /// In which organization.
    pub organization_id: Option<&'a str>,
    /// From where.
    pub caller: &'a Caller,
    /// Language of the request, a BCP 47 tag.
    pub language: Option<&'a str>,
}

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link does not work.
    #[error("the link does not work")]
    Link(Box<Link>),
    /// The connection does not take the password; the link still works.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

/// An Action does not let somebody set a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetDenied;

/// LG-12: links are "invalidated by a newer one and by password change"; one that ends a block has nothing left to end.
pub(crate) fn end_with_password(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tickets::end_kind(tx, tenant, user_id, Purpose::PasswordChange.kind(), now)?;
    tickets::end_kind(tx, tenant, user_id, UNBLOCK, now)
}

impl App {
    /// Has a link mailed, if there is such an account. The work is the same if there is none, and nothing tells the two apart
    /// but the mail (LG-03).
    pub async fn request_password_reset(&self, request: PasswordResetRequest<'_>) -> Result<(), AppError> {
        let PasswordResetRequest { tenant, connection, client, identifier, organization_id, caller, language } =
            request;
        let wanted = normalized_identifier(identifier);
        let by_username = !wanted.contains('@') && connection.options.requires_username;
        let event = LogEvent::new(LogType::FailedPasswordChangeRequest, caller)
            .client(client)
            .connection(connection)
            .user_name(&wanted);
        let mut mail = AccountMail {
            user_id: None,
            ticket: self.random().identifier(32),
            client_id: Some(client.client_id.clone()),
            organization_id: organization_id.map(str::to_owned),
            language: language.map(str::to_owned),
        };
        let (app, id, connection) = (self.clone(), tenant.id.clone(), connection.name.clone());
        self.store()
            .write(move |tx| {
                let row = if by_username {
                    users::find_by_username(tx, &id, &connection, &wanted)?
                } else {
                    users::find_by_email(tx, &id, &connection, &wanted)?
                };
                // Looked up for a name that nobody has as well: the same work (LG-03).
                let account = row.as_ref().map(|row| row.user_id.as_str()).unwrap_or_default();
                let owner = identities::primary_of(tx, &id, account)?;
                let event = match &row {
                    Some(row) => event
                        .user_id(owner.as_deref().unwrap_or(&row.user_id))
                        .with_kind(LogType::SuccessPasswordChangeRequest),
                    None => event.description("the user does not exist"),
                };
                mail.user_id = row.map(|row| row.user_id);
                app.enqueue(tx, &id, &MAIL, &Mail::ResetPassword(mail))?;
                Ok::<_, AppError>(logs::insert(tx, &id, &app.log_row(event))?)
            })
            .await?;
        self.wake_jobs();
        Ok(())
    }

    /// Where a link to set a password leads. Changes nothing.
    pub async fn password_reset(&self, tenant: &TenantId, ticket: &str) -> Result<Link, AppError> {
        self.open_link(tenant, Purpose::PasswordChange, ticket).await
    }

    /// Asks the Actions of `password-reset-post-challenge` about somebody who has opened a link that works, before there is a form.
    /// Gives the link as it is now; a refusal is logged (`rules-and-actions.md` §1, §3.5).
    pub async fn challenge_password_reset(
        &self,
        tenant: &Tenant,
        ticket: &str,
        link: Link,
        caller: &Caller,
        request: &RequestFacts,
    ) -> Result<Result<Link, ResetDenied>, AppError> {
        let Some(user) = link.user.clone().filter(|_| link.problem.is_none()) else { return Ok(Ok(link)) };
        let connection = match self.database_of(&tenant.id, &user).await {
            Ok(connection) => connection,
            Err(AccountError::App(error)) => return Err(error),
            Err(_) => return Ok(Ok(link.with_problem(LinkProblem::Invalid))),
        };
        let client = match &link.client_id {
            Some(client_id) => self.client(&tenant.id, client_id).await?,
            None => None,
        };
        let client = client.as_ref().map(|record| &record.client);
        let asked = self.run_challenge_scripts(tenant, &connection, client, &user.user_id, caller, request).await?;
        let result_url = match asked {
            ChallengeVerdict::Passed { result_url: None } => return Ok(Ok(link)),
            ChallengeVerdict::Passed { result_url: Some(url) } => url,
            ChallengeVerdict::Denied { reason } => {
                let event = LogEvent::new(LogType::FailedPasswordChange, caller).user(&user).connection(&connection);
                self.log(&tenant.id, event.description(reason)).await?;
                return Ok(Err(ResetDenied));
            }
        };
        let document = LinkDocument { result_url: Some(result_url), ..link.document };
        let text = serde_json::to_string(&document).map_err(AppError::internal)?;
        let (id, digest) = (tenant.id.clone(), self.ticket_digest(&tenant.id, ticket));
        let kind = Purpose::PasswordChange.kind();
        self.store().write(move |tx| tickets::set_document(tx, &id, digest.as_bytes(), kind, &text)).await?;
        Ok(Ok(Link { document, ..link }))
    }

    /// The connection of a user that has a password.
    pub(crate) async fn database_of(&self, tenant: &TenantId, user: &User) -> Result<Connection, AccountError> {
        let connections = self.connections(tenant).await?;
        let own = connections.iter().find(|own| own.name == user.connection && own.is_database());
        own.cloned().ok_or(AccountError::NoPasswords)
    }

    /// Sets another password and uses the link up, in one transaction with everything that ends with the old password. The
    /// order: the link, the connection's rules, the hash, and the link once more, by the write that takes it.
    pub async fn reset_password(
        &self,
        tenant: &Tenant,
        ticket: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<Link, ResetError> {
        let link = self.password_reset(&tenant.id, ticket).await?;
        let Some(user) = link.user.clone().filter(|_| link.problem.is_none()) else {
            self.log_bad_link(tenant, &link, caller).await?;
            return Err(ResetError::Link(Box::new(link)));
        };
        let connection = match self.database_of(&tenant.id, &user).await {
            Ok(connection) => connection,
            Err(AccountError::App(error)) => return Err(error.into()),
            Err(_) => return Err(ResetError::Link(Box::new(link.with_problem(LinkProblem::Invalid)))),
        };
        // The sessions are those of the user that the account is linked to.
        let (row, owner) = match self.account(&tenant.id, &user.user_id).await {
            Ok(found) => found,
            Err(AccountError::App(error)) => return Err(error.into()),
            Err(_) => return Err(ResetError::Link(Box::new(link.with_problem(LinkProblem::Invalid)))),
        };
        let old = row.password_hash.as_deref();
        if let Some(refusal) = self.next_password_refusal(&tenant.id, &connection, password, &user, old).await? {
            return Err(refusal.into());
        }
        let hash = self.passwords().hash(password, self.random()).await?;
        let consequences = Consequences {
            initiator: LogoutInitiator::PasswordChanged,
            refresh_tokens: tenant.settings.flags.revoke_refresh_tokens_on_account_change,
            event: LogEvent::new(LogType::SuccessPasswordChange, caller)
                .user(&user)
                .user_id(&owner)
                .connection(&connection),
        };
        let digest = self.ticket_digest(&tenant.id, ticket);
        let (app, user_id, verified, now) =
            (self.clone(), user.user_id.clone(), link.document.mark_email_as_verified, self.now());
        let actions = self.password_actions(tenant, &connection, &user, caller, now).await?;
        let set = move |tx: &mut Tx<'_>, tenant: &TenantId| {
            if tickets::take(tx, tenant, digest.as_bytes(), Purpose::PasswordChange.kind(), now)?.is_none() {
                return Ok(false);
            }
            if verified {
                users::set_verified(tx, tenant, &user_id, true, now)?;
            }
            end_with_password(tx, tenant, &user_id, now)?;
            clear_login_failures(&app, tx, tenant, &user_id)?;
            if !replace_password(tx, tenant, &connection, &user_id, &hash, now)? {
                return Ok(false);
            }
            app.queue_actions(tx, tenant, actions.as_ref())?;
            Ok(true)
        };
        match self.change_account(tenant, &owner, consequences, set).await {
            Ok(()) => Ok(link),
            // Somebody was faster.
            Err(AccountError::NotFound) => {
                let link = link.with_problem(LinkProblem::Used);
                self.log_bad_link(tenant, &link, caller).await?;
                Err(ResetError::Link(Box::new(link)))
            }
            Err(AccountError::App(error)) => Err(error.into()),
            Err(error) => Err(AppError::internal(error).into()),
        }
    }

    /// Logs that a link did not work, where it was somebody's.
    async fn log_bad_link(&self, tenant: &Tenant, link: &Link, caller: &Caller) -> Result<(), AppError> {
        if let (Some(user), Some(problem)) = (&link.user, link.problem) {
            let event = LogEvent::new(LogType::FailedPasswordChange, caller).user(user);
            self.log(&tenant.id, event.description(sentence(problem))).await?;
        }
        Ok(())
    }
}
