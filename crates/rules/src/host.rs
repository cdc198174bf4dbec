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

    /// `api.roles.…` and `api.groups.…` of `post-login`: what the user who logs in belongs to (R §3.5).
    ///
    /// # Errors
    /// What the script's promise is rejected with.
    async fn memberships(&self, user_id: &str, query: MembershipQuery) -> Result<Value, HostError> {
        let _ = (user_id, query);
        Err(HostError("Roles and groups cannot be asked for here".to_owned()))
    }

    /// A request to an address of the tenant itself, which is answered inside the server; `None` when it is none.
    async fn dispatch(&self, request: &HostRequest) -> Option<Result<HostResponse, HostError>>;
}

/// What an Action asks about the user who logs in; the answers are JSON as R §3.5 describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembershipQuery {
    /// `{roles, next?}`: so many at most, from where the last page ended.
    Roles {
        /// 1 to 100.
        take: usize,
        /// `next` of the last page.
        from: Option<String>,
    },
    /// `{roles}`: those of these identifiers that the user has, at most 100.
    RolesByIds(Vec<String>),
    /// `{roles}`: those of these names that the user has, at most 50.
    RolesByNames(Vec<String>),
    /// `{groups, next?}`.
    Groups {
        /// 1 to 100.
        take: usize,
        /// `next` of the last page.
        from: Option<String>,
    },
    /// Whether the user is in one of these groups, by identifier or name, at most 100.
    GroupMembership(Vec<String>),
}

impl MembershipQuery {
    /// Reads what a worker asks; nothing is believed.
    pub(crate) fn parse(method: &str, argument: &Value) -> Result<Self, String> {
        let names = |most: usize| {
            let list = argument.as_array().filter(|list| (1..=most).contains(&list.len()));
            let texts = list.map(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect());
            texts.flatten().ok_or_else(|| format!("api.{method}: argument 1 must be a list of 1 to {most} strings"))
        };
        let page = || {
            let take = match argument.get("take") {
                None | Some(Value::Null) => Some(50),
                Some(take) => take.as_u64().and_then(|take| usize::try_from(take).ok()),
            };
            let take = take.filter(|take| (1..=100).contains(take));
            let take = take.ok_or_else(|| format!("api.{method}: take must be a number from 1 to 100"))?;
            match argument.get("from") {
                None | Some(Value::Null) => Ok((take, None)),
                Some(Value::String(from)) if from.len() <= 1024 => Ok((take, Some(from.clone()))),
                Some(_) => Err(format!("api.{method}: from must be `next` of an answer")),
            }
        };
        match method {
            "roles.getUserEffectiveRoles" => page().map(|(take, from)| Self::Roles { take, from }),
            "roles.getUserEffectiveRolesByIds" => names(100).map(Self::RolesByIds),
            "roles.getUserEffectiveRolesByNames" => names(50).map(Self::RolesByNames),
            "groups.getUserGroups" => page().map(|(take, from)| Self::Groups { take, from }),
            "groups.hasGroupMembership" => names(100).map(Self::GroupMembership),
            _ => Err("there is no such function".to_owned()),
        }
    }
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
