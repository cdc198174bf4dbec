//! `oidc_logout` of an application: where it hears that a session of its users has ended (§8.5; OpenID Connect Back-Channel
//! Logout 1.0).

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// `oidc_logout` of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientOidcLogout {
    /// Where logout tokens go; at most one counts.
    pub backchannel_logout_urls: Vec<String>,
    /// Which ends of a session the application hears of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_initiators: Option<BackchannelLogoutInitiators>,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `backchannel_logout_initiators`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackchannelLogoutInitiators {
    /// All of them, or those that are selected.
    pub mode: InitiatorsMode,
    /// Names of [`LogoutInitiator`]s; other names are kept and mean nothing.
    pub selected_initiators: Vec<String>,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `mode` of `backchannel_logout_initiators`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitiatorsMode {
    /// Those of the list, and the two that cannot be switched off.
    #[default]
    Custom,
    /// All, also those that are added later.
    All,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutInitiator {
    /// An application asked for it.
    RpLogout,
    /// The user did, on our own pages; also when somebody else logs in with the same browser.
    IdpLogout,
    /// The password was changed or reset.
    PasswordChanged,
    /// An end of the session came: idle or absolute.
    SessionExpired,
    /// An administrator ended it.
    SessionRevoked,
    /// The user was deleted.
    AccountDeleted,
    /// The user was blocked.
    AccountDeactivated,
    /// The e-mail address was changed; also another identifier the user logs in with.
    EmailIdentifierChanged,
}

impl LogoutInitiator {
    /// The name in `selected_initiators`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RpLogout => "rp-logout",
            Self::IdpLogout => "idp-logout",
            Self::PasswordChanged => "password-changed",
            Self::SessionExpired => "session-expired",
            Self::SessionRevoked => "session-revoked",
            Self::AccountDeleted => "account-deleted",
            Self::AccountDeactivated => "account-deactivated",
            Self::EmailIdentifierChanged => "email-identifier-changed",
        }
    }
}

impl ClientOidcLogout {
    /// Where logout tokens go; `None` when the application wants none.
    #[must_use]
    pub fn backchannel_url(&self) -> Option<&str> {
        self.backchannel_logout_urls.first().map(String::as_str).filter(|url| !url.is_empty())
    }

    /// Whether the application hears of sessions that end for this reason. §8.5: "`rp-logout`, `idp-logout` (both always
    /// on)".
    #[must_use]
    pub fn hears_of(&self, initiator: LogoutInitiator) -> bool {
        if self.backchannel_url().is_none() {
            return false;
        }
        if matches!(initiator, LogoutInitiator::RpLogout | LogoutInitiator::IdpLogout) {
            return true;
        }
        let initiators = self.backchannel_logout_initiators.as_ref();
        initiators.is_some_and(|own| {
            own.mode == InitiatorsMode::All || own.selected_initiators.iter().any(|name| name == initiator.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    fn client(members: &str) -> Client {
        serde_json::from_str(&format!(r#"{{"client_id":"a","name":"A",{members}}}"#)).unwrap()
    }

    #[test]
    fn two_initiators_are_always_on() {
        let none = client(r#""oidc_logout":{"backchannel_logout_urls":["https://a.example/logout"]}"#);
        let logout = none.backchannel_logout().unwrap();
        assert!(logout.hears_of(LogoutInitiator::RpLogout) && logout.hears_of(LogoutInitiator::IdpLogout));
        assert!(!logout.hears_of(LogoutInitiator::PasswordChanged));
        let some = client(
            r#""oidc_logout":{"backchannel_logout_urls":["https://a.example/logout"],
            "backchannel_logout_initiators":{"mode":"custom","selected_initiators":["password-changed","of-the-future"]}}"#,
        );
        let logout = some.backchannel_logout().unwrap();
        assert!(logout.hears_of(LogoutInitiator::PasswordChanged) && logout.hears_of(LogoutInitiator::RpLogout));
        assert!(!logout.hears_of(LogoutInitiator::SessionExpired));
        let all = client(
            r#""oidc_logout":{"backchannel_logout_urls":["https://a.example/logout"],
            "backchannel_logout_initiators":{"mode":"all"}}"#,
        );
        assert!(all.backchannel_logout().unwrap().hears_of(LogoutInitiator::SessionExpired));
    }

    #[test]
    fn without_an_address_there_is_nothing_to_hear() {
        for members in [
            r#""oidc_logout":null"#,
            r#""oidc_logout":{}"#,
            r#""oidc_logout":{"backchannel_logout_urls":[],"backchannel_logout_initiators":{"mode":"all"}}"#,
        ] {
            let client = client(members);
            assert!(
                !client.backchannel_logout().is_some_and(|own| own.hears_of(LogoutInitiator::RpLogout)),
                "{members}"
            );
        }
    }

    #[test]
    fn the_old_name_is_read_and_nothing_is_lost() {
        let text = r#""oidc_backchannel_logout":{"backchannel_logout_urls":["https://a.example/logout"],"x":1}"#;
        let client = client(text);
        assert_eq!(client.backchannel_logout().unwrap().backchannel_url(), Some("https://a.example/logout"));
        let written = serde_json::to_value(&client).unwrap();
        assert_eq!(written["oidc_backchannel_logout"]["x"], 1);
    }
}
