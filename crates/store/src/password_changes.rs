//! When the password of an account was changed last (`last_password_reset`, `rules-and-actions.md` §2.5).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    PUT = "INSERT INTO password_changes (tenant_id, user_id, changed_at) VALUES ($1, $2, $3) \
           ON CONFLICT (tenant_id, user_id) DO UPDATE SET changed_at = excluded.changed_at";
    FIND = "SELECT changed_at FROM password_changes WHERE tenant_id = $1 AND user_id = $2";
}

/// Notes a change, in its transaction. Conflict on `foreign_key` when there is no such account.
pub(crate) fn put(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(PUT, params![tenant, user_id, now]).map(drop)
}

/// When it was; `None` for a password that is as the account was made with.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str) -> Result<Option<Timestamp>, StoreError> {
    tx.query_opt(FIND, params![tenant, user_id])?.map(|row| row.get(0)).transpose()
}
