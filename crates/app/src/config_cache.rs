//! Configuration documents, read once and kept until some node changes the configuration (architecture §4).
//!
//! Absent documents are not remembered: anybody can ask for names that do not exist, and must not fill memory with them.
//!
//! Every entry carries the configuration version it was read at, and the version is taken *before* the read: a document
//! that was replaced while it was being read is never served after the change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use keywright_jose::{AssertionKey, Purpose, SharedSecret};
use keywright_store::organizations::OrganizationRow;
use keywright_store::tenants::TenantRow;
use keywright_store::{
    Store, StoreError, Tx, client_credentials, client_grants, client_secrets, clients, connections, organizations,
    resource_servers, signing_keys, tenant_documents, tenants,
};
use keywright_types::{
    Client, ClientGrant, Connection, LogoutInitiator, Organization, OrganizationConnection, ResourceServer,
    SubjectType, Tenant, TenantId,
};
use moka::sync::Cache;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::appearance::read_appearance;
use crate::client_credentials::assertion_keys;
use crate::registered_origins::RegisteredOrigins;
use crate::{App, AppError, BoundAction, KeySet, PreviousSecret, RuleSet};

/// An application and its secret.
pub struct ClientRecord {
    /// The document.
    pub client: Client,
    /// The secret, absent for applications that never had one.
    pub secret: Option<SecretString>,
    /// The key of `HS256` ID tokens: the secret, decoded where `jwt_configuration.secret_encoded` says so (§3.5).
    pub id_token_secret: Option<SharedSecret>,
    /// The secret before it, while both are good (CL-08).
    pub previous_secret: Option<PreviousSecret>,
    /// Keys that its assertions may be signed with.
    pub assertion_keys: Vec<AssertionKey>,
}

impl ClientRecord {
    /// A record without a secret of before and without keys.
    #[must_use]
    pub fn new(client: Client, secret: Option<SecretString>) -> Self {
        let id_token_secret = secret.as_ref().and_then(|secret| id_token_secret(&client, secret));
        Self { client, secret, id_token_secret, previous_secret: None, assertion_keys: Vec::new() }
    }
}

/// An API and, when it signs symmetrically, its secret.
pub struct ApiRecord {
    /// The document.
    pub api: ResourceServer,
    /// The key of `HS256` access tokens.
    pub signing_secret: Option<SharedSecret>,
}

/// An organization and the connections that are enabled in it.
#[derive(Debug)]
pub struct OrganizationRecord {
    /// The document.
    pub organization: Organization,
    /// The first one first.
    pub connections: Vec<OrganizationConnection>,
}

/// A node that cannot ask the database for changes this long stops trusting its cache: what was revoked elsewhere must not
/// go on here (ST-02). It then reads, which answers 503 while the database is gone.
pub(crate) const CONFIRMED_WITHIN: Duration = Duration::from_secs(2);

/// How many documents of one kind are kept at most.
const CAPACITY: u64 = 50_000;

pub(crate) struct ConfigCache {
    /// The newest version that this node knows of. Its own writes are there before they are acknowledged, those of other
    /// nodes within a second.
    version: watch::Receiver<u64>,
    tenants: Table<Tenant>,
    keys: Table<KeySet>,
    clients: Table<ClientRecord>,
    apis: Table<ApiRecord>,
    grants: Table<ClientGrant>,
    connections: Table<Vec<Connection>>,
    organizations: Table<OrganizationRecord>,
    /// By their kind.
    documents: Table<BTreeMap<String, serde_json::Value>>,
    pub(crate) rules: Table<RuleSet>,
    /// By their trigger.
    pub(crate) actions: Table<Vec<BoundAction>>,
    origins: Table<RegisteredOrigins>,
    /// Applications by the reason of which they hear.
    logout_receivers: Table<BTreeSet<String>>,
}

/// Entries of one kind, by tenant and key.
type Table<T> = Cache<(String, String), (u64, Arc<T>)>;

/// Names are never longer than this (bytes); what is longer does not exist. An audience may have 600 characters.
const LONGEST_NAME: usize = 2400;

