//! Who belongs to which organization (§8.1).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO organization_members (tenant_id, organization_id, user_id, created_at) \
              VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, organization_id, user_id) DO NOTHING";
    EXISTS = "SELECT user_id FROM organization_members WHERE tenant_id = $1 AND organization_id = $2 AND user_id = $3";
    DELETE = "DELETE FROM organization_members WHERE tenant_id = $1 AND organization_id = $2 AND user_id = $3";
}

/// Adds a member. `false` when the user was one before. Conflict on `foreign_key` when there is no such organization or
/// user.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(INSERT, params![tenant, organization_id, user_id, now])? == 1)
}

/// Whether the user is a member.
pub fn exists(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt(EXISTS, params![tenant, organization_id, user_id])?.is_some())
}

/// Removes a member. `false` when the user was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, organization_id, user_id])? == 1)
}
