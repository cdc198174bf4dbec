//! ID tokens (§3.6; OpenID Connect Core §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::{App, AppError, ClientRecord, KeySet};
use keywright_jose::{JwtType, Signer, SigningAlg, sign};
use keywright_types::Tenant;
use serde_json::{Map, Value};

use super::{OrganizationClaims, Subject, TEST_CLAIM, named_claims, profile_claims, signing_failed};
use crate::error::OAuthError;

/// What comes beside an ID token in a response of the authorization endpoint.
#[derive(Clone, Copy, Default)]
pub(super) struct Companions<'a> {
    pub(super) access_token: Option<&'a str>,
    pub(super) code: Option<&'a str>,
}

/// A signed ID token for `client`.
pub(super) fn issue(
    app: &App,
    tenant: &Tenant,
    keys: &KeySet,
    client: &ClientRecord,
    subject: &Subject<'_>,
    companions: &Companions<'_>,
) -> Result<String, OAuthError> {
    let issued_at = subject.issued_at.as_second();
    let lifetime = i64::from(client.client.jwt_configuration.lifetime_in_seconds);
    let profile = tenant.settings.profile;
    let mut claims: Map<String, Value> = profile_claims(profile, subject.user, subject.scope);
    if let Some(asked) = subject.claims {
        claims.extend(named_claims(profile, subject.user, &asked.id_token));
    }
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", tenant.issuer().into());
    set("sub", subject.user.user_id.as_str().into());
    set("aud", client.client.client_id.as_str().into());
    set("iat", issued_at.into());
    set("exp", issued_at.saturating_add(lifetime).into());
    if let Some(session_id) = subject.session_id {
        set("sid", session_id.into());
    }
    let OrganizationClaims { org_id, org_name } = OrganizationClaims::of(tenant, subject.organization);
    for (name, value) in [("org_id", org_id), ("org_name", org_name)] {
        if let Some(value) = value {
            set(name, value.into());
        }
    }
    if let Some(nonce) = subject.nonce {
        set("nonce", nonce.into());
    }
    if let Some(auth_time) = subject.auth_time {
        set("auth_time", auth_time.into());
    }
    // OpenID Connect Core §3.2.2.9, §3.3.2.11: the ID token proves that what came beside it was issued with it.
    if let Some(access_token) = companions.access_token {
        set("at_hash", left_half_hash(access_token).into());
    }
    if let Some(code) = companions.code {
        set("c_hash", left_half_hash(code).into());
    }
    if app.has_test_controls() {
        set(TEST_CLAIM, true.into());
    }
    sign(JwtType::Jwt, signer(keys, client)?, &claims).map_err(signing_failed)
}

/// OpenID Connect Core §3.3.2.11: "the base64url encoding of the left-most half of the hash of the octets of the ASCII
/// representation of the […] value, where the hash algorithm used is the hash algorithm used in the alg Header Parameter of
/// the ID Token's JOSE Header". Every algorithm that ID tokens can be signed with hashes by SHA-256.
fn left_half_hash(text: &str) -> String {
    let [half @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = keywright_jose::sha256(text.as_bytes());
    URL_SAFE_NO_PAD.encode(half)
}

/// §3.5: `jwt_configuration.alg`; "Public clients' ID tokens are forced RS256", since they cannot keep an HMAC key.
pub(crate) fn signer<'a>(keys: &'a KeySet, client: &'a ClientRecord) -> Result<Signer<'a>, OAuthError> {
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

#[cfg(test)]
mod tests {
    use super::left_half_hash;

    /// OpenID Connect Core, appendix A.3 and A.4.
    #[test]
    fn hashes_of_the_examples() {
        assert_eq!(left_half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            left_half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
    }
}