impl ConfigCache {
    /// A cache that goes by the store's configuration version.
    pub(crate) fn following(store: &Store) -> Self {
        Self {
            version: store.config_changes(),
            tenants: Cache::new(CAPACITY),
            keys: Cache::new(CAPACITY),
            clients: Cache::new(CAPACITY),
            apis: Cache::new(CAPACITY),
            grants: Cache::new(CAPACITY),
            connections: Cache::new(CAPACITY),
            organizations: Cache::new(CAPACITY),
            documents: Cache::new(CAPACITY),
            rules: Cache::new(CAPACITY),
            actions: Cache::new(CAPACITY),
            origins: Cache::new(CAPACITY),
            logout_receivers: Cache::new(CAPACITY),
        }
    }

    /// The newest version that this node knows of.
    pub(crate) fn version(&self) -> u64 {
        *self.version.borrow()
    }
}

impl App {
    pub(crate) async fn cached<T: Send + Sync + 'static>(
        &self,
        table: &Table<T>,
        tenant: &str,
        key: &str,
        load: impl FnOnce(&App, &mut Tx<'_>) -> Result<Option<T>, AppError> + Send + 'static,
    ) -> Result<Option<Arc<T>>, AppError> {
        if key.len() > LONGEST_NAME {
            return Ok(None);
        }
        let version = self.config().version();
        let entry = (tenant.to_owned(), key.to_owned());
        if let Some((read_at, document)) = table.get(&entry)
            && read_at == version
            && self.store().config_confirmed_within(CONFIRMED_WITHIN)
        {
            metrics::counter!("keywright_config_cache_hits_total").increment(1);
            return Ok(Some(document));
        }
        metrics::counter!("keywright_config_cache_misses_total").increment(1);
        // What is read now may be sealed with a data key that is new here.
        self.follow_data_keys().await?;
        let app = self.clone();
        let document = self.store().read(move |tx| load(&app, tx)).await?.map(Arc::new);
        if let Some(document) = &document {
            table.insert(entry, (version, document.clone()));
        }
        Ok(document)
    }

    /// The tenant that answers at `domain` (host with the port unless 443, lower case).
    pub async fn tenant_by_domain(&self, domain: &str) -> Result<Option<Arc<Tenant>>, AppError> {
        // Every request comes through here, and none may be handled with data keys that others have replaced.
        self.follow_data_keys().await?;
        let wanted = domain.to_owned();
        self.cached(&self.config().tenants, "", domain, move |_, tx| {
            let Some(row) = tenants::find_by_domain(tx, &wanted)? else { return Ok(None) };
            tenant_of(tx, row).map(Some)
        })
        .await
    }

    /// The tenant with this identifier, read now: for work that comes from no request.
    pub async fn tenant(&self, tenant: &TenantId) -> Result<Option<Tenant>, AppError> {
        let id = tenant.clone();
        self.store().read(move |tx| tenants::find(tx, &id)?.map(|row| tenant_of(tx, row)).transpose()).await
    }

    /// The tenant's signing keys.
    pub async fn signing_keys(&self, tenant: &TenantId) -> Result<Arc<KeySet>, AppError> {
        let id = tenant.clone();
        let keys = self
            .cached(&self.config().keys, tenant.as_str(), "", move |app, tx| {
                KeySet::load(&app.data_keys(), &id, signing_keys::list(tx, &id)?).map(Some)
            })
            .await?;
        keys.ok_or_else(|| AppError::internal("tenant without signing keys"))
    }

    /// An application with its secret.
    pub async fn client(&self, tenant: &TenantId, client_id: &str) -> Result<Option<Arc<ClientRecord>>, AppError> {
        let (id, wanted) = (tenant.clone(), client_id.to_owned());
        self.cached(&self.config().clients, tenant.as_str(), client_id, move |app, tx| {
            let Some(row) = clients::find(tx, &id, &wanted)? else { return Ok(None) };
            let client: Client = document("clients", &row.document)?;
            let secret = app.unsealed(Purpose::ClientSecret, &id, row.secret.as_deref())?;
            let previous_secret = app.previous_secret(&id, client_secrets::list(tx, &id, &wanted)?)?;
            let assertion_keys = assertion_keys(&client, client_credentials::list(tx, &id, &wanted)?)?;
            Ok(Some(ClientRecord { previous_secret, assertion_keys, ..ClientRecord::new(client, secret) }))
        })
        .await
    }

