//! Parameters of the path that have a form of their own (`management-api.md` §1.7, `invalid_uri`).

use serde_json::Value;

use crate::call::Call;
use crate::error::ApiError;
use crate::schema::{Problem, Schema};

/// The parameter `name`, when it fits the description.
pub(crate) fn checked(call: &Call, name: &str, schema: &Schema) -> Result<String, ApiError> {
    let text = call.path(name).to_owned();
    let problems = schema.problems(&mut Value::from(text.clone()));
    if problems.is_empty() {
        return Ok(text);
    }
    let named: Vec<Problem> =
        problems.into_iter().map(|problem| Problem { path: name.to_owned(), ..problem }).collect();
    Err(ApiError::invalid("Path", "invalid_uri", &named))
}

/// The parameter `name`, when it is one of a closed list: "`Invalid value "x"`" where it is not (§10.3).
pub(crate) fn known<'a>(
    call: &Call,
    name: &str,
    values: &[&'a str],
    description: &'static str,
) -> Result<&'a str, ApiError> {
    let text = call.path(name);
    values.iter().find(|value| **value == text).copied().ok_or_else(|| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
        let reason = format!("Invalid value \"{shown}\"");
        ApiError::invalid("Path", "invalid_uri", &[Problem { path: name.to_owned(), reason, description }])
    })
}
