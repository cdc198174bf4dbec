//! Logging in with a password: for the pages, the password grants and everything that asks for one later (LG-03, LG-07).
//!
//! An attempt is a write (it is counted), a hash and a write (what became of it), whether or not there is such a user. The
//! phases stand in [`App::authenticate`].

use jiff::Timestamp;
use keywright_jose::Digest;
use keywright_store::users::{self, UserRow};
use keywright_store::{Tx, identities, logs};
use keywright_types::{Client, Connection, Tenant, TenantId, User};

use crate::attack_protection::{Counted, Counting, Origin, PasswordProof};
use crate::mail::{BlockedAccount, MAIL, Mail};
use crate::passwords::is_current;
use crate::users::normalized_identifier;
use crate::{App, AppError, BrowserId, Caller, LogEvent, LogType, user_from_row};

/// Somebody tries to log in.
pub struct LoginAttempt<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// Whose users are meant.
    pub connection: &'a Connection,
    /// For which application.
    pub client: &'a Client,
    /// E-mail address or, on connections that use them, username.
    pub identifier: &'a str,
    /// As it was entered.
    pub password: &'a str,
    /// From where.
    pub caller: &'a Caller,
    /// In which browser, if it is one.
    pub browser: Option<&'a BrowserId>,
}

/// Result of an attempt.
#[derive(Debug)]
pub enum Authentication {
    /// The password is right.
    Success(Box<Authenticated>),
    /// No such user, or not the password: never say which (LG-03).
    WrongCredentials,
    /// The password is right, but an administrator blocked the user.
    UserBlocked,
    /// The password is right, and known to the public.
    PasswordLeaked,
    /// Too many failures with this account from here; the password was not looked at.
    AccountBlocked,
    /// Too many failures from this address; the password was not looked at.
    AddressBlocked {
        /// When there is another attempt.
        until: Timestamp,
    },
}

/// Somebody who has proved who they are.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// How; to be recorded together with what it leads to.
    pub proof: PasswordProof,
    /// User, application and connection, for the entry in the tenant log.
    pub event: LogEvent,
}

/// Who an address or username leads to.
struct Account {
    /// The account, with its password.
    row: UserRow,
    /// The user that it is linked to.
    primary: Option<UserRow>,
}

impl Account {
    /// Who logs in with it.
    fn user(&self) -> &UserRow {
        self.primary.as_ref().unwrap_or(&self.row)
    }
}

/// An attempt that was counted and may be made.
struct Entered {
    account: Option<Account>,
    origin: Option<Origin>,
    is_last: bool,
    event: LogEvent,
}

impl App {
    /// Makes an attempt. What fails is logged here; a success is logged and recorded by the caller, in the transaction of the
    /// session or token that it leads to.
    pub async fn authenticate(&self, attempt: LoginAttempt<'_>) -> Result<Authentication, AppError> {
        // LG-04: who finds no place in the queue for a hash leaves before anything is written.
        let place = self.passwords().admit()?;
        let counting = self.counting_logins(attempt.tenant, attempt.caller);
        let device = attempt.browser.map(|browser| self.browser_digest(&attempt.tenant.id, browser));
        let entered = match self.enter(&attempt, &counting, device).await? {
            Ok(entered) => entered,
            Err(refused) => return Ok(refused),
        };
        let known = entered.account.is_some();
        let stored = entered.account.as_ref().and_then(|account| account.row.password_hash.clone());
        let right = match place.verify(attempt.password, stored.as_deref()).await {
            Ok(right) => right,
            Err(error) => {
                self.withdraw(&attempt.tenant.id, &counting, entered.origin).await;
                return Err(error);
            }
        };
        let Entered { account, origin, is_last, event } = entered;
        let Some(account) = account.filter(|_| right) else {
            return self.refuse(&attempt, &counting, known, is_last, event).await;
        };
        // The session says how the user logged in, which need not be how they were made.
        let user = User { connection: account.row.connection.clone(), ..user_from_row(account.user())? };
        let proof = PasswordProof {
            // The password and the devices are the account's.
            user_id: account.row.user_id.clone(),
            counting: Some(counting),
            origin,
            device,
            upgrade: self.stronger_hash(attempt.password, stored).await,
        };
        let event = event.user(&user);
        if user.blocked {
            // Only somebody who knows the password learns it.
            let failed = event.with_kind(LogType::FailedLogin).description("user is blocked");
            self.record_in_vain(&attempt.tenant.id, proof, failed).await?;
            return Ok(Authentication::UserBlocked);
        }
        let breached = attempt.tenant.settings.attack_protection.breached_password_detection.blocks_logins();
        if breached && self.is_breached(attempt.password).await {
            let leaked = event.with_kind(LogType::BreachedPasswordLogin);
            self.record_in_vain(&attempt.tenant.id, proof, leaked).await?;
            return Ok(Authentication::PasswordLeaked);
        }
        Ok(Authentication::Success(Box::new(Authenticated { user, proof, event })))
    }

