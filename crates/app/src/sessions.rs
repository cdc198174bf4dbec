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
use keywright_types::{SessionCookieMode, Tenant, TenantId, TenantSettings};
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
    /// When the session began.
    pub created_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
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
const BROWSER_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 30);

impl App {
    /// The session that a cookie stands for, if it is alive at this moment.
    pub async fn session(&self, tenant: &TenantId, cookie: Option<&str>) -> Result<Option<Session>, AppError> {
        let now = self.now();
        let Some(handle) = cookie.and_then(|cookie| self.open_cookie(Purpose::SessionCookie, tenant, cookie)) else {
            return Ok(None);
        };
        let digest = self.session_digest(tenant, &handle);
        let id = tenant.clone();
        let row = self.store().read(move |tx| sessions::find(tx, &id, digest.as_bytes(), now)).await?;
        row.map(|row| session_from_row(&row)).transpose()
    }

    /// Makes a session for a user who has just proved who they are. Nothing is stored until [`insert_session`].
    #[must_use]
    pub fn issue_session(&self, tenant: &Tenant, user_id: &str, connection: &str) -> IssuedSession {
        let now = self.now();
        let handle = self.random().token(32);
        let expires_at = later(now, hours(tenant.settings.session_lifetime));
        let session = Session {
            handle_digest: self.session_digest(&tenant.id, &handle),
            session_id: self.random().token(24),
            user_id: user_id.to_owned(),
            connection: connection.to_owned(),
            authenticated_at: now,
            created_at: now,
            expires_at,
        };
        let persistent = tenant.settings.session_cookie.mode == SessionCookieMode::Persistent;
        IssuedSession {
            cookie: self.seal_cookie(Purpose::SessionCookie, &tenant.id, handle, expires_at),
            cookie_max_age: persistent.then(|| expires_at.duration_since(now).as_secs()),
            session,
        }
    }

    /// Ends a session on the server: its cookie is worth nothing from now on.
    pub async fn end_session(&self, tenant: &TenantId, session: &Session) -> Result<(), AppError> {
        let (id, digest) = (tenant.clone(), session.handle_digest);
        self.store().write(move |tx| sessions::delete(tx, &id, digest.as_bytes())).await?;
        Ok(())
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
        self.master_key().digest(Purpose::BrowserHandle, tenant, browser.0.as_bytes())
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
        self.master_key().digest(Purpose::Csrf, tenant, input.as_bytes())
    }

    fn session_digest(&self, tenant: &TenantId, handle: &str) -> Digest {
        self.master_key().digest(Purpose::SessionHandle, tenant, handle.as_bytes())
    }

    fn seal_cookie(&self, purpose: Purpose, tenant: &TenantId, handle: String, expires_at: Timestamp) -> String {
        let content = SealedCookie { h: handle, e: expires_at.as_millisecond() };
        let json = serde_json::to_vec(&content).unwrap_or_default();
        self.master_key().seal_text(purpose, tenant, &json, self.random())
    }

    fn open_cookie(&self, purpose: Purpose, tenant: &TenantId, cookie: &str) -> Option<String> {
        let json = self.master_key().open_text(purpose, tenant, cookie)?;
        let content: SealedCookie = serde_json::from_slice(&json).ok()?;
        (content.e > self.now().as_millisecond()).then_some(content.h)
    }
}

/// Stores a new session and removes the one it replaces (SE-01: the old identifier dies).
pub(crate) fn insert_session(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    settings: &TenantSettings,
    session: &Session,
    replaced: Option<Digest>,
) -> Result<(), StoreError> {
    if let Some(old) = replaced {
        sessions::delete(tx, tenant, old.as_bytes())?;
    }
    sessions::insert(
        tx,
        tenant,
        &SessionRow {
            handle_digest: session.handle_digest.as_bytes().to_vec(),
            session_id: session.session_id.clone(),
            user_id: session.user_id.clone(),
            connection: session.connection.clone(),
            created_at: session.created_at,
            authenticated_at: session.authenticated_at,
            last_active_at: session.created_at,
            idle_expires_at: idle_end(settings, session.created_at, session.expires_at),
            expires_at: session.expires_at,
            persistent: settings.session_cookie.mode == SessionCookieMode::Persistent,
        },
    )
}

/// Restarts the idle timer of a session; it never passes the absolute end, not even one that the tenant's setting moved
/// closer meanwhile (§1.11: "a shorter one at next activity"). `false` when the session is gone.
pub fn touch_session(tx: &mut Tx<'_>, tenant: &Tenant, session: &Session, now: Timestamp) -> Result<bool, StoreError> {
    let longest = later(session.created_at, hours(tenant.settings.session_lifetime));
    let expires_at = session.expires_at.min(longest);
    let idle = idle_end(&tenant.settings, now, expires_at);
    sessions::touch(tx, &tenant.id, session.handle_digest.as_bytes(), now, idle)
}

fn idle_end(settings: &TenantSettings, active_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    later(active_at, hours(settings.idle_session_lifetime)).min(expires_at)
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
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// Hours as the Management API gives them: fractions are allowed, nonsense counts as zero.
fn hours(value: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64((value * 3600.0).max(0.0)).unwrap_or(SignedDuration::ZERO)
}

/// `at` plus `step`, or the end of representable time.
pub(crate) fn later(at: Timestamp, step: SignedDuration) -> Timestamp {
    at.checked_add(step).unwrap_or(Timestamp::MAX)
}
