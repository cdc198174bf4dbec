//! Multi-resource refresh tokens (§4.5): one refresh token that gives access tokens for further APIs, as `refresh_token.policies`
//! of the application says.

use keywright_app::{App, ClientRecord};
use keywright_store::refresh_tokens::RefreshTokenRow;
use keywright_types::{ScopeSet, Tenant};

use super::TokenRequest;
use crate::authorize::{OFFLINE_ACCESS, ONLINE_ACCESS, OPENID_SCOPES, allows_refresh_token, scopes_now};
use crate::error::OAuthError;
use crate::profile;

/// The API that a refresh asks for: `audience`, else `resource`, else the one the family began with. Empty for `/userinfo`.
pub(super) fn audience<'a>(tenant: &Tenant, family: &'a RefreshTokenRow, request: &'a TokenRequest) -> &'a str {
    match request.get("audience").or_else(|| request.get("resource")) {
        None => &family.audience,
        Some(named) if named == tenant.userinfo_audience() => "",
        Some(named) => named,
    }
}

/// What a refresh gives for another API than the family's. §4.5: "Effective scopes for AUD2 = requested ∩ policy scopes";
/// OpenID's scopes stay those that the family was granted (RT-05).
pub(super) async fn scope(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    family: &RefreshTokenRow,
    audience: &str,
    requested: Option<&str>,
) -> Result<ScopeSet, OAuthError> {
    let refused = |cause: &str| {
        let description = format!("Client is not authorized to access \"{audience}\" with this refresh token.");
        OAuthError::access_denied(description).in_standard(profile::AUDIENCE_NOT_ALLOWED).because(cause)
    };
    let policies = &client.client.refresh_token.policies;
    let Some(policy) = policies.iter().find(|policy| policy.audience == audience) else {
        return Err(refused("no policy of the application for this audience"));
    };
    let api = app.api(&tenant.id, audience).await?.ok_or_else(|| OAuthError::unknown_audience(audience))?;
    let api = &api.api;
    // §4.5: "First-party only; target APIs must skip consent; Management API excluded." Nobody is there to be asked.
    if !client.client.is_first_party || api.is_system || !api.skip_consent_for_verifiable_first_party_clients {
        return Err(refused("the user would have to be asked for consent"));
    }
    let granted = ScopeSet::parse(&family.scope);
    let kind = if granted.contains(ONLINE_ACCESS) { ONLINE_ACCESS } else { OFFLINE_ACCESS };
    if !allows_refresh_token(api, kind) {
        return Err(refused("the API allows no refresh tokens of this kind"));
    }
    let own = granted.iter().filter(|scope| OPENID_SCOPES.contains(scope) || *scope == kind);
    let most: ScopeSet = own.chain(policy.scope.iter().map(String::as_str)).collect();
    let allowed = scopes_now(app, &tenant.id, &client.client, Some(api), &most).await?;
    let allowed = allowed.ok_or_else(|| refused("the client may not use the API"))?;
    let Some(requested) = requested.map(ScopeSet::parse) else { return Ok(allowed) };
    Ok(allowed.filtered(|scope| requested.contains(scope)))
}
