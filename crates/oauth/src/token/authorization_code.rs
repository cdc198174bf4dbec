//! Grant `authorization_code` (§2.3; RFC 6749 §4.1.3, RFC 7636 §4.5; CO-02 to CO-06).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use keywright_app::{
    ApiRecord, App, AppError, ClientRecord, CodeChallenge, CodeChallengeMethod, LogEvent, user_from_row,
};
use keywright_jose::Purpose;
use keywright_store::authorization_codes::{self, AuthorizationCodeRow};
use keywright_store::{
    Tx, access_token_revocations, logs, organization_members, refresh_tokens, revoked_access_tokens, sessions, users,
};
use keywright_types::{ScopeSet, Tenant, TenantId, User};

use super::organization::{no_member, organization_now};
use super::refresh_token::NewFamily;
use super::{Grant as TokenGrant, TokenRequest, TokenResponse, events};
use crate::access_token::TokenIdentity;
use crate::authorize::{CodeBinding, ONLINE_ACCESS, begins_family, scopes_now};
use crate::error::OAuthError;
use crate::issue::{self, Issuer, Subject};
use crate::kept_claims::KeptClaims;
use crate::permissions::Permissions;
use crate::profile;

/// What the database said about a code.
enum Redeemed {
    /// It is ours now, with its refresh token where one is due.
    Granted {
        row: Box<AuthorizationCodeRow>,
        binding: Box<CodeBinding>,
        scope: ScopeSet,
        permissions: Option<Permissions>,
        user: Box<User>,
        refresh_token: Option<String>,
    },
    /// Nothing was taken.
    Refused(OAuthError),
    /// It was used before; what that use gave has been revoked.
    Replayed,
}

/// §2.3: one sentence for all that can be wrong with a code.
fn invalid_code(cause: &str) -> OAuthError {
    OAuthError::invalid_grant("Invalid authorization code", cause)
}

pub(super) async fn run(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    request: &TokenRequest,
) -> Result<TokenResponse, OAuthError> {
    let code = request.required("code")?;
    let digest = app.data_keys().digest(Purpose::AuthorizationCode, &tenant.id, code.as_bytes());
    let presented = Presented {
        client_id: client.client.client_id.clone(),
        redirect_uri: request.get("redirect_uri").map(str::to_owned),
        code_verifier: request.get("code_verifier").map(str::to_owned),
        jkt: request.jkt().map(str::to_owned),
    };
    let (id, now) = (tenant.id.clone(), app.now());
    let row = app.store().look_up(move |tx| authorization_codes::find(tx, &id, digest.as_bytes())).await?;
    let row = row.ok_or_else(|| invalid_code("unknown code"))?;
    let binding: CodeBinding = serde_json::from_str(&row.binding).map_err(AppError::internal)?;
    let issuer = Issuer::load(app, tenant, client, binding.audience.as_deref(), request.jkt()).await?;
    let scope = scopes_now(app, &tenant.id, &client.client, issuer.api(), &binding.scope).await?;
    let scope = scope.ok_or_else(|| invalid_code("the client may no longer use the API"))?;
    // §4.6, of online refresh tokens: "public clients need DPoP". Said while nothing is spent.
    if scope.contains(ONLINE_ACCESS) && client.client.is_public() && request.jkt().is_none() {
        let text = "A public client needs a DPoP proof for a refresh token that is bound to the session";
        return Err(OAuthError::invalid_request(text));
    }
    let organization = organization_now(app, tenant, binding.organization.as_deref()).await?;
    let organization = organization.map_err(invalid_code)?;
    let event = events::granted(TokenGrant::AuthorizationCode, request, &client.client)
        .audience(binding.audience.as_deref().unwrap_or_default());
    let new_family = NewFamily::new(app, tenant, &client.client).bound_to(request.jkt());
    let new_family = new_family.in_organization(binding.organization.clone());
    let token_id = issuer.token_id().to_owned();
    let grant = Grant { binding, scope, api: issuer.record(), new_family, token_id, event };
    let (inside, id) = (app.clone(), tenant.id.clone());
    let redeeming = move |tx: &mut Tx<'_>| redeem(tx, &inside, &id, digest.as_bytes(), &presented, grant, now);
    let redeemed = app.store().write(redeeming).await?;
    let (row, binding, scope, permissions, user, refresh_token) = match redeemed {
        Redeemed::Granted { row, binding, scope, permissions, user, refresh_token } => {
            (row, binding, scope, permissions, user, refresh_token)
        }
        Redeemed::Refused(error) => return Err(error),
        Redeemed::Replayed => return Err(invalid_code("the code was used before; what it gave is revoked")),
    };
    let subject = Subject {
        user: &user,
        session_id: Some(&row.session_id),
        scope: &scope,
        permissions: permissions.as_ref(),
        nonce: binding.nonce.as_deref(),
        auth_time: binding.auth_time,
        claims: binding.claims.as_ref(),
        organization: organization.as_ref().map(|record| &record.organization),
        grant: None,
        issued_at: now,
        changes: &binding.changes,
    };
    let tokens = issue::for_user(app, tenant, client, &issuer, &subject)?;
    Ok(TokenResponse { refresh_token, ..tokens })
}

