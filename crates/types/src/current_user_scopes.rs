//! What users' tokens for the Management API may carry (`management-api.md` §1.3 "End-user tokens").

const CURRENT_USER_SCOPES: [&str; 7] = [
    "read:current_user",
    "update:current_user_identities",
    "create:current_user_metadata",
    "update:current_user_metadata",
    "delete:current_user_metadata",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
];

/// Whether a scope of the Management API is about the user themselves. Every other one administers the tenant.
#[must_use]
pub fn is_current_user_scope(scope: &str) -> bool {
    CURRENT_USER_SCOPES.contains(&scope)
}
