//! Roles that a member has in one organization (Management API §8.2). They count for tokens of logins as that member.

use keywright_types::TenantId;

use crate::roles::{RoleRow, from_row};
use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO organization_member_roles (tenant_id, organization_id, user_id, role_id) \
              VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    LIST = "SELECT r.role_id, r.name, r.description, r.created_at FROM organization_member_roles m \
            JOIN roles r ON r.tenant_id = m.tenant_id AND r.role_id = m.role_id \
            WHERE m.tenant_id = $1 AND m.organization_id = $2 AND m.user_id = $3 ORDER BY r.created_at, r.role_id";
    DELETE = "DELETE FROM organization_member_roles \
              WHERE tenant_id = $1 AND organization_id = $2 AND user_id = $3 AND role_id = $4";
}

/// Gives a member a role. `false` when they have it; conflict on `foreign_key` when there is no such member or role.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    user_id: &str,
    role_id: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(INSERT, params![tenant, organization_id, user_id, role_id])? == 1)
}

/// The roles of a member, oldest first.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    user_id: &str,
) -> Result<Vec<RoleRow>, StoreError> {
    tx.query(LIST, params![tenant, organization_id, user_id])?.iter().map(from_row).collect()
}

/// Takes a role from a member. `false` when they have it not.
pub fn delete(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    user_id: &str,
    role_id: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, organization_id, user_id, role_id])? == 1)
}
