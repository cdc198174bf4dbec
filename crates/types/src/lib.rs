//! Wire and domain values of Keywright: what a tenant, an application, an API, a connection and a user *are*.
//!
//! Serde only, no I/O, no clock, no randomness. Field names are those of Auth0's Management API v2
//! (`management-api.md` of the wire reference), because these documents are stored and answered as they are;
//! fields without an effect in the protocol are kept in `other`, so that nothing an administrator sent is lost.

mod action;
mod appearance;
mod attack_protection;
mod client;
mod client_grant;
mod client_logout;
mod connection;
mod current_user_scopes;
mod custom_claims;
mod custom_texts;
mod ids;
mod organization;
mod password_options;
mod playground;
mod rate_limits;
mod refresh_token_settings;
mod resource_server;
mod role;
mod scope;
pub mod search;
mod session_limits;
mod tenant;
mod user;
mod user_code;

pub use action::{ActionContent, ActionDependency, ActionSecret, ActionTrigger, BindingPolicy, TriggerReference};
pub use appearance::Appearance;
pub use attack_protection::{
    AttackProtection, BreachedPasswordDetection, BreachedPasswordStage, BreachedPasswordStages, BruteForceMode,
    BruteForceProtection, SuspiciousIpThrottling, Throttle, ThrottlingStages,
};
pub use client::{
    AppType, Client, ClientAuthenticationMethods, CredentialReference, JwtConfiguration, PrivateKeyJwt,
    TokenEndpointAuthMethod,
};
pub use client_grant::{ClientGrant, SubjectType};
pub use client_logout::{BackchannelLogoutInitiators, ClientOidcLogout, InitiatorsMode, LogoutInitiator};
pub use connection::{Connection, ConnectionAuthentication, ConnectionOptions};
pub use current_user_scopes::is_current_user_scope;
pub use custom_claims::{ClaimTarget, accepts_custom_claim, is_protected_claim};
pub use custom_texts::CustomTexts;
pub use ids::TenantId;
pub use jiff::Timestamp;
pub use organization::{Organization, OrganizationConnection, OrganizationRequireBehavior, OrganizationUsage};
pub use password_options::{
    Allowed, BuiltInDictionary, CharacterType, CharacterTypeRule, CommonPasswords, PERSONAL_FIELDS, PasswordComplexity,
    PasswordComplexityOptions, PasswordDictionary, PasswordHistory, PasswordNoPersonalInfo, PasswordOptions,
    PasswordPolicy, ProfileData, UsedPasswords,
};
pub use playground::Playground;
pub use rate_limits::{RateLimit, RateLimitSettings};
pub use refresh_token_settings::{ExpirationType, RefreshTokenPolicy, RefreshTokenSettings, RotationType};
pub use resource_server::{
    AccessPolicy, PossessionMechanism, ProofOfPossession, RequiredFor, ResourceServer, ResourceServerScope,
    SubjectTypeAuthorization, SubjectTypePolicy, TokenDialect,
};
pub use role::{Permission, Role};
pub use scope::ScopeSet;
pub use session_limits::SessionLimits;
pub use tenant::{
    CustomErrorPage, OidcLogout, Profile, SessionCookie, SessionCookieMode, Tenant, TenantFlags, TenantSessions,
    TenantSettings,
};
pub use user::User;
pub use user_code::{UserCodeCharset, UserCodeFormat};

/// Members of a document that have no effect in the protocol; kept as they were sent.
pub type OtherMembers = serde_json::Map<String, serde_json::Value>;
