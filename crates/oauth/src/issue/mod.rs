//! Making the tokens of a response (§2.4, §3): which ones, with which claims, signed by which key.

mod access_token;
mod front_channel;
mod id_token;
mod profile_claims;
mod proof_of_possession;

use std::sync::Arc;

use jiff::Timestamp;
use keywright_app::{ApiRecord, App, AppError, ClaimsRequest, ClientRecord, KeySet, TokenChanges};
use keywright_types::{Client, Organization, ResourceServer, ScopeSet, Tenant, User};
use serde::Serialize;

use self::access_token::{AccessTokenRequest, Channel};
pub(crate) use self::access_token::{Confirmation, OpaqueClaims};
pub(crate) use self::front_channel::for_front_channel;
use self::id_token::Companions;
pub(crate) use self::id_token::signer as id_token_signer;
pub(crate) use self::profile_claims::{named_claims, profile_claims};
pub(crate) use self::proof_of_possession::requires_proof;
use crate::error::OAuthError;
use crate::permissions::Permissions;
use crate::token::TokenResponse;

/// OP-05: test-only features "mark every token". A claim with a name of our own: verifiers let claims pass that they do not
/// know, and whoever wants to refuse such tokens can.
pub(crate) const TEST_CLAIM: &str = "https://keywright.dev/test";

/// Whom tokens are about, and what was granted.
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a User,
    /// `sid`.
    pub(crate) session_id: Option<&'a str>,
    /// Granted scopes.
    pub(crate) scope: &'a ScopeSet,
    /// All permissions on the API, when it enforces policies.
    pub(crate) permissions: Option<&'a Permissions>,
    /// Only with a code, never on refresh (§4.3).
    pub(crate) nonce: Option<&'a str>,
    /// Seconds.
    pub(crate) auth_time: Option<i64>,
    /// Claims that were asked for by name, where the profile honours that.
    pub(crate) claims: Option<&'a ClaimsRequest>,
    /// The organization as whose member the user logged in.
    pub(crate) organization: Option<&'a Organization>,
    /// Value of `gty`: only where §3.2 has it.
    pub(crate) grant: Option<&'static str>,
    /// `iat`.
    pub(crate) issued_at: Timestamp,
    /// What Rules and Actions changed.
    pub(crate) changes: &'a TokenChanges,
}

/// §8.1: "`org_id` always; `org_name` (lower-case) only if tenant `allow_organization_name_in_authentication_api`".
#[derive(Clone, Copy, Default, Serialize)]
struct OrganizationClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_name: Option<&'a str>,
}

impl<'a> OrganizationClaims<'a> {
    fn of(tenant: &Tenant, organization: Option<&'a Organization>) -> Self {
        let names = tenant.settings.allow_organization_name_in_authentication_api;
        Self {
            org_id: organization.map(|own| own.id.as_str()),
            org_name: organization.filter(|_| names).map(|own| own.name.as_str()),
        }
    }
}

/// Everything that tokens for a user are made with. Loaded before a code or refresh token is taken: what can fail has to
/// fail while nothing is spent, or the honest repetition of the request would look like a replay.
pub(crate) struct Issuer {
    keys: Arc<KeySet>,
    api: Option<Arc<ApiRecord>>,
    /// `jti` of the access token.
    token_id: String,
    /// Thumbprint of the key that the access token is bound to.
    jkt: Option<String>,
}

impl Issuer {
    /// For an API, or for `/userinfo` only; `jkt` is the key that the caller has proven to have. Refuses a token that would
    /// not be bound although it has to be (§8.7).
    pub(crate) async fn load(
        app: &App,
        tenant: &Tenant,
        client: &ClientRecord,
        audience: Option<&str>,
        jkt: Option<&str>,
    ) -> Result<Self, OAuthError> {
        let issuer = Self::for_front_channel(app, tenant, client, audience).await?;
        let jkt = proof_of_possession::binding(issuer.api(), &client.client, jkt)?.map(str::to_owned);
        Ok(Self { jkt, ..issuer })
    }

    /// For tokens that nobody can be asked a proof for: the authorization endpoint's, which `requires_proof` keeps from what
    /// has to be bound.
    pub(crate) async fn for_front_channel(
        app: &App,
        tenant: &Tenant,
        client: &ClientRecord,
        audience: Option<&str>,
    ) -> Result<Self, OAuthError> {
        let api = match audience {
            Some(audience) => {
                let found = app.api(&tenant.id, audience).await?;
                Some(found.ok_or_else(|| OAuthError::unknown_audience(audience))?)
            }
            None => None,
        };
        let keys = app.signing_keys(&tenant.id).await?;
        if let Some(api) = &api {
            access_token::signer(&keys, api)?;
        }
        id_token::signer(&keys, client)?;
        Ok(Self { keys, api, token_id: app.random().token(16), jkt: None })
    }

