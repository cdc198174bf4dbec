//! The checks of an authorization request, in the order of §1.2. What fails before the redirect URI is proven shows a
//! page; what fails later goes to the application.

use std::sync::Arc;

use keywright_app::return_url;
use keywright_app::{
    ApiRecord, App, AuthorizationRequest, ClientRecord, CodeChallenge, CodeChallengeMethod, OrganizationRecord,
    PromptValue, ResponseMode, ResponseType, ScreenHint,
};
use keywright_types::{Client, Connection, ScopeSet, Tenant};
use keywright_web::Parameters;

use super::claims::claims;
use super::denial::{AuthorizeError, denial};
use super::organization::{Asked, is_invalid};
use super::scopes::{ClientAccess, effective_scopes};
use super::session::Visitor;
use crate::id_token_hint::IdTokenHint;
use crate::issue::requires_proof;
use crate::profile;

/// A request that passed every check, with the configuration it was checked against.
pub(crate) struct CheckedRequest {
    /// What was asked for.
    pub(crate) request: AuthorizationRequest,
    /// Who asks.
    pub(crate) client: Arc<ClientRecord>,
    /// The API the access token is for.
    pub(crate) api: Option<Arc<ApiRecord>>,
    /// Scopes of the client's grant on the API, where the API wants one for users' tokens.
    pub(crate) granted_to_client: Option<ScopeSet>,
    /// The organization as whose member the user logs in.
    pub(crate) organization: Option<Arc<OrganizationRecord>>,
    /// Connections that the client may use, narrowed to the one that was asked for.
    pub(crate) connections: Vec<Connection>,
}

impl CheckedRequest {
    /// The scopes that this visitor can be given.
    pub(super) fn effective_scopes(&self, visitor: &Visitor) -> ScopeSet {
        let api = self.api.as_ref().map(|record| &record.api);
        let (limit, permissions) = (self.granted_to_client.as_ref(), visitor.permissions.as_ref());
        effective_scopes(&self.request.scope, &self.client.client, api, limit, permissions)
    }
}

/// The list of §1.2.
pub(super) async fn check(
    app: &App,
    tenant: &Tenant,
    parameters: &Parameters,
) -> Result<CheckedRequest, AuthorizeError> {
    let client = known_client(app, tenant, parameters.get("client_id")).await?;
    no_request_object(parameters)?;
    let response_type = response_type(parameters.get("response_type"))?;
    let (redirect_uri, organization) = (parameters.get("redirect_uri"), parameters.get("organization"));
    let organization = Asked::by(app, tenant, &client.client, organization, redirect_uri).await?;
    let redirect_uri = registered_redirect_uri(tenant, &client.client, &organization, redirect_uri)?;
    enabled_grants(&client.client, response_type)?;
    let response_mode = response_mode(response_type, &redirect_uri, parameters.get("response_mode"))?;
    // From here on errors go to the application, in its response mode and with its state.
    let mut request = AuthorizationRequest {
        client_id: client.client.client_id.clone(),
        redirect_uri,
        response_type,
        response_mode,
        scope: scope(response_type, parameters.get("scope")),
        claims: None,
        acr_values: parameters.get("acr_values").map(str::to_owned),
        audience: None,
        state: parameters.get("state").map(str::to_owned),
        nonce: parameters.get("nonce").map(str::to_owned),
        prompt: Vec::new(),
        max_age: None,
        login_hint: parameters.get("login_hint").map(str::to_owned),
        ui_locales: parameters.get("ui_locales").map(str::to_owned),
        expected_user_id: None,
        connection: parameters.get("connection").map(str::to_owned),
        organization: None,
        screen_hint: screen_hint(parameters.get("screen_hint")),
        code_challenge: None,
        dpop_jkt: None,
    };
    no_tokens_in_query(&request, parameters.get("response_mode"))?;
    nonce_with_id_token(&request)?;
    request.prompt = prompt(&request, parameters.get("prompt"))?;
    request.max_age = max_age(&request, parameters.get("max_age"))?;
    request.code_challenge = code_challenge(tenant, &client.client, &request, parameters)?;
    request.dpop_jkt = dpop_jkt(&request, parameters.get("dpop_jkt"))?;
    request.audience = audience(tenant, parameters);
    request.claims = claims(tenant, &request, parameters.get("claims"))?;
    request.expected_user_id = hinted_user(app, tenant, &client.client, parameters.get("id_token_hint")).await?;
    one_expected_user(&mut request)?;
    checked_with(app, tenant, client, organization, request).await
}

