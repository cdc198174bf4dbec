//! The device flow below HTTP (§5; RFC 8628): codes for a device, and the step from what somebody typed to the request that
//! waits for an answer (DV-01, DV-02, DV-05).
//!
//! The device's own code is an unguessable secret, of which only a keyed digest is stored. The code that people type is short;
//! what keeps it from being guessed is in `guesses.rs`. How often a device may ask is in `polls.rs`.

mod guesses;
mod polls;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::device_codes::{self, DeviceCodeRow, DeviceCodeState};
use keywright_store::{StoreError, logs};
use keywright_types::{Tenant, TenantId, UserCodeFormat};
use serde::{Deserialize, Serialize};

use crate::sessions::later;
use crate::{App, AppError, AuthorizationRequest, Caller, LogEvent};

pub(crate) use self::polls::DevicePolls;

/// §5.1: `expires_in` 900.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// §5.1: `interval` 5.
const INTERVAL: i64 = 5;
/// How often another code is drawn when one is taken. With a full set of codes nobody could be served anyway.
const MOST_DRAWS: usize = 20;

/// Which device an authorization request is for: the keyed digest of its code, which is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceHandle(String);

impl DeviceHandle {
    fn of(digest: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest))
    }

    /// Key of the stored record.
    #[must_use]
    pub fn code_digest(&self) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(&self.0).unwrap_or_default()
    }

    /// The same as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The codes of a device that has just asked.
pub struct IssuedDeviceCode {
    /// What the device asks for its tokens with.
    pub device_code: String,
    /// What people type, with the separators of the tenant's mask.
    pub user_code: String,
    /// Seconds that both are good for.
    pub expires_in: i64,
    /// Seconds that the device has to leave between two questions.
    pub interval: i64,
}

/// A device that waits for an answer.
#[derive(Clone, Debug)]
pub struct PendingDevice {
    /// Which one.
    pub handle: DeviceHandle,
    /// What it asks for.
    pub request: AuthorizationRequest,
    /// The code as it stands on the device.
    pub user_code: String,
    /// Where the device is.
    pub ip: Option<IpAddr>,
    /// When it asked.
    pub created_at: Timestamp,
}

/// What became of a code that somebody typed.
#[derive(Clone, Debug)]
pub enum EnteredUserCode {
    /// A device waits for an answer.
    Found(Box<PendingDevice>),
    /// It cannot be a code.
    Malformed,
    /// No device waits under this code (any more).
    Unknown,
    /// Too many wrong codes; the next one can be entered at that time.
    TooMany(Timestamp),
}

