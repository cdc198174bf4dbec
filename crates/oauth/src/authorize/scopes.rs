//! Which of the requested scopes can be granted (§8.2, §4.1).

use keywright_app::{App, AppError};
use keywright_types::{AccessPolicy, Client, ResourceServer, ScopeSet, SubjectType, TenantId, is_current_user_scope};

use crate::permissions::Permissions;

/// Scopes of OpenID Connect Core §5.4 and §11.
pub(crate) const OPENID_SCOPES: [&str; 5] = ["openid", "profile", "email", "address", "phone"];

/// Asks for a refresh token that outlives the login (§4.1).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";
/// Asks for one that ends with the login session (§4.6 "Online refresh tokens").
pub(crate) const ONLINE_ACCESS: &str = "online_access";

/// Whether a refresh token comes with these scopes.
pub(crate) fn begins_family(scope: &ScopeSet) -> bool {
    scope.contains(OFFLINE_ACCESS) || scope.contains(ONLINE_ACCESS)
}

/// The scopes of an answer that brings no refresh token.
pub(crate) fn without_refresh_token(scope: &ScopeSet) -> ScopeSet {
    scope.filtered(|scope| scope != OFFLINE_ACCESS && scope != ONLINE_ACCESS)
}

/// The requested scopes that exist: OpenID's own, those that the API defines, and `offline_access` or `online_access` where a
/// refresh token would be issued. §8.2: "Scopes not defined on the API are dropped silently; OIDC scopes are always kept."
///
/// `granted_to_client` is the client's grant where the API wants one; `permissions` are the user's where the API enforces
/// policies. §8.2: "granted scopes = requested ∩ client grant ∩ RBAC". `None` limits nothing.
pub(super) fn effective_scopes(
    requested: &ScopeSet,
    client: &Client,
    api: Option<&ResourceServer>,
    granted_to_client: Option<&ScopeSet>,
    permissions: Option<&Permissions>,
) -> ScopeSet {
    requested.filtered(|scope| match scope {
        // The application's grant type and, where there is an API, the API's switch.
        OFFLINE_ACCESS | ONLINE_ACCESS => {
            client.allows_grant("refresh_token") && api.is_none_or(|api| allows_refresh_token(api, scope))
        }
        _ if OPENID_SCOPES.contains(&scope) => true,
        _ => {
            api.is_some_and(|api| api.defines(scope) && is_for_users(api, scope))
                && granted_to_client.is_none_or(|granted| granted.contains(scope))
                && permissions.is_none_or(|permissions| permissions.contains(scope))
        }
    })
}

/// §3.1: of the Management API, users get only what is about themselves. Everything else there administers the tenant,
/// which no consent of a user can allow.
fn is_for_users(api: &ResourceServer, scope: &str) -> bool {
    !api.is_system || is_current_user_scope(scope)
}

/// The API's switch for refresh tokens of this kind (§4.1).
pub(crate) fn allows_refresh_token(api: &ResourceServer, kind: &str) -> bool {
    if kind == ONLINE_ACCESS { api.allow_online_access } else { api.allow_offline_access }
}

/// AR-03, RT-05: of scopes granted before, those that can be granted now. `None` when the application may not use the API
/// any more.
///
/// What the user may do is not in it: [`Permissions::narrow`] does that, in the transaction that reads the user.
pub(crate) async fn scopes_now(
    app: &App,
    tenant: &TenantId,
    client: &Client,
    api: Option<&ResourceServer>,
    granted: &ScopeSet,
) -> Result<Option<ScopeSet>, AppError> {
    let access = match api {
        Some(api) => ClientAccess::of(app, tenant, &client.client_id, api).await?,
        None => ClientAccess::Unlimited,
    };
    Ok(match access {
        ClientAccess::Unlimited => Some(effective_scopes(granted, client, api, None, None)),
        ClientAccess::Limited(limit) => Some(effective_scopes(granted, client, api, Some(&limit), None)),
        ClientAccess::Refused => None,
    })
}

