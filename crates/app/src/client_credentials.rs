//! Public keys by which applications authenticate (`management-api.md` §2.8): adding, ending and removing them, and the
//! keys that an application's assertions are checked with (CL-03).

use jiff::Timestamp;
use keywright_jose::{AssertionAlg, AssertionKey, PublicKey};
use keywright_store::client_credentials::{self, ClientCredentialRow};
use keywright_store::{StoreError, clients};
use keywright_types::{Client, TenantId, TokenEndpointAuthMethod};
use serde_json::Value;

use crate::config_cache::document;
use crate::{App, AppError, ProvisioningError};

/// How many keys an application may have: those in use, those coming and those going.
const MOST: usize = 10;

/// A key to add.
#[derive(Clone, Debug)]
pub struct NewClientCredential {
    /// Name for people, at most 128 characters.
    pub name: Option<String>,
    /// Key identifier: 10 to 64 of `A-Z a-z 0-9 - _`; `None` for the key's thumbprint.
    pub kid: Option<String>,
    /// What it signs with.
    pub alg: AssertionAlg,
    /// The key.
    pub key: PublicKey,
    /// When it is good no more; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key as administrators see it: everything but the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredential {
    /// `cred_…`.
    pub id: String,
    /// Key identifier.
    pub kid: String,
    /// What it signs with.
    pub alg: String,
    /// Name for people.
    pub name: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it is good no more.
    pub expires_at: Option<Timestamp>,
}

/// Why a key was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// No such application, or no such key of it.
    #[error("there is no such application or credential")]
    NotFound,
    /// The key cannot sign with the algorithm.
    #[error("the algorithm does not fit the key")]
    WrongAlgorithm,
    /// The identifier is too short, too long, or has other characters.
    #[error("kid must have 10 to 64 letters, digits, - or _")]
    BadKid,
    /// More than 128 characters.
    #[error("the name is too long")]
    BadName,
    /// The application has a key with this identifier.
    #[error("a credential with this kid exists already")]
    Exists,
    /// The application has as many keys as it may.
    #[error("the application has too many credentials")]
    TooMany,
    /// `client_authentication_methods` names it.
    #[error("the credential is in use")]
    InUse,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<ProvisioningError> for CredentialError {
    fn from(error: ProvisioningError) -> Self {
        match error {
            ProvisioningError::Exists => Self::Exists,
            ProvisioningError::NotFound => Self::NotFound,
            ProvisioningError::App(error) => Self::App(error),
            error @ ProvisioningError::TooMany => Self::App(AppError::internal(error)),
        }
    }
}

impl From<ClientCredentialRow> for ClientCredential {
    fn from(row: ClientCredentialRow) -> Self {
        Self {
            id: row.credential_id,
            kid: row.kid,
            alg: row.alg,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
            expires_at: row.expires_at,
        }
    }
}

impl App {
    /// Adds a key. It counts once `client_authentication_methods` of the application names it.
    pub async fn create_client_credential(
        &self,
        tenant: &TenantId,
        client_id: &str,
        new: NewClientCredential,
    ) -> Result<ClientCredential, CredentialError> {
        let row = self.client_credential_row(client_id, new)?;
        let inserted = row.clone();
        let added = self.configure(tenant, move |tx, id| {
            if clients::find(tx, id, &inserted.client_id)?.is_none() {
                return Ok(Err(CredentialError::NotFound));
            }
            if client_credentials::list(tx, id, &inserted.client_id)?.len() >= MOST {
                return Ok(Err(CredentialError::TooMany));
            }
            client_credentials::insert(tx, id, &inserted)?;
            Ok(Ok(()))
        });
        added.await??;
        Ok(row.into())
    }

    /// A key as it is stored, checked; for `client_credentials::insert` in the transaction that makes its application.
    pub fn client_credential_row(
        &self,
        client_id: &str,
        new: NewClientCredential,
    ) -> Result<ClientCredentialRow, CredentialError> {
        if !new.key.algorithms().contains(&new.alg) {
            return Err(CredentialError::WrongAlgorithm);
        }
        if new.name.as_ref().is_some_and(|name| name.chars().count() > 128 || name.contains('\0')) {
            return Err(CredentialError::BadName);
        }
        let kid = new.kid.unwrap_or_else(|| new.key.thumbprint());
        if !is_kid(&kid) {
            return Err(CredentialError::BadKid);
        }
        let now = self.now();
        Ok(ClientCredentialRow {
            credential_id: format!("cred_{}", self.random().identifier(22)),
            client_id: client_id.to_owned(),
            kid,
            alg: new.alg.as_str().to_owned(),
            name: new.name,
            public_key: new.key.to_jwk().to_string(),
            created_at: now,
            updated_at: now,
            expires_at: new.expires_at,
        })
    }

