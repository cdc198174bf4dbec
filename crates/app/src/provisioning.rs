//! Creating tenants and the configuration documents inside them.
//!
//! The configuration version is bumped in the transaction of every such write, so that the caches of all nodes forget what
//! they read before (architecture §4).

use jiff::Timestamp;
use keywright_jose::Purpose;
use keywright_store::client_grants::{self, ClientGrantRow};
use keywright_store::clients::{self, ClientRow};
use keywright_store::connections::{self, ConnectionRow};
use keywright_store::resource_servers::{self, ResourceServerRow};
use keywright_store::signing_keys::{self, KeyState};
use keywright_store::tenants::{self, TenantRow};
use keywright_store::{StoreError, Tx, config, logs};
use keywright_types::{
    AppType, Client, ClientGrant, Connection, ExpirationType, JwtConfiguration, OrganizationRequireBehavior,
    OrganizationUsage, OtherMembers, RefreshTokenSettings, ResourceServer, ResourceServerScope, RotationType,
    SubjectType, Tenant, TenantId, TenantSettings, TokenEndpointAuthMethod,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::signing_keys::NewKeys;
use crate::{App, AppError, LogEvent};

/// A tenant to create.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Host, with the port unless it is 443.
    pub domain: String,
    /// Settings.
    pub settings: TenantSettings,
    /// Scopes that the Management API defines.
    pub management_scopes: Vec<String>,
}

/// The first application of a tenant: it may do everything over the Management API.
pub struct ManagementCredentials {
    /// Its identifier.
    pub client_id: String,
    /// Its secret, shown once.
    pub client_secret: SecretString,
}

/// What an application is created from; everything else has Auth0's defaults for its type.
#[derive(Clone, Debug, Default)]
pub struct NewClient {
    /// Display name.
    pub name: String,
    /// Kind.
    pub app_type: Option<AppType>,
    /// Allowed callback URLs.
    pub callbacks: Vec<String>,
    /// Allowed logout URLs.
    pub allowed_logout_urls: Vec<String>,
    /// Allowed web origins.
    pub web_origins: Vec<String>,
}

/// Why something could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// A tenant, application or API with this name exists.
    #[error("it exists already")]
    Exists,
    /// There is nothing with this name to change.
    #[error("there is no such thing")]
    NotFound,
    /// The tenant may not have more of them.
    #[error("there are too many")]
    TooMany,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for ProvisioningError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Exists,
            other => Self::App(other.into()),
        }
    }
}

/// Name of the application that is none: it holds the tenant-wide classic login page for tools that keep it
/// (`management-api.md` §2.6). No other application has the name.
pub const GLOBAL_CLIENT: &str = "All Applications";

/// Anybody may fill a tenant where registration is open; this is where it ends. An administrator may go beyond it.
const MOST_REGISTERED: i64 = 5_000;

impl App {
    /// Creates a tenant with its first signing keys, the Management API and an application that may use all of it.
    pub async fn create_tenant(&self, new: NewTenant) -> Result<(Tenant, ManagementCredentials), ProvisioningError> {
        let now = self.now();
        let domain = new.domain.to_ascii_lowercase();
        let tenant = Tenant {
            id: TenantId::new(format!("ten_{}", self.random().identifier(16))),
            domain,
            settings: new.settings,
            appearance: std::sync::Arc::default(),
        };
        let random = self.random().clone();
        // TK-06: the successor is published from the beginning.
        let (current, next) =
            tokio::join!(NewKeys::generate(self, &tenant.domain), NewKeys::generate(self, &tenant.domain));
        let current = current?.into_row(self, &tenant.id, KeyState::Current, now);
        let next = next?.into_row(self, &tenant.id, KeyState::Next, now);
        let management = management_api(&tenant, &new.management_scopes, &random);
        let (client, secret) = self.new_client(NewClient {
            name: "Keywright Management".to_owned(),
            app_type: Some(AppType::NonInteractive),
            ..NewClient::default()
        });
        let grant = ClientGrant {
            id: format!("cgr_{}", random.identifier(16)),
            client_id: client.client_id.clone(),
            audience: tenant.management_audience(),
            scope: new.management_scopes,
            subject_type: SubjectType::Client,
            allow_all_scopes: false,
            other: OtherMembers::new(),
        };
        let settings = serde_json::to_string(&tenant.settings).map_err(AppError::internal)?;
        let row = TenantRow { tenant_id: tenant.id.clone(), domain: tenant.domain.clone(), settings, created_at: now };
        let client_row = self.client_row(&tenant.id, &client, Some(&secret), now)?;
        let global = self.global_client_row(&tenant.id, now)?;
        let api_row = self.api_row(&tenant.id, &management, None, now)?;
        let grant_row = grant_row(&grant, now)?;
        self.configure(&tenant.id, move |tx, id| {
            tenants::insert(tx, &row)?;
            signing_keys::insert(tx, id, &current)?;
            signing_keys::insert(tx, id, &next)?;
            resource_servers::insert(tx, id, &api_row)?;
            clients::insert(tx, id, &global)?;
            clients::insert(tx, id, &client_row)?;
            client_grants::insert(tx, id, &grant_row)
        })
        .await?;
        Ok((tenant, ManagementCredentials { client_id: client.client_id, client_secret: secret }))
    }