    /// The API with this identifier (the audience of its access tokens).
    pub async fn api(&self, tenant: &TenantId, identifier: &str) -> Result<Option<Arc<ApiRecord>>, AppError> {
        let (id, wanted) = (tenant.clone(), identifier.to_owned());
        self.cached(&self.config().apis, tenant.as_str(), identifier, move |app, tx| {
            let Some(row) = resource_servers::find_by_identifier(tx, &id, &wanted)? else { return Ok(None) };
            let api = document("resource_servers", &row.document)?;
            let signing_secret = app.unsealed(Purpose::ApiSigningSecret, &id, row.signing_secret.as_deref())?;
            Ok(Some(ApiRecord { api, signing_secret: signing_secret.as_ref().map(SharedSecret::of_text) }))
        })
        .await
    }

    /// What `client_id` may do on the API `audience` for itself, or on behalf of users. A grant of all scopes has those that
    /// the API defines now.
    pub async fn client_grant(
        &self,
        tenant: &TenantId,
        client_id: &str,
        audience: &str,
        subject_type: SubjectType,
    ) -> Result<Option<Arc<ClientGrant>>, AppError> {
        let (id, client, wanted) = (tenant.clone(), client_id.to_owned(), audience.to_owned());
        let key = format!("{}\n{client_id}\n{audience}", subject_type.as_str());
        self.cached(&self.config().grants, tenant.as_str(), &key, move |_, tx| {
            let Some(row) = client_grants::find(tx, &id, &client, &wanted, subject_type.as_str())? else {
                return Ok(None);
            };
            let mut grant: ClientGrant = document("client_grants", &row.document)?;
            if grant.allow_all_scopes
                && let Some(row) = resource_servers::find_by_identifier(tx, &id, &wanted)?
            {
                let api: ResourceServer = document("resource_servers", &row.document)?;
                grant.scope = api.scopes.into_iter().map(|scope| scope.value).collect();
            }
            Ok(Some(grant))
        })
        .await
    }

