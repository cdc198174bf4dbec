//! Passwords that users had before (`password_history` of a connection, §7.2 of the wire reference).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

statements! {
    /// Two changes within a millisecond have an order as well.
    INSERT = "INSERT INTO used_passwords (tenant_id, user_id, password_hash, replaced_at) VALUES ($1, $2, $3, COALESCE(( \
              SELECT MAX(replaced_at) + 1 FROM used_passwords \
              WHERE tenant_id = $1 AND user_id = $2 AND replaced_at >= $4), $4)) \
              ON CONFLICT (tenant_id, user_id, password_hash) DO UPDATE SET replaced_at = excluded.replaced_at";
    LIST = "SELECT password_hash FROM used_passwords WHERE tenant_id = $1 AND user_id = $2 \
            ORDER BY replaced_at DESC, password_hash LIMIT $3";
    TRIM = "DELETE FROM used_passwords WHERE tenant_id = $1 AND user_id = $2 AND password_hash NOT IN ( \
            SELECT password_hash FROM used_passwords WHERE tenant_id = $1 AND user_id = $2 \
            ORDER BY replaced_at DESC, password_hash LIMIT $3)";
}

/// Remembers the PHC string of a password that is replaced, and forgets all but the newest `most`. With 0 nothing stays.
/// Conflict on `foreign_key` when there is no such user.
pub fn remember(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    password_hash: Option<&str>,
    most: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(hash) = password_hash.filter(|_| most > 0) {
        tx.execute(INSERT, params![tenant, user_id, hash, now])?;
    }
    tx.execute(TRIM, params![tenant, user_id, i64::from(most)]).map(drop)
}

/// The PHC strings of the last `most` passwords before the current one, newest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, most: u32) -> Result<Vec<String>, StoreError> {
    tx.query(LIST, params![tenant, user_id, i64::from(most)])?.iter().map(|row| row.get(0)).collect()
}