    /// Finds the user and counts the attempt, in one write. A refusal is logged in it.
    async fn enter(
        &self,
        attempt: &LoginAttempt<'_>,
        counting: &Counting,
        device: Option<Digest>,
    ) -> Result<Result<Entered, Authentication>, AppError> {
        let (id, connection) = (attempt.tenant.id.clone(), attempt.connection.name.clone());
        let wanted = normalized_identifier(attempt.identifier);
        let by_username = !wanted.contains('@') && attempt.connection.options.requires_username;
        let event = LogEvent::new(LogType::FailedLogin, attempt.caller)
            .client(attempt.client)
            .connection(attempt.connection)
            .user_name(&wanted);
        let (app, counting) = (self.clone(), counting.clone());
        let enter = move |tx: &mut Tx<'_>| {
            let row = if by_username {
                users::find_by_username(tx, &id, &connection, &wanted)?
            } else {
                users::find_by_email(tx, &id, &connection, &wanted)?
            };
            let account_id = row.as_ref().map(|row| row.user_id.as_str());
            let failures = app.failures_digest(&id, account_id.ok_or((connection.as_str(), wanted.as_str())));
            let origin = counting.origin(tx, &id, failures, account_id.unwrap_or_default(), device)?;
            // Looked up for a name that nobody has as well: the same work (LG-03).
            let primary = identities::primary_of(tx, &id, account_id.unwrap_or_default())?;
            let primary = primary.map(|primary| users::find(tx, &id, &primary)).transpose()?.flatten();
            let account = row.map(|row| Account { row, primary });
            let event = match &account {
                Some(account) => event.user_id(&account.user().user_id),
                None => event,
            };
            let (kind, refused) = match counting.count(tx, &id, origin.as_ref())? {
                Counted::Admitted { is_last } => return Ok(Ok(Entered { account, origin, is_last, event })),
                Counted::AccountBlocked => (LogType::BlockedAccountAndAddress, Authentication::AccountBlocked),
                Counted::NetworkBlocked(until) => (LogType::BlockedAddress, Authentication::AddressBlocked { until }),
            };
            logs::insert(tx, &id, &app.log_row(event.with_kind(kind)))?;
            Ok::<_, AppError>(Err(refused))
        };
        self.store().write(enter).await
    }

    /// The password was wrong, or nobody's.
    async fn refuse(
        &self,
        attempt: &LoginAttempt<'_>,
        counting: &Counting,
        known: bool,
        is_last: bool,
        event: LogEvent,
    ) -> Result<Authentication, AppError> {
        let kind = if known { LogType::FailedLoginWrongPassword } else { LogType::FailedLoginUnknownUser };
        let failed = self.log_row(event.clone().with_kind(kind));
        let blocked =
            (is_last && counting.blocks()).then(|| self.log_row(event.with_kind(LogType::BlockedAccountAndAddress)));
        // Queued for a name that nobody has as well, to be dropped by the runner: the same work (LG-03).
        let mail = (is_last && counting.notifies()).then(|| {
            Mail::BlockedAccount(BlockedAccount {
                user_id: failed.user_id.clone(),
                ticket: self.random().token(32),
                ip: attempt.caller.ip,
                client_id: Some(attempt.client.client_id.clone()),
            })
        });
        let (app, id) = (self.clone(), attempt.tenant.id.clone());
        self.store()
            .write(move |tx| {
                logs::insert(tx, &id, &failed)?;
                if let Some(blocked) = &blocked {
                    logs::insert(tx, &id, blocked)?;
                }
                match &mail {
                    Some(mail) => app.enqueue(tx, &id, &MAIL, mail),
                    None => Ok(()),
                }
            })
            .await?;
        if is_last {
            self.wake_jobs();
        }
        Ok(Authentication::WrongCredentials)
    }

    /// Takes back what an attempt counted. If that fails too, the attempt counts: the database is gone, and the caller is
    /// told to come back.
    async fn withdraw(&self, tenant: &TenantId, counting: &Counting, origin: Option<Origin>) {
        let (id, counting) = (tenant.clone(), counting.clone());
        let taken_back = self.store().write(move |tx| counting.take_back(tx, &id, origin.as_ref())).await;
        if let Err(cause) = taken_back {
            tracing::warn!(%cause, "an attempt that was not made stays counted");
        }
    }

    /// A hash of ours in the place of an imported one, with the one that it is for (LG-05). Under load it has time until the
    /// next login.
    async fn stronger_hash(&self, password: &str, stored: Option<String>) -> Option<(String, String)> {
        let stored = stored.filter(|stored| !is_current(stored))?;
        let stronger = self.passwords().hash(password, self.random()).await.ok()?;
        Some((stored, stronger))
    }

    /// Records that somebody proved who they are whom scripts turned away then. What the tenant log says is the caller's.
    pub async fn record_proof(&self, tenant: &TenantId, proof: PasswordProof) -> Result<(), AppError> {
        let (id, now) = (tenant.clone(), self.now());
        self.store().write(move |tx| proof.record(tx, &id, now)).await?;
        Ok(())
    }

    /// Records a proof that leads to nothing.
    async fn record_in_vain(&self, tenant: &TenantId, proof: PasswordProof, event: LogEvent) -> Result<(), AppError> {
        let (id, row, now) = (tenant.clone(), self.log_row(event), self.now());
        self.store()
            .write(move |tx| {
                proof.record(tx, &id, now)?;
                logs::insert(tx, &id, &row)
            })
            .await?;
        Ok(())
    }
}
