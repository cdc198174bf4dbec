//! Roles and permissions (RBAC; §8.2, Management API §5.1 and §7). Nothing is cached: what is taken away counts at once.

use keywright_store::roles::{self, PermissionRow, RoleRow};
use keywright_store::{StoreError, Tx, resource_servers, user_permissions, users};
use keywright_types::{Permission, ResourceServer, Role, TenantId};

use crate::config_cache::document;
use crate::{App, AppError};

/// Why roles or permissions could not be changed. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// Another role has the name.
    #[error("a role with this name exists already")]
    NameTaken,
    /// There is no such role.
    #[error("the role does not exist")]
    UnknownRole,
    /// There is no such user.
    #[error("the user does not exist")]
    UnknownUser,
    /// There is no API with this identifier.
    #[error("the API does not exist: {0}")]
    UnknownApi(String),
    /// The API defines no such scope.
    #[error("the API {audience} has no permission {permission}")]
    UnknownPermission {
        /// The API's identifier.
        audience: String,
        /// What it does not define.
        permission: String,
    },
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for RoleError {
    fn from(error: StoreError) -> Self {
        match error.constraint() {
            Some("roles_name_key") => Self::NameTaken,
            _ => Self::App(error.into()),
        }
    }
}

impl App {
    /// Creates a role without permissions.
    pub async fn create_role(&self, tenant: &TenantId, name: &str, description: &str) -> Result<Role, RoleError> {
        let role = Role {
            id: format!("rol_{}", self.random().identifier(16)),
            name: name.to_owned(),
            description: description.to_owned(),
        };
        let row = RoleRow {
            role_id: role.id.clone(),
            name: role.name.clone(),
            description: role.description.clone(),
            created_at: self.now(),
        };
        let id = tenant.clone();
        self.store().write(move |tx| roles::insert(tx, &id, &row).map_err(RoleError::from)).await?;
        Ok(role)
    }

    /// The role with this identifier.
    pub async fn role(&self, tenant: &TenantId, role_id: &str) -> Result<Option<Role>, AppError> {
        let (id, role_id) = (tenant.clone(), role_id.to_owned());
        Ok(self.store().read(move |tx| roles::find(tx, &id, &role_id)).await?.map(role))
    }

    /// All roles of the tenant, oldest first.
    pub async fn roles(&self, tenant: &TenantId) -> Result<Vec<Role>, AppError> {
        let id = tenant.clone();
        Ok(self.store().read(move |tx| roles::list(tx, &id)).await?.into_iter().map(role).collect())
    }

