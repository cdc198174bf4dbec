//! Login transactions: one pending `/authorize`, from the first request to the code (§1.7, SE-02, LG-01).
//!
//! Interactive steps never call each other: each records its result here, and `/authorize/resume` asks `decide` what
//! comes next. Every record is a conditional write on the transaction's version, so that of two answers sent at once
//! exactly one counts.

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::transactions::{self, TransactionRow};
use keywright_store::{StoreError, logs, sessions, users};
use keywright_types::{LogoutInitiator, ScopeSet, Tenant, TenantId};
use serde::{Deserialize, Serialize};

use crate::sessions::later;
use crate::{
    App, AppError, Authenticated, AuthorizationRequest, BrowserId, Caller, Interruption, IssuedSession, LogType,
    Session, TokenChanges,
};

/// §1.7: "Lifetime 1 hour from `/authorize`".
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// A pending transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The `state` of `/u/…` pages: an unguessable handle, only in the browser.
    pub handle: String,
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// What happened so far.
    pub progress: Progress,
    /// When `/authorize` was called.
    pub created_at: Timestamp,
    digest: Digest,
    version: i64,
}

impl Transaction {
    /// Key of the stored record.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The organization of this login: the one that the request names, else the one that was chosen.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        let chosen = self.progress.organization.as_ref().and_then(|choice| choice.organization.as_deref());
        self.request.organization.as_deref().or(chosen)
    }

    /// The version that this copy was read at.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }
}

/// Results of the steps so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The organization that was chosen on a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationChoice>,
    /// Authentication in this transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginRecord>,
    /// Scopes that the consent page was told to ask for; `None` when consent was not needed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_asked: Option<ScopeSet>,
    /// What the user said on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentDecision>,
    /// What Rules and Actions said about the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scripts: Option<ScriptRecord>,
    /// A step ended the transaction with this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
}

/// How the scripts of a login ended, for this user in this session and organization: what they said of another login says
/// nothing about this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptRecord {
    /// Who.
    pub user_id: String,
    /// In which session.
    pub session_id: String,
    /// In which organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// How it stands.
    pub stage: ScriptStage,
}

/// How the scripts of a login stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptStage {
    /// The user was sent elsewhere, and has not come back.
    Away(Box<Interruption>),
    /// All of them have run.
    Passed(TokenChanges),
}

impl ScriptRecord {
    /// Whether it is about this login.
    #[must_use]
    pub fn is_about(&self, session: &Session, organization: Option<&str>) -> bool {
        self.user_id == session.user_id
            && self.session_id == session.session_id
            && self.organization.as_deref() == organization
    }
}

/// Answer of a page that asked for the organization (§8.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationChoice {
    /// Who answered, where the page came after the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Identifier; `None` for a login without an organization, which some applications allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Somebody authenticated in this transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRecord {
    /// Who.
    pub user_id: String,
    /// The session that began with it. Only while it lives does the record count.
    pub session_id: String,
}

/// Answer of the consent page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentDecision {
    /// Who answered; another user's answer does not count (AR-07).
    pub user_id: String,
    /// Accepted or declined.
    pub accepted: bool,
    /// The scopes that were on the page.
    pub scope: ScopeSet,
}

/// An error that ends the transaction at the application's redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// OAuth error code.
    pub error: String,
    /// Public sentence.
    pub description: String,
}

/// Why a login was not recorded; nothing has changed then.
enum Obstacle {
    /// The transaction was answered meanwhile.
    Answered,
    /// The session that was to go on has ended meanwhile.
    SessionGone,
    Failed(AppError),
}

impl From<AppError> for Obstacle {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Obstacle {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl App {
    /// Starts a transaction, with what was found out before there was a need for one, and returns it.
    pub async fn begin_transaction(
        &self,
        tenant: &TenantId,
        request: AuthorizationRequest,
        progress: Progress,
        browser: &BrowserId,
    ) -> Result<Transaction, AppError> {
        let now = self.now();
        // The application's id lets a transaction that is long gone still lead back to its application (§1.7).
        let handle = format!("{}.{}", self.random().token(32), request.client_id);
        let digest = self.transaction_digest(tenant, &handle);
        let row = TransactionRow {
            handle_digest: digest.as_bytes().to_vec(),
            browser_digest: self.browser_digest(tenant, browser).as_bytes().to_vec(),
            client_id: request.client_id.clone(),
            request: serde_json::to_string(&request).map_err(AppError::internal)?,
            progress: serde_json::to_string(&progress).map_err(AppError::internal)?,
            version: 0,
            created_at: now,
            expires_at: later(now, LIFETIME),
            completed_at: None,
        };
        let id = tenant.clone();
        self.store().write(move |tx| transactions::insert(tx, &id, &row)).await?;
        Ok(Transaction { handle, request, progress, created_at: now, digest, version: 0 })
    }

