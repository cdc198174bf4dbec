//! Roles and permissions (Management API §7; §8.2 "RBAC").

use serde::{Deserialize, Serialize};

/// A named set of permissions that users can be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Identifier, `rol_` and 16 letters or digits.
    pub id: String,
    /// Unique in the tenant.
    pub name: String,
    /// For people; may be empty.
    #[serde(default)]
    pub description: String,
}

/// A scope of an API that somebody may be granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Permission {
    /// The API's identifier.
    pub resource_server_identifier: String,
    /// One of the scopes that the API defines.
    pub permission_name: String,
}
