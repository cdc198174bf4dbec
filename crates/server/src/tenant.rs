//! `keywright tenant create`: the first thing an operator does with a production server.
//!
//! TN-07: "First start creates no default credential; setup needs a secret printed locally". The credentials are
//! random, printed once on standard output of whoever can open the database, and stored sealed.

use keywright_app::{App, ManagementCredentials, NewTenant, ProvisioningError};
use keywright_management::SCOPES;
use keywright_types::{Tenant, TenantSettings};
use secrecy::ExposeSecret;

use crate::Failure;
use crate::config::Document;
use crate::instance;

/// Creates a tenant and prints its management credentials.
pub(crate) async fn create(configuration: Document, domain: &str, name: Option<&str>) -> Result<(), Failure> {
    let app = instance::open(configuration.storage()?, keywright_app::Clock::system()).await?;
    let settings = TenantSettings { friendly_name: name.map(str::to_owned), ..TenantSettings::default() };
    let created = create_tenant(&app, domain, settings).await;
    app.store().close().await;
    let (tenant, credentials) = created.map_err(|cause| match cause {
        ProvisioningError::Exists => Failure::TenantExists(domain.to_owned()),
        ProvisioningError::NotFound => Failure::App(keywright_app::AppError::internal(cause)),
        ProvisioningError::App(cause) => Failure::App(cause),
        other @ ProvisioningError::TooMany => Failure::App(keywright_app::AppError::internal(other)),
    })?;
    println!(
        "Tenant {} is there. Its first application may do everything over the Management API.\n\
         The secret is shown this once:\n\n  \
         domain         {}\n  client_id      {}\n  client_secret  {}\n  audience       {}\n\n\
         Get a token for the Management API:\n\n  \
         curl --request POST --url '{}' \\\n    --header 'content-type: application/json' \\\n    \
         --data '{{\"grant_type\":\"client_credentials\",\"client_id\":\"{}\",\"client_secret\":\"CLIENT_SECRET\",\"audience\":\"{}\"}}'",
        tenant.display_name(),
        tenant.domain,
        credentials.client_id,
        credentials.client_secret.expose_secret(),
        tenant.management_audience(),
        tenant.url("/oauth/token"),
        credentials.client_id,
        tenant.management_audience(),
    );
    Ok(())
}

/// A tenant whose first application has every scope of the Management API.
pub(crate) async fn create_tenant(
    app: &App,
    domain: &str,
    settings: TenantSettings,
) -> Result<(Tenant, ManagementCredentials), ProvisioningError> {
    app.create_tenant(NewTenant {
        domain: domain.to_owned(),
        settings,
        management_scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
    })
    .await
}