impl App {
    /// Codes for a device, bound to a validated request.
    pub async fn issue_device_code(
        &self,
        tenant: &Tenant,
        request: AuthorizationRequest,
        caller: &Caller,
    ) -> Result<IssuedDeviceCode, AppError> {
        // DV-01: 256 bits.
        let device_code = self.random().token(32);
        let digest = self.device_code_digest(&tenant.id, &device_code);
        let request = AuthorizationRequest { device: Some(DeviceHandle::of(digest.as_bytes())), ..request };
        let (format, now) = (user_code_format(tenant), self.now());
        let mut row = DeviceCodeRow {
            code_digest: digest.as_bytes().to_vec(),
            user_code_digest: None,
            client_id: request.client_id.clone(),
            request: serde_json::to_string(&request).map_err(AppError::internal)?,
            ip: caller.ip.map(|ip| ip.to_string()),
            poll_interval: INTERVAL,
            state: DeviceCodeState::Pending,
            approval: None,
            denial: None,
            created_at: now,
            expires_at: later(now, LIFETIME),
            ended_at: None,
        };
        for _ in 0..MOST_DRAWS {
            let letters = self.random().letters(format.charset.alphabet(), format.characters());
            row.user_code_digest = Some(self.user_code_digest(&tenant.id, &letters).as_bytes().to_vec());
            let (id, drawn) = (tenant.id.clone(), row.clone());
            match self.store().write(move |tx| device_codes::insert(tx, &id, &drawn)).await {
                Ok(()) => {
                    let user_code = format.show(&letters);
                    return Ok(IssuedDeviceCode {
                        device_code,
                        user_code,
                        expires_in: LIFETIME.as_secs(),
                        interval: INTERVAL,
                    });
                }
                Err(StoreError::Conflict { constraint }) if constraint == "device_codes_user_code_key" => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::internal("no user code is free: the tenant's mask has too few characters for its devices"))
    }

    /// What a device's code is found by. CO-04: a purpose of its own, so that no other code or token is one.
    #[must_use]
    pub fn device_code_digest(&self, tenant: &TenantId, device_code: &str) -> Digest {
        self.data_keys().digest(Purpose::DeviceCode, tenant, device_code.as_bytes())
    }

    /// Somebody typed a code. Wrong ones are counted, by address and in all; without an attempt left nothing is looked up.
    pub async fn enter_user_code(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        typed: &str,
    ) -> Result<EnteredUserCode, AppError> {
        let format = user_code_format(tenant);
        let Some(letters) = format.read(typed) else { return Ok(EnteredUserCode::Malformed) };
        let guess = self.guess(&format, caller);
        let (id, taking) = (tenant.id.clone(), guess.clone());
        if let Some(until) = self.store().write(move |tx| taking.take(tx, &id)).await? {
            return Ok(EnteredUserCode::TooMany(until));
        }
        let Some(device) = self.pending_device(tenant, &letters).await? else { return Ok(EnteredUserCode::Unknown) };
        let id = tenant.id.clone();
        self.store().write(move |tx| guess.give_back(tx, &id)).await?;
        Ok(EnteredUserCode::Found(Box::new(device)))
    }

    /// The device that waits under a code, for a page that was shown to somebody who had entered it. Not for guesses.
    pub async fn pending_device(&self, tenant: &Tenant, user_code: &str) -> Result<Option<PendingDevice>, AppError> {
        let format = user_code_format(tenant);
        let Some(letters) = format.read(user_code) else { return Ok(None) };
        let (id, digest, now) = (tenant.id.clone(), self.user_code_digest(&tenant.id, &letters), self.now());
        let found =
            move |tx: &mut keywright_store::Tx<'_>| device_codes::find_by_user_code(tx, &id, digest.as_bytes(), now);
        let Some(row) = self.store().look_up(found).await? else { return Ok(None) };
        Ok(Some(PendingDevice {
            handle: DeviceHandle::of(&row.code_digest),
            request: serde_json::from_str(&row.request).map_err(AppError::internal)?,
            user_code: format.show(&letters),
            ip: row.ip.and_then(|ip| ip.parse().ok()),
            created_at: row.created_at,
        }))
    }

    /// A code in the shape in which devices show it, if it can be one. Whether there is such a code, it does not say.
    #[must_use]
    pub fn shown_user_code(&self, tenant: &Tenant, typed: &str) -> Option<String> {
        let format = user_code_format(tenant);
        format.read(typed).map(|letters| format.show(&letters))
    }

    /// Refuses a device, with a public sentence for it and an entry of the tenant log. `false` when it was decided on before or
    /// its time is over; then nothing has changed, and nothing is logged.
    pub async fn deny_device(
        &self,
        tenant: &TenantId,
        device: &DeviceHandle,
        description: &str,
        event: LogEvent,
    ) -> Result<bool, AppError> {
        let (id, digest, now) = (tenant.clone(), device.code_digest(), self.now());
        let (description, entry) = (description.to_owned(), self.log_row(event));
        let denied = self.store().write(move |tx| {
            if !device_codes::deny(tx, &id, &digest, &description, now)? {
                return Ok(false);
            }
            logs::insert(tx, &id, &entry)?;
            Ok::<_, StoreError>(true)
        });
        Ok(denied.await?)
    }

    fn user_code_digest(&self, tenant: &TenantId, letters: &str) -> Digest {
        self.data_keys().digest(Purpose::UserCode, tenant, letters.as_bytes())
    }
}

/// The tenant's "Device User Code Settings".
fn user_code_format(tenant: &Tenant) -> UserCodeFormat {
    tenant.settings.device_flow.clone().unwrap_or_default().in_force()
}
