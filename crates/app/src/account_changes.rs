//! Changes of an account and of what was granted in it, with everything that ends with them (§4.6, §1.11; RT-08, SE-04).
//!
//! Each is one transaction: the change, the sessions that end, the logout tokens that are owed for them, the refresh tokens
//! that go, and the entry in the tenant log. `docs/reference/what-ends-what.md` is the table of it.

use keywright_store::users::UserRow;
use keywright_store::{StoreError, Tx, grants, identities, logs, refresh_tokens, sessions, tickets, users};
use keywright_types::{LogoutInitiator, Tenant, TenantId};

use crate::account_links::end_with_password;
use crate::attack_protection::clear_login_failures;
use crate::passwords::replace_password;
use crate::users::{is_email, is_username, normalized_identifier};
use crate::{App, AppError, Caller, LogEvent, LogType, PasswordRefusal, user_from_row};

/// Why an account was not changed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error("the user does not exist")]
    NotFound,
    /// The address or username belongs to somebody else.
    #[error("the identifier belongs to another user")]
    Taken,
    /// Not an e-mail address.
    #[error("the e-mail address is not valid")]
    InvalidEmail,
    /// Not a username, or the connection has none.
    #[error("the username is not valid")]
    InvalidUsername,
    /// The connection does not take the password.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The user's connection keeps no passwords.
    #[error("the connection has no passwords")]
    NoPasswords,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Taken,
            other => Self::App(other.into()),
        }
    }
}

/// What a change of an account ends besides.
pub(crate) struct Consequences {
    /// What the sessions end of.
    pub(crate) initiator: LogoutInitiator,
    /// Whether all refresh tokens go.
    pub(crate) refresh_tokens: bool,
    /// What the tenant log says.
    pub(crate) event: LogEvent,
}

impl App {
    /// Blocks a user: sessions end, no login and no exchange succeeds until [`App::unblock_user`]. Refresh tokens stay and are
    /// refused meanwhile, unless the tenant wants them to end.
    pub async fn block_user(&self, tenant: &Tenant, user_id: &str, caller: &Caller) -> Result<(), AccountError> {
        let consequences = Consequences {
            initiator: LogoutInitiator::AccountDeactivated,
            refresh_tokens: tenant.settings.flags.revoke_refresh_tokens_on_account_change,
            event: operation(caller, "Block a user").user_id(user_id),
        };
        let (id, now) = (user_id.to_owned(), self.now());
        let block = move |tx: &mut Tx<'_>, tenant: &TenantId| users::set_blocked(tx, tenant, &id, true, now);
        self.change_account(tenant, user_id, consequences, block).await
    }

    /// Lifts a block. What ended with it stays ended.
    pub async fn unblock_user(&self, tenant: &Tenant, user_id: &str, caller: &Caller) -> Result<(), AccountError> {
        let (id, user, now) = (tenant.id.clone(), user_id.to_owned(), self.now());
        let entry = self.log_row(operation(caller, "Unblock a user").user_id(user_id));
        self.store()
            .write(move |tx| {
                if !users::set_blocked(tx, &id, &user, false, now)? {
                    return Err(AccountError::NotFound);
                }
                Ok(logs::insert(tx, &id, &entry)?)
            })
            .await
    }

    /// Deletes a user with sessions, grants and refresh tokens. The identifier is never given to anybody else (TK-09).
    pub async fn delete_user(&self, tenant: &Tenant, user_id: &str, caller: &Caller) -> Result<(), AccountError> {
        let notices = self.logout_notices(&tenant.id, LogoutInitiator::AccountDeleted).await?;
        let entry = self.log_row(LogEvent::new(LogType::SuccessUserDeletion, caller).user_id(user_id));
        let (id, user, now) = (tenant.id.clone(), user_id.to_owned(), self.now());
        self.store()
            .write(move |tx| {
                // Before the user: with the row of the user the list of applications would go.
                let ended = sessions::end_for_user(tx, &id, &user)?;
                if !users::delete(tx, &id, &user, now)? {
                    return Err(AccountError::NotFound);
                }
                notices.queue(tx, &ended)?;
                Ok(logs::insert(tx, &id, &entry)?)
            })
            .await?;
        self.wake_jobs();
        Ok(())
    }