    /// The keys of an application, oldest first.
    pub async fn client_credentials(
        &self,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Vec<ClientCredential>, AppError> {
        let (id, client_id) = (tenant.clone(), client_id.to_owned());
        let rows = self.store().read(move |tx| client_credentials::list(tx, &id, &client_id)).await?;
        Ok(rows.into_iter().map(ClientCredential::from).collect())
    }

    /// Changes when a key ends.
    pub async fn set_client_credential_expiry(
        &self,
        tenant: &TenantId,
        client_id: &str,
        credential_id: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(), CredentialError> {
        let (client_id, credential_id, now) = (client_id.to_owned(), credential_id.to_owned(), self.now());
        let found = self.configure(tenant, move |tx, id| {
            client_credentials::set_expiry(tx, id, &client_id, &credential_id, expires_at, now)
        });
        if found.await? { Ok(()) } else { Err(CredentialError::NotFound) }
    }

    /// Removes a key that the application no longer authenticates with.
    pub async fn delete_client_credential(
        &self,
        tenant: &TenantId,
        client_id: &str,
        credential_id: &str,
    ) -> Result<(), CredentialError> {
        let (client_id, credential_id) = (client_id.to_owned(), credential_id.to_owned());
        let removed = self.configure(tenant, move |tx, id| {
            if let Some(row) = clients::find(tx, id, &client_id)? {
                let client: Client = document("clients", &row.document).map_err(corrupt)?;
                if is_in_use(&client, &credential_id) {
                    return Ok(Err(CredentialError::InUse));
                }
            }
            let found = client_credentials::delete(tx, id, &client_id, &credential_id)?;
            Ok(if found { Ok(()) } else { Err(CredentialError::NotFound) })
        });
        removed.await?
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn corrupt(error: AppError) -> StoreError {
    StoreError::Corrupt { table: "clients".to_owned(), column: "document".to_owned(), detail: error.to_string() }
}

fn is_kid(kid: &str) -> bool {
    (10..=64).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_in_use(client: &Client, credential_id: &str) -> bool {
    let methods = client.client_authentication_methods.as_ref();
    let references = methods.and_then(|methods| methods.private_key_jwt.as_ref());
    references.is_some_and(|own| own.credentials.iter().any(|reference| reference.id == credential_id))
}

/// The keys that count for this application: the credentials that it names, or the `jwks` that it registered itself with.
pub(crate) fn assertion_keys(client: &Client, rows: Vec<ClientCredentialRow>) -> Result<Vec<AssertionKey>, AppError> {
    if client.auth_method() != TokenEndpointAuthMethod::PrivateKeyJwt {
        return Ok(Vec::new());
    }
    if client.client_authentication_methods.is_none() {
        return Ok(registered_keys(client));
    }
    let used = rows.into_iter().filter(|row| is_in_use(client, &row.credential_id));
    used.map(|row| {
        let inconsistent = || AppError::internal(format!("credential {} cannot be read", row.credential_id));
        let jwk: Value = serde_json::from_str(&row.public_key).map_err(|_| inconsistent())?;
        let key = jwk.as_object().and_then(|jwk| PublicKey::from_jwk(jwk).ok()).ok_or_else(inconsistent)?;
        let algorithm = AssertionAlg::named(&row.alg).ok_or_else(inconsistent)?;
        Ok(AssertionKey { kid: Some(row.kid), algorithms: vec![algorithm], key, expires_at: row.expires_at })
    })
    .collect()
}

/// Keys of `jwks`; those for other purposes, or of kinds that do not sign here, are passed over. RFC 7517 section 5:
/// "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that are not understood by them".
fn registered_keys(client: &Client) -> Vec<AssertionKey> {
    let keys = client.jwks.as_ref().and_then(|jwks| jwks.get("keys")).and_then(Value::as_array);
    let only = client.token_endpoint_auth_signing_alg.as_deref();
    let readable = keys.into_iter().flatten().filter_map(Value::as_object).filter_map(|jwk| {
        let key = PublicKey::from_jwk(jwk).ok()?;
        let own = jwk.get("alg").and_then(Value::as_str);
        let allowed = |algorithm: &AssertionAlg| {
            own.is_none_or(|own| own == algorithm.as_str()) && only.is_none_or(|only| only == algorithm.as_str())
        };
        let algorithms: Vec<_> = key.algorithms().iter().copied().filter(allowed).collect();
        let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        (!algorithms.is_empty()).then_some(AssertionKey { kid, algorithms, key, expires_at: None })
    });
    readable.take(MOST).collect()
}
