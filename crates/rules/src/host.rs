//! What scripts reach besides the network: users of their tenant, and the server's own addresses (E §5.10).

use async_trait::async_trait;
use serde_json::Value;

/// The server, as the scripts of one pass see it. Implementations act for one tenant and check everything that they are
/// given: it comes from a script.
#[async_trait]
pub trait Host: Send + Sync {
    /// `auth0.users.updateAppMetadata` and `.updateUserMetadata`: merges `changes`, `{app_metadata}` or `{user_metadata}`,
    /// into the user as `PATCH /api/v2/users/{id}` does, and gives the user back (R §2.7).
    ///
    /// # Errors
    /// What the script's promise is rejected with.
    async fn update_user(&self, user_id: &str, changes: Value) -> Result<Value, HostError>;

    /// A request to an address of the tenant itself, which is answered inside the server; `None` when it is none.
    async fn dispatch(&self, request: &HostRequest) -> Option<Result<HostResponse, HostError>>;
}

/// A request that a script makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRequest {
    /// Upper case.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// In their order.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostResponse {
    /// Of the answer.
    pub status: u16,
    /// In their order.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

/// Why a question got no answer. The text is for the script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(pub String);

/// A host that has nothing but the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

#[async_trait]
impl Host for NoHost {
    async fn update_user(&self, _: &str, _: Value) -> Result<Value, HostError> {
        Err(HostError("Users cannot be changed from here".to_owned()))
    }

    async fn dispatch(&self, _: &HostRequest) -> Option<Result<HostResponse, HostError>> {
        None
    }
}
