//! What one attempt is counted by, and how its counts are taken back.

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{Digest, Purpose};
use keywright_store::network_attempts::{self, Allowance};
use keywright_store::{StoreError, Tx, known_devices, login_failures, users};
use keywright_types::{BruteForceMode, Tenant, TenantId, Throttle};

use super::allowlist;
use crate::sessions::later;
use crate::{App, Caller, network_of};

/// How long failures are remembered, and so how long a block lasts (§7.9).
const BLOCK_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long a browser is known after a login.
const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Stage of failed logins in the settings.
pub(super) const PRE_LOGIN: &str = "pre-login";
/// Stage of sign-ups.
const PRE_USER_REGISTRATION: &str = "pre-user-registration";
/// Both.
pub const THROTTLED_STAGES: [&str; 2] = [PRE_LOGIN, PRE_USER_REGISTRATION];

/// The tenant's rules for one attempt from one network.
#[derive(Clone)]
pub(crate) struct Counting {
    network: String,
    throttle: Option<(&'static str, Allowance)>,
    brute_force: Option<BruteForce>,
    now: Timestamp,
}

#[derive(Clone, Copy)]
struct BruteForce {
    mode: BruteForceMode,
    most: i64,
    blocks: bool,
    notifies: bool,
}

/// Whose failures are counted: one account from one origin.
#[derive(Clone)]
pub(crate) struct Origin {
    account: Digest,
    origin: String,
}

/// What counting came to.
pub(crate) enum Counted {
    /// The attempt may be made; it counts as failed until its password proves right.
    Admitted {
        /// The last one before a block: if it fails, the account is blocked for this origin.
        is_last: bool,
    },
    /// The account is blocked for this origin.
    AccountBlocked,
    /// The network is out of attempts until then.
    NetworkBlocked(Timestamp),
}

impl App {
    /// The rules for a login.
    pub(crate) fn counting_logins(&self, tenant: &Tenant, caller: &Caller) -> Counting {
        let settings = &tenant.settings.attack_protection;
        let brute_force = &settings.brute_force_protection;
        let counts = brute_force.enabled && !allowlist::lists(&brute_force.allowlist, caller.ip);
        Counting {
            brute_force: counts.then(|| BruteForce {
                mode: brute_force.mode,
                most: brute_force.max_attempts.clamp(1, 100).into(),
                blocks: brute_force.blocks(),
                notifies: brute_force.notifies_user(),
            }),
            ..self.counting_network(tenant, caller, PRE_LOGIN, settings.suspicious_ip_throttling.stage.pre_login)
        }
    }

    /// The rules for a sign-up.
    pub(crate) fn counting_sign_ups(&self, tenant: &Tenant, caller: &Caller) -> Counting {
        let stage = tenant.settings.attack_protection.suspicious_ip_throttling.stage.pre_user_registration;
        self.counting_network(tenant, caller, PRE_USER_REGISTRATION, stage)
    }

    fn counting_network(&self, tenant: &Tenant, caller: &Caller, stage: &'static str, throttle: Throttle) -> Counting {
        let settings = &tenant.settings.attack_protection.suspicious_ip_throttling;
        let throttles = self.rate_limits().is_enabled()
            && settings.enabled
            && settings.blocks()
            && caller.ip.is_some()
            && !allowlist::lists(&settings.allowlist, caller.ip);
        let allowance = Allowance { burst: throttle.max_attempts.max(1).into(), rate: throttle.rate.into() };
        let throttle = throttles.then_some((stage, allowance));
        Counting { network: network_of(caller.ip), throttle, brute_force: None, now: self.now() }
    }