    /// The account with this identifier, and the user whose it is: itself, or the one it is linked to.
    pub(crate) async fn account(&self, tenant: &TenantId, account: &str) -> Result<(UserRow, String), AccountError> {
        let (id, account) = (tenant.clone(), account.to_owned());
        let found = self.store().look_up(move |tx| {
            let Some(row) = users::find_account(tx, &id, &account)? else { return Ok(None) };
            let owner = identities::primary_of(tx, &id, &account)?.unwrap_or(account);
            Ok::<_, StoreError>(Some((row, owner)))
        });
        found.await?.ok_or(AccountError::NotFound)
    }

    /// Sets another password after the connection's rules: by an administrator, or by the user after a proof. Sessions end;
    /// refresh tokens stay, unless the tenant wants them to end (§4.6). `user_id` may be that of a linked account: then the
    /// password is the account's, and the sessions are those of the user it is linked to. So it is with address and username.
    pub async fn change_password(
        &self,
        tenant: &Tenant,
        user_id: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let (row, owner) = self.account(&tenant.id, user_id).await?;
        let user = user_from_row(&row)?;
        let connection = self.database_of(&tenant.id, &user).await?;
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
        let (id, now) = (user_id.to_owned(), self.now());
        let actions = self.password_actions(tenant, &connection, &user, caller, now).await?;
        let app = self.clone();
        let set = move |tx: &mut Tx<'_>, tenant: &TenantId| {
            clear_login_failures(&app, tx, tenant, &id)?;
            end_with_password(tx, tenant, &id, now)?;
            if !replace_password(tx, tenant, &connection, &id, &hash, now)? {
                return Ok(false);
            }
            app.queue_actions(tx, tenant, actions.as_ref())?;
            Ok(true)
        };
        self.change_account(tenant, &owner, consequences, set).await
    }

    /// Sets another e-mail address. Sessions end; refresh tokens as in [`App::change_password`].
    pub async fn change_email(
        &self,
        tenant: &Tenant,
        user_id: &str,
        email: &str,
        verified: bool,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let email = normalized_identifier(email);
        if !is_email(&email) {
            return Err(AccountError::InvalidEmail);
        }
        let (_, owner) = self.account(&tenant.id, user_id).await?;
        let event = LogEvent::new(LogType::SuccessEmailChange, caller).user_id(&owner).user_name(&email);
        let (id, now) = (user_id.to_owned(), self.now());
        let set = move |tx: &mut Tx<'_>, tenant: &TenantId| {
            // LG-12: what was mailed to the old address is worth nothing.
            tickets::end_for_user(tx, tenant, &id, now)?;
            users::set_email(tx, tenant, &id, Some(&email), verified, now)
        };
        self.change_account(tenant, &owner, identifier_changed(tenant, event), set).await
    }

    /// Sets another username. As [`App::change_email`].
    pub async fn change_username(
        &self,
        tenant: &Tenant,
        user_id: &str,
        username: &str,
        caller: &Caller,
    ) -> Result<(), AccountError> {
        let username = normalized_identifier(username);
        if !is_username(&username) {
            return Err(AccountError::InvalidUsername);
        }
        let (_, owner) = self.account(&tenant.id, user_id).await?;
        let event = LogEvent::new(LogType::SuccessUsernameChange, caller).user_id(&owner).user_name(&username);
        let (id, now) = (user_id.to_owned(), self.now());
        let set = move |tx: &mut Tx<'_>, tenant: &TenantId| users::set_username(tx, tenant, &id, Some(&username), now);
        self.change_account(tenant, &owner, identifier_changed(tenant, event), set).await
    }

    /// Revokes a session: it ends, and so do the refresh tokens that came from it, unless they are to be preserved (§1.11).
    /// `false` when there was no such session.
    pub async fn revoke_session(
        &self,
        tenant: &Tenant,
        session_id: &str,
        preserve_refresh_tokens: bool,
        caller: &Caller,
    ) -> Result<bool, AppError> {
        let notices = self.logout_notices(&tenant.id, LogoutInitiator::SessionRevoked).await?;
        let event = operation(caller, "Revoke a session");
        let (app, id, session, now) = (self.clone(), tenant.id.clone(), session_id.to_owned(), self.now());
        let revoked = self
            .store()
            .write(move |tx| {
                let Some(ended) = sessions::end_by_session_id(tx, &id, &session)? else { return Ok(false) };
                if !preserve_refresh_tokens {
                    refresh_tokens::revoke_for_session(tx, &id, &session, now)?;
                }
                notices.queue(tx, std::slice::from_ref(&ended))?;
                logs::insert(tx, &id, &app.log_row(event.user_id(&ended.user_id)))?;
                Ok::<_, StoreError>(true)
            })
            .await?;
        self.wake_jobs();
        Ok(revoked)
    }

    /// Revokes a refresh token with all that rotated out of it. `false` when there was none that lived.
    pub async fn revoke_refresh_token(
        &self,
        tenant: &Tenant,
        family_id: &str,
        caller: &Caller,
    ) -> Result<bool, AppError> {
        let event = LogEvent::new(LogType::SuccessRevocation, caller);
        let (app, id, family_id, now) = (self.clone(), tenant.id.clone(), family_id.to_owned(), self.now());
        let revoke = move |tx: &mut Tx<'_>| {
            if !refresh_tokens::revoke(tx, &id, &family_id, now)? {
                return Ok(false);
            }
            let event = match refresh_tokens::find(tx, &id, &family_id)? {
                Some(family) => event.user_id(&family.user_id).client_id(&family.client_id),
                None => event,
            };
            logs::insert(tx, &id, &app.log_row(event))?;
            Ok::<_, StoreError>(true)
        };
        Ok(self.store().write(revoke).await?)
    }

    /// Deletes a grant: its refresh tokens end, and the user is asked again (§1.10). `false` when there was none.
    pub async fn delete_grant(&self, tenant: &Tenant, grant_id: &str, caller: &Caller) -> Result<bool, AppError> {
        let event = operation(caller, "Delete a grant");
        let (app, id, grant_id, now) = (self.clone(), tenant.id.clone(), grant_id.to_owned(), self.now());
        let delete = move |tx: &mut Tx<'_>| {
            let Some(grant) = grants::find_by_id(tx, &id, &grant_id)? else { return Ok(false) };
            if !grants::delete(tx, &id, &grant_id)? {
                return Ok(false);
            }
            refresh_tokens::revoke_for_grant(tx, &id, &grant.client_id, &grant.user_id, &grant.audience, now)?;
            let event = event.user_id(&grant.user_id).client_id(&grant.client_id).audience(&grant.audience);
            logs::insert(tx, &id, &app.log_row(event))?;
            Ok::<_, StoreError>(true)
        };
        Ok(self.store().write(delete).await?)
    }

    /// Makes a change and everything that follows from it. `change` says whether there is such a user.
    pub(crate) async fn change_account(
        &self,
        tenant: &Tenant,
        user_id: &str,
        consequences: Consequences,
        change: impl FnOnce(&mut Tx<'_>, &TenantId) -> Result<bool, StoreError> + Send + 'static,
    ) -> Result<(), AccountError> {
        let Consequences { initiator, refresh_tokens: tokens_end, event } = consequences;
        let notices = self.logout_notices(&tenant.id, initiator).await?;
        let (id, user, now, entry) = (tenant.id.clone(), user_id.to_owned(), self.now(), self.log_row(event));
        self.store()
            .write(move |tx| {
                if !change(tx, &id)? {
                    return Err(AccountError::NotFound);
                }
                let ended = sessions::end_for_user(tx, &id, &user)?;
                notices.queue(tx, &ended)?;
                if tokens_end {
                    refresh_tokens::revoke_for_user(tx, &id, &user, now)?;
                }
                Ok(logs::insert(tx, &id, &entry)?)
            })
            .await?;
        self.wake_jobs();
        Ok(())
    }
}

fn identifier_changed(tenant: &Tenant, event: LogEvent) -> Consequences {
    Consequences {
        initiator: LogoutInitiator::EmailIdentifierChanged,
        refresh_tokens: tenant.settings.flags.revoke_refresh_tokens_on_account_change,
        event,
    }
}

fn operation(caller: &Caller, description: &'static str) -> LogEvent {
    LogEvent::new(LogType::SuccessManagementOperation, caller).description(description)
}