    /// Replaces name and description of a role.
    pub async fn update_role(&self, tenant: &TenantId, role: &Role) -> Result<(), RoleError> {
        let (id, role) = (tenant.clone(), role.clone());
        let change = move |tx: &mut Tx<'_>| {
            let changed = roles::update(tx, &id, &role.id, &role.name, &role.description)?;
            if changed { Ok(()) } else { Err(RoleError::UnknownRole) }
        };
        self.store().write(change).await
    }

    /// Deletes a role and takes it from everybody. `false` when there was none.
    pub async fn delete_role(&self, tenant: &TenantId, role_id: &str) -> Result<bool, AppError> {
        let (id, role_id) = (tenant.clone(), role_id.to_owned());
        Ok(self.store().write(move |tx| roles::delete(tx, &id, &role_id)).await?)
    }

    /// Adds permissions to a role; those that it has stay. All of them or none.
    pub async fn add_role_permissions(
        &self,
        tenant: &TenantId,
        role_id: &str,
        permissions: &[Permission],
    ) -> Result<(), RoleError> {
        let (id, role_id, permissions) = (tenant.clone(), role_id.to_owned(), permissions.to_vec());
        let add = move |tx: &mut Tx<'_>| {
            existing_role(tx, &id, &role_id)?;
            for permission in defined(tx, &id, &permissions)? {
                roles::add_permission(tx, &id, &role_id, &permission)?;
            }
            Ok(())
        };
        self.store().write(add).await
    }

    /// Takes permissions from a role. Those that it has not are passed over.
    pub async fn remove_role_permissions(
        &self,
        tenant: &TenantId,
        role_id: &str,
        permissions: &[Permission],
    ) -> Result<(), RoleError> {
        let (id, role_id, permissions) = (tenant.clone(), role_id.to_owned(), permissions.to_vec());
        let remove = move |tx: &mut Tx<'_>| {
            existing_role(tx, &id, &role_id)?;
            for permission in &permissions {
                roles::remove_permission(tx, &id, &role_id, &row(permission))?;
            }
            Ok(())
        };
        self.store().write(remove).await
    }

    /// The permissions of a role.
    pub async fn role_permissions(&self, tenant: &TenantId, role_id: &str) -> Result<Vec<Permission>, AppError> {
        let (id, role_id) = (tenant.clone(), role_id.to_owned());
        let rows = self.store().read(move |tx| roles::list_permissions(tx, &id, &role_id)).await?;
        Ok(rows.into_iter().map(permission).collect())
    }

    /// Gives a user roles; those that they have stay. All of them or none.
    pub async fn assign_user_roles(
        &self,
        tenant: &TenantId,
        user_id: &str,
        role_ids: &[String],
    ) -> Result<(), RoleError> {
        let (id, user_id, role_ids) = (tenant.clone(), user_id.to_owned(), role_ids.to_vec());
        let assign = move |tx: &mut Tx<'_>| {
            existing_user(tx, &id, &user_id)?;
            for role_id in &role_ids {
                existing_role(tx, &id, role_id)?;
                roles::assign(tx, &id, &user_id, role_id)?;
            }
            Ok(())
        };
        self.store().write(assign).await
    }

    /// Takes roles from a user. Those that they have not are passed over.
    pub async fn remove_user_roles(
        &self,
        tenant: &TenantId,
        user_id: &str,
        role_ids: &[String],
    ) -> Result<(), RoleError> {
        let (id, user_id, role_ids) = (tenant.clone(), user_id.to_owned(), role_ids.to_vec());
        let remove = move |tx: &mut Tx<'_>| {
            existing_user(tx, &id, &user_id)?;
            for role_id in &role_ids {
                roles::unassign(tx, &id, &user_id, role_id)?;
            }
            Ok(())
        };
        self.store().write(remove).await
    }

    /// The roles of a user.
    pub async fn user_roles(&self, tenant: &TenantId, user_id: &str) -> Result<Vec<Role>, AppError> {
        let (id, user_id) = (tenant.clone(), user_id.to_owned());
        let rows = self.store().read(move |tx| roles::list_for_user(tx, &id, &user_id)).await?;
        Ok(rows.into_iter().map(role).collect())
    }

    /// Identifiers of the users who have a role.
    pub async fn role_users(&self, tenant: &TenantId, role_id: &str) -> Result<Vec<String>, AppError> {
        let (id, role_id) = (tenant.clone(), role_id.to_owned());
        Ok(self.store().read(move |tx| roles::list_users(tx, &id, &role_id)).await?)
    }

    /// Gives a user permissions directly; those that they have stay. All of them or none.
    pub async fn add_user_permissions(
        &self,
        tenant: &TenantId,
        user_id: &str,
        permissions: &[Permission],
    ) -> Result<(), RoleError> {
        let (id, user_id, permissions) = (tenant.clone(), user_id.to_owned(), permissions.to_vec());
        let add = move |tx: &mut Tx<'_>| {
            existing_user(tx, &id, &user_id)?;
            for permission in defined(tx, &id, &permissions)? {
                user_permissions::insert(tx, &id, &user_id, &permission)?;
            }
            Ok(())
        };
        self.store().write(add).await
    }

    /// Takes direct permissions from a user. Those that they have not, or have by a role, are passed over.
    pub async fn remove_user_permissions(
        &self,
        tenant: &TenantId,
        user_id: &str,
        permissions: &[Permission],
    ) -> Result<(), RoleError> {
        let (id, user_id, permissions) = (tenant.clone(), user_id.to_owned(), permissions.to_vec());
        let remove = move |tx: &mut Tx<'_>| {
            existing_user(tx, &id, &user_id)?;
            for permission in &permissions {
                user_permissions::delete(tx, &id, &user_id, &row(permission))?;
            }
            Ok(())
        };
        self.store().write(remove).await
    }

    /// The direct permissions of a user.
    pub async fn user_permissions(&self, tenant: &TenantId, user_id: &str) -> Result<Vec<Permission>, AppError> {
        let (id, user_id) = (tenant.clone(), user_id.to_owned());
        let rows = self.store().read(move |tx| user_permissions::list(tx, &id, &user_id)).await?;
        Ok(rows.into_iter().map(permission).collect())
    }
}

/// Names of a user's permissions on an API, direct ones and those of roles, as far as the API still defines them
/// (Management API §1.14: a scope that the API loses "disappears from role/user permissions"). Who logged in as a member of
/// an organization has those of their roles there too.
pub fn effective_permissions(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    api: &ResourceServer,
    organization_id: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let audience = &api.identifier;
    let mut names = match organization_id {
        Some(id) => user_permissions::effective_as_member(tx, tenant, user_id, audience, id)?,
        None => user_permissions::effective(tx, tenant, user_id, audience)?,
    };
    names.retain(|name| api.defines(name));
    Ok(names)
}

fn existing_role(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<(), RoleError> {
    roles::find(tx, tenant, role_id)?.map(drop).ok_or(RoleError::UnknownRole)
}

fn existing_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<(), RoleError> {
    users::find(tx, tenant, user_id)?.map(drop).ok_or(RoleError::UnknownUser)
}

/// The rows of permissions that APIs define.
fn defined(tx: &mut Tx<'_>, tenant: &TenantId, permissions: &[Permission]) -> Result<Vec<PermissionRow>, RoleError> {
    let mut rows = Vec::with_capacity(permissions.len());
    for permission in permissions {
        let audience = &permission.resource_server_identifier;
        let api = resource_servers::find_by_identifier(tx, tenant, audience)?;
        let api = api.ok_or_else(|| RoleError::UnknownApi(audience.clone()))?;
        let api: ResourceServer = document("resource_servers", &api.document)?;
        if !api.defines(&permission.permission_name) {
            return Err(RoleError::UnknownPermission {
                audience: audience.clone(),
                permission: permission.permission_name.clone(),
            });
        }
        rows.push(row(permission));
    }
    Ok(rows)
}

fn role(row: RoleRow) -> Role {
    Role { id: row.role_id, name: row.name, description: row.description }
}

fn permission(row: PermissionRow) -> Permission {
    Permission { resource_server_identifier: row.audience, permission_name: row.permission }
}

fn row(permission: &Permission) -> PermissionRow {
    PermissionRow {
        audience: permission.resource_server_identifier.clone(),
        permission: permission.permission_name.clone(),
    }
}
