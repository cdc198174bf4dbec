//! `POST /dbconnections/signup` and `POST /dbconnections/change_password` (§7.1, §7.2): what applications with a login form of
//! their own do for people who have no account yet, or no password any more. No authentication; the application and the
//! connection are named, and have to belong together.

mod change_password;
mod error;
mod request;
mod signup;

use std::sync::Arc;

use keywright_app::{App, ClientRecord};
use keywright_types::{Connection, Tenant};

pub(crate) use change_password::post as change_password;
pub(crate) use error::method_not_allowed;
pub(crate) use signup::post as signup;

use error::DatabaseError;
use request::Request;

/// The application and its database connection that a request names, and the organization.
struct Named {
    client: Arc<ClientRecord>,
    connection: Connection,
    /// Identifier of the organization.
    organization: Option<String>,
}

impl Named {
    async fn of(app: &App, tenant: &Tenant, request: &Request) -> Result<Self, DatabaseError> {
        let client_id = request.required("client_id")?;
        let client = app.client(&tenant.id, client_id).await?.ok_or(DatabaseError::Said("unknown client"))?;
        let name = request.required("connection")?;
        let organization = match request.text("organization") {
            Some(wanted) => Some(organization(app, tenant, wanted).await?),
            None => None,
        };
        let all = app.login_connections(&tenant.id, &client.client, organization.as_deref()).await?;
        let named = all.iter().find(|own| own.name == name);
        let connection = named.cloned().ok_or(DatabaseError::Said("the connection was not found"))?;
        if !connection.is_database() {
            return Err(DatabaseError::Said("specified strategy does not support requested operation"));
        }
        let organization = organization.map(|record| record.organization.id.clone());
        Ok(Self { client, connection, organization })
    }
}

/// By identifier, or by name where the tenant allows names (§8.1).
async fn organization(
    app: &App,
    tenant: &Tenant,
    wanted: &str,
) -> Result<Arc<keywright_app::OrganizationRecord>, DatabaseError> {
    let found = if wanted.starts_with("org_") {
        app.organization(&tenant.id, wanted).await?
    } else if tenant.settings.allow_organization_name_in_authentication_api {
        app.organization_by_name(&tenant.id, wanted).await?
    } else {
        None
    };
    found.ok_or(DatabaseError::Said("the organization was not found"))
}
