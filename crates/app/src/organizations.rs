//! Organizations (§8.1): creating them, what is enabled in them, and who belongs to them.

use keywright_store::organizations::{self, OrganizationRow};
use keywright_store::{StoreError, Tx, organization_members};
use keywright_types::{Client, Connection, Organization, OrganizationConnection, TenantId};

use crate::config_cache::document;
use crate::{App, AppError, OrganizationRecord};

/// Why an organization could not be created or changed.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// The name does not fit into a host name (`Organization::is_name`).
    #[error("the name is not valid")]
    InvalidName,
    /// Another organization has the name.
    #[error("it exists already")]
    Exists,
    /// No such organization, connection or user.
    #[error("there is no such organization, connection or user")]
    NotFound,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for OrganizationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { constraint, .. } if constraint == "foreign_key" => Self::NotFound,
            StoreError::Conflict { .. } => Self::Exists,
            other => Self::App(other.into()),
        }
    }
}

/// How a user stands to the organization that a request is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// A member.
    Member,
    /// Becomes a member by this login (`assign_membership_on_login`).
    Joins,
    /// Neither.
    Stranger,
}

impl OrganizationRecord {
    /// How a user of `connection` stands to this organization.
    pub fn membership(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        connection: Option<&Connection>,
    ) -> Result<Membership, StoreError> {
        if organization_members::exists(tx, tenant, &self.organization.id, user_id)? {
            return Ok(Membership::Member);
        }
        let joins = connection.and_then(|connection| self.enabled(&connection.id));
        Ok(match joins {
            Some(enabled) if enabled.assign_membership_on_login => Membership::Joins,
            _ => Membership::Stranger,
        })
    }

    /// How a connection is enabled here.
    #[must_use]
    pub fn enabled(&self, connection_id: &str) -> Option<&OrganizationConnection> {
        self.connections.iter().find(|own| own.connection_id == connection_id)
    }
}

/// The organizations that a user can log in as a member of over a connection, by name.
pub fn organizations_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    connection: &Connection,
) -> Result<Vec<Organization>, AppError> {
    let documents = organization_members::organizations(tx, tenant, user_id, &connection.id)?;
    documents.iter().map(|json| document("organizations", json)).collect()
}

impl App {
    /// The connections over which users may log in for a request, those that are enabled for its application or, in an
    /// organization, those that are enabled there: "they replace the client's list" (§8.1). Sign-up in an organization is
    /// open where the organization says so too. Users log in over databases only; connections of other strategies are kept for
    /// tools (`management-api.md` §4.3).
    pub async fn login_connections(
        &self,
        tenant: &TenantId,
        client: &Client,
        organization: Option<&OrganizationRecord>,
    ) -> Result<Vec<Connection>, AppError> {
        let all = self.connections(tenant).await?;
        let databases = || all.iter().filter(|connection| connection.is_database());
        let Some(organization) = organization else {
            return Ok(databases().filter(|connection| connection.is_usable_by(client)).cloned().collect());
        };
        // §8.3: domain-level connections only, also there.
        let usable = databases().filter(|connection| {
            connection.authentication.active && (client.is_first_party || connection.is_domain_connection)
        });
        let enabled = usable.filter_map(|connection| Some((connection, organization.enabled(&connection.id)?)));
        let connections = enabled.map(|(connection, enabled)| {
            let mut connection = connection.clone();
            connection.options.disable_signup |= !(enabled.is_signup_enabled && enabled.assign_membership_on_login);
            connection
        });
        Ok(connections.collect())
    }

    /// A new organization; its identifier is made here.
    pub async fn create_organization(
        &self,
        tenant: &TenantId,
        organization: Organization,
    ) -> Result<Organization, OrganizationError> {
        let organization = Organization { id: format!("org_{}", self.random().identifier(16)), ..organization };
        let (id, row) = (tenant.clone(), self.organization_row(&organization)?);
        self.store().write(move |tx| organizations::insert(tx, &id, &row)).await?;
        Ok(organization)
    }

    /// Replaces the document of an organization.
    pub async fn update_organization(
        &self,
        tenant: &TenantId,
        organization: &Organization,
    ) -> Result<(), OrganizationError> {
        let (id, row) = (tenant.clone(), self.organization_row(organization)?);
        let changed = self.store().write(move |tx| organizations::update(tx, &id, &row)).await;
        if changed? { Ok(()) } else { Err(OrganizationError::NotFound) }
    }

    /// Removes an organization; its users stay, and its refresh tokens are worth nothing.
    pub async fn delete_organization(&self, tenant: &TenantId, organization_id: &str) -> Result<(), OrganizationError> {
        let (id, wanted) = (tenant.clone(), organization_id.to_owned());
        self.store().write(move |tx| organizations::delete(tx, &id, &wanted)).await?;
        Ok(())
    }

    /// Enables a connection in an organization, or changes how it is enabled.
    pub async fn enable_organization_connection(
        &self,
        tenant: &TenantId,
        organization_id: &str,
        connection: &OrganizationConnection,
    ) -> Result<(), OrganizationError> {
        let document = serde_json::to_string(connection).map_err(AppError::internal)?;
        let (id, organization, connection) =
            (tenant.clone(), organization_id.to_owned(), connection.connection_id.clone());
        let now = self.now();
        self.store()
            .write(move |tx| organizations::put_connection(tx, &id, &organization, &connection, &document, now))
            .await?;
        Ok(())
    }

    /// Takes a connection out of an organization.
    pub async fn disable_organization_connection(
        &self,
        tenant: &TenantId,
        organization_id: &str,
        connection_id: &str,
    ) -> Result<(), OrganizationError> {
        let (id, organization, connection) = (tenant.clone(), organization_id.to_owned(), connection_id.to_owned());
        self.store().write(move |tx| organizations::delete_connection(tx, &id, &organization, &connection)).await?;
        Ok(())
    }

    /// Makes a user a member. `false` when the user was one before.
    pub async fn add_organization_member(
        &self,
        tenant: &TenantId,
        organization_id: &str,
        user_id: &str,
    ) -> Result<bool, OrganizationError> {
        let (id, organization, user, now) =
            (tenant.clone(), organization_id.to_owned(), user_id.to_owned(), self.now());
        let added = self.store().write(move |tx| organization_members::insert(tx, &id, &organization, &user, now));
        Ok(added.await?)
    }

    /// Ends a membership. `false` when there was none.
    pub async fn remove_organization_member(
        &self,
        tenant: &TenantId,
        organization_id: &str,
        user_id: &str,
    ) -> Result<bool, OrganizationError> {
        let (id, organization, user) = (tenant.clone(), organization_id.to_owned(), user_id.to_owned());
        let removed = self.store().write(move |tx| organization_members::delete(tx, &id, &organization, &user));
        Ok(removed.await?)
    }

    fn organization_row(&self, organization: &Organization) -> Result<OrganizationRow, OrganizationError> {
        if !Organization::is_name(&organization.name) {
            return Err(OrganizationError::InvalidName);
        }
        let now = self.now();
        Ok(OrganizationRow {
            organization_id: organization.id.clone(),
            name: organization.name.clone(),
            document: serde_json::to_string(organization).map_err(AppError::internal)?,
            created_at: now,
            updated_at: now,
        })
    }
}