/// AR-03: the checks that depend on configuration, once more, for a request that was kept in a transaction.
pub(super) async fn check_again(
    app: &App,
    tenant: &Tenant,
    request: AuthorizationRequest,
) -> Result<CheckedRequest, AuthorizeError> {
    let client = known_client(app, tenant, Some(&request.client_id)).await?;
    let organization = Asked::again(app, tenant, request.organization.as_deref()).await?;
    registered_redirect_uri(tenant, &client.client, &organization, Some(&request.redirect_uri))?;
    enabled_grants(&client.client, request.response_type)?;
    let pkce = request.response_type.code && profile::requires_pkce(tenant.settings.profile, &client.client);
    if pkce && request.code_challenge.is_none() {
        return Err(invalid(&request, "Parameter 'code_challenge' is required"));
    }
    checked_with(app, tenant, client, organization, request).await
}

/// Checks 8 to 12.
async fn checked_with(
    app: &App,
    tenant: &Tenant,
    client: Arc<ClientRecord>,
    organization: Asked,
    mut request: AuthorizationRequest,
) -> Result<CheckedRequest, AuthorizeError> {
    let api = known_api(app, tenant, &request).await?;
    let granted_to_client = client_allowed_on_api(app, tenant, &request, api.as_deref()).await?;
    no_token_that_must_be_bound(&request, &client.client, api.as_deref())?;
    let organization = organization.judged(&request, &client.client)?;
    request.organization = organization.as_ref().map(|record| record.organization.id.clone());
    let connections = usable_connections(app, tenant, &client.client, &request, organization.as_deref()).await?;
    signup_enabled(&request, &connections)?;
    Ok(CheckedRequest { request, client, api, granted_to_client, organization, connections })
}

/// Check 2.
async fn known_client(
    app: &App,
    tenant: &Tenant,
    client_id: Option<&str>,
) -> Result<Arc<ClientRecord>, AuthorizeError> {
    let Some(client_id) = client_id else {
        return Err(AuthorizeError::page("invalid_request", "Missing required parameter: client_id"));
    };
    let found = app.client(&tenant.id, client_id).await?;
    found.ok_or_else(|| AuthorizeError::page("invalid_request", format!("Unknown client: {client_id}")))
}

