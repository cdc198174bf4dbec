//! What a surface knows of the request that scripts run for (R §2.4, §2.6, §3.3). No password, no secret, no token of ours.

use jiff::Timestamp;
use keywright_types::{Client, Connection, Organization, ScopeSet, Tenant};
use serde_json::{Map, Value};

use crate::{AuthorizationRequest, Caller, LogEvent, LogType};

/// How somebody logs in (R §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A code.
    OidcBasic,
    /// Tokens in the response.
    OidcImplicit,
    /// Both.
    OidcHybrid,
    /// The user lets a device in.
    DeviceCode,
    /// A refresh token is exchanged.
    RefreshToken,
    /// A password at the token endpoint.
    Password,
    /// The user comes back from where Rules had sent them (R §2.10).
    RedirectCallback,
}

impl Protocol {
    /// `context.protocol`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OidcBasic => "oidc-basic-profile",
            Self::OidcImplicit => "oidc-implicit-profile",
            Self::OidcHybrid => "oidc-hybrid-profile",
            Self::DeviceCode => "oauth2-device-code",
            Self::RefreshToken => "oauth2-refresh-token",
            Self::Password => "oauth2-password",
            Self::RedirectCallback => "redirect-callback",
        }
    }

    /// The protocol of an authorization request.
    #[must_use]
    pub fn of(request: &AuthorizationRequest) -> Self {
        match (request.device.is_some(), request.response_type.code, request.response_type.bears_tokens()) {
            (true, ..) => Self::DeviceCode,
            (false, true, true) => Self::OidcHybrid,
            (false, false, true) => Self::OidcImplicit,
            (false, ..) => Self::OidcBasic,
        }
    }

    /// Whether there is a browser that can be sent elsewhere (R §2.10 (6), §3.6). A device's user is in the middle of a question
    /// that must not be asked twice.
    pub(crate) const fn can_redirect(self) -> bool {
        matches!(self, Self::OidcBasic | Self::OidcImplicit | Self::OidcHybrid | Self::RedirectCallback)
    }
}

/// The request itself.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    /// `GET`, `POST`.
    pub method: String,
    /// Parameters of the address, as they were sent.
    pub query: Map<String, Value>,
    /// Parameters of the body, without credentials.
    pub body: Map<String, Value>,
    /// The language of the pages, a BCP 47 tag.
    pub language: Option<String>,
}

/// The single sign-on session of the login, or the one that a refresh token came from.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    /// `sid`.
    pub id: String,
    /// When the user proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether the session was there before this login.
    pub reused: bool,
    /// Its ends; `None` where only its name is known.
    pub ends: Option<(Timestamp, Timestamp)>,
}

/// The refresh token that is exchanged.
#[derive(Clone, Debug)]
pub struct RefreshTokenFacts {
    /// Its family.
    pub id: String,
    /// When the family began.
    pub created_at: Timestamp,
    /// Idle and absolute end.
    pub idle_expires_at: Option<Timestamp>,
    /// Absolute end.
    pub expires_at: Option<Timestamp>,
    /// When it was used last.
    pub last_exchanged_at: Option<Timestamp>,
    /// Whether it rotates.
    pub rotating: bool,
}

/// A login, or an exchange in the place of one.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Where.
    pub tenant: &'a Tenant,
    /// For which application.
    pub client: &'a Client,
    /// From where.
    pub caller: &'a Caller,
    /// Who.
    pub user_id: &'a str,
    /// Over which connection; `None` where it is gone.
    pub connection: Option<&'a Connection>,
    /// How.
    pub protocol: Protocol,
    /// The request.
    pub request: &'a RequestFacts,
    /// What was asked for at `/authorize`, where that was.
    pub authorization: Option<&'a AuthorizationRequest>,
    /// The API's identifier; `None` for tokens for `/userinfo` alone.
    pub audience: Option<&'a str>,
    /// Whether it is an API of the instance itself.
    pub is_system_api: bool,
    /// What would be granted.
    pub scope: &'a ScopeSet,
    /// As whose member.
    pub organization: Option<&'a Organization>,
    /// In which session; a password at the token endpoint has none.
    pub session: Option<&'a SessionFacts>,
    /// The token that is exchanged.
    pub refresh_token: Option<&'a RefreshTokenFacts>,
    /// Whether the login is counted after the scripts, not before.
    pub uncounted: bool,
    /// Whether no page may be shown.
    pub silent: bool,
}

impl Facts<'_> {
    /// Whether the user can be sent elsewhere and come back.
    pub(crate) fn can_redirect(&self) -> bool {
        self.protocol.can_redirect() && !self.silent
    }

    /// An event about the login.
    pub(crate) fn log_event(&self, kind: LogType) -> LogEvent {
        let event = LogEvent::new(kind, self.caller).client(self.client).user_id(self.user_id);
        match self.connection {
            Some(connection) => event.connection(connection),
            None => event,
        }
    }

    /// When the user proved who they are.
    pub(crate) fn authenticated_at(&self, now: Timestamp) -> Timestamp {
        self.session.map_or(now, |session| session.authenticated_at)
    }
}
