//! The identifier every store function takes first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifies a tenant inside one Keywright instance. Never shown to clients; its public name is its domain.
///
/// A type of its own, so that the data layer cannot be called without a tenant (TN-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(String);

impl TenantId {
    /// Wraps an identifier that was made by the program or read from the store.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
