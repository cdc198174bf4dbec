//! Replacing the secret of an application without a moment in which it has none that works (CL-08).
//!
//! At most two are good at a time: the current one and, until its end, the one before. The use of each is remembered to the
//! hour, so that an administrator sees when the old one may go.

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::client_secrets::{self, ClientSecretRow};
use keywright_store::{StoreError, Tx, clients};
use keywright_types::TenantId;
use moka::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{App, AppError, ProvisioningError};

/// How exactly uses are remembered. Each would otherwise be one more durable write.
const PRECISION: SignedDuration = SignedDuration::from_hours(1);

/// A secret that another one has replaced.
pub struct PreviousSecret {
    /// The secret.
    pub secret: SecretString,
    /// When it is good no more.
    pub expires_at: Timestamp,
}

/// A secret as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecretStatus {
    /// Whether it is the current one.
    pub current: bool,
    /// When it was made, or first used.
    pub created_at: Timestamp,
    /// When it was used last, to the hour; `None` for never.
    pub last_used_at: Option<Timestamp>,
    /// When it is good no more; `None` for the current one.
    pub expires_at: Option<Timestamp>,
}

/// When this node last recorded the use of a secret, by tenant, application and digest.
pub(crate) struct SecretUses(Cache<(String, String, [u8; 32]), Timestamp>);

impl SecretUses {
    pub(crate) fn new() -> Self {
        Self(Cache::new(50_000))
    }
}

impl App {
    /// Gives an application a new secret, shown once. The old one is good for `keep` longer; one from before that ends now.
    pub async fn rotate_client_secret(
        &self,
        tenant: &TenantId,
        client_id: &str,
        keep: SignedDuration,
    ) -> Result<SecretString, ProvisioningError> {
        let now = self.now();
        let secret = SecretString::from(self.random().identifier(64));
        let sealed = self.sealed(Purpose::ClientSecret, tenant, &secret);
        let fresh = ClientSecretRow {
            secret_digest: self.secret_digest(tenant, &secret).as_bytes().to_vec(),
            secret: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        let (app, client_id) = (self.clone(), client_id.to_owned());
        let rotated = self.configure(tenant, move |tx, id| {
            let Some(mut row) = clients::find(tx, id, &client_id)? else {
                return Ok(Err(ProvisioningError::NotFound));
            };
            let old = match app.current_digest(id, row.secret.as_deref()) {
                Ok(digest) => digest.filter(|_| keep.is_positive()),
                Err(error) => return Ok(Err(error.into())),
            };
            let kept = old.as_ref().map_or(fresh.secret_digest.clone(), |old| old.as_bytes().to_vec());
            client_secrets::delete_others(tx, id, &client_id, &kept)?;
            if old.is_some() {
                let expires_at = Some(now.checked_add(keep).unwrap_or(Timestamp::MAX));
                let old = ClientSecretRow { secret_digest: kept, secret: row.secret, expires_at, ..fresh.clone() };
                client_secrets::replace(tx, id, &client_id, &old)?;
            }
            client_secrets::replace(tx, id, &client_id, &fresh)?;
            (row.secret, row.updated_at) = (Some(sealed), now);
            clients::update(tx, id, &row)?;
            Ok(Ok(()))
        });
        rotated.await??;
        Ok(secret)
    }

    /// Forgets every other secret of an application whose secret becomes this one, in the transaction that writes it.
    pub fn replace_client_secret(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        client_id: &str,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        let digest = self.secret_digest(tenant, secret).as_bytes().to_vec();
        client_secrets::delete_others(tx, tenant, client_id, &digest)?;
        let now = self.now();
        let fresh = ClientSecretRow {
            secret_digest: digest,
            secret: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        client_secrets::replace(tx, tenant, client_id, &fresh)
    }

    /// Ends the secret that another one has replaced, before its time: on every node within a second.
    pub async fn end_previous_client_secret(
        &self,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<(), ProvisioningError> {
        let (app, client_id) = (self.clone(), client_id.to_owned());
        let ended = self.configure(tenant, move |tx, id| {
            let Some(row) = clients::find(tx, id, &client_id)? else {
                return Ok(Err(ProvisioningError::NotFound));
            };
            match app.current_digest(id, row.secret.as_deref()) {
                Ok(Some(current)) => {
                    client_secrets::delete_others(tx, id, &client_id, current.as_bytes()).map(|_| Ok(()))
                }
                Ok(None) => Ok(Ok(())),
                Err(error) => Ok(Err(error.into())),
            }
        });
        ended.await?
    }

    /// What is known of an application's secrets that are good, oldest first. The current one appears once it was rotated or
    /// used.
    pub async fn client_secrets(
        &self,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Vec<ClientSecretStatus>, AppError> {
        let (app, id, client_id, now) = (self.clone(), tenant.clone(), client_id.to_owned(), self.now());
        let read = self.store().read(move |tx| {
            let sealed = clients::find(tx, &id, &client_id)?.and_then(|row| row.secret);
            Ok::<_, AppError>((app.current_digest(&id, sealed.as_deref())?, client_secrets::list(tx, &id, &client_id)?))
        });
        let (current, rows) = read.await?;
        let is_current = |row: &ClientSecretRow| Digest::from_slice(&row.secret_digest) == current;
        let live = rows.iter().filter(|row| is_current(row) || row.expires_at.is_some_and(|end| now < end));
        let status = live.map(|row| ClientSecretStatus {
            current: is_current(row),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        });
        Ok(status.collect())
    }

    fn current_digest(&self, tenant: &TenantId, sealed: Option<&[u8]>) -> Result<Option<Digest>, AppError> {
        let secret = self.unsealed(Purpose::ClientSecret, tenant, sealed)?;
        Ok(secret.map(|secret| self.secret_digest(tenant, &secret)))
    }

    /// Remembers that an application authenticated with a secret. Nothing depends on it, so a failure is only logged.
    pub async fn record_secret_use(&self, tenant: &TenantId, client_id: &str, digest: &Digest) {
        let now = self.now();
        let key = (tenant.as_str().to_owned(), client_id.to_owned(), *digest.as_bytes());
        let SecretUses(recorded) = self.secret_uses();
        if recorded.get(&key).is_some_and(|at| now.duration_since(at).abs() < PRECISION) {
            return;
        }
        recorded.insert(key, now);
        let (id, client_id, digest) = (tenant.clone(), client_id.to_owned(), *digest);
        let written =
            self.store().write(move |tx| client_secrets::record_use(tx, &id, &client_id, digest.as_bytes(), now));
        if let Err(error) = written.await {
            tracing::warn!(cause = %error, "the use of a client secret was not recorded");
        }
    }

    /// Keyed digest of a secret, for comparing (CL-02).
    #[must_use]
    pub fn secret_digest(&self, tenant: &TenantId, secret: &SecretString) -> Digest {
        self.data_keys().digest(Purpose::ClientSecret, tenant, secret.expose_secret().as_bytes())
    }

    /// The secret before the current one, if there is one.
    pub(crate) fn previous_secret(
        &self,
        tenant: &TenantId,
        rows: Vec<ClientSecretRow>,
    ) -> Result<Option<PreviousSecret>, AppError> {
        for row in rows {
            if let (Some(sealed), Some(expires_at)) = (row.secret, row.expires_at) {
                let secret = self.unsealed(Purpose::ClientSecret, tenant, Some(&sealed))?;
                return Ok(secret.map(|secret| PreviousSecret { secret, expires_at }));
            }
        }
        Ok(None)
    }
}
