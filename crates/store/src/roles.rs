//! Roles, their permissions and who has them (Management API: roles).
//!
//! No configuration: nothing of it is cached, so that a role that is taken away counts at the next token (RT-05).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A role as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Made by the program: `roles_pkey`.
    pub role_id: String,
    /// Unique in the tenant: `roles_name_key`.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A scope of an API, by the API's identifier and the scope's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermissionRow {
    /// The API's identifier.
    pub audience: String,
    /// The scope.
    pub permission: String,
}

statements! {
    INSERT = "INSERT INTO roles (tenant_id, role_id, name, description, created_at) VALUES ($1, $2, $3, $4, $5)";
    FIND = "SELECT role_id, name, description, created_at FROM roles WHERE tenant_id = $1 AND role_id = $2";
    LIST = "SELECT role_id, name, description, created_at FROM roles WHERE tenant_id = $1 ORDER BY created_at, role_id";
    UPDATE = "UPDATE roles SET name = $3, description = $4 WHERE tenant_id = $1 AND role_id = $2";
    DELETE = "DELETE FROM roles WHERE tenant_id = $1 AND role_id = $2";
    ADD_PERMISSION = "INSERT INTO role_permissions (tenant_id, role_id, audience, permission) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT DO NOTHING";
    REMOVE_PERMISSION = "DELETE FROM role_permissions \
                         WHERE tenant_id = $1 AND role_id = $2 AND audience = $3 AND permission = $4";
    LIST_PERMISSIONS = "SELECT audience, permission FROM role_permissions WHERE tenant_id = $1 AND role_id = $2 \
                        ORDER BY audience, permission";
    ASSIGN = "INSERT INTO user_roles (tenant_id, user_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    UNASSIGN = "DELETE FROM user_roles WHERE tenant_id = $1 AND user_id = $2 AND role_id = $3";
    LIST_FOR_USER = "SELECT r.role_id, r.name, r.description, r.created_at FROM user_roles u \
                     JOIN roles r ON r.tenant_id = u.tenant_id AND r.role_id = u.role_id \
                     WHERE u.tenant_id = $1 AND u.user_id = $2 ORDER BY r.created_at, r.role_id";
    PAGE_USERS = "SELECT user_id FROM user_roles WHERE tenant_id = $1 AND role_id = $2 AND user_id > $3 \
                  ORDER BY user_id LIMIT $4 OFFSET $5";
    COUNT_USERS = "SELECT COUNT(*) FROM user_roles WHERE tenant_id = $1 AND role_id = $2";
    LIST_USERS = "SELECT user_id FROM user_roles WHERE tenant_id = $1 AND role_id = $2 ORDER BY user_id";
}

pub(crate) fn from_row(row: &Row) -> Result<RoleRow, StoreError> {
    Ok(RoleRow { role_id: row.get(0)?, name: row.get(1)?, description: row.get(2)?, created_at: row.get(3)? })
}

pub(crate) fn permission_from_row(row: &Row) -> Result<PermissionRow, StoreError> {
    Ok(PermissionRow { audience: row.get(0)?, permission: row.get(1)? })
}

/// Adds a role. Conflict on `roles_pkey`, on `roles_name_key`, or on `foreign_key` when there is no such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &RoleRow) -> Result<(), StoreError> {
    tx.execute(INSERT, params![tenant, &row.role_id, &row.name, &row.description, row.created_at])?;
    Ok(())
}

/// The role with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<Option<RoleRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, role_id])?.as_ref().map(from_row).transpose()
}

/// All roles of the tenant, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<RoleRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// Replaces name and description. `false` when there is no such role; conflict on `roles_name_key`.
pub fn update(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role_id: &str,
    name: &str,
    description: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(UPDATE, params![tenant, role_id, name, description])? == 1)
}

/// Removes a role, and with it its permissions from everybody who has it. `false` when there is no such role.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<bool, StoreError> {
    // The foreign keys of role_permissions and user_roles cascade.
    Ok(tx.execute(DELETE, params![tenant, role_id])? == 1)
}

/// Gives the role a permission. `false` when it has it; conflict on `foreign_key` when there is no such role or API.
pub fn add_permission(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role_id: &str,
    permission: &PermissionRow,
) -> Result<bool, StoreError> {
    Ok(tx.execute(ADD_PERMISSION, params![tenant, role_id, &permission.audience, &permission.permission])? == 1)
}

/// Takes a permission from the role. `false` when it has it not.
pub fn remove_permission(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role_id: &str,
    permission: &PermissionRow,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE_PERMISSION, params![tenant, role_id, &permission.audience, &permission.permission])? == 1)
}

/// The permissions of the role, by API and name.
pub fn list_permissions(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<Vec<PermissionRow>, StoreError> {
    tx.query(LIST_PERMISSIONS, params![tenant, role_id])?.iter().map(permission_from_row).collect()
}

/// Gives a user the role. `false` when they have it; conflict on `foreign_key` when there is no such user or role.
pub fn assign(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, role_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(ASSIGN, params![tenant, user_id, role_id])? == 1)
}

/// Takes the role from a user. `false` when they have it not.
pub fn unassign(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, role_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(UNASSIGN, params![tenant, user_id, role_id])? == 1)
}

/// The roles of a user, oldest first.
pub fn list_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<RoleRow>, StoreError> {
    tx.query(LIST_FOR_USER, params![tenant, user_id])?.iter().map(from_row).collect()
}

/// Identifiers of the users who have the role, in their order.
pub fn list_users(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_USERS, params![tenant, role_id])?.iter().map(|row| row.get(0)).collect()
}

/// Identifiers of up to `limit` users who have the role, in their order, after `after` and leaving out `skip` of them.
pub fn page_users(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role_id: &str,
    after: &str,
    skip: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    tx.query(PAGE_USERS, params![tenant, role_id, after, limit, skip])?.iter().map(|row| row.get(0)).collect()
}

/// How many users have the role.
pub fn count_users(tx: &mut Tx<'_>, tenant: &TenantId, role_id: &str) -> Result<i64, StoreError> {
    tx.query_opt(COUNT_USERS, params![tenant, role_id])?.map_or(Ok(0), |row| row.get(0))
}