    /// All connections of the tenant.
    pub async fn connections(&self, tenant: &TenantId) -> Result<Arc<Vec<Connection>>, AppError> {
        let id = tenant.clone();
        let all = self
            .cached(&self.config().connections, tenant.as_str(), "", move |_, tx| {
                let rows = connections::list(tx, &id)?;
                let all: Result<Vec<Connection>, AppError> =
                    rows.iter().map(|row| document("connections", &row.document)).collect();
                all.map(Some)
            })
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// The organization with this identifier.
    pub async fn organization(&self, tenant: &TenantId, id: &str) -> Result<Option<Arc<OrganizationRecord>>, AppError> {
        let (owner, wanted) = (tenant.clone(), id.to_owned());
        self.cached(&self.config().organizations, tenant.as_str(), &format!("id\n{id}"), move |_, tx| {
            let row = organizations::find(tx, &owner, &wanted)?;
            row.map(|row| organization_record(tx, &owner, &row)).transpose()
        })
        .await
    }

    /// The organization with this name, in any case.
    pub async fn organization_by_name(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<Arc<OrganizationRecord>>, AppError> {
        let (owner, wanted) = (tenant.clone(), name.to_ascii_lowercase());
        self.cached(&self.config().organizations, tenant.as_str(), &format!("name\n{wanted}"), move |_, tx| {
            let row = organizations::find_by_name(tx, &owner, &wanted)?;
            row.map(|row| organization_record(tx, &owner, &row)).transpose()
        })
        .await
    }

    /// The tenant's documents of a kind by their names, without their secrets. Empty when there is none.
    pub async fn tenant_documents(
        &self,
        tenant: &TenantId,
        kind: &'static str,
    ) -> Result<Arc<BTreeMap<String, serde_json::Value>>, AppError> {
        let id = tenant.clone();
        let all = self
            .cached(&self.config().documents, tenant.as_str(), kind, move |_, tx| {
                let rows = tenant_documents::list(tx, &id, kind)?;
                let named = rows.into_iter().map(|row| Ok((row.name, document("tenant_documents", &row.document)?)));
                named.collect::<Result<_, AppError>>().map(Some)
            })
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// Origins that any application of the tenant registered (§9).
    pub(crate) async fn registered_origins(&self, tenant: &TenantId) -> Result<Arc<RegisteredOrigins>, AppError> {
        let id = tenant.clone();
        let all = self
            .cached(&self.config().origins, tenant.as_str(), "", move |_, tx| {
                RegisteredOrigins::read(tx, &id).map(Some)
            })
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// Applications of the tenant that hear of sessions which end for this reason (§8.5).
    pub(crate) async fn logout_receivers(
        &self,
        tenant: &TenantId,
        initiator: LogoutInitiator,
    ) -> Result<Arc<BTreeSet<String>>, AppError> {
        let id = tenant.clone();
        let all = self
            .cached(&self.config().logout_receivers, tenant.as_str(), initiator.as_str(), move |_, tx| {
                read_logout_receivers(tx, &id, initiator).map(Some)
            })
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// A secret that [`App::sealed`] sealed, in clear.
    ///
    /// # Errors
    /// When it does not open: another master key sealed it.
    pub fn unsealed(
        &self,
        purpose: Purpose,
        tenant: &TenantId,
        sealed: Option<&[u8]>,
    ) -> Result<Option<SecretString>, AppError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self
            .data_keys()
            .open(purpose, tenant, sealed)
            .ok_or_else(|| AppError::internal("a sealed secret does not open: none of the data keys fits"))?;
        let text = std::str::from_utf8(&plain).map_err(AppError::internal)?;
        Ok(Some(SecretString::from(text.to_owned())))
    }
}

fn tenant_of(tx: &mut Tx<'_>, row: TenantRow) -> Result<Tenant, AppError> {
    let settings = document("tenants", &row.settings)?;
    let appearance = Arc::new(read_appearance(tx, &row.tenant_id)?);
    Ok(Tenant { id: row.tenant_id, domain: row.domain, settings, appearance })
}

fn organization_record(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &OrganizationRow,
) -> Result<OrganizationRecord, AppError> {
    let enabled = organizations::connections(tx, tenant, &row.organization_id)?;
    Ok(OrganizationRecord {
        organization: document("organizations", &row.document)?,
        connections: enabled.iter().map(|json| document("organization_connections", json)).collect::<Result<_, _>>()?,
    })
}

/// [`App::logout_receivers`] from the database.
pub(crate) fn read_logout_receivers(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    initiator: LogoutInitiator,
) -> Result<BTreeSet<String>, AppError> {
    let mut receivers = BTreeSet::new();
    for row in clients::list(tx, tenant)? {
        let client: Client = document("clients", &row.document)?;
        if client.backchannel_logout().is_some_and(|logout| logout.hears_of(initiator)) {
            receivers.insert(client.client_id);
        }
    }
    Ok(receivers)
}

/// `None` for a secret that should be base64 and is not: ID tokens by HS256 cannot be made then.
fn id_token_secret(client: &Client, secret: &SecretString) -> Option<SharedSecret> {
    if client.jwt_configuration.secret_encoded {
        SharedSecret::of_base64(secret)
    } else {
        Some(SharedSecret::of_text(secret))
    }
}

/// Reads a stored document; one that does not parse is an inconsistency of the database.
pub(crate) fn document<T: DeserializeOwned>(table: &'static str, json: &str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(|error| {
        AppError::from(StoreError::Corrupt {
            table: table.to_owned(),
            column: "document".to_owned(),
            detail: error.to_string(),
        })
    })
}