/// What an API lets an application have on behalf of users (§8.2 "API access policy").
pub(super) enum ClientAccess {
    /// Every scope of the API.
    Unlimited,
    /// The scopes of the client's grant.
    Limited(ScopeSet),
    /// No token.
    Refused,
}

impl ClientAccess {
    /// The access of `client_id` to `api`, as configured now.
    pub(super) async fn of(
        app: &App,
        tenant: &TenantId,
        client_id: &str,
        api: &ResourceServer,
    ) -> Result<Self, AppError> {
        Ok(match api.subject_type_authorization.user.policy {
            AccessPolicy::AllowAll => Self::Unlimited,
            AccessPolicy::DenyAll => Self::Refused,
            AccessPolicy::RequireClientGrant => {
                let grant = app.client_grant(tenant, client_id, &api.identifier, SubjectType::User).await?;
                grant.map_or(Self::Refused, |grant| Self::Limited(grant.scope.iter().map(String::as_str).collect()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(api: Option<serde_json::Value>, requested: &str, expected: &str) {
        let client = json!({ "client_id": "c", "name": "c", "grant_types": ["authorization_code", "refresh_token"] });
        let client: Client = serde_json::from_value(client).unwrap();
        let api: Option<ResourceServer> = api.map(|document| serde_json::from_value(document).unwrap());
        let scopes = effective_scopes(&ScopeSet::parse(requested), &client, api.as_ref(), None, None);
        assert_eq!(scopes.to_string(), expected, "{requested}");
    }

    #[test]
    fn unknown_scopes_are_dropped_and_offline_access_follows_the_api() {
        let api = |offline: bool| {
            Some(json!({
                "id": "1", "name": "API", "identifier": "api", "scopes": [{ "value": "read" }],
                "allow_offline_access": offline
            }))
        };
        check(None, "openid read offline_access", "openid offline_access");
        check(api(true), "read openid write offline_access", "read openid offline_access");
        check(api(false), "read openid offline_access", "read openid");
        check(None, "openid online_access", "openid online_access");
        check(api(true), "openid online_access", "openid");
        let online = json!({ "id": "1", "name": "API", "identifier": "api", "allow_online_access": true });
        check(Some(online), "openid online_access offline_access", "openid online_access");
    }

    #[test]
    fn an_api_with_rbac_gives_only_what_the_user_may() {
        let client = json!({ "client_id": "c", "name": "c", "grant_types": ["authorization_code", "refresh_token"] });
        let client: Client = serde_json::from_value(client).unwrap();
        let api: ResourceServer = serde_json::from_value(json!({
            "id": "1", "name": "API", "identifier": "api", "allow_offline_access": true, "enforce_policies": true,
            "scopes": [{ "value": "read" }, { "value": "write" }, { "value": "delete" }]
        }))
        .unwrap();
        let requested = ScopeSet::parse("openid delete read write offline_access");
        let may = |names: &[&str]| -> Permissions { names.iter().map(|name| (*name).to_owned()).collect() };
        for (permissions, limit, expected) in [
            (may(&["read", "write", "gone"]), None, "openid read write offline_access"),
            (may(&["read", "write"]), Some("delete write"), "openid write offline_access"),
            (may(&[]), None, "openid offline_access"),
        ] {
            let limit = limit.map(ScopeSet::parse);
            let scopes = effective_scopes(&requested, &client, Some(&api), limit.as_ref(), Some(&permissions));
            assert_eq!(scopes.to_string(), expected);
            let narrowed = Permissions::narrow(Some(&permissions), requested.clone(), Some(&api));
            assert!(narrowed.covers(&scopes), "{narrowed}");
        }
    }

    #[test]
    fn users_never_get_scopes_that_administer_the_tenant() {
        let scopes = ["read:users", "read:current_user", "update:current_user_metadata", "delete:current_user"];
        let scopes: Vec<_> = scopes.iter().map(|value| json!({ "value": value })).collect();
        let management = Some(json!({
            "id": "1", "name": "Management", "identifier": "https://d/api/v2/", "is_system": true, "scopes": scopes
        }));
        check(
            management,
            "openid read:users read:current_user update:current_user_metadata delete:current_user",
            "openid read:current_user update:current_user_metadata",
        );
    }
}
