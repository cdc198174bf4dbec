//! Errors as the Management API answers them (`management-api.md` §1.7), with their cause for our own log beside them.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keywright_app::AppError;
use keywright_store::StoreError;
use serde_json::{Map, Value, json};

use crate::schema::Problem;

/// Why an operation was not done. Nothing was changed then.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: Cow<'static, str>,
    code: Option<&'static str>,
    /// `attributes` of the answer.
    attributes: Option<Value>,
    /// `WWW-Authenticate` of the answer.
    challenge: Option<String>,
    /// For our own log; never sent.
    cause: Option<String>,
    /// The constraint of the database that refused, where one did.
    constraint: Option<String>,
    temporary: bool,
}

impl ApiError {
    /// An error with a public sentence.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self {
            status,
            message,
            code: None,
            attributes: None,
            challenge: None,
            cause: None,
            constraint: None,
            temporary: false,
        }
    }

    /// Adds `errorCode`.
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Adds what our own log says.
    pub(crate) fn cause(self, cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// A request that means nothing here, by a rule of the resource.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The body breaks a rule that no description of it can say.
    pub(crate) fn invalid_body(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad_request(message).code("invalid_body")
    }

    /// §1.8: the sentence for values that their description does not fit. `what` is `Payload`, `Query` or `Path`.
    pub(crate) fn invalid(what: &'static str, code: &'static str, problems: &[Problem]) -> Self {
        let fragments: Vec<String> = problems.iter().map(fragment).collect();
        Self::bad_request(format!("{what} validation error: {}", fragments.join(" (also) "))).code(code)
    }

    /// Nothing is found by what the path names.
    pub(crate) fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// There is another one.
    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// The token lets the caller not do this.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// §1.7: "comma after "scope"; list joined by `,` without blank".
    pub(crate) fn insufficient_scope(expected: &[&str]) -> Self {
        let wanted = expected.join(" ");
        Self {
            // RFC 6750 §3: "the "scope" attribute with the scope necessary to access the protected resource".
            challenge: Some(format!("Bearer error=\"insufficient_scope\", scope=\"{wanted}\"")),
            ..Self::forbidden(format!("Insufficient scope, expected any of: {}", expected.join(",")))
                .code("insufficient_scope")
        }
    }

    /// No token was sent. RFC 6750 §3.1: then "the resource server SHOULD NOT include an error code".
    pub(crate) fn no_token() -> Self {
        Self { challenge: Some("Bearer".to_owned()), ..Self::new(StatusCode::UNAUTHORIZED, "Missing authentication") }
    }

    /// The token is not good: §1.7 repeats the sentence in `attributes`.
    pub(crate) fn bad_token(message: impl Into<Cow<'static, str>>, cause: impl std::fmt::Display) -> Self {
        let message = message.into();
        Self {
            attributes: Some(json!({ "error": message })),
            // The sentence may name what the token says of itself; the header says what RFC 6750 §3.1 knows.
            challenge: Some("Bearer error=\"invalid_token\"".to_owned()),
            cause: Some(cause.to_string()),
            ..Self::new(StatusCode::UNAUTHORIZED, message)
        }
    }

    /// What is not a path of this API, or not its method.
    pub(crate) fn unknown_path() -> Self {
        Self::not_found("Not Found")
    }

    /// §1.7: the rate limit.
    pub(crate) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Global limit has been reached").code("too_many_requests")
    }

    /// §1.7: a feature that is not there.
    pub(crate) fn not_enabled() -> Self {
        Self::forbidden("This feature is not enabled for this tenant.").code("feature_not_enabled")
    }

    /// §1.7: a list that is full.
    pub(crate) fn too_many_entities() -> Self {
        Self::forbidden("You reached the limit of entities of this type for this tenant.").code("too_many_entities")
    }

    /// Another error where the database refused by this constraint.
    pub(crate) fn when(self, constraint: &str, other: impl FnOnce() -> Self) -> Self {
        if self.constraint.as_deref() == Some(constraint) { other() } else { self }
    }

    /// Status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("statusCode".to_owned(), json!(self.status.as_u16()));
        body.insert("error".to_owned(), json!(self.status.canonical_reason().unwrap_or_default()));
        body.insert("message".to_owned(), json!(self.message));
        if let Some(code) = self.code {
            body.insert("errorCode".to_owned(), json!(code));
        }
        if let Some(attributes) = &self.attributes {
            body.insert("attributes".to_owned(), attributes.clone());
        }
        Value::Object(body)
    }

    /// What our own log says, for an operator who has no log.
    pub(crate) fn full_cause(&self) -> String {
        self.cause.clone().unwrap_or_else(|| self.message.to_string())
    }

    /// The public sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

/// `'reason' on property path (description).`
fn fragment(problem: &Problem) -> String {
    let Problem { path, reason, description } = problem;
    match (path.is_empty(), description.is_empty()) {
        (true, _) => format!("'{reason}'."),
        (false, true) => format!("'{reason}' on property {path}."),
        (false, false) => format!("'{reason}' on property {path} ({description})."),
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        if error.is_temporary() {
            let message = "The server cannot answer now. Please try again.";
            Self { temporary: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message).cause(error) }
        } else {
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error").cause(error)
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.constraint() {
            // An operation that can meet a conflict says which; one that cannot has met a defect.
            Some(constraint) => {
                let constraint = Some(constraint.to_owned());
                Self { constraint, ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error").cause(&error) }
            }
            None => AppError::from(error).into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            if self.status.is_server_error() {
                tracing::error!(%cause, "management operation failed");
            } else {
                tracing::info!(%cause, status = self.status.as_u16(), "management operation refused");
            }
        }
        let mut response = (self.status, [JSON, NO_STORE], self.body().to_string()).into_response();
        if let Some(challenge) = self.challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.temporary {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// §1.1: "on every response with a body".
pub(crate) const JSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/json; charset=utf-8");
/// Answers hold secrets and people's data.
pub(crate) const NO_STORE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
