//! The OAuth error object (§0.2 "OAuth family"; RFC 6749 §5.2). For `/oauth/…`; pages have their own errors.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use keywright_app::AppError;
use keywright_types::Profile;
use keywright_web::ParameterError;
use keywright_web::rate_limits::{LimitError, TOO_MANY_REQUESTS};
use keywright_web::tenancy::public_failure;
use serde::Serialize;

use crate::profile;

/// An error of a JSON endpoint. The public sentence and the cause are different fields; only the first is sent.
#[derive(Clone, Debug)]
pub struct OAuthError {
    code: &'static str,
    description: Cow<'static, str>,
    uri: Option<&'static str>,
    status: Option<StatusCode>,
    /// Code and sentence of profile `standard`, where they differ.
    standard: Option<(&'static str, &'static str)>,
    /// The client came with HTTP Basic, so the answer names that scheme.
    challenge_basic: bool,
    cause: Option<String>,
    /// The tenant log has an entry about it already.
    recorded: bool,
    /// Seconds until the same request may succeed.
    retry_after: Option<u64>,
    /// A script of the tenant said so: a refusal, whatever its code.
    by_script: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<&'a str>,
}

impl OAuthError {
    fn new(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            description: description.into(),
            uri: None,
            status: None,
            standard: None,
            challenge_basic: false,
            cause: None,
            recorded: false,
            retry_after: None,
            by_script: false,
        }
    }

    /// A parameter is missing, malformed or not allowed.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", description)
    }

    /// `Missing required parameter: …` (§0.3).
    #[must_use]
    pub fn missing(parameter: &str) -> Self {
        Self::invalid_request(format!("Missing required parameter: {parameter}"))
    }

    /// The client could not prove who it is. The cause is for the log.
    #[must_use]
    pub fn client_authentication_failed(profile: Profile, basic: bool, cause: &str) -> Self {
        let (code, description) = profile::failed_client_authentication(profile);
        let status = Some(StatusCode::UNAUTHORIZED);
        Self { status, challenge_basic: basic, cause: Some(cause.to_owned()), ..Self::new(code, description) }
    }

    /// §2.1: "`invalid_client` 401 appears for failed assertion", in both profiles. The cause is for the log.
    #[must_use]
    pub(crate) fn assertion_failed(cause: &str) -> Self {
        Self::invalid_client("Client authentication failed").because(cause)
    }

    /// The request names no client that could be authenticated.
    pub fn invalid_client(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_client", description)
    }

    /// The code or refresh token is not good. The cause is for the log: the answer is the same for all of them.
    pub fn invalid_grant(description: impl Into<Cow<'static, str>>, cause: &str) -> Self {
        Self { cause: Some(cause.to_owned()), ..Self::new("invalid_grant", description) }
    }

    /// RFC 9449 §5: "the authorization server MUST respond with an error with a value of invalid_dpop_proof". The cause is
    /// for the log.
    pub(crate) fn invalid_dpop_proof(description: &'static str, cause: &str) -> Self {
        Self::new("invalid_dpop_proof", description).because(cause)
    }

    /// RFC 9449 §8: "an authorization server MAY supply a nonce value to be included by the client in DPoP proofs sent" (§8.6
    /// has the sentence). The nonce is in the header.
    #[must_use]
    pub(crate) fn use_dpop_nonce() -> Self {
        Self::new("use_dpop_nonce", "Authorization server requires nonce in DPoP proof")
    }

    /// §0.3: the tenant has switched it off.
    #[must_use]
    pub(crate) fn endpoint_disabled() -> Self {
        let status = Some(StatusCode::NOT_FOUND);
        Self { status, ..Self::new("endpoint_disabled", "This endpoint is disabled") }
    }

    /// What `/authorize` would have said about a pushed request. RFC 9126 §2.3: "The error response […] is the same as that for
    /// the token endpoint"; the code is that of the authorization endpoint.
    pub(crate) fn of_pushed_request(
        code: &'static str,
        description: impl Into<Cow<'static, str>>,
        status: StatusCode,
    ) -> Self {
        Self { status: Some(status), ..Self::new(code, description) }
    }

    /// What `/authorize` would have said about what a device asks for (§5.1): the codes have the statuses of the token endpoint.
    pub(crate) fn of_device_request(code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let error = Self::new(code, description);
        // The one thing that is denied there: an API that there is not.
        if code == "access_denied" { error.in_standard(profile::UNKNOWN_AUDIENCE) } else { error }
    }

    /// RFC 8628 §3.5: "The authorization request is still pending as the end user hasn't yet completed the user-interaction
    /// steps". The answer to every question of a device that waits: it is in no log.
    #[must_use]
    pub(crate) fn authorization_pending() -> Self {
        Self::new("authorization_pending", "User has yet to authorize device code.").recorded()
    }

    /// RFC 8628 §3.5: "still pending and polling should continue, but the interval MUST be increased by 5 seconds".
    #[must_use]
    pub(crate) fn slow_down(interval: i64) -> Self {
        let text = format!("You are polling faster than the specified interval of {interval} seconds.");
        Self::new("slow_down", text).recorded()
    }

    /// RFC 8628 §3.5: "The "device_code" has expired, and the device authorization session has concluded."
    #[must_use]
    pub(crate) fn expired_token() -> Self {
        Self::new("expired_token", "The device code has expired.")
    }

    /// The client may not do this.
    pub fn unauthorized_client(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("unauthorized_client", description)
    }

    /// The grant type is not enabled for the client (§2.2).
    #[must_use]
    pub fn grant_not_allowed(grant_type: &str) -> Self {
        let description = format!("Grant type '{grant_type}' not allowed for the client.");
        let uri = Some("https://auth0.com/docs/clients/client-grant-types");
        Self { uri, ..Self::unauthorized_client(description) }
    }

    /// The server refuses, such as for an API that the client has no grant for.
    pub fn access_denied(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("access_denied", description)
    }

    /// Rules or Actions refused (`rules-and-actions.md` §2.13, §3.5): "403 for `access_denied`, 401 for `unauthorized`".
    pub(crate) fn of_scripts(code: &str, description: String) -> Self {
        const CODES: [&str; 6] = [
            "access_denied",
            "unauthorized",
            "interaction_required",
            "invalid_scope",
            "invalid_request",
            "server_error",
        ];
        let code = CODES.into_iter().find(|own| *own == code).unwrap_or("access_denied");
        let status = match code {
            "unauthorized" => Some(StatusCode::UNAUTHORIZED),
            "interaction_required" => Some(StatusCode::FORBIDDEN),
            _ => None,
        };
        // A sentence of the tenant's own; what goes into the log is the same.
        Self { status, cause: Some(description.clone()), by_script: true, ..Self::new(code, description) }
    }

    /// The user is blocked (§4.3).
    #[must_use]
    pub(crate) fn blocked() -> Self {
        Self::new("unauthorized", "user is blocked").in_standard(profile::BLOCKED)
    }

    /// §2.6: the tenant has no `default_directory`.
    #[must_use]
    pub(crate) fn no_default_connection() -> Self {
        Self::access_denied("Authorization server not configured with default connection.")
            .in_standard(profile::NO_DEFAULT_CONNECTION)
    }

    /// §2.6: `realm` or `default_directory` is no database that the client may use.
    #[must_use]
    pub(crate) fn invalid_password_connection() -> Self {
        let status = Some(StatusCode::FORBIDDEN);
        let error = Self { status, ..Self::invalid_request("invalid connection specified for password grant") };
        error.in_standard(profile::INVALID_PASSWORD_CONNECTION)
    }

    /// §2.6: the password is known to the public.
    #[must_use]
    pub(crate) fn password_leaked() -> Self {
        let description = "This login attempt has been blocked because the password you're using was previously disclosed \
                           through a data breach (not in this application). Please check your email for more information.";
        let status = Some(StatusCode::UNAUTHORIZED);
        Self { status, ..Self::new("password_leaked", description) }.in_standard(profile::PASSWORD_LEAKED)
    }

    /// §2.6: too many wrong passwords; `wait` until there is another attempt.
    #[must_use]
    pub(crate) fn too_many_attempts(description: &'static str, wait: Option<SignedDuration>) -> Self {
        let status = Some(StatusCode::TOO_MANY_REQUESTS);
        let retry_after = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or_default().div_ceil(1000).max(1));
        Self { status, retry_after, ..Self::new("too_many_attempts", description) }
            .in_standard(profile::TOO_MANY_ATTEMPTS)
    }

    /// The client may not use the API at all (§8.2).
    #[must_use]
    pub(crate) fn audience_not_allowed(audience: &str) -> Self {
        Self::access_denied(format!("Client is not authorized to access resource server \"{audience}\"."))
            .in_standard(profile::AUDIENCE_NOT_ALLOWED)
    }

    /// No API with this identifier (§2.5).
    #[must_use]
    pub(crate) fn unknown_audience(audience: &str) -> Self {
        Self::access_denied(format!("Service not found: {audience}")).in_standard(profile::UNKNOWN_AUDIENCE)
    }

    /// No such grant type.
    #[must_use]
    pub fn unsupported_grant_type(grant_type: &str) -> Self {
        let error = Self::new("unsupported_grant_type", format!("Unsupported grant type: {grant_type}"));
        error.in_standard(profile::UNSUPPORTED_GRANT_TYPE)
    }

    /// RFC 7591 §3.2.2: "The value of one or more redirection URIs is invalid."
    pub(crate) fn invalid_redirect_uri(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_redirect_uri", description)
    }

    /// RFC 7591 §3.2.2: "The value of one of the client metadata fields is invalid".
    pub(crate) fn invalid_client_metadata(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_client_metadata", description)
    }

    /// The tenant has not switched registration on (§6.7).
    #[must_use]
    pub(crate) fn registration_disabled() -> Self {
        let status = Some(StatusCode::NOT_FOUND);
        Self { status, ..Self::new("endpoint_disabled", "Dynamic client registration is not enabled for the tenant") }
    }

    /// The tenant is full of what registered itself (`management-api.md` §1.3).
    #[must_use]
    pub(crate) fn too_many_entities() -> Self {
        let description = "You reached the limit of entities of this type for this tenant.";
        Self { status: Some(StatusCode::FORBIDDEN), ..Self::new("too_many_entities", description) }
    }

    /// Another method than POST.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new("method_not_allowed", "Use POST")
    }

    /// Says `error` in profile `standard` instead: the RFC's code, and a sentence without input of the caller.
    #[must_use]
    pub(crate) fn in_standard(self, error: (&'static str, &'static str)) -> Self {
        Self { standard: Some(error), ..self }
    }

    /// §4.6: "401 `invalid_client`" at every endpoint but the token endpoint.
    #[must_use]
    pub(crate) fn beside_the_token_endpoint(self) -> Self {
        if self.code == "access_denied" {
            let (code, description) = profile::failed_client_authentication(Profile::Standard);
            return Self { code, description: description.into(), ..self };
        }
        self
    }

    /// Adds what is logged and never sent.
    #[must_use]
    pub(crate) fn because(self, cause: &str) -> Self {
        Self { cause: Some(cause.to_owned()), ..self }
    }

    /// The tenant log has it already.
    #[must_use]
    pub(crate) fn recorded(self) -> Self {
        Self { recorded: true, ..self }
    }

    /// One sentence for the tenant log, without input of the caller; `None` for what is no refusal, or logged already.
    pub(crate) fn reason(&self) -> Option<String> {
        // A deleted grant is called a server_error, but it is none (§4.3).
        let failed = matches!(self.code, "server_error" | "temporarily_unavailable")
            && self.standard.is_none()
            && !self.by_script;
        if self.recorded || failed || self.code == "use_dpop_nonce" {
            return None;
        }
        let public = || self.standard.map_or(&*self.description, |(_, description)| description).to_owned();
        Some(self.cause.clone().unwrap_or_else(public))
    }

    /// The user's grant was deleted (§4.3).
    #[must_use]
    pub(crate) fn grant_not_found() -> Self {
        let status = Some(StatusCode::FORBIDDEN);
        let error = Self { status, ..Self::new("server_error", "Grant not found, cannot refresh access token") };
        error.in_standard(profile::GRANT_NOT_FOUND)
    }

    /// The error as a response. The cause is logged here, once.
    #[must_use]
    pub fn respond(self, profile: Profile) -> Response {
        if let Some(cause) = &self.cause {
            tracing::info!(error = self.code, cause, "request refused");
        }
        let (code, description, status) = match self.standard {
            Some((code, description)) if profile == Profile::Standard => (code, Cow::Borrowed(description), None),
            _ => (self.code, self.description, self.status),
        };
        let status = status.unwrap_or_else(|| profile::token_error_status(profile, code));
        let description = profile::description(profile, &description);
        let body = Body { error: code, error_description: &description, error_uri: self.uri };
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.challenge_basic {
            // RFC 6749 §5.2: "the authorization server MUST respond with an HTTP 401 (Unauthorized) status code and
            // include the "WWW-Authenticate" response header field matching the authentication scheme used by the
            // client."
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        no_store(&mut response);
        response
    }
}

