//! ID tokens (§3.6; OpenID Connect Core §2).

use keywright_app::{App, AppError, ClientRecord, KeySet, TokenChanges};
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
    let signer = signer(keys, client)?;
    let issued_at = subject.issued_at.as_second();
    let lifetime = i64::from(client.client.jwt_configuration.lifetime_in_seconds);
    let profile = tenant.settings.profile;
    let mut claims: Map<String, Value> = profile_claims(profile, subject.user, subject.scope);
    if let Some(asked) = subject.claims {
        claims.extend(named_claims(profile, subject.user, &asked.id_token));
    }
    // Before those of the protocol, which nothing replaces.
    let custom = TokenChanges::opened(&subject.changes.id_token, subject.scope);
    claims.extend(custom.map(|(name, value)| (name.clone(), value.clone())));
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
        set("at_hash", signer.algorithm().half_hash(access_token).into());
    }
    if let Some(code) = companions.code {
        set("c_hash", signer.algorithm().half_hash(code).into());
    }
    if app.has_test_controls() {
        set(TEST_CLAIM, true.into());
    }
    sign(JwtType::Jwt, signer, &claims).map_err(signing_failed)
}

/// §3.5: `jwt_configuration.alg`; "Public clients' ID tokens are forced RS256", since they cannot keep an HMAC key. The
/// signer also says by which hash `at_hash` and `c_hash` are made.
pub(crate) fn signer<'a>(keys: &'a KeySet, client: &'a ClientRecord) -> Result<Signer<'a>, OAuthError> {
    let configured = client.client.jwt_configuration.alg.as_deref().filter(|_| !client.client.is_public());
    let algorithm = configured.unwrap_or(SigningAlg::RS256.as_str());
    let signer = match SigningAlg::named(algorithm) {
        Some(SigningAlg::HS256) => client.id_token_secret.as_ref().map(Signer::Hmac),
        Some(algorithm) => keys.signer(algorithm),
        None => None,
    };
    signer.ok_or_else(|| {
        let client_id = &client.client.client_id;
        AppError::internal(format!("client {client_id} cannot have ID tokens signed with {algorithm}")).into()
    })
}
