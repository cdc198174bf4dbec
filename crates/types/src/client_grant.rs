//! Client grant: which scopes an application may have on an API for itself (§2.5).

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// One application's permission on one API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientGrant {
    /// Identifier, `cgr_…`.
    pub id: String,
    /// The application.
    pub client_id: String,
    /// The API's identifier.
    pub audience: String,
    /// The most that the application can get.
    #[serde(default)]
    pub scope: Vec<String>,
    /// For whom the application asks.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// Whether the application can get every scope that the API defines, those of later included.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_all_scopes: bool,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// For whom an application asks for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// For itself.
    #[default]
    Client,
    /// On behalf of a user, at an API whose policy for users wants a grant (§8.2).
    User,
}

impl SubjectType {
    /// Its name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
        }
    }
}
