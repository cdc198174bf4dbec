//! Errors of `/dbconnections/…`: a family of shapes of their own (§0.2, §7.1, §7.2).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use keywright_app::{AppError, PasswordCheck, PasswordRefusal, PasswordRule};
use keywright_web::ParameterError;
use keywright_web::rate_limits::{LimitError, refused_program};
use keywright_web::tenancy::public_failure;
use serde_json::{Value, json};

use crate::error::no_store;

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum DatabaseError {
    /// `{"error":"…"}`.
    Said(&'static str),
    /// A parameter is missing.
    Missing(&'static str),
    /// The connection has user names, and none was sent.
    NoUsername { connection: String },
    /// The request cannot be read.
    Unreadable(ParameterError),
    /// §7.1: "deliberately generic".
    InvalidSignup,
    /// An Action refused it, with its sentence for the user where it has one.
    Refused(Option<String>),
    /// The account exists, and the tenant lets the answer say so.
    UserExists,
    /// The connection does not take the password.
    Password(PasswordRefusal),
    /// The password is known to the public.
    PasswordLeaked,
    /// Too many sign-ups from the address; the time until the next.
    TooManyAttempts(SignedDuration),
    /// A rate limit was reached.
    Limited,
    /// Not the caller's fault.
    Failed(AppError),
}

impl DatabaseError {
    pub(super) fn respond(self) -> Response {
        let known = |name: &str, code: &str, description: &str, status: StatusCode| {
            let body = json!({ "name": name, "code": code, "description": description, "statusCode": status.as_u16() });
            (status, axum::Json(body)).into_response()
        };
        let said = |error: &str| (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": error }))).into_response();
        let mut response = match self {
            Self::Said(error) => said(error),
            Self::Missing(name) => said(&format!("{name} is required")),
            Self::NoUsername { connection } => {
                said(&format!("missing username for {connection} connection with requires_username enabled"))
            }
            Self::Unreadable(error) => {
                let status = if error == ParameterError::TooLarge {
                    StatusCode::PAYLOAD_TOO_LARGE
                } else {
                    StatusCode::BAD_REQUEST
                };
                (status, axum::Json(json!({ "error": error.to_string() }))).into_response()
            }
            Self::InvalidSignup => {
                known("BadRequestError", "invalid_signup", "Invalid sign up", StatusCode::BAD_REQUEST)
            }
            Self::Refused(message) => {
                let text = message.unwrap_or_else(|| "The sign-up was refused".to_owned());
                let body = json!({
                    "name": "PreUserRegistrationError", "code": "extensibility_error", "description": text,
                    "message": text, "friendly_message": text, "statusCode": 400,
                });
                (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
            }
            Self::UserExists => {
                known("BadRequestError", "user_exists", "The user already exists.", StatusCode::BAD_REQUEST)
            }
            Self::Password(PasswordRefusal::TooWeak(check)) => {
                (StatusCode::BAD_REQUEST, axum::Json(too_weak(&check))).into_response()
            }
            Self::Password(refusal) => {
                let (name, message) = refusal.name_and_message();
                known(name, "invalid_password", message, StatusCode::BAD_REQUEST)
            }
            Self::PasswordLeaked => known(
                "AnomalyDetected",
                "password_leaked",
                "This password is known from a data breach of another service.",
                StatusCode::BAD_REQUEST,
            ),
            Self::TooManyAttempts(wait) => {
                let description = "We have detected suspicious sign-up behavior and further attempts will be blocked. \
                                   Please contact the administrator.";
                let status = StatusCode::TOO_MANY_REQUESTS;
                let mut response = known("AnomalyDetected", "too_many_attempts", description, status);
                let seconds = u64::try_from(wait.as_millis()).unwrap_or_default().div_ceil(1000).max(1);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            Self::Limited => refused_program(),
            Self::Failed(error) => {
                tracing::error!(cause = %error, "a request about a user failed");
                let (status, _, description) = public_failure(&error);
                let mut response = (status, axum::Json(json!({ "error": description }))).into_response();
                if error.is_temporary() {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                response
            }
        };
        no_store(&mut response);
        response
    }
}

/// CL-06: POST only.
pub(crate) async fn method_not_allowed() -> Response {
    let mut response =
        (StatusCode::METHOD_NOT_ALLOWED, axum::Json(json!({ "error": "Method Not Allowed" }))).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// §7.2, "Error on signup / change".
fn too_weak(check: &PasswordCheck) -> Value {
    let rules: Vec<Value> = check.rules.iter().map(described).collect();
    json!({
        "name": "PasswordStrengthError",
        "message": "Password is too weak",
        "code": "invalid_password",
        "statusCode": 400,
        "policy": check.rules.iter().map(|rule| lines(rule, "* ")).collect::<Vec<_>>().join("\n"),
        "description": { "rules": rules, "verified": false },
    })
}

/// The sentence of a rule, and what belongs into it.
fn sentence(rule: &PasswordRule) -> (&'static str, Vec<Value>) {
    let number = rule.number.unwrap_or_default();
    match rule.code {
        "lengthAtLeast" => ("At least %d characters in length", vec![json!(number)]),
        "lengthAtMost" => ("At most %d characters in length", vec![json!(number)]),
        "containsAtLeast" => (
            "Contain at least %d of the following %d types of characters:",
            vec![json!(number), json!(rule.items.len())],
        ),
        "shouldContain" => ("Should contain:", Vec::new()),
        "identicalChars" => (
            "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
            vec![json!(number), json!("a".repeat(usize::try_from(number).unwrap_or(2) + 1))],
        ),
        "sequentialChars" => (
            "No more than %d sequential alphanumeric characters (e.g., \"%s\" not allowed)",
            vec![json!(number), json!("abc")],
        ),
        "lowerCase" => ("lower case letters (a-z)", Vec::new()),
        "upperCase" => ("upper case letters (A-Z)", Vec::new()),
        "numbers" => ("numbers (i.e. 0-9)", Vec::new()),
        "specialCharacters" => ("special characters (e.g. !@#$%^&*)", Vec::new()),
        other => (other, Vec::new()),
    }
}

fn described(rule: &PasswordRule) -> Value {
    let (message, format) = sentence(rule);
    let mut value = json!({ "message": message, "code": rule.code, "verified": rule.verified });
    if let Some(members) = value.as_object_mut() {
        if !format.is_empty() {
            members.insert("format".to_owned(), Value::Array(format));
        }
        if !rule.items.is_empty() {
            members.insert("items".to_owned(), rule.items.iter().map(described).collect());
        }
    }
    value
}

/// The rule as text, its parts indented below it.
fn lines(rule: &PasswordRule, mark: &str) -> String {
    let (message, format) = sentence(rule);
    let mut text = message.to_owned();
    for value in format {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let place = if value.is_string() { "%s" } else { "%d" };
        text = text.replacen(place, &shown, 1);
    }
    let inner = format!(" {mark}");
    std::iter::once(format!("{mark}{text}"))
        .chain(rule.items.iter().map(|item| lines(item, &inner)))
        .collect::<Vec<_>>()
        .join("\n")
}

impl From<ParameterError> for DatabaseError {
    fn from(error: ParameterError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<AppError> for DatabaseError {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl From<LimitError> for DatabaseError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached => Self::Limited,
            LimitError::Failed(error) => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use keywright_app::check_password;
    use keywright_types::{ConnectionOptions, PasswordPolicy};

    use super::*;

    #[test]
    fn a_weak_password_is_described_as_auth0_does() {
        let body = |policy, password| {
            let options = ConnectionOptions { password_policy: Some(policy), ..ConnectionOptions::default() };
            too_weak(&check_password(&options, password))
        };
        let good = body(PasswordPolicy::Good, "abcdefg");
        assert_eq!((&good["name"], &good["code"]), (&json!("PasswordStrengthError"), &json!("invalid_password")));
        let policy = "* At least 8 characters in length\n* Contain at least 3 of the following 4 types of characters:\n * lower \
                      case letters (a-z)\n * upper case letters (A-Z)\n * numbers (i.e. 0-9)\n * special characters (e.g. \
                      !@#$%^&*)";
        assert_eq!(good["policy"], policy);
        let rules = &good["description"]["rules"];
        let length = json!({
            "message": "At least %d characters in length", "format": [8], "code": "lengthAtLeast", "verified": false
        });
        assert_eq!(rules[0], length);
        assert_eq!((&rules[1]["format"], &rules[1]["items"][0]["verified"]), (&json!([3, 4]), &json!(true)));
        assert!(rules[1]["items"][0].get("format").is_none());
        let excellent = body(PasswordPolicy::Excellent, "Abbbdefgh12");
        assert_eq!(excellent["description"]["rules"][2]["format"], json!([2, "aaa"]));
        assert!(excellent["policy"].as_str().unwrap().ends_with("(e.g., \"aaa\" not allowed)"));
        assert_eq!(body(PasswordPolicy::Fair, "x")["description"]["rules"][1]["code"], "shouldContain");
    }
}
