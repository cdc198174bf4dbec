//! Which of the requested scopes can be granted (§8.2, §4.1).

use keywright_app::{App, AppError};
use keywright_types::{AccessPolicy, Client, ResourceServer, ScopeSet, TenantId};

/// Scopes of OpenID Connect Core §5.4 and §11.
const OPENID_SCOPES: [&str; 5] = ["openid", "profile", "email", "address", "phone"];

/// The requested scopes that exist: OpenID's own, those that the API defines, and `offline_access` where a refresh token
/// would be issued. §8.2: "Scopes not defined on the API are dropped silently; OIDC scopes are always kept."
pub(crate) fn effective_scopes(
    requested: &ScopeSet,
    client: &Client,
    api: Option<&ResourceServer>,
    granted_to_client: Option<&ScopeSet>,
) -> ScopeSet {
    requested.filtered(|scope| match scope {
        "offline_access" => issues_refresh_token(client, api),
        _ if OPENID_SCOPES.contains(&scope) => true,
        _ => {
            api.is_some_and(|api| api.defines(scope)) && granted_to_client.is_none_or(|granted| granted.contains(scope))
        }
    })
}

/// §4.1: the application's grant type and, where there is an API, the API's switch.
pub(crate) fn issues_refresh_token(client: &Client, api: Option<&ResourceServer>) -> bool {
    client.allows_grant("refresh_token") && api.is_none_or(|api| api.allow_offline_access)
}

/// What an API lets an application have on behalf of users (§8.2 "API access policy").
pub(crate) enum ClientAccess {
    /// Every scope of the API.
    Unlimited,
    /// The scopes of the client's grant.
    Limited(ScopeSet),
    /// No token.
    Refused,
}

impl ClientAccess {
    /// The access of `client_id` to `api`, as configured now.
    pub(crate) async fn of(
        app: &App,
        tenant: &TenantId,
        client_id: &str,
        api: &ResourceServer,
    ) -> Result<Self, AppError> {
        Ok(match api.subject_type_authorization.user.policy {
            AccessPolicy::AllowAll => Self::Unlimited,
            AccessPolicy::DenyAll => Self::Refused,
            AccessPolicy::RequireClientGrant => {
                let grant = app.client_grant(tenant, client_id, &api.identifier).await?;
                grant.map_or(Self::Refused, |grant| Self::Limited(grant.scope.iter().map(String::as_str).collect()))
            }
        })
    }
}
