//! SSO sessions and the browser identity that login transactions are bound to (§1.11, SE-01 to SE-07).
//!
//! A cookie holds a sealed random handle with its own expiry; the store holds only the handle's keyed digest. The
//! record in the store decides: a cookie without its record is nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::sessions::{self, SessionRow};
use keywright_store::{StoreError, Tx};
use keywright_types::{SessionCookieMode, Tenant, TenantId, TenantSettings, User};
use serde::{Deserialize, Serialize};

use crate::{App, AppError};

/// A live SSO session of the browser that sent its cookie.
#[derive(Clone, Debug)]
pub struct Session {
    /// Digest of the handle: the key of the record.
    pub handle_digest: Digest,
    /// `sid` of ID tokens.
    pub session_id: String,
    /// Who is signed in.
    pub user_id: String,
    /// Through which connection.
    pub connection: String,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was used last.
    pub last_active_at: Timestamp,
    /// End without further use.
    pub idle_expires_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
    /// Whether its cookie outlives the browser.
    pub persistent: bool,
}

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    /// The record.
    pub session: Session,
    /// Value of the session cookie.
    pub cookie: String,
    /// Seconds until the cookie ends; `None` for a cookie that ends with the browser.
    pub cookie_max_age: Option<i64>,
}

/// Identifies one browser before anybody is signed in. Not a secret of a user, but unguessable and sealed in its cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserId(String);

/// What the sealed cookies hold.
#[derive(Serialize, Deserialize)]
struct SealedCookie {
    /// The handle.
    h: String,
    /// End of the cookie's life, milliseconds.
    e: i64,
}

/// A browser keeps its identity this long; it is renewed when less than half is left.
pub(crate) const BROWSER_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 30);

impl App {
    /// The session that a cookie stands for, if it is alive at this moment, by the ends it was given and by the tenant's
    /// limits as they are now (§1.11: "a shorter one at next activity").
    pub async fn session(&self, tenant: &Tenant, cookie: Option<&str>) -> Result<Option<Session>, AppError> {
        let now = self.now();
        let Some(handle) = cookie.and_then(|cookie| self.open_cookie(Purpose::SessionCookie, &tenant.id, cookie))
        else {
            return Ok(None);
        };
        let digest = self.session_digest(&tenant.id, &handle);
        let id = tenant.id.clone();
        let row = self.store().look_up(move |tx| sessions::find(tx, &id, digest.as_bytes(), now)).await?;
        let session = row.map(|row| session_from_row(&row)).transpose()?;
        Ok(session.filter(|session| session.is_within(&tenant.settings, now)))
    }

    /// Makes a session for a user who has just proved who they are. With the `sid` of a session that is theirs already, it
    /// is that one under another handle: its applications stay in it. Nothing is stored yet.
    #[must_use]
    pub(crate) fn issue_session(&self, tenant: &Tenant, user: &User, continued: Option<String>) -> IssuedSession {
        let now = self.now();
        let handle = self.random().token(32);
        let persistent = tenant.settings.session_cookie.mode == SessionCookieMode::Persistent;
        let limits = tenant.settings.session_limits(persistent);
        let expires_at = limits.absolute_end(now);
        let session = Session {
            handle_digest: self.session_digest(&tenant.id, &handle),
            session_id: continued.unwrap_or_else(|| self.random().token(24)),
            user_id: user.user_id.clone(),
            connection: user.connection.clone(),
            authenticated_at: now,
            last_active_at: now,
            idle_expires_at: limits.idle_end(now, expires_at),
            expires_at,
            persistent,
        };
        IssuedSession {
            cookie: self.seal_cookie(Purpose::SessionCookie, &tenant.id, handle, expires_at),
            cookie_max_age: persistent.then(|| expires_at.duration_since(now).as_secs()),
            session,
        }
    }

    /// Reads a browser cookie. A missing, broken or outdated one is `None`.
    #[must_use]
    pub fn browser(&self, tenant: &TenantId, cookie: Option<&str>) -> Option<BrowserId> {
        self.open_cookie(Purpose::BrowserCookie, tenant, cookie?).map(BrowserId)
    }

    /// A new browser identity.
    #[must_use]
    pub fn new_browser(&self) -> BrowserId {
        BrowserId(self.random().token(16))
    }

    /// Value of the browser cookie, with its life starting over.
    #[must_use]
    pub fn browser_cookie(&self, tenant: &TenantId, browser: &BrowserId) -> String {
        let expires_at = later(self.now(), BROWSER_LIFETIME);
        self.seal_cookie(Purpose::BrowserCookie, tenant, browser.0.clone(), expires_at)
    }

    /// Keyed digest that binds a transaction to a browser.
    pub(crate) fn browser_digest(&self, tenant: &TenantId, browser: &BrowserId) -> Digest {
        self.data_keys().digest(Purpose::BrowserHandle, tenant, browser.0.as_bytes())
    }

