//! Claims that Rules and Actions gave to `/userinfo`, and the scopes that a token had before they changed them, by application,
//! user and second of the access token (`rules-and-actions.md` §2.8, §9 (1)).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{StoreError, Tx, params};

/// What is kept for one access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserinfoClaimsRow {
    /// Whose token.
    pub user_id: String,
    /// The application that got it.
    pub client_id: String,
    /// `iat`, seconds.
    pub issued_at: i64,
    /// What was granted before scripts changed it.
    pub scope: String,
    /// JSON object.
    pub claims: String,
    /// When the token has expired.
    pub expires_at: Timestamp,
}

statements! {
    PUT = "INSERT INTO userinfo_claims (tenant_id, user_id, client_id, issued_at, scope, claims, expires_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, user_id, client_id, issued_at) \
           DO UPDATE SET scope = excluded.scope, claims = excluded.claims, expires_at = excluded.expires_at";
    FIND = "SELECT scope, claims, expires_at FROM userinfo_claims \
            WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND issued_at = $4";
}

/// Keeps the claims of a token, in the transaction that issues it. Of two tokens of one second the later one counts. Conflict on
/// `foreign_key` when there is no such user.
pub fn put(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserinfoClaimsRow) -> Result<(), StoreError> {
    let UserinfoClaimsRow { user_id, client_id, issued_at, scope, claims, expires_at } = row;
    tx.execute(PUT, params![tenant, user_id, client_id, *issued_at, scope, claims, *expires_at]).map(drop)
}

/// The claims of the token that the application got for the user at `issued_at` (`iat`, seconds).
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    client_id: &str,
    issued_at: i64,
) -> Result<Option<UserinfoClaimsRow>, StoreError> {
    let found = tx.query_opt(FIND, params![tenant, user_id, client_id, issued_at])?;
    let read = |row: &crate::Row| {
        Ok(UserinfoClaimsRow {
            user_id: user_id.to_owned(),
            client_id: client_id.to_owned(),
            issued_at,
            scope: row.get(0)?,
            claims: row.get(1)?,
            expires_at: row.get(2)?,
        })
    };
    found.as_ref().map(read).transpose()
}