    /// The application that is none: without a secret, a grant or a callback it can ask for nothing.
    fn global_client_row(&self, tenant: &TenantId, now: Timestamp) -> Result<ClientRow, AppError> {
        let (mut client, _) = self.new_client(NewClient { name: GLOBAL_CLIENT.to_owned(), ..NewClient::default() });
        client.grant_types = Vec::new();
        client.other.insert("global".to_owned(), true.into());
        client.other.insert("custom_login_page_on".to_owned(), true.into());
        self.client_row(tenant, &client, None, now)
    }

    /// Gives every tenant of a version before the application that is none.
    pub async fn complete_global_clients(&self) -> Result<(), AppError> {
        for tenant in self.store().read(|tx| tenants::list(tx).map_err(AppError::from)).await? {
            let row = self.global_client_row(&tenant.tenant_id, tenant.created_at)?;
            let id = tenant.tenant_id;
            let wanted = id.clone();
            if self.store().read(move |tx| has_global_client(tx, &wanted)).await? {
                continue;
            }
            let complete = self.configure(&id, move |tx, id| {
                // Another node may have been faster.
                if has_global_client(tx, id)? { Ok(()) } else { clients::insert(tx, id, &row) }
            });
            complete.await.map_err(AppError::internal)?;
        }
        Ok(())
    }

    /// A new application with Auth0's defaults for its type, and its secret. Nothing is stored yet.
    #[must_use]
    pub fn new_client(&self, new: NewClient) -> (Client, SecretString) {
        let public = matches!(new.app_type, Some(AppType::Native | AppType::Spa));
        let grant_types: &[&str] = match new.app_type {
            Some(AppType::NonInteractive) => &["client_credentials"],
            Some(AppType::Native | AppType::Spa) => &["authorization_code", "refresh_token"],
            // CL-07: password grants and implicit are off for new applications.
            _ => &["authorization_code", "refresh_token", "client_credentials"],
        };
        let refresh_token = if new.app_type == Some(AppType::Spa) {
            // §4.2: "SPA and rotating must be `expiring`".
            RefreshTokenSettings {
                rotation_type: RotationType::Rotating,
                expiration_type: ExpirationType::Expiring,
                ..RefreshTokenSettings::default()
            }
        } else {
            RefreshTokenSettings::default()
        };
        let client = Client {
            client_id: self.random().identifier(32),
            name: new.name,
            app_type: new.app_type,
            is_first_party: true,
            callbacks: new.callbacks,
            allowed_logout_urls: new.allowed_logout_urls,
            web_origins: new.web_origins,
            allowed_origins: Vec::new(),
            grant_types: grant_types.iter().map(ToString::to_string).collect(),
            token_endpoint_auth_method: if public {
                TokenEndpointAuthMethod::None
            } else {
                TokenEndpointAuthMethod::ClientSecretPost
            },
            client_authentication_methods: None,
            jwks: None,
            token_endpoint_auth_signing_alg: None,
            is_token_endpoint_ip_header_trusted: false,
            require_pushed_authorization_requests: false,
            require_proof_of_possession: false,
            jwt_configuration: JwtConfiguration { alg: Some("RS256".to_owned()), ..JwtConfiguration::default() },
            refresh_token,
            initiate_login_uri: None,
            sso_disabled: false,
            oidc_logout: None,
            oidc_backchannel_logout: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            organization_usage: OrganizationUsage::Deny,
            organization_require_behavior: OrganizationRequireBehavior::NoPrompt,
            other: OtherMembers::new(),
        };
        // Letters and digits only, so that every client encodes it alike for HTTP Basic (client-requirements), and no shell
        // takes it for an option.
        (client, SecretString::from(self.random().identifier(64)))
    }

