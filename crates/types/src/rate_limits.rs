//! Rate limits of a tenant: token buckets with Auth0's published numbers (§2.11 of the wire reference).

use serde::{Deserialize, Serialize};

/// One token bucket: `burst` requests at once, and `refill` more every `per_seconds`, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// Whether it is applied.
    pub enabled: bool,
    /// Requests that a full bucket holds, 1 to 1 000 000.
    pub burst: u32,
    /// Requests that come back in `per_seconds`, 1 to 1 000 000.
    pub refill: u32,
    /// Seconds, 1 to 2 592 000 (30 days).
    pub per_seconds: u32,
}

/// What was written of a bucket; the rest keeps its default.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    enabled: Option<bool>,
    burst: Option<u32>,
    refill: Option<u32>,
    per_seconds: Option<u32>,
}

impl Written {
    fn or(self, default: RateLimit) -> RateLimit {
        RateLimit {
            enabled: self.enabled.unwrap_or(default.enabled),
            burst: self.burst.unwrap_or(default.burst),
            refill: self.refill.unwrap_or(default.refill),
            per_seconds: self.per_seconds.unwrap_or(default.per_seconds),
        }
    }
}

/// Declares the buckets: name, whether it is on, burst, refill, seconds.
macro_rules! buckets {
    ($($(#[$doc:meta])* $name:ident: $enabled:literal, $burst:literal, $refill:literal per $seconds:literal;)*) => {
        /// `rate_limits` of the tenant settings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "WrittenSettings")]
        pub struct RateLimitSettings {
            /// Whether any limit is applied.
            pub enabled: bool,
            $($(#[$doc])* pub $name: RateLimit,)*
        }

        impl Default for RateLimitSettings {
            fn default() -> Self {
                Self {
                    enabled: true,
                    $($name: RateLimit { enabled: $enabled, burst: $burst, refill: $refill, per_seconds: $seconds },)*
                }
            }
        }

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct WrittenSettings {
            enabled: Option<bool>,
            $($name: Written,)*
        }

        impl From<WrittenSettings> for RateLimitSettings {
            fn from(written: WrittenSettings) -> Self {
                let default = Self::default();
                Self {
                    enabled: written.enabled.unwrap_or(default.enabled),
                    $($name: written.$name.or(default.$name),)*
                }
            }
        }
    };
}

// Auth0's class "Enterprise, production", which is also "Private Cloud Basic". It has no separate bucket for the token
// endpoint and the keys; the numbers of those two are the free plan's, for who wants to switch them on.
buckets! {
    /// All requests to a tenant, except for its keys.
    authentication_api: true, 100, 100 per 1;
    /// `/oauth/token`, all requests to a tenant.
    oauth_token: false, 30, 30 per 1;
    /// `/oauth/token` with one refresh token from one address.
    refresh_token: true, 30, 30 per 60;
    /// `/userinfo`, for one user.
    userinfo: true, 10, 5 per 60;
    /// `/oauth/par`, from one address.
    oauth_par: true, 100, 100 per 1;
    /// `/oauth/device/code`, from one address.
    device_code: true, 5, 5 per 1;
    /// `/activate` and its pages, from one address.
    device_activation: true, 30, 6 per 1;
    /// `/.well-known/jwks.json`, from one address.
    jwks: false, 20, 20 per 1;
    /// `/oidc/register`, all requests to a tenant.
    oidc_register: true, 5, 5 per 1;
    /// Logins of one account from one address, right or wrong.
    login: true, 20, 10 per 60;
    /// Links for another password, asked for by one address for one account.
    change_password: true, 10, 1 per 60;
    /// Login transactions begun from one address.
    authorize: true, 100, 5 per 1;
    /// `/api/v2`, all requests to a tenant.
    management_api: true, 50, 50 per 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_keeps_its_default() {
        let read: RateLimitSettings =
            serde_json::from_str(r#"{"userinfo":{"burst":3},"login":{"enabled":false},"later":{"burst":1}}"#).unwrap();
        let default = RateLimitSettings::default();
        assert_eq!(read.userinfo, RateLimit { burst: 3, ..default.userinfo });
        assert_eq!(read.login, RateLimit { enabled: false, ..default.login });
        assert_eq!((read.enabled, read.oauth_par), (true, default.oauth_par));
        assert!(!serde_json::from_str::<RateLimitSettings>(r#"{"enabled":false}"#).unwrap().enabled);
    }

    #[test]
    fn settings_are_read_back_as_they_were_written() {
        let mut settings = RateLimitSettings { enabled: false, ..RateLimitSettings::default() };
        settings.jwks.per_seconds = 7;
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<RateLimitSettings>(&text).unwrap(), settings);
    }
}
