//! ID tokens (§3.6; OpenID Connect Core §2).

use keywright_app::{AppError, ClientRecord, KeySet};
use keywright_jose::{JwtType, Signer, SigningAlg, sign};
use keywright_types::Tenant;
use serde_json::{Map, Value};

use super::{Subject, profile_claims, signing_failed};
use crate::error::OAuthError;

/// A signed ID token for `client`.
pub(super) fn issue(
    tenant: &Tenant,
    keys: &KeySet,
    client: &ClientRecord,
    subject: &Subject<'_>,
) -> Result<String, OAuthError> {
    let issued_at = subject.issued_at.as_second();
    let lifetime = i64::from(client.client.jwt_configuration.lifetime_in_seconds);
    let mut claims: Map<String, Value> = profile_claims(tenant.settings.profile, subject.user, subject.scope);
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", tenant.issuer().into());
    set("sub", subject.user.user_id.as_str().into());
    set("aud", client.client.client_id.as_str().into());
    set("iat", issued_at.into());
    set("exp", issued_at.saturating_add(lifetime).into());
    if let Some(session_id) = subject.session_id {
        set("sid", session_id.into());
    }
    if let Some(nonce) = subject.nonce {
        set("nonce", nonce.into());
    }
    if let Some(auth_time) = subject.auth_time {
        set("auth_time", auth_time.into());
    }
    sign(JwtType::Jwt, signer(keys, client)?, &claims).map_err(signing_failed)
}

/// §3.5: `jwt_configuration.alg`; "Public clients' ID tokens are forced RS256", since they cannot keep an HMAC key.
pub(super) fn signer<'a>(keys: &'a KeySet, client: &'a ClientRecord) -> Result<Signer<'a>, OAuthError> {
    let alg = client.client.jwt_configuration.alg.as_deref().unwrap_or("RS256");
    match (alg, &client.secret) {
        _ if client.client.is_public() => Ok(Signer::Rsa(keys.current(), SigningAlg::RS256)),
        ("RS256", _) => Ok(Signer::Rsa(keys.current(), SigningAlg::RS256)),
        ("PS256", _) => Ok(Signer::Rsa(keys.current(), SigningAlg::PS256)),
        ("HS256", Some(secret)) => Ok(Signer::Hmac(secret)),
        (other, _) => {
            let client_id = &client.client.client_id;
            Err(AppError::internal(format!("client {client_id} cannot have ID tokens signed with {other}")).into())
        }
    }
}
