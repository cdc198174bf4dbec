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
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}