/// RFC 6749 §5.1: "The authorization server MUST include the HTTP "Cache-Control" response header field with a value of
/// "no-store" in any response containing tokens, credentials, or other sensitive information, as well as the "Pragma"
/// response header field with a value of "no-cache"." CL-06 wants it on every answer.
pub(crate) fn no_store(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    if headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json") {
        headers.insert(header::CONTENT_TYPE, json);
    }
}

impl From<AppError> for OAuthError {
    fn from(error: AppError) -> Self {
        let (_, code, description) = public_failure(&error);
        tracing::error!(cause = %error, "request failed");
        Self::new(code, description)
    }
}

impl From<keywright_store::StoreError> for OAuthError {
    fn from(error: keywright_store::StoreError) -> Self {
        AppError::from(error).into()
    }
}

impl From<LimitError> for OAuthError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached => {
                let (code, description) = TOO_MANY_REQUESTS;
                // The limit has its own entry in the tenant log, once a minute: a flood must not fill it.
                Self { status: Some(StatusCode::TOO_MANY_REQUESTS), ..Self::new(code, description).recorded() }
            }
            LimitError::Failed(error) => error.into(),
        }
    }
}

impl From<ParameterError> for OAuthError {
    fn from(error: ParameterError) -> Self {
        let status = (error == ParameterError::TooLarge).then_some(StatusCode::PAYLOAD_TOO_LARGE);
        Self { status, ..Self::invalid_request(error.to_string()) }
    }
}
