//! What an application says about itself, checked, and the document that it becomes (RFC 7591 §2; MD-02).
//!
//! RFC 7591 §2: "The authorization server MUST ignore any client metadata sent by the client that it does not understand".
//! §3.2.1: it "MAY reject or replace any of the client's requested metadata values". Grants are replaced, because clients
//! ask for more than they need; addresses and keys are refused, because nobody else can know what was meant.

use keywright_app::{App, NewClient, return_url};
use keywright_types::{AppType, Client, ExpirationType, RefreshTokenSettings, RotationType, Tenant};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::error::OAuthError;
use crate::profile;

/// Addresses of one kind.
const MOST_ADDRESSES: usize = 50;
/// Bytes of one address.
const LONGEST_ADDRESS: usize = 2048;
/// Characters of a name, which stands on the login and consent pages.
const LONGEST_NAME: usize = 128;
/// Keys of a key set, and contacts.
const MOST_MEMBERS: usize = 20;
/// Grants that need a user who agrees. Everything else is left out.
const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];
/// RFC 7518 §6: members of private and symmetric keys.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The members that mean something here.
#[derive(Deserialize)]
pub(super) struct Metadata {
    redirect_uris: Option<Vec<String>>,
    client_name: Option<String>,
    application_type: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    id_token_signed_response_alg: Option<String>,
    post_logout_redirect_uris: Option<Vec<String>>,
    logo_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
    client_uri: Option<String>,
    initiate_login_uri: Option<String>,
    contacts: Option<Vec<String>>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
}

impl Metadata {
    /// Reads a JSON object; a member that comes twice is refused.
    pub(super) fn read(json: &[u8]) -> Result<Self, OAuthError> {
        let text = std::str::from_utf8(json).map_err(|_| invalid("The request is not valid UTF-8"))?;
        serde_json::from_str(text).map_err(|_| {
            invalid("The request body is not a JSON object, or a member has the wrong type or comes twice")
        })
    }

    /// The application. Nothing is stored yet.
    pub(super) fn into_client(self, app: &App, tenant: &Tenant) -> Result<(Client, SecretString), OAuthError> {
        let native = match self.application_type.as_deref() {
            None | Some("web") => false,
            Some("native") => true,
            Some(_) => return Err(invalid("Parameter 'application_type' must be 'web' or 'native'")),
        };
        let callbacks = self.redirect_uris.unwrap_or_default();
        if callbacks.is_empty() {
            return Err(OAuthError::invalid_redirect_uri("Parameter 'redirect_uris' is required"));
        }
        addresses(&callbacks, native)
            .map_err(|problem| OAuthError::invalid_redirect_uri(format!("Parameter 'redirect_uris': {problem}")))?;
        let logout_urls = self.post_logout_redirect_uris.unwrap_or_default();
        addresses(&logout_urls, native)
            .map_err(|problem| invalid(format!("Parameter 'post_logout_redirect_uris': {problem}")))?;
        let default = profile::registered_auth_method(tenant.settings.profile);
        let method = self.token_endpoint_auth_method.as_deref().unwrap_or(default);
        let token_endpoint_auth_method = serde_json::from_value(Value::from(method))
            .map_err(|_| invalid("Parameter 'token_endpoint_auth_method' has an unsupported value"))?;
        if self.jwks_uri.is_some() {
            return Err(invalid("Parameter 'jwks_uri' is not supported: send 'jwks'"));
        }
        match &self.jwks {
            Some(jwks) => public_keys(jwks)?,
            None if method == "private_key_jwt" => {
                return Err(invalid("Parameter 'jwks' is required for private_key_jwt"));
            }
            None => {}
        }
        if self.id_token_signed_response_alg.as_deref().is_some_and(|alg| alg != "RS256") {
            return Err(invalid("Parameter 'id_token_signed_response_alg' must be RS256"));
        }
        let contacts = self.contacts.unwrap_or_default();
        if contacts.len() > MOST_MEMBERS || contacts.iter().any(|contact| !is_plain(contact, LONGEST_NAME)) {
            return Err(invalid("Parameter 'contacts' is malformed"));
        }
        let app_type = match (native, method) {
            (true, _) => AppType::Native,
            (false, "none") => AppType::Spa,
            (false, _) => AppType::RegularWeb,
        };
        let new =
            NewClient { app_type: Some(app_type), callbacks, allowed_logout_urls: logout_urls, ..NewClient::default() };
        let (mut client, secret) = app.new_client(new);
        client.is_first_party = false;
        client.token_endpoint_auth_method = token_endpoint_auth_method;
        client.grant_types = granted(self.grant_types)?;
        client.refresh_token = expiring(method == "none");
        client.name = match self.client_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) {
            Some(name) if is_plain(&name, LONGEST_NAME) => name,
            Some(_) => {
                return Err(invalid("Parameter 'client_name' is too long or has characters that cannot be shown"));
            }
            None => client.client_id.clone(),
        };
        client.logo_uri = web_address("logo_uri", self.logo_uri)?;
        client.policy_uri = web_address("policy_uri", self.policy_uri)?;
        client.tos_uri = web_address("tos_uri", self.tos_uri)?;
        client.initiate_login_uri = web_address("initiate_login_uri", self.initiate_login_uri)?;
        if let Some(client_uri) = web_address("client_uri", self.client_uri)? {
            client.other.insert("client_uri".to_owned(), client_uri.into());
        }
        if !contacts.is_empty() {
            client.other.insert("contacts".to_owned(), contacts.into());
        }
        client.jwks = self.jwks;
        Ok((client, secret))
    }
}

