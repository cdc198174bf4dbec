//! Who belongs to which organization (§8.1).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    INSERT = "INSERT INTO organization_members (tenant_id, organization_id, user_id, created_at) \
              VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, organization_id, user_id) DO NOTHING";
    EXISTS = "SELECT user_id FROM organization_members WHERE tenant_id = $1 AND organization_id = $2 AND user_id = $3";
    ORGANIZATIONS = "SELECT o.document FROM organization_members m \
                     JOIN organizations o ON o.tenant_id = m.tenant_id AND o.organization_id = m.organization_id \
                     JOIN organization_connections c ON c.tenant_id = m.tenant_id \
                     AND c.organization_id = m.organization_id AND c.connection_id = $3 AND c.enabled \
                     WHERE m.tenant_id = $1 AND m.user_id = $2 ORDER BY o.name LIMIT $4";
    PAGE = "SELECT user_id FROM organization_members \
            WHERE tenant_id = $1 AND organization_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4 OFFSET $5";
    COUNT = "SELECT COUNT(*) FROM organization_members WHERE tenant_id = $1 AND organization_id = $2";
    OF_USER = "SELECT o.document FROM organization_members m \
               JOIN organizations o ON o.tenant_id = m.tenant_id AND o.organization_id = m.organization_id \
               WHERE m.tenant_id = $1 AND m.user_id = $2 ORDER BY o.name LIMIT $3 OFFSET $4";
    COUNT_OF_USER = "SELECT COUNT(*) FROM organization_members WHERE tenant_id = $1 AND user_id = $2";
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

/// Most organizations that somebody is shown at once.
const MOST_ORGANIZATIONS: i64 = 200;

/// The documents of the first 200 organizations, by name, that the user belongs to and that a connection is enabled in.
pub fn organizations(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    connection_id: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(ORGANIZATIONS, params![tenant, user_id, connection_id, MOST_ORGANIZATIONS])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Documents of the organizations that the user belongs to, by name, leaving out `skip` of them.
pub fn page_of_user(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    skip: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    tx.query(OF_USER, params![tenant, user_id, limit, skip])?.iter().map(|row| row.get(0)).collect()
}

/// How many organizations the user belongs to.
pub fn count_of_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<i64, StoreError> {
    tx.query_opt(COUNT_OF_USER, params![tenant, user_id])?.map_or(Ok(0), |row| row.get(0))
}

/// Removes a member. `false` when the user was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str, user_id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, params![tenant, organization_id, user_id])? == 1)
}

/// Identifiers of up to `limit` members, in their order, after `after` and leaving out `skip` of them.
pub fn page(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    organization_id: &str,
    after: &str,
    skip: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(PAGE, params![tenant, organization_id, after, limit, skip])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// How many members the organization has.
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId, organization_id: &str) -> Result<i64, StoreError> {
    tx.query_opt(COUNT, params![tenant, organization_id])?.map_or(Ok(0), |row| row.get(0))
}
