//! Keys a tenant signs with, and their states next, current, previous, revoked (architecture §5; TK-06). Configuration.
//!
//! A row is an RSA key and the P-256 key that rotates with it. Every change of state is one conditional update: no row back
//! means that somebody was faster. Call several of them in one job, whose first write puts configuration writes in order.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, Value, config, params};

/// Where a key stands in rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not used yet. At most one per tenant: `signing_keys_next_key`.
    Next,
    /// Signs. At most one per tenant: `signing_keys_current_key`.
    Current,
    /// Published until it is revoked.
    Previous,
    /// Not published, not accepted, and its private halves are gone.
    Revoked,
}

impl KeyState {
    /// The state's name, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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
    /// Key identifier of the RSA key, as in the header of tokens.
    pub kid: String,
    /// Where it stands in rotation.
    pub state: KeyState,
    /// PKCS#8 DER, sealed. Empty once the key is revoked.
    pub private_key: Vec<u8>,
    /// X.509 DER.
    pub certificate: Vec<u8>,
    /// When it was made; from then on it is published.
    pub created_at: Timestamp,
    /// The P-256 key beside it; absent in rows of the version before, and once the key is revoked.
    pub ec: Option<EcKeyRow>,
    /// When it began to sign.
    pub current_since: Option<Timestamp>,
    /// When it stopped to sign.
    pub current_until: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

debug_shows!(SigningKeyRow: kid, state, created_at, current_since, current_until, revoked_at);

/// The P-256 half of a row.
#[derive(Clone, PartialEq, Eq)]
pub struct EcKeyRow {
    /// Key identifier, as in the header of tokens.
    pub kid: String,
    /// PKCS#8 DER, sealed.
    pub private_key: Vec<u8>,
}

debug_shows!(EcKeyRow: kid);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "kid, state, private_key, certificate, created_at, ec_kid, ec_private_key, current_since, current_until, revoked_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO signing_keys (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    INSERT_NEXT = concat!(
        "INSERT INTO signing_keys (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT DO NOTHING"
    );
    LIST = concat!("SELECT ", columns!(), " FROM signing_keys WHERE tenant_id = $1 ORDER BY created_at, kid");
    ADD_EC = "UPDATE signing_keys SET ec_kid = $3, ec_private_key = $4 \
              WHERE tenant_id = $1 AND kid = $2 AND ec_kid IS NULL AND state <> 'revoked'";
    RETIRE = "UPDATE signing_keys SET state = 'previous', current_until = $3 \
              WHERE tenant_id = $1 AND kid = $2 AND state = 'current'";
    PROMOTE = "UPDATE signing_keys SET state = 'current', current_since = $3 \
               WHERE tenant_id = $1 AND kid = $2 AND state = 'next'";
    REVOKE = "UPDATE signing_keys SET state = 'revoked', revoked_at = $4, private_key = $5, ec_private_key = NULL \
              WHERE tenant_id = $1 AND kid = $2 AND state = $3";
}

fn from_row(row: &Row) -> Result<SigningKeyRow, StoreError> {
    let state: String = row.get(1)?;
    let (ec_kid, ec_private_key): (Option<String>, Option<Vec<u8>>) = (row.get(5)?, row.get(6)?);
    Ok(SigningKeyRow {
        kid: row.get(0)?,
        state: KeyState::parse(&state).ok_or_else(|| row.corrupt(1, &format!("unknown state {state:?}")))?,
        private_key: row.get(2)?,
        certificate: row.get(3)?,
        created_at: row.get(4)?,
        ec: ec_kid.zip(ec_private_key).map(|(kid, private_key)| EcKeyRow { kid, private_key }),
        current_since: row.get(7)?,
        current_until: row.get(8)?,
        revoked_at: row.get(9)?,
    })
}

fn inserted(tenant: &TenantId, row: &SigningKeyRow) -> [Value; 11] {
    [
        tenant.into(),
        (&row.kid).into(),
        row.state.as_str().into(),
        (&row.private_key).into(),
        (&row.certificate).into(),
        row.created_at.into(),
        row.ec.as_ref().map(|ec| &ec.kid).into(),
        row.ec.as_ref().map(|ec| &ec.private_key).into(),
        row.current_since.into(),
        row.current_until.into(),
        row.revoked_at.into(),
    ]
}

/// Adds a key. Conflict on `signing_keys_pkey`; on `signing_keys_current_key` or `signing_keys_next_key` for a second one in
/// that state.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &SigningKeyRow) -> Result<(), StoreError> {
    config::bump(tx, tenant)?;
    tx.execute(INSERT, &inserted(tenant, row))?;
    Ok(())
}

/// Adds a key in state next unless the tenant has one. `false` when it has.
pub fn insert_next(tx: &mut Tx<'_>, tenant: &TenantId, row: &SigningKeyRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    let row = SigningKeyRow { state: KeyState::Next, ..row.clone() };
    Ok(tx.execute(INSERT_NEXT, &inserted(tenant, &row))? == 1)
}

/// All keys of the tenant in any state, oldest first.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<SigningKeyRow>, StoreError> {
    tx.query(LIST, params![tenant])?.iter().map(from_row).collect()
}

/// Gives a key of the version before its P-256 half. `false` when it has one, is revoked, or is not there.
pub fn add_ec(tx: &mut Tx<'_>, tenant: &TenantId, kid: &str, ec: &EcKeyRow) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(ADD_EC, params![tenant, kid, &ec.kid, &ec.private_key])? == 1)
}

/// Current becomes previous. `false` when the key is not the current one.
pub fn retire(tx: &mut Tx<'_>, tenant: &TenantId, kid: &str, now: Timestamp) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(RETIRE, params![tenant, kid, now])? == 1)
}

/// Next becomes current. `false` when the key is not the next one; conflict on `signing_keys_current_key` unless the
/// current one was retired before, in the same job.
pub fn promote(tx: &mut Tx<'_>, tenant: &TenantId, kid: &str, now: Timestamp) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(PROMOTE, params![tenant, kid, now])? == 1)
}

/// Revokes a key that is in state `from`, and removes its private halves. `false` when it is in another state.
pub fn revoke(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kid: &str,
    from: KeyState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(REVOKE, params![tenant, kid, from.as_str(), now, Vec::<u8>::new()])? == 1)
}
