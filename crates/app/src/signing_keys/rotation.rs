//! Rotation and revocation without one failed verification (TK-06; Management API §13).
//!
//! A key is published when it is made and signs only after its predecessor was rotated away; it stays published until it is
//! revoked. A node that has not heard of a rotation yet signs with the previous key, which everybody accepts. What could go
//! wrong is a verifier that keeps the JWKS document from before the new key was in it: so a key must have been published for
//! [`PUBLISHED_BEFORE_USE`] before it may sign. Only an emergency goes around that.

use jiff::{SignedDuration, Timestamp};
use keywright_jose::NewEcSigningKey;
use keywright_store::signing_keys::{self, KeyState, SigningKeyRow};
use keywright_store::{StoreError, Tx, config, tenants};
use keywright_types::{Tenant, TenantId};

use super::NewKeys;
use super::new_keys::sealed_ec;
use crate::{App, AppError};

/// How long a key has to be published before it signs. The JWKS document may be kept for 15 s and then be served for
/// another 15 s while it is fetched again (`metadata.rs`); a node hears of a new key within a second; the rest is for clocks.
pub const PUBLISHED_BEFORE_USE: SignedDuration = SignedDuration::from_secs(60);

/// A signing key without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyInfo {
    /// Key identifier of the RSA key.
    pub kid: String,
    /// Key identifier of the P-256 key that rotates with it.
    pub ec_kid: Option<String>,
    /// Where it stands.
    pub state: KeyState,
    /// X.509 DER of the RSA key.
    pub certificate: Vec<u8>,
    /// When it was made; from then on it is published.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub current_since: Option<Timestamp>,
    /// When it stopped to sign.
    pub current_until: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a rotation did: identifiers of the RSA keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// Signs now.
    pub current: String,
    /// Signed until now.
    pub previous: String,
    /// Is published now, to sign after the next rotation.
    pub next: String,
}

/// Why keys were not rotated or revoked. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum KeyRotationError {
    /// The next key has not been published long enough; verifiers may not know it.
    #[error("the next key may sign from {0} on, because verifiers may not know it before")]
    TooEarly(Timestamp),
    /// The tenant has no such key.
    #[error("the tenant has no such key")]
    UnknownKey,
    /// Only previous keys are revoked.
    #[error("the key is the {} one, and only previous keys are revoked", .0.as_str())]
    NotPrevious(KeyState),
    /// Somebody else rotated or revoked at the same time.
    #[error("somebody else changed the keys at the same time")]
    Raced,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for KeyRotationError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// All signing keys of the tenant, oldest first.
    pub async fn list_signing_keys(&self, tenant: &TenantId) -> Result<Vec<SigningKeyInfo>, AppError> {
        let id = tenant.clone();
        let rows = self.store().read(move |tx| signing_keys::list(tx, &id)).await?;
        Ok(rows.into_iter().map(info).collect())
    }

    /// Next becomes current, current becomes previous, and a new next key is published.
    pub async fn rotate_signing_keys(&self, tenant: &Tenant) -> Result<KeyRotation, KeyRotationError> {
        self.complete_signing_keys(tenant).await?;
        let (id, now) = (tenant.id.clone(), self.now());
        // Looked at twice: here, because a key is not made in vain, and where nobody else can change it any more.
        self.store().read(move |tx| Keys::read(tx, &id)?.published_long_enough(now)).await?;
        let id = tenant.id.clone();
        let next = NewKeys::generate(self, &tenant.domain).await?.into_row(self, &id, KeyState::Next, now);
        let rotating = move |tx: &mut Tx<'_>| {
            let keys = Keys::locked(tx, &id)?;
            keys.published_long_enough(now)?;
            keys.rotate(tx, &id, &next, now)
        };
        self.store().write(rotating).await
    }

    /// Revokes a previous key: tokens that it signed are refused from now on, on every node within a second. `kid` names
    /// either key of a row; both go.
    pub async fn revoke_signing_key(&self, tenant: &TenantId, kid: &str) -> Result<(), KeyRotationError> {
        let (id, kid, now) = (tenant.clone(), kid.to_owned(), self.now());
        let revoking = move |tx: &mut Tx<'_>| {
            let row = named(tx, &id, &kid)?;
            match row.state {
                KeyState::Previous => revoked(signing_keys::revoke(tx, &id, &row.kid, KeyState::Previous, now)?),
                other => Err(KeyRotationError::NotPrevious(other)),
            }
        };
        self.store().write(revoking).await
    }

    /// Revokes a key that somebody else may have, whatever its state. The current one is rotated away first, however new
    /// its successor is; the next one gets another one in its place.
    pub async fn revoke_signing_key_at_once(&self, tenant: &Tenant, kid: &str) -> Result<(), KeyRotationError> {
        self.complete_signing_keys(tenant).await?;
        let (id, kid, now) = (tenant.id.clone(), kid.to_owned(), self.now());
        let new = NewKeys::generate(self, &tenant.domain).await?.into_row(self, &id, KeyState::Next, now);
        let revoking = move |tx: &mut Tx<'_>| {
            let row = named(tx, &id, &kid)?;
            match row.state {
                KeyState::Revoked => Ok(()),
                KeyState::Previous => revoked(signing_keys::revoke(tx, &id, &row.kid, KeyState::Previous, now)?),
                KeyState::Next => {
                    revoked(signing_keys::revoke(tx, &id, &row.kid, KeyState::Next, now)?)?;
                    Ok(signing_keys::insert(tx, &id, &new)?)
                }
                KeyState::Current => {
                    Keys::locked(tx, &id)?.rotate(tx, &id, &new, now)?;
                    revoked(signing_keys::revoke(tx, &id, &row.kid, KeyState::Previous, now)?)
                }
            }
        };
        self.store().write(revoking).await
    }

    /// Makes what the keys of a version before lack: a next key, and P-256 keys. Several nodes may do it at once.
    pub async fn complete_signing_keys(&self, tenant: &Tenant) -> Result<(), AppError> {
        let (id, now) = (tenant.id.clone(), self.now());
        let rows = self.store().read(move |tx| signing_keys::list(tx, &id)).await?;
        for row in rows.iter().filter(|row| row.state != KeyState::Revoked && row.ec.is_none()) {
            let key = NewEcSigningKey::generate(self.random()).map_err(AppError::internal)?;
            let (id, kid, ec) = (tenant.id.clone(), row.kid.clone(), sealed_ec(self, &tenant.id, &key));
            self.store().write(move |tx| signing_keys::add_ec(tx, &id, &kid, &ec)).await?;
        }
        if !rows.iter().any(|row| row.state == KeyState::Next) {
            let id = tenant.id.clone();
            let next = NewKeys::generate(self, &tenant.domain).await?.into_row(self, &id, KeyState::Next, now);
            self.store().write(move |tx| signing_keys::insert_next(tx, &id, &next)).await?;
        }
        Ok(())
    }

    /// [`complete_signing_keys`](Self::complete_signing_keys) for every tenant, after a start.
    pub async fn complete_all_signing_keys(&self) -> Result<(), AppError> {
        for row in self.store().read(|tx| tenants::list(tx).map_err(AppError::from)).await? {
            if let Some(tenant) = self.tenant_by_domain(&row.domain).await? {
                self.complete_signing_keys(&tenant).await?;
            }
        }
        Ok(())
    }
}

