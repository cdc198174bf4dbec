//! API ("resource server" in the Management API): what an access token is for (§3.4, §8.2).

use serde::{Deserialize, Serialize};

use crate::OtherMembers;

/// A registered API. Found by its identifier, which is the `aud` of its access tokens.
#[expect(clippy::struct_excessive_bools, reason = "the members of Auth0's document")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// Identifier of the record (not of the API).
    pub id: String,
    /// Display name; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The audience.
    pub identifier: String,
    /// Scopes that the API defines; others are dropped from requests.
    #[serde(default)]
    pub scopes: Vec<ResourceServerScope>,
    /// `RS256`, `RS512`, `PS256`, `ES256` or `HS256`.
    #[serde(default = "rs256")]
    pub signing_alg: String,
    /// Whether refresh tokens may be issued for this API.
    #[serde(default)]
    pub allow_offline_access: bool,
    /// Whether refresh tokens that end with the login session may be issued for this API.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_online_access: bool,
    /// The same for sessions that end with the browser.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_online_access_with_ephemeral_sessions: bool,
    /// Lifetime of an access token in seconds.
    #[serde(default = "one_day")]
    pub token_lifetime: u32,
    /// Lifetime of an access token issued by the authorization endpoint, in seconds.
    #[serde(default = "two_hours")]
    pub token_lifetime_for_web: u32,
    /// Shape of the access token.
    #[serde(default)]
    pub token_dialect: TokenDialect,
    /// RBAC: whether users get only scopes that they hold as permissions (§8.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enforce_policies: bool,
    /// Whether first-party applications with verifiable callbacks skip consent (§1.10).
    #[serde(default)]
    pub skip_consent_for_verifiable_first_party_clients: bool,
    /// Who may ask for tokens.
    #[serde(default)]
    pub subject_type_authorization: SubjectTypeAuthorization,
    /// Whether tokens are bound to a key of their holder (§8.7); absent for tokens that anybody may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_possession: Option<ProofOfPossession>,
    /// Whether the instance made it; system APIs cannot be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_system: bool,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

fn rs256() -> String {
    "RS256".to_owned()
}

fn one_day() -> u32 {
    86_400
}

fn two_hours() -> u32 {
    7_200
}

impl Default for ResourceServer {
    /// The defaults of the Management API, without a name.
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            identifier: String::new(),
            scopes: Vec::new(),
            signing_alg: rs256(),
            allow_offline_access: false,
            allow_online_access: false,
            allow_online_access_with_ephemeral_sessions: false,
            token_lifetime: one_day(),
            token_lifetime_for_web: two_hours(),
            token_dialect: TokenDialect::default(),
            enforce_policies: false,
            skip_consent_for_verifiable_first_party_clients: false,
            subject_type_authorization: SubjectTypeAuthorization::default(),
            proof_of_possession: None,
            is_system: false,
            other: OtherMembers::new(),
        }
    }
}

impl ResourceServer {
    /// Whether the API defines `scope`.
    #[must_use]
    pub fn defines(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own.value == scope)
    }
}

/// `proof_of_possession` of an API (§8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofOfPossession {
    /// By what the possession is proven.
    pub mechanism: PossessionMechanism,
    /// Whether tokens without a binding are refused.
    pub required: bool,
    /// To whom `required` applies.
    #[serde(default)]
    pub required_for: RequiredFor,
}

/// How a caller proves that it has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PossessionMechanism {
    /// RFC 9449.
    Dpop,
    /// RFC 8705; not available here.
    Mtls,
}

/// Applications that must prove possession.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredFor {
    /// Those that cannot keep a secret.
    PublicClients,
    /// All of them.
    #[default]
    AllClients,
}

/// One scope of an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServerScope {
    /// The scope token.
    pub value: String,
    /// Shown on the consent page when the tenant asks for descriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Shape of an API's access tokens (§3.2, §3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDialect {
    /// Auth0's profile.
    #[default]
    AccessToken,
    /// Auth0's profile with `permissions`.
    AccessTokenAuthz,
    /// RFC 9068.
    Rfc9068Profile,
    /// RFC 9068 with `permissions`.
    Rfc9068ProfileAuthz,
}

impl TokenDialect {
    /// Whether tokens are those of RFC 9068.
    #[must_use]
    pub const fn is_rfc9068(self) -> bool {
        matches!(self, Self::Rfc9068Profile | Self::Rfc9068ProfileAuthz)
    }

    /// Whether tokens list permissions, once the API enforces policies.
    #[must_use]
    pub const fn lists_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068ProfileAuthz)
    }
}

/// Access policies of an API for the two kinds of subjects (§8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectTypeAuthorization {
    /// For tokens on behalf of a user.
    pub user: SubjectTypePolicy,
    /// For tokens of an application itself.
    pub client: SubjectTypePolicy,
}

impl Default for SubjectTypeAuthorization {
    fn default() -> Self {
        Self {
            user: SubjectTypePolicy { policy: AccessPolicy::AllowAll },
            client: SubjectTypePolicy { policy: AccessPolicy::RequireClientGrant },
        }
    }
}

/// The policy for one kind of subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectTypePolicy {
    /// What is needed.
    pub policy: AccessPolicy,
}

/// Who may get a token for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessPolicy {
    /// Every application of the tenant.
    AllowAll,
    /// Applications with a client grant for the API.
    RequireClientGrant,
    /// Nobody.
    DenyAll,
}