/// What a code will give, prepared before it is taken.
struct Grant {
    binding: CodeBinding,
    scope: ScopeSet,
    api: Option<Arc<ApiRecord>>,
    new_family: NewFamily,
    /// `jti` of the access token to come.
    token_id: String,
    event: LogEvent,
}

/// The bindings of a code that the token request has to repeat.
struct Presented {
    client_id: String,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    jkt: Option<String>,
}

/// Checks a code and takes it, in one transaction. What is refused stays unused: a wrong verifier must not let a thief
/// burn the code of its owner.
fn redeem(
    tx: &mut Tx<'_>,
    app: &App,
    tenant: &TenantId,
    digest: &[u8],
    presented: &Presented,
    grant: Grant,
    now: Timestamp,
) -> Result<Redeemed, AppError> {
    let Grant { binding, scope, api, new_family, token_id, event } = grant;
    let Some(row) = authorization_codes::find(tx, tenant, digest)? else {
        return Ok(Redeemed::Refused(invalid_code("unknown code")));
    };
    if row.client_id != presented.client_id {
        return Ok(Redeemed::Refused(invalid_code("code of another client")));
    }
    if row.consumed_at.is_some() {
        revoke_issued(tx, app, tenant, &row, now)?;
        return Ok(Redeemed::Replayed);
    }
    if let Err(error) = bindings_hold(&binding, presented) {
        return Ok(Redeemed::Refused(error));
    }
    let Some(user) = users::find(tx, tenant, &row.user_id)? else {
        return Ok(Redeemed::Refused(invalid_code("the user is gone")));
    };
    if user.blocked {
        return Ok(Redeemed::Refused(OAuthError::blocked()));
    }
    if let Some(organization) = &binding.organization
        && !organization_members::exists(tx, tenant, organization, &row.user_id)?
    {
        return Ok(Redeemed::Refused(no_member(&row.user_id, organization)));
    }
    let api = api.as_ref().map(|record| &record.api);
    let permissions = Permissions::of(tx, tenant, &row.user_id, api, binding.organization.as_deref())?;
    let scope = Permissions::narrow(permissions.as_ref(), scope, api);
    // CO-02: the code belongs to a login; a logout ends it.
    if sessions::find_by_session_id(tx, tenant, &row.session_id, now)?.is_none() {
        return Ok(Redeemed::Refused(invalid_code("the session has ended")));
    }
    // RFC 6749 §4.1.2: "The client MUST NOT use the authorization code more than once."
    if authorization_codes::consume(tx, tenant, digest, now)?.is_none() {
        // Expired, or another node was faster.
        let faster = authorization_codes::find(tx, tenant, digest)?.filter(|row| row.consumed_at.is_some());
        let Some(row) = faster else { return Ok(Redeemed::Refused(invalid_code("expired code"))) };
        revoke_issued(tx, app, tenant, &row, now)?;
        return Ok(Redeemed::Replayed);
    }
    let refresh_token = if begins_family(&scope) {
        let audience = binding.audience.as_deref().unwrap_or_default();
        let session_id = Some(row.session_id.as_str());
        Some(new_family.insert(
            tx,
            tenant,
            &row.user_id,
            session_id,
            audience,
            &scope,
            binding.auth_time,
            binding.claims.clone(),
        )?)
    } else {
        None
    };
    let kept = KeptClaims::of(&binding.changes, &scope, api, &row.client_id, &row.user_id, now);
    if let Some(kept) = &kept {
        kept.put(tx, tenant)?;
    }
    let family_id = refresh_token.as_ref().map(|(family_id, _)| family_id.as_str());
    authorization_codes::record_issued(tx, tenant, digest, family_id, now.as_second(), &token_id)?;
    let user = user_from_row(&user)?;
    logs::insert(tx, tenant, &app.log_row(event.user(&user).scope(&scope)))?;
    Ok(Redeemed::Granted {
        user: Box::new(user),
        row: Box::new(row),
        binding: Box::new(binding),
        scope,
        permissions,
        refresh_token: refresh_token.map(|(_, token)| token),
    })
}