    /// The pending transaction with this handle, if it is this browser's, not over and not completed.
    pub async fn transaction(
        &self,
        tenant: &TenantId,
        handle: &str,
        browser: Option<&BrowserId>,
    ) -> Result<Option<Transaction>, AppError> {
        let Some(browser) = browser else { return Ok(None) };
        let now = self.now();
        let digest = self.transaction_digest(tenant, handle);
        let id = tenant.clone();
        let row = self.store().look_up(move |tx| transactions::find(tx, &id, digest.as_bytes(), now)).await?;
        let Some(row) = row.filter(|row| row.completed_at.is_none()) else { return Ok(None) };
        if Digest::from_slice(&row.browser_digest) != Some(self.browser_digest(tenant, browser)) {
            return Ok(None);
        }
        Ok(Some(Transaction {
            handle: handle.to_owned(),
            request: parsed("request", &row.request)?,
            progress: parsed("progress", &row.progress)?,
            created_at: row.created_at,
            digest,
            version: row.version,
        }))
    }

    /// Records that somebody authenticated; counts and logs the login. A session of the same user goes on under another handle
    /// (SE-01: the old one dies); one of another user ends, and a session begins.
    ///
    /// `None` when the transaction was answered meanwhile; then nothing has changed.
    pub async fn record_login(
        &self,
        tenant: &Tenant,
        transaction: &Transaction,
        authenticated: &Authenticated,
        replaced: Option<&Session>,
        caller: &Caller,
    ) -> Result<Option<IssuedSession>, AppError> {
        let mut replaced = replaced;
        loop {
            match self.try_record_login(tenant, transaction, authenticated, replaced, caller).await {
                Ok(issued) => return Ok(Some(issued)),
                Err(Obstacle::Answered) => return Ok(None),
                // A logout in another tab was faster: its session stays ended, and another one begins.
                Err(Obstacle::SessionGone) if replaced.is_some() => replaced = None,
                Err(Obstacle::SessionGone) => return Err(AppError::internal("a session that is gone and is not")),
                Err(Obstacle::Failed(error)) => return Err(error),
            }
        }
    }

    async fn try_record_login(
        &self,
        tenant: &Tenant,
        transaction: &Transaction,
        authenticated: &Authenticated,
        replaced: Option<&Session>,
        caller: &Caller,
    ) -> Result<IssuedSession, Obstacle> {
        let Authenticated { user, proof, event } = authenticated;
        let (proof, entry) = (proof.clone(), self.log_row(event.clone().with_kind(LogType::SuccessLogin)));
        let (ip, device) = (caller.ip.map(|ip| ip.to_string()), caller.device());
        let continued = replaced.filter(|old| old.user_id == user.user_id).map(|old| old.session_id.clone());
        let continues = continued.is_some();
        let issued = self.issue_session(tenant, user, continued);
        let session = issued.session.clone();
        // What one user chose among their organizations is nothing to another.
        let own = |choice: &&OrganizationChoice| choice.user_id.as_ref().is_none_or(|own| *own == user.user_id);
        let progress = Progress {
            organization: transaction.progress.organization.as_ref().filter(own).cloned(),
            login: Some(LoginRecord { user_id: user.user_id.clone(), session_id: session.session_id.clone() }),
            ..Progress::default()
        };
        let progress = serde_json::to_string(&progress).map_err(AppError::internal)?;
        let notices = self.logout_notices(&tenant.id, LogoutInitiator::IdpLogout).await?;
        let (id, digest, version) = (tenant.id.clone(), transaction.digest, transaction.version);
        let (of_another, now) = (replaced.filter(|_| !continues).map(|old| old.handle_digest), self.now());
        // A form that was sent twice logs in twice; the browser has thrown the first answer's cookie away.
        let superseded = transaction.progress.login.as_ref().map(|login| login.session_id.clone());
        let superseded = superseded.filter(|superseded| *superseded != session.session_id);
        self.store()
            .write(move |tx| {
                if !transactions::update_progress(tx, &id, digest.as_bytes(), version, &progress, now)? {
                    return Err(Obstacle::Answered);
                }
                if !users::record_login(tx, &id, &session.user_id, now, ip.as_deref())? {
                    // Deleted, or linked to another user, since the password was looked at.
                    return Err(AppError::Unavailable("the user is none any more".to_owned()).into());
                }
                if continues && !sessions::renew(tx, &id, &session.row())? {
                    return Err(Obstacle::SessionGone);
                }
                if let Some(superseded) = &superseded {
                    let ended = sessions::end_by_session_id(tx, &id, superseded)?;
                    notices.queue(tx, ended.as_slice())?;
                }
                if let Some(old) = of_another {
                    let ended = sessions::end(tx, &id, old.as_bytes())?;
                    notices.queue(tx, ended.as_slice())?;
                }
                if !continues {
                    sessions::insert(tx, &id, &session.row())?;
                }
                sessions::set_device(tx, &id, &session.session_id, &device)?;
                proof.record(tx, &id, now)?;
                Ok(logs::insert(tx, &id, &entry)?)
            })
            .await?;
        self.wake_jobs();
        Ok(issued)
    }