/// The two keys that a rotation moves.
struct Keys {
    current: SigningKeyRow,
    next: SigningKeyRow,
}

impl Keys {
    /// Reads the keys after taking the lock of configuration writes, so that they stay as they are until the job ends.
    fn locked(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Self, KeyRotationError> {
        config::bump(tx, tenant)?;
        Self::read(tx, tenant)
    }

    fn read(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Self, KeyRotationError> {
        let (mut current, mut next) = (None, None);
        for row in signing_keys::list(tx, tenant)? {
            match row.state {
                KeyState::Current => current = Some(row),
                KeyState::Next => next = Some(row),
                KeyState::Previous | KeyState::Revoked => {}
            }
        }
        let (Some(current), Some(next)) = (current, next) else { return Err(KeyRotationError::Raced) };
        Ok(Self { current, next })
    }

    fn published_long_enough(&self, now: Timestamp) -> Result<(), KeyRotationError> {
        let usable = self.next.created_at.checked_add(PUBLISHED_BEFORE_USE).unwrap_or(Timestamp::MAX);
        if usable > now { Err(KeyRotationError::TooEarly(usable)) } else { Ok(()) }
    }

    fn rotate(
        self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        new: &SigningKeyRow,
        now: Timestamp,
    ) -> Result<KeyRotation, KeyRotationError> {
        let (current, previous) = (self.next.kid, self.current.kid);
        let moved =
            signing_keys::retire(tx, tenant, &previous, now)? && signing_keys::promote(tx, tenant, &current, now)?;
        if !moved {
            return Err(KeyRotationError::Raced);
        }
        signing_keys::insert(tx, tenant, new)?;
        Ok(KeyRotation { current, previous, next: new.kid.clone() })
    }
}

/// The row with this key, found after taking the lock of configuration writes.
fn named(tx: &mut Tx<'_>, tenant: &TenantId, kid: &str) -> Result<SigningKeyRow, KeyRotationError> {
    config::bump(tx, tenant)?;
    let is_named = |row: &SigningKeyRow| row.kid == kid || row.ec.as_ref().is_some_and(|ec| ec.kid == kid);
    signing_keys::list(tx, tenant)?.into_iter().find(is_named).ok_or(KeyRotationError::UnknownKey)
}

fn revoked(done: bool) -> Result<(), KeyRotationError> {
    if done { Ok(()) } else { Err(KeyRotationError::Raced) }
}

fn info(row: SigningKeyRow) -> SigningKeyInfo {
    SigningKeyInfo {
        kid: row.kid,
        ec_kid: row.ec.map(|ec| ec.kid),
        state: row.state,
        certificate: row.certificate,
        created_at: row.created_at,
        current_since: row.current_since,
        current_until: row.current_until,
        revoked_at: row.revoked_at,
    }
}
