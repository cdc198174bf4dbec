//! `GET|POST /userinfo` (§6.1; OpenID Connect Core §5.3; RFC 6750).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keywright_app::{App, AppError, Limit, TokenChanges, user_from_row};
use keywright_jose::ExpectedProof;
use keywright_store::users;
use keywright_types::{Profile, Tenant, User};
use keywright_web::parameters::TOKEN;
use keywright_web::rate_limits::{self, LimitError};
use keywright_web::tenancy::public_failure;
use keywright_web::{CurrentTenant, Parameters, RateLimits};

use crate::access_token::AccessToken;
use crate::dpop;
use crate::error::no_store;
use crate::issue::{OpaqueClaims, named_claims, profile_claims};
use crate::kept_claims::Kept;
use crate::profile;

/// Why no claims are given (RFC 6750 §3.1).
enum Refused {
    /// "If the request lacks any authentication information […], the resource server SHOULD NOT include an error code".
    NoToken,
    /// More than one way of sending a token, or a malformed one.
    InvalidRequest(&'static str),
    /// Not a live token for this endpoint.
    InvalidToken(&'static str),
    /// Without `openid`.
    InsufficientScope,
    /// The user's limit was reached (§2.11).
    TooMany,
    /// The caller does not prove the key that the token is bound to (RFC 9449 §7.1).
    Unproven { error: &'static str, text: &'static str },
    /// The proof has to repeat a nonce of ours (RFC 9449 §9).
    NonceNeeded,
    /// Not the caller's fault.
    Failed(AppError),
}

impl From<LimitError> for Refused {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached => Self::TooMany,
            LimitError::Failed(error) => Self::Failed(error),
        }
    }
}

/// `GET /userinfo`.
pub(crate) async fn get(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    limits: RateLimits,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    respond(&app, &tenant, &limits, "GET", &headers, query, &[]).await
}

/// `POST /userinfo`: the token may be in the form (RFC 6750 §2.2).
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    limits: RateLimits,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if let Ok(body) = body {
        return respond(&app, &tenant, &limits, "POST", &headers, query, &body).await;
    }
    let mut response = Refused::InvalidRequest("The request is too large").into_response();
    no_store(&mut response);
    response
}

async fn respond(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    method: &str,
    headers: &HeaderMap,
    query: Option<String>,
    body: &[u8],
) -> Response {
    let answered = async {
        let presented = presented_token(tenant.settings.profile, headers, query, body)?;
        let token = Arc::new(access_token(app, tenant, &presented.text).await?);
        held_by_caller(app, tenant, method, headers, &presented, &token).await?;
        limits.take(Limit::Userinfo, &[&token.claims.sub]).await?;
        let (user, kept) = live_user(app, tenant, &token).await?;
        // Scripts may take `openid` out of what the token says; what was granted still counts here.
        let scope = match &kept {
            _ if token.claims.scope.contains("openid") => &token.claims.scope,
            Some(kept) if kept.scope.contains("openid") => &kept.scope,
            _ => return Err(Refused::InsufficientScope),
        };
        let mut members = profile_claims(tenant.settings.profile, &user, scope);
        members.extend(named_claims(tenant.settings.profile, &user, &token.claims.userinfo_claims));
        if let Some(kept) = &kept {
            let custom = TokenChanges::opened(&kept.claims, scope);
            members.extend(custom.map(|(name, value)| (name.clone(), value.clone())));
        }
        members.insert("sub".to_owned(), user.user_id.into());
        Ok::<_, Refused>(members)
    };
    let mut response = match answered.await {
        Ok(claims) => axum::Json(claims).into_response(),
        Err(refused) => refused.into_response(),
    };
    dpop::offer_nonce(app, &tenant.id, headers, &mut response);
    no_store(&mut response);
    response
}

/// A token, and whether it came as one that is bound to a key.
struct Presented {
    text: String,
    by_dpop: bool,
}

/// RFC 9449 §7.1: "the resource server MUST check that the public key of the DPoP proof matches the public key to which the
/// access token is bound", and §7.2: a bound token that comes as a bearer token is refused, for it could be stolen.
async fn held_by_caller(
    app: &App,
    tenant: &Tenant,
    method: &str,
    headers: &HeaderMap,
    presented: &Presented,
    token: &AccessToken,
) -> Result<(), Refused> {
    let bound_to = match (&token.claims.cnf, presented.by_dpop) {
        (None, false) => return Ok(()),
        (Some(cnf), true) => &cnf.jkt,
        (Some(_), false) => return Err(Refused::wrong_holder("The access token is bound to a key")),
        (None, true) => return Err(Refused::wrong_holder("The access token is not bound to a key")),
    };
    let (url, now) = (tenant.url("/userinfo"), app.now());
    let expected = ExpectedProof { method, url: &url, access_token: Some(&presented.text), now };
    match dpop::accept(app, tenant, headers, &expected, false).await {
        Ok(jkt) if jkt == *bound_to => Ok(()),
        Ok(_) => Err(Refused::wrong_holder("The DPoP proof is of another key than the access token")),
        Err(dpop::Refused::Invalid(cause)) => {
            tracing::info!(cause, "DPoP proof refused");
            Err(Refused::Unproven { error: "invalid_dpop_proof", text: "Invalid DPoP proof" })
        }
        Err(dpop::Refused::NonceNeeded) => Err(Refused::NonceNeeded),
        Err(dpop::Refused::Failed(error)) => Err(Refused::Failed(error)),
    }
}