    /// The anti-forgery value of a form: bound to the browser and to what the form is about (WB-02).
    #[must_use]
    pub fn csrf_token(&self, tenant: &TenantId, browser: &BrowserId, about: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf_digest(tenant, browser, about).as_bytes())
    }

    /// Whether `presented` is [`App::csrf_token`] of the same browser and form; compared in constant time.
    #[must_use]
    pub fn is_csrf_token(&self, tenant: &TenantId, browser: &BrowserId, about: &str, presented: &str) -> bool {
        let presented = URL_SAFE_NO_PAD.decode(presented).ok();
        presented.and_then(|bytes| Digest::from_slice(&bytes)) == Some(self.csrf_digest(tenant, browser, about))
    }

    fn csrf_digest(&self, tenant: &TenantId, browser: &BrowserId, about: &str) -> Digest {
        let input = format!("{}\n{about}", browser.0);
        self.data_keys().digest(Purpose::Csrf, tenant, input.as_bytes())
    }

    fn session_digest(&self, tenant: &TenantId, handle: &str) -> Digest {
        self.data_keys().digest(Purpose::SessionHandle, tenant, handle.as_bytes())
    }

    fn seal_cookie(&self, purpose: Purpose, tenant: &TenantId, handle: String, expires_at: Timestamp) -> String {
        let content = SealedCookie { h: handle, e: expires_at.as_millisecond() };
        let json = serde_json::to_vec(&content).unwrap_or_default();
        self.data_keys().seal_text(purpose, tenant, &json, self.random())
    }

    fn open_cookie(&self, purpose: Purpose, tenant: &TenantId, cookie: &str) -> Option<String> {
        let json = self.data_keys().open_text(purpose, tenant, cookie)?;
        let content: SealedCookie = serde_json::from_slice(&json).ok()?;
        (content.e > self.now().as_millisecond()).then_some(content.h)
    }
}

impl Session {
    /// Whether the session is within the limits that hold now. They may be shorter than those it began with; longer ones
    /// are for the next login.
    fn is_within(&self, settings: &TenantSettings, now: Timestamp) -> bool {
        let limits = settings.session_limits(self.persistent);
        let absolute_end = limits.absolute_end(self.authenticated_at).min(self.expires_at);
        limits.idle_end(self.last_active_at, absolute_end) > now
    }

    /// The record of a session that begins or begins anew.
    pub(crate) fn row(&self) -> SessionRow {
        SessionRow {
            handle_digest: self.handle_digest.as_bytes().to_vec(),
            session_id: self.session_id.clone(),
            user_id: self.user_id.clone(),
            connection: self.connection.clone(),
            created_at: self.authenticated_at,
            authenticated_at: self.authenticated_at,
            last_active_at: self.last_active_at,
            idle_expires_at: self.idle_expires_at,
            expires_at: self.expires_at,
            persistent: self.persistent,
        }
    }
}

/// Notes a use of a session: the idle timer starts anew, and limits that have become shorter are written down. The idle end
/// never passes the absolute one. `false` when the session is gone or over.
pub fn touch_session(tx: &mut Tx<'_>, tenant: &Tenant, session: &Session, now: Timestamp) -> Result<bool, StoreError> {
    if !session.is_within(&tenant.settings, now) {
        return Ok(false);
    }
    let limits = tenant.settings.session_limits(session.persistent);
    let expires_at = limits.absolute_end(session.authenticated_at).min(session.expires_at);
    // §1.11: "a longer new tenant setting applies at next login". What is left of the time between use and idle end is the
    // limit that the session has had so far.
    let idle = session.idle_expires_at.duration_since(session.last_active_at).min(limits.idle);
    let idle_expires_at = later(now, idle).min(expires_at);
    sessions::touch(tx, &tenant.id, session.handle_digest.as_bytes(), now, idle_expires_at, expires_at)
}

/// Whether the session with this `sid` is alive, by its own ends and by the tenant's limits as they are now.
pub fn is_live_session(tx: &mut Tx<'_>, tenant: &Tenant, session_id: &str, now: Timestamp) -> Result<bool, AppError> {
    let row = sessions::find_by_session_id(tx, &tenant.id, session_id, now)?;
    let session = row.map(|row| session_from_row(&row)).transpose()?;
    Ok(session.is_some_and(|session| session.is_within(&tenant.settings, now)))
}

fn session_from_row(row: &SessionRow) -> Result<Session, AppError> {
    let handle_digest = Digest::from_slice(&row.handle_digest).ok_or_else(|| {
        AppError::from(StoreError::Corrupt {
            table: "sessions".to_owned(),
            column: "handle_digest".to_owned(),
            detail: "not a digest".to_owned(),
        })
    })?;
    Ok(Session {
        handle_digest,
        session_id: row.session_id.clone(),
        user_id: row.user_id.clone(),
        connection: row.connection.clone(),
        authenticated_at: row.authenticated_at,
        last_active_at: row.last_active_at,
        idle_expires_at: row.idle_expires_at,
        expires_at: row.expires_at,
        persistent: row.persistent,
    })
}

/// `at` plus `step`, or the end of representable time.
pub(crate) fn later(at: Timestamp, step: SignedDuration) -> Timestamp {
    at.checked_add(step).unwrap_or(Timestamp::MAX)
}
