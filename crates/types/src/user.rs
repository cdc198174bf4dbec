//! User: one person in a tenant (§7.8).

use crate::{OtherMembers, Timestamp};

/// A user's profile as the protocol sees it. The password hash is not part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// `auth0|<24 hex digits>` for users of a database connection. Never reused (TK-09).
    pub user_id: String,
    /// Name of the connection the user belongs to.
    pub connection: String,
    /// Lower-cased address.
    pub email: Option<String>,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// Lower-cased username.
    pub username: Option<String>,
    /// Whether an administrator blocked the user.
    pub blocked: bool,
    /// Root attributes: `name`, `nickname`, `picture`, `given_name`, `phone_number`, ….
    pub profile: OtherMembers,
    /// Attributes that the user may edit.
    pub user_metadata: OtherMembers,
    /// Attributes that only the tenant may edit.
    pub app_metadata: OtherMembers,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change of the profile.
    pub updated_at: Timestamp,
}
