//! The triggers of Actions and what a script may call in each of them (R §3.2, §3.5).

use serde::{Deserialize, Serialize};

/// Where Actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// After a login, before its tokens.
    PostLogin,
    /// Before a token for a machine.
    CredentialsExchange,
    /// Before a user of a database or of passwordless is made.
    PreUserRegistration,
    /// After it.
    PostUserRegistration,
    /// After a password was changed.
    PostChangePassword,
    /// After the first challenge of a password reset.
    PasswordResetPostChallenge,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PostLogin,
        Self::CredentialsExchange,
        Self::PreUserRegistration,
        Self::PostUserRegistration,
        Self::PostChangePassword,
        Self::PasswordResetPostChallenge,
    ];

    /// As the Management API names it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::PostLogin => "post-login",
            Self::CredentialsExchange => "credentials-exchange",
            Self::PreUserRegistration => "pre-user-registration",
            Self::PostUserRegistration => "post-user-registration",
            Self::PostChangePassword => "post-change-password",
            Self::PasswordResetPostChallenge => "password-reset-post-challenge",
        }
    }

    /// The trigger of that name.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.id() == id)
    }

    /// The function that an Action exports, and the one that goes on after an interruption.
    #[must_use]
    pub fn handlers(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::PostLogin => ("onExecutePostLogin", Some("onContinuePostLogin")),
            Self::CredentialsExchange => ("onExecuteCredentialsExchange", None),
            Self::PreUserRegistration => ("onExecutePreUserRegistration", None),
            Self::PostUserRegistration => ("onExecutePostUserRegistration", None),
            Self::PostChangePassword => ("onExecutePostChangePassword", None),
            Self::PasswordResetPostChallenge => ("onExecutePostChallenge", Some("onContinuePostChallenge")),
        }
    }
}
