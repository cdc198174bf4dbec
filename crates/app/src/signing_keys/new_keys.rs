//! Keys that were just made, both kinds of one row, as they are stored.

use jiff::Timestamp;
use keywright_jose::{NewEcSigningKey, NewSigningKey, Purpose};
use keywright_store::signing_keys::{EcKeyRow, KeyState, SigningKeyRow};
use keywright_types::TenantId;

use crate::{App, AppError};

/// An RSA key and a P-256 key in clear.
pub(crate) struct NewKeys {
    rsa: NewSigningKey,
    ec: NewEcSigningKey,
}

impl NewKeys {
    /// Makes both, on a thread where the slow one holds up nobody. `domain` is what the certificate names.
    pub(crate) async fn generate(app: &App, domain: &str) -> Result<Self, AppError> {
        let (domain, now, random) = (domain.to_owned(), app.now(), app.random().clone());
        tokio::task::spawn_blocking(move || {
            let rsa = NewSigningKey::generate_rsa(&domain, now, &random)?;
            Ok(Self { rsa, ec: NewEcSigningKey::generate(&random)? })
        })
        .await
        .map_err(AppError::internal)?
        .map_err(|error: keywright_jose::KeyError| AppError::internal(error))
    }

    /// The row, with the private halves sealed for the tenant.
    pub(crate) fn into_row(self, app: &App, tenant: &TenantId, state: KeyState, now: Timestamp) -> SigningKeyRow {
        let Self { rsa, ec } = self;
        let (data_keys, random) = (app.data_keys(), app.random());
        SigningKeyRow {
            kid: rsa.kid,
            state,
            private_key: data_keys.seal(Purpose::SigningKey, tenant, &rsa.private_key, random),
            certificate: rsa.certificate,
            created_at: now,
            ec: Some(sealed_ec(app, tenant, &ec)),
            current_since: (state == KeyState::Current).then_some(now),
            current_until: None,
            revoked_at: None,
        }
    }
}

/// A P-256 key, sealed for the tenant.
pub(super) fn sealed_ec(app: &App, tenant: &TenantId, key: &NewEcSigningKey) -> EcKeyRow {
    let private_key = app.data_keys().seal(Purpose::EcSigningKey, tenant, &key.private_key, app.random());
    EcKeyRow { kid: key.kid.clone(), private_key }
}
