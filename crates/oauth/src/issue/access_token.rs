//! Access tokens: JWTs for APIs in their dialect (§3.2, §3.3), opaque ones for `/userinfo` (§3.1).

use std::collections::BTreeMap;

use jiff::Timestamp;
use keywright_app::{ApiRecord, App, AppError, KeySet};
use keywright_jose::{JwtType, Signer, SigningAlg, opaque, sign};
use keywright_types::{ScopeSet, Tenant};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OrganizationClaims, signing_failed};
use crate::error::OAuthError;
use crate::profile;

/// Which way a token goes to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// From the token endpoint.
    Back,
    /// Through the browser, where it lives shorter (§3.4 `token_lifetime_for_web`).
    Front,
}

impl Channel {
    /// §3.4: "86400 s (code), 7200 s (implicit); fixed" for tokens that are only for `/userinfo`.
    const fn userinfo_lifetime(self) -> i64 {
        match self {
            Self::Back => 86_400,
            Self::Front => 7_200,
        }
    }
}

/// What an access token says.
pub(super) struct AccessTokenRequest<'a> {
    pub(super) subject: &'a str,
    pub(super) client_id: &'a str,
    pub(super) scope: &'a ScopeSet,
    /// Whether `openid` was granted.
    pub(super) for_userinfo: bool,
    /// Claims that scripts added. Their names are none of those below.
    pub(super) custom_claims: BTreeMap<&'a String, &'a Value>,
    pub(super) grant: Option<&'static str>,
    /// All permissions of the subject on the API; `None` when the API enforces no policies.
    pub(super) permissions: Option<Vec<&'a str>>,
    /// Seconds.
    pub(super) auth_time: Option<i64>,
    pub(super) issued_at: Timestamp,
    pub(super) organization: OrganizationClaims<'a>,
    /// Claims that `/userinfo` gives besides those of the scopes.
    pub(super) userinfo_claims: &'a [String],
    pub(super) channel: Channel,
    /// `jti`, where the dialect has one.
    pub(super) id: &'a str,
    /// Thumbprint of the key that the token is bound to.
    pub(super) jkt: Option<&'a str>,
}

/// RFC 9449 §6.1: `cnf`, with the key that whoever uses the token has to have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// RFC 7638 thumbprint.
    pub(crate) jkt: String,
}

impl Confirmation {
    fn of(jkt: Option<&str>) -> Option<Self> {
        jkt.map(|jkt| Self { jkt: jkt.to_owned() })
    }
}

/// Claims in the order in which Auth0 sends them (§3.2).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(flatten)]
    organization: OrganizationClaims<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[expect(clippy::struct_field_names, reason = "the name on the wire")]
    userinfo_claims: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    /// OP-05, as [`super::TEST_CLAIM`].
    #[serde(rename = "https://keywright.dev/test", skip_serializing_if = "Option::is_none")]
    test: Option<bool>,
    #[serde(flatten)]
    custom: &'a BTreeMap<&'a String, &'a Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    WithUserinfo([&'a str; 2]),
}

/// A JWT for an API, and its lifetime in seconds.
pub(super) fn for_api(
    app: &App,
    tenant: &Tenant,
    keys: &KeySet,
    record: &ApiRecord,
    request: &AccessTokenRequest<'_>,
) -> Result<(String, i64), OAuthError> {
    let api = &record.api;
    let (issuer, userinfo) = (tenant.issuer(), tenant.userinfo_audience());
    let lifetime = i64::from(match request.channel {
        Channel::Back => api.token_lifetime,
        Channel::Front => api.token_lifetime_for_web.min(api.token_lifetime),
    });
    let issued_at = request.issued_at.as_second();
    let rfc9068 = api.token_dialect.is_rfc9068();
    // §3.2: "array … when `openid` was requested and the API signs RS256". TK-08: that API alone, plus userinfo.
    let with_userinfo = request.for_userinfo && api.signing_alg == "RS256";
    let claims = Claims {
        iss: &issuer,
        sub: request.subject,
        aud: if with_userinfo {
            Audience::WithUserinfo([&api.identifier, &userinfo])
        } else {
            Audience::One(&api.identifier)
        },
        iat: issued_at,
        exp: issued_at.saturating_add(lifetime),
        scope: (!request.scope.is_empty()).then(|| request.scope.to_string()),
        organization: request.organization,
        gty: request.grant.filter(|_| !rfc9068),
        azp: (!rfc9068).then_some(request.client_id),
        client_id: rfc9068.then_some(request.client_id),
        // RFC 9068 §2.2.1: "The claims listed in this section MAY be issued in the context of authorization grants involving
        // the resource owner". §3.3 has none.
        auth_time: request
            .auth_time
            .filter(|_| rfc9068 && profile::access_token_says_auth_time(tenant.settings.profile)),
        // §8.2: "`_authz` adds `permissions` = all of the user's permissions on that API, irrespective of requested scopes".
        permissions: request.permissions.as_deref().filter(|_| api.token_dialect.lists_permissions()),
        // Only `/userinfo` reads them, and only where the token is for it.
        userinfo_claims: if with_userinfo { request.userinfo_claims } else { &[] },
        test: app.has_test_controls().then_some(true),
        jti: rfc9068.then_some(request.id),
        cnf: Confirmation::of(request.jkt),
        custom: &request.custom_claims,
    };
    let typ = if rfc9068 { JwtType::AccessToken } else { JwtType::Jwt };
    Ok((sign(typ, signer(keys, record)?, &claims).map_err(signing_failed)?, lifetime))
}

/// §3.5: `signing_alg` of the API.
pub(super) fn signer<'a>(keys: &'a KeySet, record: &'a ApiRecord) -> Result<Signer<'a>, OAuthError> {
    let signer = match SigningAlg::named(&record.api.signing_alg) {
        Some(SigningAlg::HS256) => record.signing_secret.as_ref().map(Signer::Hmac),
        Some(algorithm) => keys.signer(algorithm),
        None => None,
    };
    signer.ok_or_else(|| {
        let (identifier, algorithm) = (&record.api.identifier, &record.api.signing_alg);
        AppError::internal(format!("API {identifier} cannot sign with {algorithm}")).into()
    })
}

/// What an opaque access token says to this server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpaqueClaims {
    /// User.
    pub(crate) sub: String,
    /// Application.
    pub(crate) azp: String,
    /// Granted scopes.
    pub(crate) scope: ScopeSet,
    /// Seconds.
    pub(crate) iat: i64,
    /// Seconds.
    pub(crate) exp: i64,
    /// Claims that `/userinfo` gives besides those of the scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) userinfo_claims: Vec<String>,
    /// Identifier; absent in tokens of the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<String>,
    /// The key it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Confirmation>,
}

/// A token only this server can read, and its lifetime in seconds.
pub(super) fn for_userinfo(
    app: &App,
    tenant: &Tenant,
    request: &AccessTokenRequest<'_>,
) -> Result<(String, i64), OAuthError> {
    let iat = request.issued_at.as_second();
    let lifetime = request.channel.userinfo_lifetime();
    let claims = OpaqueClaims {
        sub: request.subject.to_owned(),
        azp: request.client_id.to_owned(),
        scope: request.scope.clone(),
        iat,
        exp: iat.saturating_add(lifetime),
        userinfo_claims: request.userinfo_claims.to_vec(),
        jti: Some(request.id.to_owned()),
        cnf: Confirmation::of(request.jkt),
    };
    let token = opaque::seal(&app.data_keys(), &tenant.id, &tenant.issuer(), &claims, app.random());
    Ok((token.map_err(signing_failed)?, lifetime))
}