/// Exactly one token: header, form, or query where the profile allows it.
fn presented_token(
    profile: Profile,
    headers: &HeaderMap,
    query: Option<String>,
    body: &[u8],
) -> Result<Presented, Refused> {
    let mut tokens = Vec::new();
    let bearer = |text: &str| Presented { text: text.to_owned(), by_dpop: false };
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Refused::InvalidRequest("The Authorization header is malformed"))?;
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => tokens.push(bearer(token.trim())),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => {
                tokens.push(Presented { text: token.trim().to_owned(), by_dpop: true });
            }
            None if ["bearer", "dpop"].iter().any(|scheme| text.trim().eq_ignore_ascii_case(scheme)) => {
                return Err(Refused::InvalidRequest("The Authorization header is malformed"));
            }
            // RFC 6750 §3.1: a request that "attempted using an unsupported authentication method" gets no error code.
            _ => {}
        }
    }
    let form_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let sources = [
        (query.unwrap_or_default().into_bytes(), profile::accepts_query_token(profile)),
        (body.to_vec(), form_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))),
    ];
    for (text, accepted) in sources {
        let parameters = Parameters::from_urlencoded(&text, TOKEN)
            .map_err(|_| Refused::InvalidRequest("The parameters are malformed"))?;
        if let Some(token) = parameters.get("access_token") {
            if !accepted {
                return Err(Refused::InvalidRequest("The token must be sent in the Authorization header"));
            }
            tokens.push(bearer(token));
        }
    }
    // RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
    match (tokens.pop(), tokens.is_empty()) {
        (None, _) => Err(Refused::NoToken),
        (Some(token), true) => Ok(token),
        (Some(_), false) => Err(Refused::InvalidRequest("More than one token was sent")),
    }
}

/// A live token for this endpoint, opaque or a JWT whose audience holds it (TK-03: nothing else is accepted).
async fn access_token(app: &App, tenant: &Tenant, token: &str) -> Result<AccessToken, Refused> {
    let read = AccessToken::for_userinfo(app, tenant, token).await.map_err(Refused::Failed)?;
    let token = read.ok_or(Refused::InvalidToken("The access token is invalid"))?;
    if token.claims.exp <= app.now().as_second() {
        return Err(Refused::InvalidToken("The token has expired"));
    }
    Ok(token)
}

/// The user as of now, unless the token was revoked, and what scripts left for this token.
async fn live_user(app: &App, tenant: &Tenant, token: &Arc<AccessToken>) -> Result<(User, Option<Kept>), Refused> {
    let (id, token) = (tenant.id.clone(), Arc::clone(token));
    let found = app
        .store()
        .look_up(move |tx| {
            if token.is_revoked(tx, &id)? {
                return Ok(None);
            }
            let OpaqueClaims { sub, azp, iat, .. } = &token.claims;
            let Some(row) = users::find(tx, &id, sub)?.filter(|row| !row.blocked) else { return Ok(None) };
            Ok(Some((user_from_row(&row)?, Kept::find(tx, &id, sub, azp, *iat)?)))
        })
        .await;
    found.map_err(Refused::Failed)?.ok_or(Refused::InvalidToken("The access token is invalid"))
}

impl Refused {
    /// The token is good, but not for this caller.
    fn wrong_holder(text: &'static str) -> Self {
        Self::Unproven { error: "invalid_token", text }
    }
}

impl IntoResponse for Refused {
    /// §6.1: the reason is in `WWW-Authenticate`, the body is plain text.
    fn into_response(self) -> Response {
        let scheme = match self {
            Self::Unproven { .. } | Self::NonceNeeded => "DPoP algs=\"ES256\"",
            _ => "Bearer realm=\"Users\"",
        };
        let (status, error, description, body) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, None, "", "Unauthorized"),
            Self::InvalidToken(text) => (StatusCode::UNAUTHORIZED, Some("invalid_token"), text, "Unauthorized"),
            Self::Unproven { error, text } => (StatusCode::UNAUTHORIZED, Some(error), text, "Unauthorized"),
            Self::NonceNeeded => {
                let text = "Resource server requires nonce in DPoP proof";
                (StatusCode::UNAUTHORIZED, Some("use_dpop_nonce"), text, "Unauthorized")
            }
            Self::InvalidRequest(text) => (StatusCode::BAD_REQUEST, Some("invalid_request"), text, "Bad Request"),
            Self::InsufficientScope => {
                let text = "The access token has no openid scope";
                (StatusCode::FORBIDDEN, Some("insufficient_scope"), text, "Forbidden")
            }
            Self::TooMany => return rate_limits::refused_program(),
            Self::Failed(error) => {
                tracing::error!(cause = %error, "userinfo failed");
                let (status, code, description) = public_failure(&error);
                let body = serde_json::json!({ "error": code, "error_description": description });
                let mut response = (status, axum::Json(body)).into_response();
                if error.is_temporary() {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                return response;
            }
        };
        let challenge = error.map_or_else(
            || scheme.to_owned(),
            |code| format!("{scheme}, error=\"{code}\", error_description=\"{description}\""),
        );
        let challenge = HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"));
        let mut response = (status, [(header::WWW_AUTHENTICATE, challenge)], body).into_response();
        if error.is_none() {
            // RFC 9449 §7.1: a resource that takes both kinds of tokens says so.
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static("DPoP algs=\"ES256\""));
        }
        response
    }
}
