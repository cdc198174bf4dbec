//! Application ("client" in the Management API), with the members that have an effect in the protocol (§8.4).

use serde::{Deserialize, Serialize};

use crate::{ClientOidcLogout, OrganizationRequireBehavior, OrganizationUsage, OtherMembers, RefreshTokenSettings};

/// A registered OAuth client. Its secret is not part of the document: it is stored sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a document with the members of the Management API")]
pub struct Client {
    /// Public identifier, letters and digits only, so that every way of encoding it for HTTP Basic agrees.
    pub client_id: String,
    /// Shown on login and consent pages.
    pub name: String,
    /// What kind of application it is; absent when the administrator did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_type: Option<AppType>,
    /// Whether the tenant's owner wrote it. Third-party applications always ask for consent.
    #[serde(default = "yes")]
    pub is_first_party: bool,
    /// Allowed callback URLs; the first one is the default.
    #[serde(default)]
    pub callbacks: Vec<String>,
    /// Where `/v2/logout` and `/oidc/logout` may send the browser.
    #[serde(default)]
    pub allowed_logout_urls: Vec<String>,
    /// Origins for `web_message` and cross-origin authentication.
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Further origins for cross-origin requests (§9).
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Enabled values of `grant_type`.
    #[serde(default)]
    pub grant_types: Vec<String>,
    /// How the application proves who it is at the token endpoint.
    #[serde(default)]
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// Authentication by something better than a secret; then `token_endpoint_auth_method` does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication_methods: Option<ClientAuthenticationMethods>,
    /// Public keys of an application that registered itself, a JWKS (OpenID Connect Registration §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// The one algorithm that its assertions may have (OpenID Connect Registration §2); absent for all that its keys allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Whether `auth0-forwarded-for` tells the user's address when the application authenticated with its secret (§0.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_token_endpoint_ip_header_trusted: bool,
    /// Whether `/authorize` takes nothing but pushed requests of this application (§6.5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether this application gets no token that is not bound to a key (§8.7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_proof_of_possession: bool,
    /// How ID tokens for this application are signed and how long they live.
    #[serde(default)]
    pub jwt_configuration: JwtConfiguration,
    /// How refresh tokens of this application behave.
    #[serde(default)]
    pub refresh_token: RefreshTokenSettings,
    /// Where a broken login transaction sends the browser to start again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Legacy switch: ignore SSO sessions for this application.
    #[serde(default)]
    pub sso_disabled: bool,
    /// Address of the logo on login pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Where people read what the application does with their data (Dynamic Client Registration §2); on login pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Where people read its terms of service (Dynamic Client Registration §2); on login pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Whether users log in as members of an organization (§8.1).
    #[serde(default, skip_serializing_if = "OrganizationUsage::is_default")]
    pub organization_usage: OrganizationUsage,
    /// Who asks for the organization when the request names none; only where they may have one.
    #[serde(default, skip_serializing_if = "OrganizationRequireBehavior::is_default")]
    pub organization_require_behavior: OrganizationRequireBehavior,
    /// Back-channel logout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc_logout: Option<ClientOidcLogout>,
    /// Its old name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc_backchannel_logout: Option<ClientOidcLogout>,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

fn yes() -> bool {
    true
}

impl Client {
    /// Who asks for the organization of a login whose request names none.
    #[must_use]
    pub fn organization_prompt(&self) -> OrganizationRequireBehavior {
        match self.organization_usage {
            OrganizationUsage::Deny => OrganizationRequireBehavior::NoPrompt,
            OrganizationUsage::Allow | OrganizationUsage::Require => self.organization_require_behavior,
        }
    }

    /// Where and of what the application hears when a session ends.
    #[must_use]
    pub fn backchannel_logout(&self) -> Option<&ClientOidcLogout> {
        self.oidc_logout.as_ref().or(self.oidc_backchannel_logout.as_ref())
    }

    /// Whether `grant_type` may be used by this application. §8.3: third-party applications have "no password grant".
    #[must_use]
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        let password = matches!(grant_type, "password" | "http://auth0.com/oauth/grant-type/password-realm");
        (self.is_first_party || !password) && self.grant_types.iter().any(|own| own == grant_type)
    }

    /// Whether the application cannot keep a secret (RFC 6749 §2.1 "public").
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.auth_method() == TokenEndpointAuthMethod::None
    }

    /// How the application proves who it is: `client_authentication_methods`, else `token_endpoint_auth_method`.
    #[must_use]
    pub fn auth_method(&self) -> TokenEndpointAuthMethod {
        match &self.client_authentication_methods {
            Some(methods) if methods.private_key_jwt.is_some() => TokenEndpointAuthMethod::PrivateKeyJwt,
            _ => self.token_endpoint_auth_method,
        }
    }
}

/// `client_authentication_methods` of an application (`management-api.md` §2.2): exactly one of its members is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientAuthenticationMethods {
    /// Assertions signed by a key of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_jwt: Option<PrivateKeyJwt>,
    /// Methods that this server does not know.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `private_key_jwt` of `client_authentication_methods`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateKeyJwt {
    /// The credentials that count. Others of the application do not.
    #[serde(default)]
    pub credentials: Vec<CredentialReference>,
}

/// A credential of the application, by its identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialReference {
    /// `cred_…`.
    pub id: String,
}

/// `app_type` of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppType {
    /// Mobile, desktop, command line, television.
    Native,
    /// Single-page application.
    Spa,
    /// Application with a server side.
    RegularWeb,
    /// Machine to machine.
    NonInteractive,
    /// An API that is an application as well.
    ResourceServer,
    /// Express configuration of an enterprise's identity provider.
    ExpressConfiguration,
    /// Microsoft Rights Management.
    Rms,
    /// Box.
    Box,
    /// CloudBees.
    Cloudbees,
    /// Concur.
    Concur,
    /// Dropbox.
    Dropbox,
    /// Microsoft Dynamics.
    Mscrm,
    /// Adobe Sign.
    Echosign,
    /// Egnyte.
    Egnyte,
    /// New Relic.
    Newrelic,
    /// Office 365.
    Office365,
    /// Salesforce.
    Salesforce,
    /// Sentry.
    Sentry,
    /// SharePoint.
    Sharepoint,
    /// Slack.
    Slack,
    /// SpringCM.
    Springcm,
    /// Zendesk.
    Zendesk,
    /// Zoom.
    Zoom,
    /// Another application with single sign-on.
    SsoIntegration,
    /// Okta Access Gateway.
    Oag,
}

/// `token_endpoint_auth_method` of an application (§2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// Public: the client id alone.
    None,
    /// Secret in the body.
    #[default]
    ClientSecretPost,
    /// Secret by HTTP Basic.
    ClientSecretBasic,
    /// Assertion signed by a key of the application.
    PrivateKeyJwt,
}

/// `jwt_configuration` of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JwtConfiguration {
    /// `RS256`, `RS512`, `PS256`, `ES256` or `HS256`. Absent means `RS256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// Whether the client secret is base64, and its decoded bytes are the key of `HS256`. For applications that were made
    /// so long ago.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret_encoded: bool,
    /// Lifetime of an ID token in seconds.
    pub lifetime_in_seconds: u32,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

impl Default for JwtConfiguration {
    fn default() -> Self {
        Self { alg: None, secret_encoded: false, lifetime_in_seconds: 36_000, other: OtherMembers::new() }
    }
}