/// Check 3. OpenID Connect Core §6: "Should an OP not support this parameter and an RP uses it, the OP MUST return the
/// `request_not_supported` error." The redirect URI is not proven here, so the error is a page.
fn no_request_object(parameters: &Parameters) -> Result<(), AuthorizeError> {
    if parameters.get("request").is_some() {
        return Err(AuthorizeError::page("request_not_supported", "Parameter 'request' is not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizeError::page("request_uri_not_supported", "Parameter 'request_uri' is not supported"));
    }
    Ok(())
}

/// Check 4.
fn response_type(value: Option<&str>) -> Result<ResponseType, AuthorizeError> {
    let Some(value) = value else {
        return Err(AuthorizeError::page("invalid_request", "Missing required parameter: response_type"));
    };
    let unsupported =
        |_| AuthorizeError::page("unsupported_response_type", format!("Unsupported response type: {value}"));
    value.parse().map_err(unsupported)
}

/// Check 5. Without the parameter, the first callback counts (§1.3).
fn registered_redirect_uri(
    tenant: &Tenant,
    client: &Client,
    organization: &Asked,
    redirect_uri: Option<&str>,
) -> Result<String, AuthorizeError> {
    let matching = profile::callback_matching(tenant.settings.profile, client);
    let name = organization.name_in_callbacks(client).filter(|_| !matching.exact);
    let callbacks = return_url::with_organization(&client.callbacks, name);
    let Some(wanted) = redirect_uri.or(callbacks.first().map(String::as_str)) else {
        return Err(AuthorizeError::page("invalid_request", "Missing required parameter: redirect_uri"));
    };
    let allowed = return_url::allowed(&callbacks, wanted, matching);
    allowed.map(str::to_owned).ok_or_else(|| AuthorizeError::callback_mismatch(wanted))
}

/// Check 6. AR-03: at the end of the login once more.
fn enabled_grants(client: &Client, response_type: ResponseType) -> Result<(), AuthorizeError> {
    match response_type.grant_types().find(|grant_type| !client.allows_grant(grant_type)) {
        None => Ok(()),
        Some(missing) => {
            let description = format!("Grant type '{missing}' not allowed for the client.");
            Err(AuthorizeError::forbidden_page("unauthorized_client", description))
        }
    }
}

/// §1.1: "Default `query` for `code`, `fragment` otherwise". A mode that cannot reach the redirect URI is shown on a page.
fn response_mode(
    response_type: ResponseType,
    redirect_uri: &str,
    value: Option<&str>,
) -> Result<ResponseMode, AuthorizeError> {
    match value {
        // Multiple Response Types §5, of each that bears a token: "The default Response Mode […] is the fragment encoding".
        None => Ok(if response_type.bears_tokens() { ResponseMode::Fragment } else { ResponseMode::Query }),
        // Refused below, in the mode that it should have had.
        Some("query") if response_type.bears_tokens() => Ok(ResponseMode::Fragment),
        Some("query") => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        // RU-05: a form and a message go to web pages only.
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some("web_message") if return_url::origin(redirect_uri).is_some() => Ok(ResponseMode::WebMessage),
        Some("web_message") => {
            let text = "Parameter 'response_mode' is 'web_message', but the redirect URI has no web origin";
            Err(AuthorizeError::page("invalid_request", text))
        }
        Some(other) => {
            Err(AuthorizeError::page("unsupported_response_mode", format!("Unsupported response mode: {other}")))
        }
    }
}

/// Multiple Response Types §5: "the query encoding MUST NOT be used" for responses that bear tokens.
fn no_tokens_in_query(request: &AuthorizationRequest, mode: Option<&str>) -> Result<(), AuthorizeError> {
    if mode == Some("query") && request.response_type.bears_tokens() {
        return Err(invalid(request, "Parameter 'response_mode' must not be 'query' for this response type"));
    }
    Ok(())
}

/// Check 7. OpenID Connect Core §3.2.2.1 and §3.3.2.11: "nonce REQUIRED" with an ID token from this endpoint.
fn nonce_with_id_token(request: &AuthorizationRequest) -> Result<(), AuthorizeError> {
    if request.response_type.id_token && request.nonce.is_none() {
        return Err(invalid(request, "Missing required parameter: nonce"));
    }
    Ok(())
}

/// The scopes that count. An ID token is not asked for without `openid` (OpenID Connect Core §3.2.2.1), and without a code
/// there can be no refresh token (§4.1).
fn scope(response_type: ResponseType, value: Option<&str>) -> ScopeSet {
    let scope = ScopeSet::parse(value.unwrap_or_default());
    let scope = if response_type.code { scope } else { scope.filtered(|own| own != "offline_access") };
    if response_type.id_token && !scope.contains("openid") {
        return ScopeSet::parse(&format!("openid {scope}"));
    }
    scope
}

/// OpenID Connect Core §5.5.1: `sub` with a value names the user who has to be there, as `id_token_hint` does.
fn one_expected_user(request: &mut AuthorizationRequest) -> Result<(), AuthorizeError> {
    let Some(named) = request.claims.as_ref().and_then(|claims| claims.sub.clone()) else { return Ok(()) };
    if request.expected_user_id.as_ref().is_some_and(|hinted| *hinted != named) {
        return Err(invalid(request, "Parameters 'claims' and 'id_token_hint' name different users"));
    }
    request.expected_user_id = Some(named);
    Ok(())
}

/// Unknown hints are hints that we do not know: ignored.
fn screen_hint(value: Option<&str>) -> Option<ScreenHint> {
    match value {
        Some("signup") => Some(ScreenHint::Signup),
        Some("login") => Some(ScreenHint::Login),
        _ => None,
    }
}

/// OpenID Connect Core §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
fn prompt(request: &AuthorizationRequest, value: Option<&str>) -> Result<Vec<PromptValue>, AuthorizeError> {
    let mut values = Vec::new();
    for word in value.unwrap_or_default().split_ascii_whitespace() {
        let value = match word {
            "none" => PromptValue::None,
            "login" => PromptValue::Login,
            "consent" => PromptValue::Consent,
            "select_account" => PromptValue::SelectAccount,
            _ => return Err(invalid(request, "Parameter 'prompt' has an unknown value")),
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.contains(&PromptValue::None) && values.len() > 1 {
        return Err(invalid(request, "Parameter 'prompt' has 'none' beside another value"));
    }
    Ok(values)
}

fn max_age(request: &AuthorizationRequest, value: Option<&str>) -> Result<Option<i64>, AuthorizeError> {
    let Some(value) = value else { return Ok(None) };
    match value.parse::<i64>() {
        Ok(seconds) if seconds >= 0 => Ok(Some(seconds)),
        _ => Err(invalid(request, "Parameter 'max_age' must be a number of seconds")),
    }
}

/// RFC 7636 §4.2, §4.3. CO-05: who must send a challenge is decided by the profile.
fn code_challenge(
    tenant: &Tenant,
    client: &Client,
    request: &AuthorizationRequest,
    parameters: &Parameters,
) -> Result<Option<CodeChallenge>, AuthorizeError> {
    let profile = tenant.settings.profile;
    let method = parameters.get("code_challenge_method");
    let Some(value) = parameters.get("code_challenge") else {
        if method.is_some() || (request.response_type.code && profile::requires_pkce(profile, client)) {
            return Err(invalid(request, "Parameter 'code_challenge' is required"));
        }
        return Ok(None);
    };
    // RFC 7636 §4.3: "code_challenge_method OPTIONAL, defaults to "plain" if not present in the request."
    let method = match method {
        Some("S256") => CodeChallengeMethod::S256,
        None | Some("plain") if profile::accepts_plain_challenge(profile) => CodeChallengeMethod::Plain,
        _ => return Err(invalid(request, "Parameter 'code_challenge_method' has an unsupported value")),
    };
    // RFC 7636 §4.2: "code-challenge = 43*128unreserved"; a SHA-256 in base64url always has 43 characters.
    let length_ok = match method {
        CodeChallengeMethod::S256 => value.len() == 43,
        CodeChallengeMethod::Plain => (43..=128).contains(&value.len()),
    };
    let unreserved = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !length_ok || !unreserved {
        return Err(invalid(request, "Parameter 'code_challenge' is malformed"));
    }
    Ok(Some(CodeChallenge { value: value.to_owned(), method }))
}

/// RFC 9449 §10: "The value of the dpop_jkt authorization request parameter is the JWK Thumbprint [RFC7638] of the
/// proof-of-possession public key using the SHA-256 hash function", which has 43 characters in base64url.
fn dpop_jkt(request: &AuthorizationRequest, value: Option<&str>) -> Result<Option<String>, AuthorizeError> {
    let is_thumbprint = |value: &str| {
        value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match value {
        Some(value) if !is_thumbprint(value) => Err(invalid(request, "Parameter 'dpop_jkt' is malformed")),
        value => Ok(value.map(str::to_owned)),
    }
}

/// §1.1: `audience`, else `resource`, else the tenant's default. `None` for `/userinfo` alone.
fn audience(tenant: &Tenant, parameters: &Parameters) -> Option<String> {
    let named = parameters.get("audience").or_else(|| parameters.get("resource"));
    let default = Some(tenant.settings.default_audience.as_str()).filter(|audience| !audience.is_empty());
    named.or(default).filter(|audience| *audience != tenant.userinfo_audience()).map(str::to_owned)
}

/// AR-06: whom an `id_token_hint` names. A hint that is not a token of ours for this application says nothing (§1.1
/// "accepted, no documented effect").
async fn hinted_user(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    hint: Option<&str>,
) -> Result<Option<String>, AuthorizeError> {
    let Some(hint) = hint else { return Ok(None) };
    let hint = IdTokenHint::read(app, tenant, hint).await?;
    Ok(hint.filter(|hint| hint.client.client.client_id == client.client_id).map(|hint| hint.user_id))
}

/// Check 8.
async fn known_api(
    app: &App,
    tenant: &Tenant,
    request: &AuthorizationRequest,
) -> Result<Option<Arc<ApiRecord>>, AuthorizeError> {
    let Some(audience) = &request.audience else { return Ok(None) };
    let found = app.api(&tenant.id, audience).await?;
    let unknown = || denial("access_denied", format!("Service not found: {audience}"));
    found.map(Some).ok_or_else(|| AuthorizeError::redirect(request, unknown()))
}

/// Check 9, by the API's policy for users' tokens (§8.2).
async fn client_allowed_on_api(
    app: &App,
    tenant: &Tenant,
    request: &AuthorizationRequest,
    api: Option<&ApiRecord>,
) -> Result<Option<ScopeSet>, AuthorizeError> {
    let Some(api) = api.map(|record| &record.api) else { return Ok(None) };
    match ClientAccess::of(app, &tenant.id, &request.client_id, api).await? {
        ClientAccess::Unlimited => Ok(None),
        ClientAccess::Limited(scopes) => Ok(Some(scopes)),
        ClientAccess::Refused => {
            let (id, audience) = (&request.client_id, &api.identifier);
            let text = format!("Client \"{id}\" is not authorized to access resource server \"{audience}\".");
            Err(invalid(request, text))
        }
    }
}

/// §8.7. RFC 9449 §1: the application "proves possession of a private key" at the token endpoint; here nobody can.
fn no_token_that_must_be_bound(
    request: &AuthorizationRequest,
    client: &Client,
    api: Option<&ApiRecord>,
) -> Result<(), AuthorizeError> {
    if request.response_type.token && requires_proof(api.map(|record| &record.api), client) {
        return Err(invalid(
            request,
            "An access token that requires proof of possession comes from the token endpoint only",
        ));
    }
    Ok(())
}

/// Check 11.
async fn usable_connections(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    request: &AuthorizationRequest,
    organization: Option<&OrganizationRecord>,
) -> Result<Vec<Connection>, AuthorizeError> {
    let all = app.connections(&tenant.id).await?;
    let enabled = app.login_connections(&tenant.id, client, organization).await?;
    if let Some(organization) = organization.filter(|_| enabled.is_empty()) {
        return Err(invalid(request, is_invalid(&organization.organization.id)));
    }
    let usable: Vec<Connection> = match &request.connection {
        None => enabled,
        Some(name) if !all.iter().any(|connection| connection.name == *name) => {
            return Err(invalid(request, "the connection was not found"));
        }
        Some(name) => {
            let named: Vec<_> = enabled.into_iter().filter(|connection| connection.name == *name).collect();
            if named.is_empty() {
                return Err(invalid(request, "the connection was disabled"));
            }
            named
        }
    };
    if usable.is_empty() { Err(invalid(request, "no connections enabled for the client")) } else { Ok(usable) }
}

/// Check 12.
fn signup_enabled(request: &AuthorizationRequest, connections: &[Connection]) -> Result<(), AuthorizeError> {
    let open = connections.iter().any(|connection| connection.is_database() && !connection.options.disable_signup);
    if request.screen_hint == Some(ScreenHint::Signup) && !open {
        return Err(invalid(request, "signup is disabled"));
    }
    Ok(())
}

pub(super) fn invalid(request: &AuthorizationRequest, description: impl Into<String>) -> AuthorizeError {
    AuthorizeError::redirect(request, denial("invalid_request", description))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_named_else_the_resource_else_the_default() {
        let parameters = |text: &str| {
            Parameters::from_urlencoded(text.as_bytes(), keywright_web::parameters::AUTHORIZATION).unwrap()
        };
        let mut tenant = Tenant {
            id: keywright_types::TenantId::new("t"),
            domain: "d.example".to_owned(),
            settings: keywright_types::TenantSettings::default(),
        };
        assert_eq!(audience(&tenant, &parameters("audience=a&resource=b")).as_deref(), Some("a"));
        assert_eq!(audience(&tenant, &parameters("resource=b")).as_deref(), Some("b"));
        assert_eq!(audience(&tenant, &parameters("audience=https://d.example/userinfo")), None);
        assert_eq!(audience(&tenant, &parameters("scope=openid")), None);
        "default".clone_into(&mut tenant.settings.default_audience);
        assert_eq!(audience(&tenant, &parameters("scope=openid")).as_deref(), Some("default"));
    }
}
