//! Attack protection of a tenant (`management-api.md` §14.1; §7.9 of the wire reference). The Management API shows each
//! member as a document of its own, under these names.

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// `attack_protection` of the tenant settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttackProtection {
    /// Somebody guesses the password of one account.
    pub brute_force_protection: BruteForceProtection,
    /// Somebody guesses passwords of many accounts, or signs up many.
    pub suspicious_ip_throttling: SuspiciousIpThrottling,
    /// Passwords that are known to be public.
    pub breached_password_detection: BreachedPasswordDetection,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `brute_force_protection`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BruteForceProtection {
    /// Whether failures are counted at all.
    pub enabled: bool,
    /// `block`: logins are refused. `user_notification`: the owner gets a mail with a link that unblocks.
    pub shields: Vec<String>,
    /// What failures are counted by.
    pub mode: BruteForceMode,
    /// Addresses and CIDR ranges that are never counted or blocked.
    pub allowlist: Vec<String>,
    /// Failures in a row until the block, 1 to 100.
    pub max_attempts: u32,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `mode` of brute-force protection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BruteForceMode {
    /// One address against one account.
    #[default]
    CountPerIdentifierAndIp,
    /// All addresses together against one account.
    CountPerIdentifier,
}

/// `suspicious_ip_throttling`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuspiciousIpThrottling {
    /// Whether attempts are counted at all.
    pub enabled: bool,
    /// `block`: attempts are refused. `admin_notification` has no effect yet.
    pub shields: Vec<String>,
    /// Addresses and CIDR ranges that are never counted or refused.
    pub allowlist: Vec<String>,
    /// The numbers.
    pub stage: ThrottlingStages,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `stage` of suspicious IP throttling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ThrottlingStages {
    /// Failed logins.
    pub pre_login: Throttle,
    /// Sign-ups.
    pub pre_user_registration: Throttle,
    /// Stages without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// How many attempts an address has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Attempts at once.
    pub max_attempts: u32,
    /// Milliseconds until one of them comes back.
    pub rate: u32,
}

/// `breached_password_detection`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BreachedPasswordDetection {
    /// Whether passwords are looked up at all.
    pub enabled: bool,
    /// `block`: a login with such a password is refused.
    pub shields: Vec<String>,
    /// What happens elsewhere than at logins.
    pub stage: BreachedPasswordStages,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `stage` of breached-password detection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct BreachedPasswordStages {
    /// Sign-ups.
    pub pre_user_registration: BreachedPasswordStage,
    /// Stages without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BreachedPasswordStage {
    /// `block`: such a password is refused.
    pub shields: Vec<String>,
}

impl Default for BruteForceProtection {
    fn default() -> Self {
        Self {
            enabled: true,
            shields: vec!["block".to_owned(), "user_notification".to_owned()],
            mode: BruteForceMode::default(),
            allowlist: Vec::new(),
            max_attempts: 10,
            other: OtherMembers::new(),
        }
    }
}

impl BruteForceProtection {
    /// Whether logins are refused.
    #[must_use]
    pub fn blocks(&self) -> bool {
        has(&self.shields, "block")
    }

    /// Whether the owner of the account is told.
    #[must_use]
    pub fn notifies_user(&self) -> bool {
        has(&self.shields, "user_notification")
    }
}

impl Default for SuspiciousIpThrottling {
    fn default() -> Self {
        Self {
            enabled: true,
            shields: vec!["admin_notification".to_owned(), "block".to_owned()],
            allowlist: Vec::new(),
            stage: ThrottlingStages::default(),
            other: OtherMembers::new(),
        }
    }
}

impl SuspiciousIpThrottling {
    /// Whether attempts are refused.
    #[must_use]
    pub fn blocks(&self) -> bool {
        has(&self.shields, "block")
    }
}

impl Default for ThrottlingStages {
    fn default() -> Self {
        Self {
            pre_login: Throttle { max_attempts: 100, rate: 864_000 },
            pre_user_registration: Throttle { max_attempts: 50, rate: 1200 },
            other: OtherMembers::new(),
        }
    }
}

impl BreachedPasswordDetection {
    /// Whether a login with such a password is refused.
    #[must_use]
    pub fn blocks_logins(&self) -> bool {
        self.enabled && has(&self.shields, "block")
    }

    /// Whether a sign-up with such a password is refused.
    #[must_use]
    pub fn blocks_sign_ups(&self) -> bool {
        self.enabled && has(&self.stage.pre_user_registration.shields, "block")
    }
}

fn has(shields: &[String], shield: &str) -> bool {
    shields.iter().any(|own| own == shield)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The documents of `management-api.md` §14.1 as a new tenant has them.
    #[test]
    fn the_defaults_are_auth0s() {
        let defaults = serde_json::to_value(AttackProtection::default()).unwrap();
        assert_eq!(
            defaults["brute_force_protection"],
            json!({
                "enabled": true, "shields": ["block", "user_notification"], "mode": "count_per_identifier_and_ip",
                "allowlist": [], "max_attempts": 10
            })
        );
        assert_eq!(
            defaults["suspicious_ip_throttling"],
            json!({
                "enabled": true, "shields": ["admin_notification", "block"], "allowlist": [],
                "stage": {
                    "pre-login": { "max_attempts": 100, "rate": 864_000 },
                    "pre-user-registration": { "max_attempts": 50, "rate": 1200 }
                }
            })
        );
        assert_eq!(defaults["breached_password_detection"]["enabled"], json!(false));
    }

    #[test]
    fn what_has_no_effect_is_kept() {
        let document = json!({
            "suspicious_ip_throttling": { "stage": { "pre-custom-token-exchange": { "max_attempts": 10, "rate": 1 } } },
            "bot_detection": { "bot_detection_level": "low" }
        });
        let read: AttackProtection = serde_json::from_value(document).unwrap();
        let written = serde_json::to_value(read).unwrap();
        let stages = &written["suspicious_ip_throttling"]["stage"];
        assert_eq!(stages["pre-custom-token-exchange"]["max_attempts"], 10);
        assert_eq!(stages["pre-login"]["max_attempts"], 100);
        assert_eq!(written["bot_detection"]["bot_detection_level"], "low");
    }
}
