//! Delivery of logout tokens (§8.5; OpenID Connect Back-Channel Logout 1.0; SE-06, EG-03).
//!
//! Runs as a background job: the transaction that ended the session queued it, and no login or logout waits for it.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use keywright_app::{
    App, AppError, Caller, ClientRecord, EgressError, Job, JobFuture, JobHandler, JobReport, LogEvent, LogType,
    LogoutNotice, OutboundRequest,
};
use keywright_jose::sign;
use keywright_types::{Tenant, TenantId};
use serde_json::{Value, json};

use crate::{issue, profile};

/// Back-Channel Logout §2.4, `events`: "a member name […] http://schemas.openid.net/event/backchannel-logout".
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// §8.5: `exp` is 120 s after `iat`.
const LIFETIME: i64 = 120;

/// Delivers logout tokens.
pub(crate) struct Delivery;

impl JobHandler for Delivery {
    fn run<'a>(&'a self, app: &'a App, tenant: &'a TenantId, job: &'a Job) -> JobFuture<'a> {
        Box::pin(async move {
            match attempt(app, tenant, job).await {
                Ok(report) => report,
                Err(cause) => JobReport::retry(cause.to_string()),
            }
        })
    }
}

async fn attempt(app: &App, tenant: &TenantId, job: &Job) -> Result<JobReport, AppError> {
    let notice: LogoutNotice = job.payload()?;
    let Some(tenant) = app.tenant(tenant).await? else { return Ok(JobReport::done()) };
    let Some(client) = app.client(&tenant.id, &notice.client_id).await? else { return Ok(JobReport::done()) };
    // The application may have changed its mind since.
    let logout = client.client.backchannel_logout();
    let Some(url) = logout.and_then(|logout| logout.backchannel_url()).map(str::to_owned) else {
        return Ok(JobReport::done());
    };
    let token = logout_token(app, &tenant, &client, &notice).await?;
    let answer = app.egress().send(request(&url, &token)).await;
    let outcome = Outcome::of(answer.map(|answer| answer.status()));
    let entry = |kind: LogType| {
        let caller = Caller { hostname: tenant.domain.clone(), ..Caller::default() };
        let host = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        app.log_row(
            LogEvent::new(kind, &caller)
                .client(&client.client)
                .user_id(&notice.user_id)
                .description(outcome.sentence())
                .details(json!({
                    "host": host,
                    "initiator": notice.initiator.as_str(),
                    "session_id": notice.session_id,
                    "attempt": job.attempt,
                })),
        )
    };
    Ok(match &outcome {
        Outcome::Delivered => JobReport::done().logged(entry(LogType::SuccessBackchannelLogout)),
        Outcome::Refused(why) => JobReport::give_up(why.clone()).logged(entry(LogType::FailedBackchannelLogout)),
        // What may still succeed is no failure yet; the server's own log has each attempt.
        Outcome::Failed(why) if !job.is_last_attempt => JobReport::retry(why.clone()),
        Outcome::Failed(why) => JobReport::retry(why.clone()).logged(entry(LogType::FailedBackchannelLogout)),
    })
}

/// What the application said.
enum Outcome {
    Delivered,
    /// It will say the same again.
    Refused(String),
    /// It may be there later.
    Failed(String),
}

impl Outcome {
    /// Back-Channel Logout §2.8: "If the logout succeeded, the RP MUST respond with HTTP 200 OK. […] Some Web frameworks
    /// will substitute an HTTP 204 No Content"; "If the logout request was invalid or the logout failed, the RP MUST
    /// respond with HTTP 400 Bad Request." §8.5: "400 is logged, no retry."
    fn of(answer: Result<StatusCode, EgressError>) -> Self {
        match answer {
            Ok(StatusCode::OK | StatusCode::NO_CONTENT) => Self::Delivered,
            Ok(StatusCode::BAD_REQUEST) => {
                Self::Refused("the application refused the logout token with 400".to_owned())
            }
            Ok(status) => Self::Failed(format!("the application answered {}", status.as_u16())),
            Err(error) if error.is_temporary() => Self::Failed(error.to_string()),
            Err(error) => Self::Refused(error.to_string()),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Delivered => "The logout token was delivered".to_owned(),
            Self::Refused(why) | Self::Failed(why) => format!("The logout token was not delivered: {why}"),
        }
    }
}

/// Back-Channel Logout §2.5: "uses an HTTP POST to the registered back-channel logout URI […] The POST body uses the
/// application/x-www-form-urlencoded encoding and must include a logout_token parameter".
fn request(url: &str, token: &str) -> OutboundRequest {
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(header::CONTENT_TYPE, form);
    // A JWT needs no escaping.
    OutboundRequest {
        method: Method::POST,
        url: url.to_owned(),
        headers,
        body: Bytes::from(format!("logout_token={token}")),
    }
}

/// Back-Channel Logout §2.4. It has no `nonce`: "MUST NOT be present", so that it passes for no ID token.
async fn logout_token(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    notice: &LogoutNotice,
) -> Result<String, AppError> {
    let issued_at = app.now().as_second();
    let claims: Value = json!({
        "iss": tenant.issuer(),
        "sub": notice.user_id,
        "aud": notice.client_id,
        "iat": issued_at,
        "exp": issued_at + LIFETIME,
        "jti": app.random().token(16),
        "sid": notice.session_id,
        "events": { EVENT: {} },
    });
    let keys = app.signing_keys(&tenant.id).await?;
    let signer = issue::id_token_signer(&keys, client).map_err(|_| AppError::internal("no key for logout tokens"))?;
    sign(profile::logout_token_type(tenant.settings.profile), signer, &claims).map_err(AppError::internal)
}
