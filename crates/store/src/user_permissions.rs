//! What users may do on APIs: permissions of their own, and those of their roles (§8.2; Management API: users).

use keywright_types::TenantId;

use crate::roles::{PermissionRow, permission_from_row};
use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO user_permissions (tenant_id, user_id, audience, permission) VALUES ($1, $2, $3, $4) \
              ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM user_permissions \
              WHERE tenant_id = $1 AND user_id = $2 AND audience = $3 AND permission = $4";
    LIST = "SELECT audience, permission FROM user_permissions WHERE tenant_id = $1 AND user_id = $2 \
            ORDER BY audience, permission";
    /// Both halves are found by primary keys: the user's rows for this API, and for each of their roles its rows for it.
    EFFECTIVE = "SELECT permission FROM user_permissions WHERE tenant_id = $1 AND user_id = $2 AND audience = $3 \
                 UNION \
                 SELECT p.permission FROM user_roles u \
                 JOIN role_permissions p ON p.tenant_id = u.tenant_id AND p.role_id = u.role_id AND p.audience = $3 \
                 WHERE u.tenant_id = $1 AND u.user_id = $2 \
                 ORDER BY permission";
    /// The same, and for each role that the user has as a member of the organization its rows.
    EFFECTIVE_AS_MEMBER = "SELECT permission FROM user_permissions \
                           WHERE tenant_id = $1 AND user_id = $2 AND audience = $3 \
                           UNION \
                           SELECT p.permission FROM user_roles u JOIN role_permissions p \
                           ON p.tenant_id = u.tenant_id AND p.role_id = u.role_id AND p.audience = $3 \
                           WHERE u.tenant_id = $1 AND u.user_id = $2 \
                           UNION \
                           SELECT p.permission FROM organization_member_roles m JOIN role_permissions p \
                           ON p.tenant_id = m.tenant_id AND p.role_id = m.role_id AND p.audience = $3 \
                           WHERE m.tenant_id = $1 AND m.organization_id = $4 AND m.user_id = $2 \
                           ORDER BY permission";
}

/// Gives a user a permission directly. `false` when they have it; conflict on `foreign_key` when there is no such user or
/// API.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    permission: &PermissionRow,
) -> Result<bool, StoreError> {
    Ok(tx.execute(INSERT, params![tenant, user_id, &permission.audience, &permission.permission])? == 1)
}

/// Takes a direct permission from a user; a role may still give it. `false` when they have it not.
pub fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    permission: &PermissionRow,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, user_id, &permission.audience, &permission.permission])? == 1)
}

/// The direct permissions of a user, by API and name.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Vec<PermissionRow>, StoreError> {
    tx.query(LIST, params![tenant, user_id])?.iter().map(permission_from_row).collect()
}

/// Names of all permissions of a user on one API, direct ones and those of roles, each once.
pub fn effective(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, audience: &str) -> Result<Vec<String>, StoreError> {
    tx.query(EFFECTIVE, params![tenant, user_id, audience])?.iter().map(|row| row.get(0)).collect()
}

/// The same for a user who logged in as a member of an organization: with the permissions of their roles there.
pub fn effective_as_member(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    audience: &str,
    organization_id: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(EFFECTIVE_AS_MEMBER, params![tenant, user_id, audience, organization_id])?;
    rows.iter().map(|row| row.get(0)).collect()
}