    /// `jti` of the access token, known before it is made.
    pub(crate) fn token_id(&self) -> &str {
        &self.token_id
    }

    /// The API's record, for a database transaction.
    pub(crate) fn record(&self) -> Option<Arc<ApiRecord>> {
        self.api.clone()
    }

    /// The scope that the access token says, after scripts had their say.
    pub(crate) fn said_scope(&self, subject: &Subject<'_>) -> ScopeSet {
        subject.changes.scope(subject.scope, self.api().is_some_and(|api| api.is_system))
    }

    /// The API.
    pub(crate) fn api(&self) -> Option<&ResourceServer> {
        self.api.as_ref().map(|record| &record.api)
    }
}

/// Access token and, with `openid`, ID token for a user.
pub(crate) fn for_user(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    issuer: &Issuer,
    subject: &Subject<'_>,
) -> Result<TokenResponse, OAuthError> {
    let (access_token, expires_in) = access_token_for_user(app, tenant, client, issuer, subject, Channel::Back)?;
    let id_token = if subject.scope.contains("openid") {
        Some(id_token::issue(app, tenant, &issuer.keys, client, subject, &Companions::default())?)
    } else {
        None
    };
    Ok(response(access_token, id_token, &issuer.said_scope(subject), expires_in, issuer.jkt.as_deref()))
}

/// The access token and its lifetime in seconds.
fn access_token_for_user(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    issuer: &Issuer,
    subject: &Subject<'_>,
    channel: Channel,
) -> Result<(String, i64), OAuthError> {
    let scope = issuer.said_scope(subject);
    let request = AccessTokenRequest {
        subject: &subject.user.user_id,
        client_id: &client.client.client_id,
        scope: &scope,
        // What scripts take from the scope does not take the token from `/userinfo` (`rules-and-actions.md` §9 (1)).
        for_userinfo: subject.scope.contains("openid"),
        custom_claims: TokenChanges::opened(&subject.changes.access_token, subject.scope).collect(),
        grant: subject.grant,
        permissions: subject.permissions.map(|own| own.names().iter().map(String::as_str).collect()),
        auth_time: subject.auth_time,
        issued_at: subject.issued_at,
        organization: OrganizationClaims::of(tenant, subject.organization),
        userinfo_claims: subject.claims.map(|claims| claims.userinfo.as_slice()).unwrap_or_default(),
        channel,
        id: &issuer.token_id,
        jkt: issuer.jkt.as_deref(),
    };
    match &issuer.api {
        Some(api) => access_token::for_api(app, tenant, &issuer.keys, api, &request),
        None => access_token::for_userinfo(app, tenant, &request),
    }
}

/// Access token for an application itself (§2.5). Never an ID token or a refresh token.
pub(crate) async fn for_client(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    api: &ApiRecord,
    scope: &ScopeSet,
    changes: &TokenChanges,
    jkt: Option<&str>,
) -> Result<TokenResponse, OAuthError> {
    let (client_id, issued_at) = (&client.client_id, app.now());
    let jkt = proof_of_possession::binding(Some(&api.api), client, jkt)?;
    let keys = app.signing_keys(&tenant.id).await?;
    let subject = format!("{client_id}@clients");
    let id = app.random().token(16);
    let request = AccessTokenRequest {
        subject: &subject,
        client_id,
        scope,
        for_userinfo: scope.contains("openid"),
        custom_claims: changes.access_token.iter().collect(),
        grant: Some("client-credentials"),
        // §8.2: "for client_credentials = the granted scopes".
        permissions: api.api.enforce_policies.then(|| scope.iter().collect()),
        auth_time: None,
        issued_at,
        organization: OrganizationClaims::default(),
        userinfo_claims: &[],
        channel: Channel::Back,
        id: &id,
        jkt,
    };
    let (access_token, expires_in) = access_token::for_api(app, tenant, &keys, api, &request)?;
    Ok(response(access_token, None, scope, expires_in, jkt))
}

fn response(
    access_token: String,
    id_token: Option<String>,
    scope: &ScopeSet,
    expires_in: i64,
    jkt: Option<&str>,
) -> TokenResponse {
    TokenResponse {
        access_token,
        refresh_token: None,
        id_token,
        scope: (!scope.is_empty()).then(|| scope.to_string()),
        expires_in,
        // RFC 9449 §5: "a token_type of DPoP MUST be included in the access token response" for a bound token.
        token_type: if jkt.is_some() { "DPoP" } else { "Bearer" },
    }
}

/// A signature that could not be made is never the caller's fault.
fn signing_failed(error: keywright_jose::JwtError) -> OAuthError {
    AppError::internal(error).into()
}
