//! `GET|POST /userinfo` (§6.1; OpenID Connect Core §5.3; RFC 6750).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keywright_app::{App, AppError, Limit, user_from_row};
use keywright_jose::{Expected, JwtType, opaque, verify};
use keywright_store::{access_token_revocations, users};
use keywright_types::{Profile, ScopeSet, Tenant, User};
use keywright_web::parameters::TOKEN;
use keywright_web::rate_limits::{self, LimitError};
use keywright_web::tenancy::public_failure;
use keywright_web::{CurrentTenant, Parameters, RateLimits};
use serde_json::{Map, Value};

use crate::error::no_store;
use crate::issue::{OpaqueClaims, named_claims, profile_claims};
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
    respond(&app, &tenant, &limits, &headers, query, &[]).await
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
        return respond(&app, &tenant, &limits, &headers, query, &body).await;
    }
    let mut response = Refused::InvalidRequest("The request is too large").into_response();
    no_store(&mut response);
    response
}

async fn respond(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    headers: &HeaderMap,
    query: Option<String>,
    body: &[u8],
) -> Response {
    let answered = async {
        let token = presented_token(tenant.settings.profile, headers, query, body)?;
        let claims = access_claims(app, tenant, &token).await?;
        limits.take(Limit::Userinfo, &[&claims.sub]).await?;
        let user = live_user(app, tenant, &claims).await?;
        let mut members = profile_claims(tenant.settings.profile, &user, &claims.scope);
        members.extend(named_claims(tenant.settings.profile, &user, &claims.userinfo_claims));
        members.insert("sub".to_owned(), user.user_id.into());
        Ok::<_, Refused>(members)
    };
    let mut response = match answered.await {
        Ok(claims) => axum::Json(claims).into_response(),
        Err(refused) => refused.into_response(),
    };
    no_store(&mut response);
    response
}

/// Exactly one token: header, form, or query where the profile allows it.
fn presented_token(
    profile: Profile,
    headers: &HeaderMap,
    query: Option<String>,
    body: &[u8],
) -> Result<String, Refused> {
    let mut tokens = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| Refused::InvalidRequest("The Authorization header is malformed"))?;
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => tokens.push(token.trim().to_owned()),
            None if text.trim().eq_ignore_ascii_case("bearer") => {
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
            tokens.push(token.to_owned());
        }
    }
    // RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
    match (tokens.pop(), tokens.is_empty()) {
        (None, _) => Err(Refused::NoToken),
        (Some(token), true) => Ok(token),
        (Some(_), false) => Err(Refused::InvalidRequest("More than one token was sent")),
    }
}

/// The claims of a JWT whose audience holds this endpoint, or of an opaque token (TK-03: nothing else is accepted).
async fn access_claims(app: &App, tenant: &Tenant, token: &str) -> Result<OpaqueClaims, Refused> {
    let (issuer, now) = (tenant.issuer(), app.now());
    let claims = if token.matches('.').count() == 4 {
        opaque::open::<OpaqueClaims>(app.master_key(), &tenant.id, &issuer, token)
            .ok_or(Refused::InvalidToken("The access token is invalid"))?
    } else {
        let keys = app.signing_keys(&tenant.id).await.map_err(Refused::Failed)?;
        let audience = tenant.userinfo_audience();
        let checked = [JwtType::Jwt, JwtType::AccessToken].iter().find_map(|typ| {
            let expected = Expected { issuer: &issuer, audience: Some(&audience), typ: *typ, now, allow_expired: true };
            verify(token, &keys.verifying(), &expected).ok()
        });
        checked.and_then(|claims| jwt_claims(&claims)).ok_or(Refused::InvalidToken("The access token is invalid"))?
    };
    if claims.exp <= now.as_second() {
        return Err(Refused::InvalidToken("The token has expired"));
    }
    if !claims.scope.contains("openid") {
        return Err(Refused::InsufficientScope);
    }
    Ok(claims)
}

fn jwt_claims(claims: &Map<String, Value>) -> Option<OpaqueClaims> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    Some(OpaqueClaims {
        sub: text("sub")?.to_owned(),
        azp: text("azp").or_else(|| text("client_id"))?.to_owned(),
        scope: ScopeSet::parse(text("scope")?),
        iat: claims.get("iat")?.as_i64()?,
        exp: claims.get("exp")?.as_i64()?,
        userinfo_claims: claims
            .get("userinfo_claims")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
    })
}

/// The user as of now, unless the token was revoked by a replayed code (CO-03).
async fn live_user(app: &App, tenant: &Tenant, claims: &OpaqueClaims) -> Result<User, Refused> {
    let (id, claims) = (tenant.id.clone(), claims.clone());
    let found = app
        .store()
        .read(move |tx| {
            if access_token_revocations::exists(tx, &id, &claims.azp, &claims.sub, claims.iat)? {
                return Ok(None);
            }
            let row = users::find(tx, &id, &claims.sub)?;
            row.filter(|row| !row.blocked).map(|row| user_from_row(&row)).transpose()
        })
        .await;
    found.map_err(Refused::Failed)?.ok_or(Refused::InvalidToken("The access token is invalid"))
}

impl IntoResponse for Refused {
    /// §6.1: the reason is in `WWW-Authenticate`, the body is plain text.
    fn into_response(self) -> Response {
        let (status, error, description, body) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, None, "", "Unauthorized"),
            Self::InvalidToken(text) => (StatusCode::UNAUTHORIZED, Some("invalid_token"), text, "Unauthorized"),
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
            || "Bearer realm=\"Users\"".to_owned(),
            |code| format!("Bearer realm=\"Users\", error=\"{code}\", error_description=\"{description}\""),
        );
        let challenge = HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"));
        (status, [(header::WWW_AUTHENTICATE, challenge)], body).into_response()
    }
}
