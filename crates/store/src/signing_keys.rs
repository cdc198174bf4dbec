//! Keys a tenant signs with, and their states next, current, previous, revoked (architecture §5; TK-06). Configuration.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// Where a key stands in rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not used yet.
    Next,
    /// Signs. At most one per tenant: `signing_keys_current_key`.
    Current,
    /// Published until the last token it signed has expired.
    Previous,
    /// Not published, not accepted.
    Revoked,
}

impl KeyState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Revoked => "revoked",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Previous, Self::Revoked].into_iter().find(|state| state.as_str() == text)
    }
}

/// A signing key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Key identifier, as in the header of tokens.
    pub kid: String,
    /// Where it stands in rotation.
    pub state: KeyState,
    /// PKCS#8 DER, sealed with the master key.
    pub private_key: Vec<u8>,
    /// X.509 DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

debug_shows!(SigningKeyRow: kid, state, created_at);

statements! {
    INSERT = "INSERT INTO signing_keys (tenant_id, kid, state, private_key, certificate, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    LIST = "SELECT kid, state, private_key, certificate, created_at FROM signing_keys \
            WHERE tenant_id = $1 ORDER BY created_at, kid";
    SET_STATE = "UPDATE signing_keys SET state = $3 WHERE tenant_id = $1 AND kid = $2";
}

fn from_row(row: &Row) -> Result<SigningKeyRow, StoreError> {
    let state: String = row.get(1)?;
    Ok(SigningKeyRow {
        kid: row.get(0)?,
        state: KeyState::parse(&state).ok_or_else(|| row.corrupt(1, &format!("unknown state {state:?}")))?,
        private_key: row.get(2)?,
        certificate: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// Adds a key. Conflict on `signing_keys_pkey`, on `signing_keys_current_key` for a second current one.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &SigningKeyRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(
        INSERT,
        params![tenant, &row.kid, row.state.as_str(), &row.private_key, &row.certificate, row.created_at],
    )?;
    Ok(())
}

/// All keys of the tenant in any state, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<SigningKeyRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// Moves a key to another state. `false` when there is no such key; conflict on `signing_keys_current_key` when another
/// key is still current, so demote that one first in the same job.
pub fn set_state(tx: &mut Tx<'_>, tenant: &TenantId, kid: &str, state: KeyState) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(SET_STATE, params![tenant, kid, state.as_str()])? == 1)
}
