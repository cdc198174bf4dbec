//! A tenant's signing keys in their four states (architecture §5, TK-06).

use std::sync::Arc;

use keywright_jose::{Jwk, MasterKey, Purpose, SigningKey, VerifyingKey};
use keywright_store::signing_keys::{KeyState, SigningKeyRow};
use keywright_types::TenantId;

use crate::AppError;

/// The loaded keys of one tenant.
pub struct KeySet {
    current: Arc<SigningKey>,
    published: Vec<Arc<SigningKey>>,
}

impl KeySet {
    /// Opens the sealed keys. Revoked keys are left out: they neither sign, nor verify, nor are they published.
    pub(crate) fn load(master: &MasterKey, tenant: &TenantId, rows: Vec<SigningKeyRow>) -> Result<Self, AppError> {
        let mut current = None;
        let mut published = Vec::new();
        for row in rows.into_iter().filter(|row| row.state != KeyState::Revoked) {
            let private_key = master
                .open(Purpose::SigningKey, tenant, &row.private_key)
                .ok_or_else(|| AppError::internal("a signing key does not open: was the master key changed?"))?;
            let key = SigningKey::load(row.kid, &private_key, &row.certificate).map_err(AppError::internal)?;
            let key = Arc::new(key);
            match row.state {
                KeyState::Current => {
                    current = Some(key.clone());
                    published.insert(0, key);
                }
                _ => published.push(key),
            }
        }
        let current = current.ok_or_else(|| AppError::internal("tenant without a current signing key"))?;
        Ok(Self { current, published })
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &SigningKey {
        &self.current
    }

    /// Public keys for the JWKS document, the current one first.
    pub fn public_jwks(&self) -> impl Iterator<Item = &Jwk> {
        self.published.iter().map(|key| key.public_jwk())
    }

    /// Keys whose signatures are accepted.
    #[must_use]
    pub fn verifying(&self) -> Vec<&VerifyingKey> {
        self.published.iter().map(|key| key.verifying()).collect()
    }
}
