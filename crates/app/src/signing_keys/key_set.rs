//! The loaded keys of one tenant, with the documents that show their public halves.

use std::sync::Arc;

use keywright_jose::{DataKeys, EcSigningKey, Jwk, Purpose, Signer, SigningAlg, SigningKey, VerifyingKey};
use keywright_store::signing_keys::{KeyState, SigningKeyRow};
use keywright_types::TenantId;
use serde::Serialize;

use crate::{AppError, PublishedDocument};

/// The keys that are not revoked.
pub struct KeySet {
    current: Arc<KeyPairs>,
    /// The current ones first, then next and previous ones from old to new.
    published: Vec<Arc<KeyPairs>>,
    with_alg: PublishedDocument,
    without_alg: PublishedDocument,
}

/// What one row of the store holds: both rotate together.
struct KeyPairs {
    rsa: SigningKey,
    /// Absent until `complete_signing_keys` made it for a key of the version before.
    ec: Option<EcSigningKey>,
}

/// RFC 7517 §5.
#[derive(Serialize)]
struct Jwks<T> {
    keys: Vec<T>,
}

impl KeyPairs {
    fn open(data_keys: &DataKeys, tenant: &TenantId, row: SigningKeyRow) -> Result<Self, AppError> {
        let sealed = || AppError::internal("a signing key does not open: none of the data keys fits");
        let private_key = data_keys.open(Purpose::SigningKey, tenant, &row.private_key).ok_or_else(sealed)?;
        let rsa = SigningKey::load(row.kid, &private_key, &row.certificate).map_err(AppError::internal)?;
        let ec = match row.ec {
            None => None,
            Some(ec) => {
                let private_key = data_keys.open(Purpose::EcSigningKey, tenant, &ec.private_key).ok_or_else(sealed)?;
                Some(EcSigningKey::load(ec.kid, &private_key).map_err(AppError::internal)?)
            }
        };
        Ok(Self { rsa, ec })
    }
}

impl KeySet {
    /// Opens the sealed keys. Revoked keys are left out: they neither sign, nor verify, nor are they published.
    pub(crate) fn load(data_keys: &DataKeys, tenant: &TenantId, rows: Vec<SigningKeyRow>) -> Result<Self, AppError> {
        let mut current = None;
        let mut published = Vec::new();
        for row in rows.into_iter().filter(|row| row.state != KeyState::Revoked) {
            let state = row.state;
            let keys = Arc::new(KeyPairs::open(data_keys, tenant, row)?);
            if state == KeyState::Current {
                current = Some(keys.clone());
                published.insert(0, keys);
            } else {
                published.push(keys);
            }
        }
        let current = current.ok_or_else(|| AppError::internal("tenant without a current signing key"))?;
        // RSA first: there are clients that take the first entry of all.
        let rsa = published.iter().map(|keys| keys.rsa.public_jwk());
        let jwks: Vec<&Jwk> =
            rsa.chain(published.iter().filter_map(|keys| Some(keys.ec.as_ref()?.public_jwk()))).collect();
        let without_alg = PublishedDocument::of(&Jwks { keys: jwks.iter().map(|jwk| jwk.without_alg()).collect() })?;
        let with_alg = PublishedDocument::of(&Jwks { keys: jwks })?;
        Ok(Self { current, published, with_alg, without_alg })
    }

    /// The RSA key that signs.
    #[must_use]
    pub fn current(&self) -> &SigningKey {
        &self.current.rsa
    }

    /// The P-256 key that signs.
    #[must_use]
    pub fn current_ec(&self) -> Option<&EcSigningKey> {
        self.current.ec.as_ref()
    }

    /// Who signs by `algorithm`; `None` for HS256, whose keys are not the tenant's.
    #[must_use]
    pub fn signer(&self, algorithm: SigningAlg) -> Option<Signer<'_>> {
        match algorithm {
            SigningAlg::RS256 | SigningAlg::RS512 | SigningAlg::PS256 => Some(Signer::Rsa(self.current(), algorithm)),
            SigningAlg::ES256 => self.current_ec().map(Signer::Ec),
            SigningAlg::HS256 => None,
        }
    }

    /// The JWKS document: RSA keys, then P-256 keys, each with the current one first (§6.11).
    #[must_use]
    pub fn jwks(&self, with_alg: bool) -> &PublishedDocument {
        if with_alg { &self.with_alg } else { &self.without_alg }
    }

    /// Keys whose signatures are accepted.
    #[must_use]
    pub fn verifying(&self) -> Vec<&VerifyingKey> {
        let rsa = self.published.iter().map(|keys| keys.rsa.verifying());
        rsa.chain(self.published.iter().filter_map(|keys| Some(keys.ec.as_ref()?.verifying()))).collect()
    }
}
