//! Authorization codes (RFC 6749 §4.1; CO-01 to CO-03): consumed once, remembered for as long as a replay matters.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A code as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationCodeRow {
    /// Keyed digest of the code: `authorization_codes_pkey`.
    pub code_digest: Vec<u8>,
    /// The application it was issued to.
    pub client_id: String,
    /// Who logged in.
    pub user_id: String,
    /// The `sid` of the session it came from.
    pub session_id: String,
    /// What the code is bound to (redirect URI, challenge, nonce, audience, scope, …), JSON.
    pub binding: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it can no longer be redeemed.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
    /// The refresh family that its redemption began.
    pub family_id: Option<String>,
    /// `iat` of the access token that its redemption gave; seconds.
    pub access_token_issued_at: Option<i64>,
    /// Identifier (`jti`) of that access token; absent for codes that the version before redeemed.
    pub access_token_id: Option<String>,
}

debug_shows!(
    AuthorizationCodeRow: client_id, user_id, session_id, created_at, expires_at, consumed_at, family_id,
        access_token_issued_at
);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "code_digest, client_id, user_id, session_id, binding, created_at, expires_at, consumed_at, family_id, \
         access_token_issued_at, access_token_id"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO authorization_codes (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM authorization_codes WHERE tenant_id = $1 AND code_digest = $2");
    CONSUME = concat!(
        "UPDATE authorization_codes SET consumed_at = $3 \
         WHERE tenant_id = $1 AND code_digest = $2 AND consumed_at IS NULL AND expires_at > $3 RETURNING ", columns!()
    );
    RECORD_ISSUED = "UPDATE authorization_codes SET family_id = $3, access_token_issued_at = $4, access_token_id = $5 \
                     WHERE tenant_id = $1 AND code_digest = $2 AND consumed_at IS NOT NULL";
}

fn from_row(row: &Row) -> Result<AuthorizationCodeRow, StoreError> {
    Ok(AuthorizationCodeRow {
        code_digest: row.get(0)?,
        client_id: row.get(1)?,
        user_id: row.get(2)?,
        session_id: row.get(3)?,
        binding: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        consumed_at: row.get(7)?,
        family_id: row.get(8)?,
        access_token_issued_at: row.get(9)?,
        access_token_id: row.get(10)?,
    })
}

/// Adds a code. Conflict on `authorization_codes_pkey`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &AuthorizationCodeRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.code_digest,
            &row.client_id,
            &row.user_id,
            &row.session_id,
            &row.binding,
            row.created_at,
            row.expires_at,
            row.consumed_at,
            row.family_id.as_ref(),
            row.access_token_issued_at,
            row.access_token_id.as_ref()
        ],
    )?;
    Ok(())
}

/// The code in any state: open, consumed or expired. A consumed one that comes again is a replay.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
) -> Result<Option<AuthorizationCodeRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, code_digest])?.as_ref().map(from_row).transpose()
}

/// Takes the code, once (CO-03): `None` when it was consumed before, is expired at `now` or does not exist.
pub fn consume(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
    now: Timestamp,
) -> Result<Option<AuthorizationCodeRow>, StoreError> {
    // RFC 6749 §4.1.2: "The client MUST NOT use the authorization code more than once."
    tx.query_opt(CONSUME, params![tenant, code_digest, now])?.as_ref().map(from_row).transpose()
}

/// Remembers what a consumed code gave, so that a replay can revoke it. Call it in the job that consumed the code: then no
/// replay can come in between. `access_token_issued_at` is in seconds, `access_token_id` its `jti`.
/// `false` when there is no such consumed code.
pub fn record_issued(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
    family_id: Option<&str>,
    access_token_issued_at: i64,
    access_token_id: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(RECORD_ISSUED, params![tenant, code_digest, family_id, access_token_issued_at, access_token_id])?
        == 1)
}