    /// Stores a new application.
    pub async fn create_client(
        &self,
        tenant: &TenantId,
        client: &Client,
        secret: Option<&SecretString>,
    ) -> Result<(), ProvisioningError> {
        let row = self.client_row(tenant, client, secret, self.now())?;
        self.configure(tenant, move |tx, id| clients::insert(tx, id, &row)).await
    }

    /// Stores an application that registered itself, with its entry in the tenant log, unless the tenant has 5000
    /// applications already.
    pub async fn register_client(
        &self,
        tenant: &TenantId,
        client: &Client,
        secret: Option<&SecretString>,
        event: LogEvent,
    ) -> Result<(), ProvisioningError> {
        let (row, entry, id) =
            (self.client_row(tenant, client, secret, self.now())?, self.log_row(event), tenant.clone());
        self.store()
            .write(move |tx| {
                config::bump(tx, &id)?;
                if clients::count(tx, &id)? >= MOST_REGISTERED {
                    return Err(ProvisioningError::TooMany);
                }
                clients::insert(tx, &id, &row)?;
                logs::insert(tx, &id, &entry)?;
                Ok(())
            })
            .await
    }

    /// Replaces the document of an application; its secret stays.
    pub async fn update_client(&self, tenant: &TenantId, client: &Client) -> Result<(), ProvisioningError> {
        let row = self.client_row(tenant, client, None, self.now())?;
        self.configure(tenant, move |tx, id| clients::update(tx, id, &row).map(drop)).await
    }

    /// Stores a new API.
    pub async fn create_api(
        &self,
        tenant: &TenantId,
        api: &ResourceServer,
        signing_secret: Option<&SecretString>,
    ) -> Result<(), ProvisioningError> {
        let row = self.api_row(tenant, api, signing_secret, self.now())?;
        self.configure(tenant, move |tx, id| resource_servers::insert(tx, id, &row)).await
    }

    /// Replaces the document of an API; its signing secret stays.
    pub async fn update_api(&self, tenant: &TenantId, api: &ResourceServer) -> Result<(), ProvisioningError> {
        let row = self.api_row(tenant, api, None, self.now())?;
        self.configure(tenant, move |tx, id| resource_servers::update(tx, id, &row).map(drop)).await
    }

    /// Stores a new client grant.
    pub async fn create_client_grant(&self, tenant: &TenantId, grant: &ClientGrant) -> Result<(), ProvisioningError> {
        let row = grant_row(grant, self.now())?;
        self.configure(tenant, move |tx, id| client_grants::insert(tx, id, &row)).await
    }

    /// Replaces a client grant.
    pub async fn update_client_grant(&self, tenant: &TenantId, grant: &ClientGrant) -> Result<(), ProvisioningError> {
        let row = grant_row(grant, self.now())?;
        self.configure(tenant, move |tx, id| client_grants::update(tx, id, &row).map(drop)).await
    }

    /// Stores a new connection.
    pub async fn create_connection(&self, tenant: &TenantId, connection: &Connection) -> Result<(), ProvisioningError> {
        let row = connection_row(connection, self.now())?;
        self.configure(tenant, move |tx, id| connections::insert(tx, id, &row)).await
    }

    /// Replaces the document of a connection.
    pub async fn update_connection(&self, tenant: &TenantId, connection: &Connection) -> Result<(), ProvisioningError> {
        let row = connection_row(connection, self.now())?;
        self.configure(tenant, move |tx, id| connections::update(tx, id, &row).map(drop)).await
    }

