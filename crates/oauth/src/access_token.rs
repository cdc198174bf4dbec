//! Access tokens of ours that come back, at `/userinfo` and at `/oauth/revoke`: what they say, and what each is known by.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::{App, AppError, is_access_token_revoked};
use keywright_jose::{Digest, Expected, JwtType, MAX_TOKEN_LENGTH, VerifyingKey, opaque, verify};
use keywright_store::{StoreError, Tx};
use keywright_types::{ScopeSet, Tenant, TenantId};
use serde_json::{Map, Value};

use crate::issue::{Confirmation, OpaqueClaims};

/// What a token is known by.
#[derive(Clone, Copy)]
pub(crate) enum TokenIdentity<'a> {
    /// Its `jti`.
    Id(&'a str),
    /// The token itself.
    Text(&'a str),
}

impl<'a> TokenIdentity<'a> {
    fn of(token: &'a str, claims: &'a OpaqueClaims) -> Self {
        claims.jti.as_deref().map_or(Self::Text(token), Self::Id)
    }

    /// Key of the revocation list.
    pub(crate) fn digest(self, app: &App, tenant: &TenantId) -> Digest {
        match self {
            Self::Id(id) => app.access_token_identity(tenant, "", Some(id)),
            Self::Text(token) => app.access_token_identity(tenant, token, None),
        }
    }
}

/// A genuine access token of this tenant; it may have expired or been revoked.
pub(crate) struct AccessToken {
    /// What it says.
    pub(crate) claims: OpaqueClaims,
    /// Its key in the revocation list.
    pub(crate) identity: Digest,
}

impl AccessToken {
    /// Reads a token for `/userinfo`, opaque or JWT; `None` for anything else (TK-03).
    pub(crate) async fn for_userinfo(app: &App, tenant: &Tenant, token: &str) -> Result<Option<Self>, AppError> {
        let keys = app.signing_keys(&tenant.id).await?;
        let audience = tenant.userinfo_audience();
        // A JWT is for `/userinfo` because `openid` was granted, so one without any scope was not made here.
        let read = Self::read(app, tenant, token, &keys.verifying(), Some(&audience));
        Ok(read.filter(|read| is_opaque(token) || !read.claims.scope.is_empty()))
    }

    /// Reads a token for whatever audience. Which key has signed it is said by the API that it names, because an API may
    /// sign with a secret; nothing of the token counts before its signature is verified with that key.
    pub(crate) async fn for_any_audience(app: &App, tenant: &Tenant, token: &str) -> Result<Option<Self>, AppError> {
        let keys = app.signing_keys(&tenant.id).await?;
        if let Some(read) = Self::read(app, tenant, token, &keys.verifying(), None) {
            return Ok(Some(read));
        }
        let Some(audience) = unverified_audience(token) else { return Ok(None) };
        let api = app.api(&tenant.id, &audience).await?;
        let secret = api.as_ref().and_then(|record| record.signing_secret.as_ref());
        let key = secret.and_then(|secret| VerifyingKey::from_secret(secret).ok());
        Ok(key.and_then(|key| Self::read(app, tenant, token, &[&key], Some(&audience))))
    }

    fn read(app: &App, tenant: &Tenant, token: &str, keys: &[&VerifyingKey], audience: Option<&str>) -> Option<Self> {
        let (issuer, now) = (tenant.issuer(), app.now());
        let claims = if is_opaque(token) {
            opaque::open::<OpaqueClaims>(&app.data_keys(), &tenant.id, &issuer, token)?
        } else {
            let checked = [JwtType::Jwt, JwtType::AccessToken].iter().find_map(|typ| {
                let expected = Expected { issuer: &issuer, audience, typ: *typ, now, allow_expired: true };
                verify(token, keys, &expected).ok()
            });
            jwt_claims(&checked?)?
        };
        let identity = TokenIdentity::of(token, &claims).digest(app, &tenant.id);
        Some(Self { claims, identity })
    }

    /// Whether it was revoked: by its application, or by the replay of the code that gave it (CO-03).
    pub(crate) fn is_revoked(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<bool, StoreError> {
        let OpaqueClaims { azp, sub, iat, jti, .. } = &self.claims;
        is_access_token_revoked(tx, tenant, &self.identity, azp, sub, *iat, jti.is_some())
    }
}

/// Five parts make a JWE (RFC 7516 §7.1).
fn is_opaque(token: &str) -> bool {
    token.matches('.').count() == 4
}

/// `None` for a JWT without the claims of an access token, such as an ID token.
fn jwt_claims(claims: &Map<String, Value>) -> Option<OpaqueClaims> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let cnf = match claims.get("cnf") {
        None => None,
        Some(cnf) => Some(Confirmation { jkt: cnf.get("jkt")?.as_str()?.to_owned() }),
    };
    Some(OpaqueClaims {
        sub: text("sub")?.to_owned(),
        azp: text("azp").or_else(|| text("client_id"))?.to_owned(),
        scope: ScopeSet::parse(text("scope").unwrap_or_default()),
        iat: claims.get("iat")?.as_i64()?,
        exp: claims.get("exp")?.as_i64()?,
        userinfo_claims: claims
            .get("userinfo_claims")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        jti: text("jti").map(str::to_owned),
        cnf,
    })
}

/// The API that a token says it is for: the first of its audiences.
fn unverified_audience(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN_LENGTH)?;
    let claims: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    match claims.get("aud")? {
        Value::Array(several) => several.first()?.as_str().map(str::to_owned),
        one => one.as_str().map(str::to_owned),
    }
}
