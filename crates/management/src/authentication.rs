//! Whose request it is: bearer tokens for the system API (`management-api.md` §1.2, §1.3; RFC 6750; TK-03).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use keywright_app::{App, is_access_token_revoked};
use keywright_jose::{Expected, JwtError, JwtType, MAX_TOKEN_LENGTH, verify};
use keywright_store::users;
use keywright_types::{ScopeSet, Tenant};
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::operation::Operation;

/// A good token for the Management API of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// `sub`.
    pub(crate) subject: String,
    /// The application that got it.
    pub(crate) client_id: String,
    /// What it allows.
    pub(crate) scopes: ScopeSet,
    /// Whether it speaks for a user, who administers nothing but their own profile.
    pub(crate) is_user: bool,
    /// How it is known who calls.
    pub(crate) principal: Principal,
}

/// How it is known who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// By a token.
    Token,
    /// By being able to open the database.
    CommandLine,
}

/// The token of the request. The order: is there one, is it one of ours for this API, has it not been revoked, is its
/// application still there, and its user.
pub(crate) async fn authenticate(app: &App, tenant: &Tenant, headers: &HeaderMap) -> Result<Bearer, ApiError> {
    let token = bearer_token(headers)?;
    let claims = verified(app, tenant, token).await?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let incomplete = || ApiError::bad_token("Invalid token", "a claim of access tokens is missing");
    let subject = text("sub").ok_or_else(incomplete)?.to_owned();
    let client_id = text("azp").or_else(|| text("client_id")).ok_or_else(incomplete)?.to_owned();
    let issued_at = claims.get("iat").and_then(Value::as_i64).ok_or_else(incomplete)?;
    if claims.contains_key("cnf") {
        // RFC 9449 §7.2: "Such a protected resource MUST reject a DPoP-bound access token received as a bearer token".
        return Err(ApiError::bad_token("Invalid token", "a token that is bound to a key came as a bearer token"));
    }
    let bearer = Bearer {
        // Identifiers of users have a `|`, those of applications have not.
        is_user: subject != format!("{client_id}@clients"),
        scopes: ScopeSet::parse(text("scope").unwrap_or_default()),
        subject,
        client_id,
        principal: Principal::Token,
    };
    let jti = text("jti").map(str::to_owned);
    let (identity, id, whose) =
        (app.access_token_identity(&tenant.id, token, jti.as_deref()), tenant.id.clone(), bearer.clone());
    let live = app.store().read(move |tx| {
        if is_access_token_revoked(tx, &id, &identity, &whose.client_id, &whose.subject, issued_at, jti.is_some())? {
            return Ok::<_, ApiError>(false);
        }
        if whose.is_user {
            return Ok(users::find(tx, &id, &whose.subject)?.is_some_and(|user| !user.blocked));
        }
        Ok(true)
    });
    if !live.await? {
        return Err(ApiError::bad_token("Invalid token", "the token was revoked, or its user is gone or blocked"));
    }
    if app.client(&tenant.id, &bearer.client_id).await?.is_none() {
        return Err(ApiError::bad_token("Invalid token", "the application of the token is gone"));
    }
    Ok(bearer)
}

/// RFC 6750 §2.1: the header alone; §1.7: what is no JWT is not a wrong token but a wrong request.
fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(ApiError::no_token()) };
    let malformed = || ApiError::new(StatusCode::BAD_REQUEST, "Bad HTTP authentication header format").code("Bearer");
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    let token = token.trim();
    let is_jwt = token.split('.').count() == 3 && token.split('.').all(|part| !part.is_empty());
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") || !is_jwt {
        return Err(malformed());
    }
    Ok(token)
}

/// §1.2: "Only own keys […]; `aud` must contain `https://D/api/v2/`; expiry enforced."
async fn verified(app: &App, tenant: &Tenant, token: &str) -> Result<Map<String, Value>, ApiError> {
    let keys = app.signing_keys(&tenant.id).await?;
    let (issuer, audience) = (tenant.issuer(), tenant.management_audience());
    let check = |typ| {
        let expected =
            Expected { issuer: &issuer, audience: Some(&audience), typ, now: app.now(), allow_expired: false };
        verify(token, &keys.verifying(), &expected)
    };
    // The system API has Auth0's dialect or that of RFC 9068, and no other kind of token has its audience.
    let checked = match check(JwtType::Jwt) {
        Err(JwtError::WrongType) => check(JwtType::AccessToken),
        checked => checked,
    };
    checked.map_err(|error| {
        let message = match error {
            JwtError::Expired => "Expired token received for JSON Web Token validation".to_owned(),
            JwtError::BadSignature | JwtError::UnknownKey | JwtError::WrongAlgorithm => {
                "Invalid signature received for JSON Web Token validation".to_owned()
            }
            JwtError::WrongAudience => format!("Bad audience: {}", audiences(token)),
            _ => "Invalid token".to_owned(),
        };
        ApiError::bad_token(message, error)
    })
}

/// What a token says it is for, for the sentence that refuses it. Its signature was found good before.
fn audiences(token: &str) -> String {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN_LENGTH);
    let bytes = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok()).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match claims.get("aud") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}

/// Whether the token allows the operation, before anything else of the request is looked at.
pub(crate) fn authorize(operation: &Operation, bearer: &Bearer, path: &[(String, String)]) -> Result<(), ApiError> {
    let holds = |scopes: &[&str]| scopes.iter().any(|scope| bearer.scopes.contains(scope));
    if bearer.is_user {
        // §1.3: end-user tokens "may carry only" the scopes about their own user, whatever this one says.
        if !holds(operation.own_scopes) {
            let expected = if operation.own_scopes.is_empty() { operation.scopes } else { operation.own_scopes };
            return Err(ApiError::insufficient_scope(expected));
        }
        // §1.3: "The path user id must equal `sub`". Where no user is in the path, the handler acts on the subject alone.
        if operation.path.starts_with("/users/") && path.first().is_some_and(|(_, id)| *id != bearer.subject) {
            return Err(ApiError::forbidden("User to be acted on does not match subject in bearer token."));
        }
        return Ok(());
    }
    for wanted in [operation.scopes, operation.further_scopes] {
        if !wanted.is_empty() && !holds(wanted) {
            return Err(ApiError::insufficient_scope(wanted));
        }
    }
    Ok(())
}

/// TN-03: the scopes of the members that a body writes.
pub(crate) fn authorize_members(operation: &Operation, bearer: &Bearer, body: &Value) -> Result<(), ApiError> {
    let (Some(schema), Some(sent)) = (&operation.body, body.as_object()) else { return Ok(()) };
    let held = |scopes: &[&str]| scopes.is_empty() || scopes.iter().any(|scope| bearer.scopes.contains(scope));
    for member in schema.members().iter().filter(|member| sent.contains_key(member.name)) {
        let own = member.schema.scopes();
        let wanted = if own.is_empty() { operation.member_scopes } else { own };
        if !bearer.is_user && !held(wanted) {
            return Err(ApiError::insufficient_scope(wanted));
        }
    }
    Ok(())
}
