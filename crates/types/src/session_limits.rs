//! How long a session of a tenant lasts (§1.11).

use jiff::{SignedDuration, Timestamp};

use crate::TenantSettings;

/// Defaults for sessions that end with the browser, in hours (`management-api.md` §9).
const EPHEMERAL: (f64, f64) = (72.0, 24.0);

/// The two limits of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// From the login to the end, whatever happens.
    pub absolute: SignedDuration,
    /// From the last use to the end.
    pub idle: SignedDuration,
}

impl TenantSettings {
    /// The limits of persistent or non-persistent sessions as they are set now. A setting in minutes wins over the one in
    /// hours. Non-persistent sessions that have no limits of their own never last longer than persistent ones.
    #[must_use]
    pub fn session_limits(&self, persistent: bool) -> SessionLimits {
        let set = |minutes: Option<f64>, hours: Option<f64>| minutes.map(|value| value / 60.0).or(hours);
        let absolute = set(self.session_lifetime_in_minutes, Some(self.session_lifetime)).unwrap_or_default();
        let idle = set(self.idle_session_lifetime_in_minutes, Some(self.idle_session_lifetime)).unwrap_or_default();
        if persistent {
            return SessionLimits { absolute: hours(absolute), idle: hours(idle) };
        }
        let own_absolute = set(self.ephemeral_session_lifetime_in_minutes, self.ephemeral_session_lifetime);
        let own_idle = set(self.idle_ephemeral_session_lifetime_in_minutes, self.idle_ephemeral_session_lifetime);
        SessionLimits {
            absolute: hours(own_absolute.unwrap_or(EPHEMERAL.0.min(absolute))),
            idle: hours(own_idle.unwrap_or(EPHEMERAL.1.min(idle))),
        }
    }
}

impl SessionLimits {
    /// When a session ends at the latest whose user logged in at `authenticated_at`.
    #[must_use]
    pub fn absolute_end(&self, authenticated_at: Timestamp) -> Timestamp {
        authenticated_at.checked_add(self.absolute).unwrap_or(Timestamp::MAX)
    }

    /// When a session ends that was used at `active_at` and ends at `absolute_end` in any case.
    #[must_use]
    pub fn idle_end(&self, active_at: Timestamp, absolute_end: Timestamp) -> Timestamp {
        active_at.checked_add(self.idle).unwrap_or(Timestamp::MAX).min(absolute_end)
    }
}

/// Hours as the Management API gives them: fractions are allowed, nonsense counts as zero.
fn hours(value: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64((value * 3600.0).max(0.0)).unwrap_or(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(settings: &str, persistent: bool) -> (i64, i64) {
        let settings: TenantSettings = serde_json::from_str(settings).unwrap();
        let limits = settings.session_limits(persistent);
        (limits.absolute.as_secs() / 60, limits.idle.as_secs() / 60)
    }

    #[test]
    fn minutes_and_hours_agree() {
        for (text, expected) in [
            ("{}", (168 * 60, 72 * 60)),
            (r#"{"session_lifetime":3.0166666666666666,"idle_session_lifetime":1.5}"#, (181, 90)),
            (r#"{"session_lifetime_in_minutes":181,"idle_session_lifetime_in_minutes":90}"#, (181, 90)),
            (r#"{"session_lifetime":10,"session_lifetime_in_minutes":90}"#, (90, 72 * 60)),
        ] {
            assert_eq!(limits(text, true), expected, "{text}");
        }
    }

    #[test]
    fn non_persistent_sessions_have_limits_of_their_own() {
        for (text, expected) in [
            ("{}", (72 * 60, 24 * 60)),
            (r#"{"session_lifetime":10,"idle_session_lifetime":2}"#, (600, 120)),
            (r#"{"ephemeral_session_lifetime":5,"idle_ephemeral_session_lifetime":1}"#, (300, 60)),
            (r#"{"ephemeral_session_lifetime_in_minutes":7,"idle_ephemeral_session_lifetime_in_minutes":3}"#, (7, 3)),
            (r#"{"ephemeral_session_lifetime":200}"#, (200 * 60, 24 * 60)),
        ] {
            assert_eq!(limits(text, false), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_the_end_at_once() {
        assert_eq!(limits(r#"{"session_lifetime":-3}"#, true), (0, 72 * 60));
    }
}