/// CO-02, CO-05.
fn bindings_hold(binding: &CodeBinding, presented: &Presented) -> Result<(), OAuthError> {
    // RFC 6749 §4.1.3: "ensure that the "redirect_uri" parameter is present if the "redirect_uri" parameter was included
    // in the initial authorization request […] and if included ensure that their values are identical."
    let sent = presented.redirect_uri.as_deref().map(|uri| uri.split('#').next().unwrap_or(uri)).unwrap_or_default();
    if sent != binding.redirect_uri {
        return Err(OAuthError::unauthorized_client(format!(
            "The redirect URI is wrong. You sent {}, and we expected {}",
            origin(sent),
            origin(&binding.redirect_uri)
        ))
        .in_standard(profile::WRONG_REDIRECT_URI));
    }
    // RFC 9449 §10: "the authorization server computes the JWK Thumbprint of the proof-of-possession public key in the DPoP
    // proof and verifies that it matches the dpop_jkt parameter value in the authorization request."
    if binding.dpop_jkt.is_some() && binding.dpop_jkt != presented.jkt {
        return Err(invalid_code("another key than the authorization request named"));
    }
    match (&binding.code_challenge, presented.code_verifier.as_deref()) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(OAuthError::invalid_request("Parameter 'code_verifier' is required")),
        // RFC 9700 §2.1.1: "Authorization servers MUST mitigate PKCE downgrade attacks by ensuring that a token request
        // containing a code_verifier parameter is accepted only if a code_challenge parameter was present in the
        // authorization request".
        (None, Some(_)) => Err(verifier_failed("a verifier for a code without a challenge")),
        (Some(challenge), Some(verifier)) if verifies(challenge, verifier) => Ok(()),
        (Some(_), Some(_)) => Err(verifier_failed("wrong verifier")),
    }
}

fn verifier_failed(cause: &str) -> OAuthError {
    OAuthError::invalid_grant("Failed to verify code verifier", cause)
}

/// RFC 7636 §4.6, with §4.1: "code-verifier = 43*128unreserved".
fn verifies(challenge: &CodeChallenge, verifier: &str) -> bool {
    let unreserved = verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !(43..=128).contains(&verifier.len()) || !unreserved {
        return false;
    }
    // The challenge went through the browser in clear, so comparing it in constant time would hide nothing.
    match challenge.method {
        // "code_challenge = BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))"
        CodeChallengeMethod::S256 => {
            URL_SAFE_NO_PAD.encode(keywright_jose::sha256(verifier.as_bytes())) == challenge.value
        }
        CodeChallengeMethod::Plain => verifier == challenge.value,
    }
}

/// §2.3: the mismatch sentence names scheme, host and port only.
fn origin(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.split(['/', '?']).next().unwrap_or("").to_owned();
    };
    format!("{scheme}://{}", rest.split(['/', '?', '#']).next().unwrap_or_default())
}

/// RFC 6749 §4.1.2: "the authorization server MUST deny the request and SHOULD revoke (when possible) all tokens
/// previously issued based on that authorization code."
fn revoke_issued(
    tx: &mut Tx<'_>,
    app: &App,
    tenant: &TenantId,
    row: &AuthorizationCodeRow,
    now: Timestamp,
) -> Result<(), AppError> {
    if let Some(family_id) = &row.family_id {
        refresh_tokens::revoke(tx, tenant, family_id, now)?;
    }
    if let Some(issued_at) = row.access_token_issued_at {
        // Longer than any access token lives (§3.4: at most 30 days).
        let until = now.checked_add(SignedDuration::from_hours(24 * 31)).unwrap_or(Timestamp::MAX);
        if let Some(token_id) = &row.access_token_id {
            let identity = TokenIdentity::Id(token_id).digest(app, tenant);
            revoked_access_tokens::insert(tx, tenant, identity.as_bytes(), until)?;
        }
        // Auth0's dialect has no `jti` (§3.2): of its tokens, and of those of the version before, all that the application
        // got for this user in that second end.
        access_token_revocations::insert(tx, tenant, &row.client_id, &row.user_id, issued_at, until)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn s256(value: &str) -> CodeChallenge {
        CodeChallenge { value: value.to_owned(), method: CodeChallengeMethod::S256 }
    }

    #[test]
    fn co_06_the_vector_of_rfc_7636_appendix_b() {
        let challenge = s256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verifies(&challenge, VERIFIER));
        assert!(!verifies(&challenge, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
    }

    #[test]
    fn co_06_verifiers_have_43_to_128_unreserved_characters() {
        for (verifier, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}\u{e4}", "a".repeat(43)), false),
        ] {
            let plain = CodeChallenge { value: verifier.clone(), method: CodeChallengeMethod::Plain };
            assert_eq!(verifies(&plain, &verifier), good, "{verifier}");
        }
    }

    #[test]
    fn the_mismatch_sentence_names_origins_only() {
        assert_eq!(origin("http://localhost:4201/cb?x=1"), "http://localhost:4201");
        assert_eq!(origin("com.example.app:/cb"), "com.example.app:");
        assert_eq!(origin(""), "");
    }
}