    /// Replaces the settings of a tenant.
    pub async fn update_tenant_settings(
        &self,
        tenant: &TenantId,
        settings: &TenantSettings,
    ) -> Result<(), ProvisioningError> {
        let json = serde_json::to_string(settings).map_err(AppError::internal)?;
        self.configure(tenant, move |tx, id| tenants::update_settings(tx, id, &json).map(drop)).await
    }

    /// One configuration write. What `change` reads stays true until it ends.
    pub(crate) async fn configure<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        change: impl FnOnce(&mut Tx<'_>, &TenantId) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ProvisioningError> {
        self.follow_data_keys().await?;
        let id = tenant.clone();
        let written = self
            .store()
            .write(move |tx| {
                // First, because it puts configuration writes in one order: what `change` reads stays true.
                config::bump(tx, &id)?;
                change(tx, &id)
            })
            .await;
        written.map_err(ProvisioningError::from)
    }

    fn client_row(
        &self,
        tenant: &TenantId,
        client: &Client,
        secret: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<ClientRow, AppError> {
        Ok(ClientRow {
            client_id: client.client_id.clone(),
            name: client.name.clone(),
            document: serde_json::to_string(client).map_err(AppError::internal)?,
            secret: secret.map(|secret| self.sealed(Purpose::ClientSecret, tenant, secret)),
            addons: None,
            created_at: now,
            updated_at: now,
        })
    }

    fn api_row(
        &self,
        tenant: &TenantId,
        api: &ResourceServer,
        signing_secret: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<ResourceServerRow, AppError> {
        Ok(ResourceServerRow {
            id: api.id.clone(),
            identifier: api.identifier.clone(),
            document: serde_json::to_string(api).map_err(AppError::internal)?,
            signing_secret: signing_secret.map(|secret| self.sealed(Purpose::ApiSigningSecret, tenant, secret)),
            created_at: now,
            updated_at: now,
        })
    }

    /// A secret as it is stored: sealed, for this purpose and tenant.
    #[must_use]
    pub fn sealed(&self, purpose: Purpose, tenant: &TenantId, secret: &SecretString) -> Vec<u8> {
        self.data_keys().seal(purpose, tenant, secret.expose_secret().as_bytes(), self.random())
    }
}

fn has_global_client(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<bool, StoreError> {
    let named = clients::find_by_name(tx, tenant, GLOBAL_CLIENT)?;
    let is_global = |row: &ClientRow| {
        let document: serde_json::Value = serde_json::from_str(&row.document).unwrap_or_default();
        document.get("global") == Some(&true.into())
    };
    Ok(named.iter().any(is_global))
}

/// The Management API of a tenant as an API like any other (`management-api.md`, "System resource server").
fn management_api(tenant: &Tenant, scopes: &[String], random: &keywright_jose::Random) -> ResourceServer {
    ResourceServer {
        id: random.hex(12),
        name: "Keywright Management API".to_owned(),
        identifier: tenant.management_audience(),
        scopes: scopes.iter().map(|value| ResourceServerScope { value: value.clone(), description: None }).collect(),
        is_system: true,
        ..ResourceServer::default()
    }
}

fn grant_row(grant: &ClientGrant, now: Timestamp) -> Result<ClientGrantRow, AppError> {
    Ok(ClientGrantRow {
        id: grant.id.clone(),
        client_id: grant.client_id.clone(),
        audience: grant.audience.clone(),
        subject_type: grant.subject_type.as_str().to_owned(),
        document: serde_json::to_string(grant).map_err(AppError::internal)?,
        created_at: now,
    })
}

fn connection_row(connection: &Connection, now: Timestamp) -> Result<ConnectionRow, AppError> {
    Ok(ConnectionRow {
        id: connection.id.clone(),
        name: connection.name.clone(),
        strategy: connection.strategy.clone(),
        document: serde_json::to_string(connection).map_err(AppError::internal)?,
        options: None,
        created_at: now,
        updated_at: now,
    })
}
