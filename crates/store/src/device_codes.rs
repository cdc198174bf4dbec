//! Codes of the device flow (RFC 8628; DV-01, DV-04 to DV-06): requested by a device, decided on by a user, and good for
//! tokens once. Every step from state to state is one conditional write.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// Where a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceCodeState {
    /// Nobody has decided.
    Pending,
    /// A user has agreed.
    Approved,
    /// A user or the server has refused.
    Denied,
}

impl DeviceCodeState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Pending, Self::Approved, Self::Denied].into_iter().find(|state| state.as_str() == text).ok_or_else(
            || StoreError::Corrupt {
                table: "device_codes".to_owned(),
                column: "state".to_owned(),
                detail: format!("unknown state {text:?}"),
            },
        )
    }
}

/// A code as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCodeRow {
    /// Keyed digest of the code that the device keeps: `device_codes_pkey`.
    pub code_digest: Vec<u8>,
    /// Keyed digest of the code that people type, as long as it can be typed: `device_codes_user_code_key`.
    pub user_code_digest: Option<Vec<u8>>,
    /// The application that asked.
    pub client_id: String,
    /// The validated request, JSON; never changes.
    pub request: String,
    /// Where the request came from.
    pub ip: Option<String>,
    /// Seconds that the device has to leave between two questions.
    pub poll_interval: i64,
    /// Where it stands.
    pub state: DeviceCodeState,
    /// Who agreed, in which session, and to what (JSON); only when approved.
    pub approval: Option<DeviceApproval>,
    /// Public sentence; only when denied.
    pub denial: Option<String>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
    /// When the device got its tokens or was told that it gets none.
    pub ended_at: Option<Timestamp>,
}

/// What a user agreed to.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceApproval {
    /// Who.
    pub user_id: String,
    /// The `sid` of the session in which that was.
    pub session_id: String,
    /// What the tokens will be made from, JSON.
    pub binding: String,
}

debug_shows!(DeviceApproval: user_id, session_id);
debug_shows!(DeviceCodeRow: client_id, poll_interval, state, approval, created_at, expires_at, ended_at);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "code_digest, user_code_digest, client_id, request, ip, poll_interval, state, user_id, session_id, binding, denial, \
         created_at, expires_at, ended_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO device_codes (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM device_codes WHERE tenant_id = $1 AND code_digest = $2");
    FIND_BY_USER_CODE = concat!(
        "SELECT ", columns!(), " FROM device_codes \
         WHERE tenant_id = $1 AND user_code_digest = $2 AND state = 'pending' AND expires_at > $3"
    );
    SLOW_DOWN = "UPDATE device_codes SET poll_interval = poll_interval + $3 \
                 WHERE tenant_id = $1 AND code_digest = $2 AND state = 'pending' AND expires_at > $4";
    APPROVE = "UPDATE device_codes SET state = 'approved', user_code_digest = NULL, user_id = $4, session_id = $5, \
               binding = $6 WHERE tenant_id = $1 AND code_digest = $2 AND client_id = $3 AND state = 'pending' \
               AND expires_at > $7";
    DENY = "UPDATE device_codes SET state = 'denied', user_code_digest = NULL, denial = $3 \
            WHERE tenant_id = $1 AND code_digest = $2 AND state = 'pending' AND expires_at > $4";
    CONSUME = "UPDATE device_codes SET ended_at = $3 WHERE tenant_id = $1 AND code_digest = $2 AND state = 'approved' \
               AND ended_at IS NULL AND expires_at > $3";
    REFUSE = "UPDATE device_codes SET state = 'denied', ended_at = $3 WHERE tenant_id = $1 AND code_digest = $2 \
              AND state = 'approved' AND ended_at IS NULL AND expires_at > $3";
    CLOSE = "UPDATE device_codes SET ended_at = $3, user_code_digest = NULL WHERE tenant_id = $1 AND code_digest = $2 \
             AND ended_at IS NULL AND (state = 'denied' OR expires_at <= $3)";
}

fn from_row(row: &Row) -> Result<DeviceCodeRow, StoreError> {
    let (user_id, session_id, binding): (Option<String>, Option<String>, Option<String>) =
        (row.get(7)?, row.get(8)?, row.get(9)?);
    let approval = match (user_id, session_id, binding) {
        (Some(user_id), Some(session_id), Some(binding)) => Some(DeviceApproval { user_id, session_id, binding }),
        _ => None,
    };
    Ok(DeviceCodeRow {
        code_digest: row.get(0)?,
        user_code_digest: row.get(1)?,
        client_id: row.get(2)?,
        request: row.get(3)?,
        ip: row.get(4)?,
        poll_interval: row.get(5)?,
        state: DeviceCodeState::read(&row.get::<String>(6)?)?,
        approval,
        denial: row.get(10)?,
        created_at: row.get(11)?,
        expires_at: row.get(12)?,
        ended_at: row.get(13)?,
    })
}

/// Adds a code. Conflict on `device_codes_user_code_key` when the code that people type is taken: make another one.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &DeviceCodeRow) -> Result<(), StoreError> {
    let approval = row.approval.as_ref();
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.code_digest,
            row.user_code_digest.as_ref(),
            &row.client_id,
            &row.request,
            row.ip.as_ref(),
            row.poll_interval,
            row.state.as_str(),
            approval.map(|own| &own.user_id),
            approval.map(|own| &own.session_id),
            approval.map(|own| &own.binding),
            row.denial.as_ref(),
            row.created_at,
            row.expires_at,
            row.ended_at
        ],
    )?;
    Ok(())
}

/// The code in any state.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, code_digest: &[u8]) -> Result<Option<DeviceCodeRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, code_digest])?.as_ref().map(from_row).transpose()
}

/// The code that somebody typed, if it waits for a decision and is not over at `now`.
pub fn find_by_user_code(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_code_digest: &[u8],
    now: Timestamp,
) -> Result<Option<DeviceCodeRow>, StoreError> {
    tx.query_opt(FIND_BY_USER_CODE, params![tenant, user_code_digest, now])?.as_ref().map(from_row).transpose()
}

/// The device has to leave `more` seconds more between two questions from now on. `false` when the code no longer waits.
pub fn slow_down(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
    more: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SLOW_DOWN, params![tenant, code_digest, more, now])? == 1)
}

/// A user agreed, once. `false` when the code was decided on before, is over at `now` or is not `client_id`'s (DV-05).
pub fn approve(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
    client_id: &str,
    approval: &DeviceApproval,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let DeviceApproval { user_id, session_id, binding } = approval;
    Ok(tx.execute(APPROVE, params![tenant, code_digest, client_id, user_id, session_id, binding, now])? == 1)
}

/// The user or the server refused, once, with a public sentence. `false` as above.
pub fn deny(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    code_digest: &[u8],
    denial: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(DENY, params![tenant, code_digest, denial, now])? == 1)
}

/// Takes an approved code for tokens, once. `false` when it was taken, ended or over before.
pub fn consume(tx: &mut Tx<'_>, tenant: &TenantId, code_digest: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(CONSUME, params![tenant, code_digest, now])? == 1)
}

/// Ends an approved code without tokens, because they may not be given any more. `false` as above.
pub fn refuse(tx: &mut Tx<'_>, tenant: &TenantId, code_digest: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(REFUSE, params![tenant, code_digest, now])? == 1)
}

/// Notes that the device was told of a refusal or of the end of its time. `true` once; after that there is nothing to tell.
pub fn close(tx: &mut Tx<'_>, tenant: &TenantId, code_digest: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(CLOSE, params![tenant, code_digest, now])? == 1)
}
