//! Tenant and its settings (§11 of the wire reference).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Appearance, AttackProtection, OtherMembers, Playground, RateLimitSettings, TenantId, UserCodeFormat};

/// An isolated issuer.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Internal identifier.
    pub id: TenantId,
    /// Host, with the port unless it is 443, lower case: `login.example.com`, `localhost:8443`.
    pub domain: String,
    /// Settings as the Management API shows them.
    pub settings: TenantSettings,
    /// What it changed about its pages.
    pub appearance: Arc<Appearance>,
}

impl Tenant {
    /// `iss` of this tenant's tokens: always with the trailing slash (client-requirements, "TLS and names").
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("https://{}/", self.domain)
    }

    /// Absolute address of `path` (which starts with a slash) on this tenant's domain.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.domain)
    }

    /// Audience of access tokens that are only for `/userinfo` (§3.1).
    #[must_use]
    pub fn userinfo_audience(&self) -> String {
        self.url("/userinfo")
    }

    /// Audience of the Management API (§3.1).
    #[must_use]
    pub fn management_audience(&self) -> String {
        self.url("/api/v2/")
    }

    /// Name shown to people: the friendly name, else the domain.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.settings.friendly_name.as_deref().unwrap_or(&self.domain)
    }
}

/// How answers are shaped: as Auth0 does, or as the RFCs and OpenID certification demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Auth0's wire behaviour, quirks included.
    #[default]
    Auth0,
    /// The standards' behaviour.
    Standard,
}

/// Tenant settings. Session lifetimes are hours, as in the Management API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantSettings {
    /// Name shown on pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// Logo shown on pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_url: Option<String>,
    /// Shown on the error page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// Shown on the error page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_url: Option<String>,
    /// Languages of the pages as BCP 47 tags, the default first. Empty means that the tenant has not chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enabled_locales: Vec<String>,
    /// API used when a request names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_audience: String,
    /// Connection of the password grant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_directory: String,
    /// Where a broken login transaction lands when the application is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_redirection_uri: Option<String>,
    /// Logout targets for requests that name no application.
    pub allowed_logout_urls: Vec<String>,
    /// Hours from login to the absolute end of a session.
    pub session_lifetime: f64,
    /// Hours of inactivity after which a session ends.
    pub idle_session_lifetime: f64,
    /// The same in minutes; wins over the hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_lifetime_in_minutes: Option<f64>,
    /// The same in minutes; wins over the hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_session_lifetime_in_minutes: Option<f64>,
    /// Hours from login to the absolute end of a session that ends with the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_session_lifetime: Option<f64>,
    /// Hours of inactivity after which such a session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ephemeral_session_lifetime: Option<f64>,
    /// The same in minutes; wins over the hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_session_lifetime_in_minutes: Option<f64>,
    /// The same in minutes; wins over the hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ephemeral_session_lifetime_in_minutes: Option<f64>,
    /// Whether the session cookie outlives the browser.
    pub session_cookie: SessionCookie,
    /// Whether a logout that proves nothing asks first.
    pub sessions: TenantSessions,
    /// Logout behaviour.
    pub oidc_logout: OidcLogout,
    /// Whether requests and tokens may name an organization by its name (§8.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_organization_name_in_authentication_api: bool,
    /// What is shown, or where the browser is sent, in place of the error page (§1.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_page: Option<CustomErrorPage>,
    /// Days that entries of the tenant log are kept.
    pub log_retention_days: u32,
    /// What is done against guessed passwords.
    pub attack_protection: AttackProtection,
    /// Whether applications may push authorization requests (§6.5); absent leaves it to the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_requests_supported: Option<bool>,
    /// Switches.
    pub flags: TenantFlags,
    /// Auth0's or the standards' behaviour.
    pub profile: Profile,
    /// How many requests of which kind are answered.
    pub rate_limits: RateLimitSettings,
    /// What the codes look like that people type for a device (§5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_flow: Option<UserCodeFormat>,
    /// The page on which newcomers try the flows; there is none unless it is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playground: Option<Playground>,
    /// Members without an effect in the protocol.
    #[serde(flatten)]
    pub other: OtherMembers,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            friendly_name: None,
            picture_url: None,
            support_email: None,
            support_url: None,
            enabled_locales: Vec::new(),
            default_audience: String::new(),
            default_directory: String::new(),
            default_redirection_uri: None,
            allowed_logout_urls: Vec::new(),
            session_lifetime: 168.0,
            idle_session_lifetime: 72.0,
            session_lifetime_in_minutes: None,
            idle_session_lifetime_in_minutes: None,
            ephemeral_session_lifetime: None,
            idle_ephemeral_session_lifetime: None,
            ephemeral_session_lifetime_in_minutes: None,
            idle_ephemeral_session_lifetime_in_minutes: None,
            session_cookie: SessionCookie::default(),
            sessions: TenantSessions::default(),
            oidc_logout: OidcLogout::default(),
            allow_organization_name_in_authentication_api: false,
            error_page: None,
            log_retention_days: 30,
            attack_protection: AttackProtection::default(),
            pushed_authorization_requests_supported: None,
            flags: TenantFlags::default(),
            profile: Profile::default(),
            rate_limits: RateLimitSettings::default(),
            device_flow: None,
            playground: None,
            other: OtherMembers::new(),
        }
    }
}

/// `error_page` of the tenant settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomErrorPage {
    /// Where the browser is sent; counts before `html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The document that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Whether our own page names the entry of the tenant log.
    pub show_log_link: bool,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}

/// `session_cookie` of the tenant settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionCookie {
    /// Persistent or not.
    pub mode: SessionCookieMode,
}

/// Whether the session cookie outlives the browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionCookieMode {
    /// With an expiry date.
    #[default]
    Persistent,
    /// Gone when the browser closes.
    NonPersistent,
}

/// `sessions` of the tenant settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantSessions {
    /// Whether `/oidc/logout` asks the user where nothing proves that the application means this session.
    pub oidc_logout_prompt_enabled: bool,
}

impl Default for TenantSessions {
    fn default() -> Self {
        Self { oidc_logout_prompt_enabled: true }
    }
}

/// `oidc_logout` of the tenant settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcLogout {
    /// Whether discovery names the end-session endpoint.
    pub rp_logout_end_session_endpoint_discovery: bool,
}

impl Default for OidcLogout {
    fn default() -> Self {
        Self { rp_logout_end_session_endpoint_discovery: true }
    }
}

/// `flags` of the tenant settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches, and named as the Management API names them")]
pub struct TenantFlags {
    /// A change of password or of an identifier, and a block, end the user's refresh tokens too (§4.6: "remain").
    pub revoke_refresh_tokens_on_account_change: bool,
    /// Revoking a refresh token deletes the whole grant (§4.6).
    pub revoke_refresh_token_grant: bool,
    /// The consent page shows the API's own descriptions of scopes (§1.10).
    pub use_scope_descriptions_for_consent: bool,
    /// `/authorize` takes nothing but pushed requests (§6.5; RFC 9126 §5), of any application.
    pub require_pushed_authorization_requests: bool,
    /// JWKS entries without `alg` (§6.11).
    pub remove_alg_from_jwks: bool,
    /// Anybody may register an application at `/oidc/register` (§6.7).
    pub enable_dynamic_client_registration: bool,
    /// Members without an effect here.
    #[serde(flatten)]
    pub other: OtherMembers,
}
