//! Grant `client_credentials` (§2.5; RFC 6749 §4.4). It writes its log entry, and reads nothing but cached configuration; Actions
//! of `credentials-exchange` have their say before.

use keywright_app::{App, ClientRecord, MachineFacts, MachineVerdict};
use keywright_types::{AccessPolicy, ScopeSet, SubjectType, Tenant};

use super::{Grant, TokenRequest, TokenResponse, events, scripts};
use crate::error::OAuthError;
use crate::issue;
use crate::profile;

pub(super) async fn run(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    request: &TokenRequest,
) -> Result<TokenResponse, OAuthError> {
    // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients."
    if client.client.is_public() {
        return Err(OAuthError::grant_not_allowed("client_credentials"));
    }
    let default = Some(tenant.settings.default_audience.as_str()).filter(|audience| !audience.is_empty());
    let Some(audience) = request.get("audience").or_else(|| request.get("resource")).or(default) else {
        return Err(OAuthError::access_denied(
            "No audience parameter was provided, and no default audience has been configured",
        )
        .in_standard(profile::NO_AUDIENCE));
    };
    let api = app.api(&tenant.id, audience).await?;
    let api = api.ok_or_else(|| OAuthError::unknown_audience(audience))?;
    let client_id = &client.client.client_id;
    let grant = app.client_grant(&tenant.id, client_id, audience, SubjectType::Client).await?;
    let most: ScopeSet = match (api.api.subject_type_authorization.client.policy, &grant) {
        (AccessPolicy::DenyAll, _) | (AccessPolicy::RequireClientGrant, None) => {
            return Err(OAuthError::access_denied(format!(
                "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" associated \
                 to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
            ))
            .in_standard(profile::AUDIENCE_NOT_ALLOWED));
        }
        (_, Some(grant)) => grant.scope.iter().map(String::as_str).collect(),
        (AccessPolicy::AllowAll, None) => api.api.scopes.iter().map(|scope| scope.value.as_str()).collect(),
    };
    // §2.5: "no `scope` => all scopes of the client grant; otherwise the intersection".
    let scope = match request.get("scope").map(ScopeSet::parse) {
        Some(requested) => most.filtered(|scope| requested.contains(scope)),
        None => most.clone(),
    };
    let facts = MachineFacts {
        tenant,
        client: &client.client,
        caller: request.caller(),
        request: &scripts::request_facts(request),
        audience,
        is_system_api: api.api.is_system,
        scope: &scope,
        most: &most,
    };
    let (changes, scope) = match app.run_machine_scripts(&facts).await? {
        MachineVerdict::Passed { changes, scope } => (changes, scope),
        MachineVerdict::Denied { code, reason } => return Err(OAuthError::of_scripts(&code, reason)),
    };
    let tokens = issue::for_client(app, tenant, &client.client, &api, &scope, &changes, request.jkt()).await?;
    let event = events::granted(Grant::ClientCredentials, request, &client.client).audience(audience).scope(&scope);
    app.log(&tenant.id, event).await?;
    Ok(tokens)
}