    /// What the failures of a user are found by; of a name that nobody has, by the name in its connection.
    pub(crate) fn failures_digest(&self, tenant: &TenantId, account: Result<&str, (&str, &str)>) -> Digest {
        let text = match account {
            Ok(user_id) => format!("user\n{user_id}"),
            Err((connection, identifier)) => format!("name\n{connection}\n{identifier}"),
        };
        self.data_keys().digest(Purpose::LoginAccount, tenant, text.as_bytes())
    }
}

impl Counting {
    /// Whose failures these are. An attacker with another address or in another browser has no share in the count of a device
    /// in which the owner has logged in, and so cannot lock the owner out (LG-08).
    pub(crate) fn origin(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        account: Digest,
        user_id: &str,
        device: Option<Digest>,
    ) -> Result<Option<Origin>, StoreError> {
        let Some(brute_force) = self.brute_force else { return Ok(None) };
        // Looked up for a name that nobody has as well: the same work (LG-03).
        let known = match device {
            Some(device) if known_devices::is_known(tx, tenant, user_id, device.as_bytes(), self.now)? => Some(device),
            _ => None,
        };
        let origin = match (known, brute_force.mode) {
            (Some(device), _) => {
                device.as_bytes().iter().fold("device:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
            }
            (None, BruteForceMode::CountPerIdentifierAndIp) => self.network.clone(),
            (None, BruteForceMode::CountPerIdentifier) => String::new(),
        };
        Ok(Some(Origin { account, origin }))
    }

    /// Counts an attempt as failed. The order: the network, then the account.
    pub(crate) fn count(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        origin: Option<&Origin>,
    ) -> Result<Counted, StoreError> {
        if let Some((stage, allowance)) = self.throttle
            && let Some(until) = network_attempts::take(tx, tenant, stage, &self.network, allowance, self.now)?
        {
            return Ok(Counted::NetworkBlocked(until));
        }
        let (Some(brute_force), Some(origin)) = (self.brute_force, origin) else {
            return Ok(Counted::Admitted { is_last: false });
        };
        let (account, until) = (origin.account.as_bytes(), later(self.now, BLOCK_LIFETIME));
        let count = login_failures::count(tx, tenant, account, &origin.origin, brute_force.most, self.now, until)?;
        Ok(match count {
            None if brute_force.blocks => Counted::AccountBlocked,
            None => Counted::Admitted { is_last: false },
            Some(count) => Counted::Admitted { is_last: count == brute_force.most },
        })
    }

    /// Takes the counts of an attempt back whose password was never looked at.
    pub(crate) fn take_back(
        &self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        origin: Option<&Origin>,
    ) -> Result<(), StoreError> {
        if let Some((stage, allowance)) = self.throttle {
            network_attempts::give_back(tx, tenant, stage, &self.network, allowance)?;
        }
        match origin {
            Some(origin) => login_failures::take_back(tx, tenant, origin.account.as_bytes(), &origin.origin),
            None => Ok(()),
        }
    }

    /// Whether logins are refused after the last attempt.
    pub(crate) fn blocks(&self) -> bool {
        self.brute_force.is_some_and(|brute_force| brute_force.blocks)
    }

    /// Whether the owner is told of a block.
    pub(crate) fn notifies(&self) -> bool {
        self.blocks() && self.brute_force.is_some_and(|brute_force| brute_force.notifies)
    }
}

/// That somebody knew the password of a user: to be recorded in the transaction of what it leads to.
#[derive(Clone)]
pub struct PasswordProof {
    pub(crate) user_id: String,
    pub(crate) counting: Option<Counting>,
    pub(crate) origin: Option<Origin>,
    pub(crate) device: Option<Digest>,
    /// The hash that was stored, and a stronger one for it.
    pub(crate) upgrade: Option<(String, String)>,
}

impl PasswordProof {
    /// Of a user who has just been created with the password.
    pub(crate) fn of_new_user(user_id: &str, device: Option<Digest>) -> Self {
        Self { user_id: user_id.to_owned(), counting: None, origin: None, device, upgrade: None }
    }

    /// Begins the counts anew (§7.9: failures "in a row"), remembers the device, and replaces a hash that was imported.
    pub fn record(&self, tx: &mut Tx<'_>, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
        if let Some((stage, allowance)) = self.counting.as_ref().and_then(|counting| counting.throttle)
            && let Some(counting) = &self.counting
        {
            network_attempts::give_back(tx, tenant, stage, &counting.network, allowance)?;
        }
        if let Some(origin) = &self.origin {
            login_failures::reset(tx, tenant, origin.account.as_bytes(), &origin.origin)?;
        }
        if let Some(device) = &self.device {
            known_devices::remember(tx, tenant, &self.user_id, device.as_bytes(), later(now, DEVICE_LIFETIME))?;
        }
        if let Some((old, new)) = &self.upgrade {
            // Nothing, when the password was changed meanwhile.
            users::set_password_hash(tx, tenant, &self.user_id, Some(old), new, now)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for PasswordProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PasswordProof").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