/// `application_type` of a registered application.
pub(super) fn application_type(client: &Client) -> &'static str {
    if client.app_type == Some(AppType::Native) { "native" } else { "web" }
}

fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::invalid_client_metadata(description)
}

/// MD-02: "https only, no wildcard". OpenID Connect Dynamic Client Registration §2: "Web Clients […] MUST NOT use
/// localhost as the hostname"; native ones may be on this machine, or have a scheme of their own.
fn addresses(urls: &[String], native: bool) -> Result<(), &'static str> {
    if urls.len() > MOST_ADDRESSES {
        return Err("there are too many");
    }
    for url in urls {
        let is_web = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
            || url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        let place = return_url::is_verifiable(url) || (native && (return_url::is_loopback(url) || !is_web));
        if url.len() > LONGEST_ADDRESS {
            return Err("an address is too long");
        } else if url.contains('*') {
            return Err("an address has a wildcard");
        } else if url.contains('#') {
            return Err("an address has a fragment");
        } else if !return_url::is_registrable(url) || !place {
            return Err("an address is not allowed: use https, or for native applications a loopback address");
        }
    }
    Ok(())
}

/// An address that is shown to people or that browsers are sent to.
fn web_address(name: &str, url: Option<String>) -> Result<Option<String>, OAuthError> {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    let short = url.len() <= LONGEST_ADDRESS;
    let parsed = url::Url::parse(&url).ok().filter(|parsed| parsed.scheme() == "https" && parsed.username().is_empty());
    match parsed {
        Some(_) if short => Ok(Some(url)),
        _ => Err(invalid(format!("Parameter '{name}' must be an https address"))),
    }
}

/// The grants that are left of what was asked for. RFC 7591 §2: "If omitted, the default behavior is that the client will
/// use only the `authorization_code` Grant Type."
fn granted(requested: Option<Vec<String>>) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = requested else { return Ok(vec!["authorization_code".to_owned()]) };
    let granted: Vec<String> =
        GRANTS.iter().filter(|grant| requested.iter().any(|own| own == *grant)).map(ToString::to_string).collect();
    if granted.iter().any(|grant| grant == "authorization_code") {
        Ok(granted)
    } else {
        Err(invalid("Parameter 'grant_types' must hold authorization_code"))
    }
}

/// §8.3: third-party applications have "expiring refresh tokens"; those of public ones rotate (RFC 9700 §2.2.2).
fn expiring(public: bool) -> RefreshTokenSettings {
    let rotation_type = if public { RotationType::Rotating } else { RotationType::NonRotating };
    RefreshTokenSettings { rotation_type, expiration_type: ExpirationType::Expiring, ..RefreshTokenSettings::default() }
}

/// RFC 7517 §5, with public keys only: what is sent here is not secret any more.
fn public_keys(jwks: &Value) -> Result<(), OAuthError> {
    let keys = jwks.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty() && keys.len() <= MOST_MEMBERS);
    let public = |key: &Value| {
        let members = key.as_object()?;
        let kind = members.get("kty")?.as_str()?;
        let no_private = PRIVATE_MEMBERS.iter().all(|name| !members.contains_key(*name));
        (matches!(kind, "RSA" | "EC" | "OKP") && no_private).then_some(())
    };
    match keys {
        Some(keys) if keys.iter().all(|key| public(key).is_some()) => Ok(()),
        _ => Err(invalid("Parameter 'jwks' must be a set of public keys")),
    }
}

/// Text that looks on a page like what it is: no control characters, and none that turns the direction of the rest.
fn is_plain(text: &str, longest: usize) -> bool {
    let turns =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars().count() <= longest && !text.chars().any(|c| c.is_control() || turns(c))
}
