//! The limits there are: which bucket of the settings, and what a refusal is called in the tenant log.

use keywright_types::{RateLimit, RateLimitSettings};

use crate::LogType;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// All requests to a tenant.
    AuthenticationApi,
    /// `/oauth/token`.
    OauthToken,
    /// `/oauth/token` by refresh token and address.
    RefreshToken,
    /// `/userinfo` by user.
    Userinfo,
    /// `/oauth/par` by address.
    OauthPar,
    /// `/oauth/device/code` by address.
    DeviceCode,
    /// `/activate` by address.
    DeviceActivation,
    /// `/.well-known/jwks.json` by address.
    Jwks,
    /// `/oidc/register`.
    OidcRegister,
    /// Logins by account and address.
    Login,
    /// Links for another password by account and address.
    ChangePassword,
    /// New login transactions by address.
    Authorize,
    /// `/api/v2`.
    ManagementApi,
}

impl Limit {
    /// Its name in the tenant settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthenticationApi => "authentication_api",
            Self::OauthToken => "oauth_token",
            Self::RefreshToken => "refresh_token",
            Self::Userinfo => "userinfo",
            Self::OauthPar => "oauth_par",
            Self::DeviceCode => "device_code",
            Self::DeviceActivation => "device_activation",
            Self::Jwks => "jwks",
            Self::OidcRegister => "oidc_register",
            Self::Login => "login",
            Self::ChangePassword => "change_password",
            Self::Authorize => "authorize",
            Self::ManagementApi => "management_api",
        }
    }

    pub(super) const fn setting(self, settings: &RateLimitSettings) -> RateLimit {
        match self {
            Self::AuthenticationApi => settings.authentication_api,
            Self::OauthToken => settings.oauth_token,
            Self::RefreshToken => settings.refresh_token,
            Self::Userinfo => settings.userinfo,
            Self::OauthPar => settings.oauth_par,
            Self::DeviceCode => settings.device_code,
            Self::DeviceActivation => settings.device_activation,
            Self::Jwks => settings.jwks,
            Self::OidcRegister => settings.oidc_register,
            Self::Login => settings.login,
            Self::ChangePassword => settings.change_password,
            Self::Authorize => settings.authorize,
            Self::ManagementApi => settings.management_api,
        }
    }

    pub(super) const fn log_type(self) -> LogType {
        match self {
            Self::Login => LogType::BlockedAccount,
            _ => LogType::RateLimit,
        }
    }

    /// Whether each account has its own entry in the log.
    pub(super) const fn is_logged_by_key(self) -> bool {
        matches!(self, Self::Login)
    }

    pub(super) fn log_description(self) -> String {
        match self {
            Self::Login => "Too many login attempts for this user from one address".to_owned(),
            _ => format!("The rate limit \"{}\" was reached", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_setting_of_its_name() {
        let settings = serde_json::to_value(RateLimitSettings::default()).unwrap();
        let all = [
            Limit::AuthenticationApi,
            Limit::OauthToken,
            Limit::RefreshToken,
            Limit::Userinfo,
            Limit::OauthPar,
            Limit::DeviceCode,
            Limit::DeviceActivation,
            Limit::Jwks,
            Limit::OidcRegister,
            Limit::Login,
            Limit::ChangePassword,
            Limit::Authorize,
            Limit::ManagementApi,
        ];
        for limit in all {
            let setting = serde_json::to_value(limit.setting(&RateLimitSettings::default())).unwrap();
            assert_eq!(settings[limit.name()], setting, "{limit:?}");
        }
        assert_eq!(settings.as_object().unwrap().len(), all.len() + 1, "and the switch for all");
    }
}
