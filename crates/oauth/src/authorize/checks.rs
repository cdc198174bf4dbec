//! The checks of an authorization request, in the order of §1.2. What fails before the redirect URI is proven shows a
//! page; what fails later goes to the application.

use std::sync::Arc;

use keywright_app::return_url;
use keywright_app::{ApiRecord, App, AuthorizationRequest, ClientRecord, OrganizationRecord, ResponseType, ScreenHint};
use keywright_types::{Client, Connection, OrganizationRequireBehavior, ScopeSet, Tenant};
use keywright_web::Parameters;

use super::claims::claims;
use super::denial::{AuthorizeError, denial};
use super::device;
use super::organization::{Asked, is_invalid};
use super::parameters::{
    audience, code_challenge, dpop_jkt, max_age, no_request_object, no_tokens_in_query, nonce_with_id_token,
    one_kind_of_refresh_token, prompt, response_mode, response_type, scope, screen_hint,
};
use super::scopes::{ClientAccess, ONLINE_ACCESS, effective_scopes};
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
        let scope = effective_scopes(&self.request.scope, &self.client.client, api, limit, permissions);
        // A session that ends with the browser needs a switch of its own.
        let ephemeral = visitor.login.as_ref().is_some_and(|(session, _)| !session.persistent);
        if ephemeral && api.is_some_and(|api| !api.allow_online_access_with_ephemeral_sessions) {
            return scope.filtered(|scope| scope != ONLINE_ACCESS);
        }
        scope
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
        sent: std::collections::BTreeMap::new(),
        device: None,
    };
    no_tokens_in_query(&request, parameters.get("response_mode"))?;
    nonce_with_id_token(&request)?;
    one_kind_of_refresh_token(&request)?;
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
    if request.device.is_some() {
        device::still_allowed(&request, &client.client)?;
        return checked_with(app, tenant, client, organization, request).await;
    }
    registered_redirect_uri(tenant, &client.client, &organization, Some(&request.redirect_uri))?;
    enabled_grants(&client.client, request.response_type)?;
    let pkce = request.response_type.code && profile::requires_pkce(tenant.settings.profile, &client.client);
    if pkce && request.code_challenge.is_none() {
        return Err(invalid(&request, "Parameter 'code_challenge' is required"));
    }
    checked_with(app, tenant, client, organization, request).await
}

/// Checks 8 to 12 of a request that has no callback.
pub(super) async fn checked_without_callback(
    app: &App,
    tenant: &Tenant,
    client: Arc<ClientRecord>,
    request: AuthorizationRequest,
) -> Result<CheckedRequest, AuthorizeError> {
    let organization = Asked::again(app, tenant, request.organization.as_deref()).await?;
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
    if !asks_for_organization_first(&client.client, &request) {
        signup_enabled(&request, &connections)?;
    }
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

/// OpenID Connect Core §5.5.1: `sub` with a value names the user who has to be there, as `id_token_hint` does.
fn one_expected_user(request: &mut AuthorizationRequest) -> Result<(), AuthorizeError> {
    let Some(named) = request.claims.as_ref().and_then(|claims| claims.sub.clone()) else { return Ok(()) };
    if request.expected_user_id.as_ref().is_some_and(|hinted| *hinted != named) {
        return Err(invalid(request, "Parameters 'claims' and 'id_token_hint' name different users"));
    }
    request.expected_user_id = Some(named);
    Ok(())
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
            if named.is_empty() && !asks_for_organization_first(client, request) {
                return Err(invalid(request, "the connection was disabled"));
            }
            named
        }
    };
    if usable.is_empty() && !asks_for_organization_first(client, request) {
        return Err(invalid(request, "no connections enabled for the client"));
    }
    Ok(usable)
}

/// Whether a page asks for the organization before anything else (`pre_login_prompt`): over which connections users log in is
/// known after it, and checked again then.
fn asks_for_organization_first(client: &Client, request: &AuthorizationRequest) -> bool {
    request.organization.is_none() && client.organization_prompt() == OrganizationRequireBehavior::PreLoginPrompt
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
