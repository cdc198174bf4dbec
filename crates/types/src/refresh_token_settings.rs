//! How refresh tokens of one application behave (wire reference §4.2).

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// Member `refresh_token` of an application. All lifetimes are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshTokenSettings {
    /// Whether each exchange replaces the token.
    pub rotation_type: RotationType,
    /// Whether tokens end at all.
    pub expiration_type: ExpirationType,
    /// Seconds during which the token that was just replaced may be sent again. 0 means not at all.
    pub leeway: u32,
    /// Absolute lifetime, counted from the first issuance and never extended by rotation.
    pub token_lifetime: u32,
    /// Idle lifetime, counted from the last exchange.
    pub idle_token_lifetime: u32,
    /// Switches the absolute end off.
    pub infinite_token_lifetime: bool,
    /// Switches the idle end off.
    pub infinite_idle_token_lifetime: bool,
    /// Other APIs that a refresh token is good for (§4.5, multi-resource refresh tokens).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<RefreshTokenPolicy>,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// What a refresh token gives for one more API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenPolicy {
    /// Identifier of the API.
    pub audience: String,
    /// The most that it gives there.
    #[serde(default)]
    pub scope: Vec<String>,
}

impl Default for RefreshTokenSettings {
    fn default() -> Self {
        Self {
            rotation_type: RotationType::NonRotating,
            expiration_type: ExpirationType::NonExpiring,
            leeway: 0,
            token_lifetime: 2_592_000,
            idle_token_lifetime: 2_592_000,
            infinite_token_lifetime: false,
            infinite_idle_token_lifetime: false,
            policies: Vec::new(),
            other: OtherMembers::new(),
        }
    }
}

impl RefreshTokenSettings {
    /// Whether each exchange replaces the token.
    #[must_use]
    pub fn rotates(&self) -> bool {
        self.rotation_type == RotationType::Rotating
    }

    /// Seconds from first issuance to the absolute end; `None` when tokens do not end.
    #[must_use]
    pub fn absolute_seconds(&self) -> Option<u32> {
        (self.expiration_type == ExpirationType::Expiring && !self.infinite_token_lifetime)
            .then_some(self.token_lifetime)
    }

    /// Seconds from the last exchange to the idle end; `None` when tokens do not end by idling.
    #[must_use]
    pub fn idle_seconds(&self) -> Option<u32> {
        (self.expiration_type == ExpirationType::Expiring && !self.infinite_idle_token_lifetime)
            .then_some(self.idle_token_lifetime)
    }
}

/// Whether each exchange replaces the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationType {
    /// A new token at each exchange, with reuse detection (§4.4).
    Rotating,
    /// The same token for its whole life.
    NonRotating,
}

/// Whether refresh tokens end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpirationType {
    /// Absolute and idle lifetimes apply.
    Expiring,
    /// The token lives until it is revoked.
    NonExpiring,
}