    /// Replaces the progress of a transaction. `false` when it was answered meanwhile; then nothing has changed.
    pub async fn record_progress(
        &self,
        tenant: &TenantId,
        transaction: &Transaction,
        progress: &Progress,
    ) -> Result<bool, AppError> {
        let progress = serde_json::to_string(progress).map_err(AppError::internal)?;
        let (id, digest, version, now) = (tenant.clone(), transaction.digest, transaction.version, self.now());
        let recorded = self
            .store()
            .write(move |tx| transactions::update_progress(tx, &id, digest.as_bytes(), version, &progress, now))
            .await?;
        Ok(recorded)
    }

    /// Records the answer of the consent page for the scopes that were shown. `false` as above.
    pub async fn record_consent(
        &self,
        tenant: &TenantId,
        transaction: &Transaction,
        user_id: &str,
        accepted: bool,
    ) -> Result<bool, AppError> {
        let mut progress = transaction.progress.clone();
        let Some(scope) = progress.consent_asked.clone() else { return Ok(false) };
        progress.consent = Some(ConsentDecision { user_id: user_id.to_owned(), accepted, scope });
        self.record_progress(tenant, transaction, &progress).await
    }

    /// Records the organization that was chosen on a page. `false` as above.
    pub async fn record_organization(
        &self,
        tenant: &TenantId,
        transaction: &Transaction,
        choice: OrganizationChoice,
    ) -> Result<bool, AppError> {
        let progress = Progress { organization: Some(choice), ..transaction.progress.clone() };
        self.record_progress(tenant, transaction, &progress).await
    }

    /// Where the browser can start again when its transaction is gone: the application's `initiate_login_uri`, else the
    /// tenant's `default_redirection_uri`, with the issuer (§1.7). `None` when neither is set: show the error page.
    pub async fn restart_url(&self, tenant: &Tenant, handle: &str) -> Result<Option<String>, AppError> {
        let client = match handle.split_once('.') {
            Some((_, client_id)) => self.client(&tenant.id, client_id).await?,
            None => None,
        };
        let of_client = client.and_then(|record| record.client.initiate_login_uri.clone());
        let mut targets = [of_client, tenant.settings.default_redirection_uri.clone()].into_iter().flatten();
        let Some(target) = targets.find(|target| !target.is_empty()) else { return Ok(None) };
        Ok(url::Url::parse(&target).ok().map(|mut url| {
            url.query_pairs_mut().append_pair("iss", &tenant.issuer());
            url.into()
        }))
    }

    fn transaction_digest(&self, tenant: &TenantId, handle: &str) -> Digest {
        self.data_keys().digest(Purpose::TransactionHandle, tenant, handle.as_bytes())
    }
}

fn parsed<T: serde::de::DeserializeOwned>(column: &'static str, json: &str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(|error| {
        AppError::from(StoreError::Corrupt {
            table: "transactions".to_owned(),
            column: column.to_owned(),
            detail: error.to_string(),
        })
    })
}
