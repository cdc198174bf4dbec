//! What of `context.idToken`, `context.accessToken` and custom claims gets into tokens (R §2.8, §2.9; TK-07).

use keywright_types::{ClaimTarget, accepts_custom_claim};
use serde_json::{Map, Value};

/// R §2.9: "all custom claims of one token, names and values, ≤ 100 KB; exceeding fails the transaction".
pub const MAX_CLAIMS_BYTES: usize = 100 * 1024;

/// The claims of one token are too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the custom claims of a token are larger than 100 KB")]
pub struct ClaimsError;

/// The claims that are accepted. Others are left out silently: "violations never fail the transaction".
///
/// # Errors
/// When they are too large together.
pub fn custom_claims(given: &Map<String, Value>, target: ClaimTarget) -> Result<Map<String, Value>, ClaimsError> {
    let accepted: Map<String, Value> = given
        .iter()
        .filter(|(name, _)| accepts_custom_claim(name, target))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let size: usize = accepted.iter().map(|(name, value)| name.len().saturating_add(value.to_string().len())).sum();
    if size > MAX_CLAIMS_BYTES { Err(ClaimsError) } else { Ok(accepted) }
}

/// `context.accessToken.scope`: replaces the granted scope, as a list or as text; `None` keeps it (R §2.8).
#[must_use]
pub fn granted_scope(access_token: &Value) -> Option<Vec<String>> {
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match access_token.get("scope")? {
        Value::String(text) => Some(words(text)),
        // A text with spaces in the list is several scopes: a token could not say the difference.
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).flat_map(words).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(given: &Value, target: ClaimTarget) -> Result<Value, ClaimsError> {
        custom_claims(given.as_object().unwrap(), target).map(Value::Object)
    }

    #[test]
    fn r_2_9_reserved_names_are_left_out() {
        let given = json!({ "sub": "x", "roles": ["a"], "https://a.auth0.com/x": 1, "mine": 1, "https://ns/x": null });
        assert_eq!(claims(&given, ClaimTarget::IdToken), Ok(json!({ "mine": 1, "https://ns/x": null })));
        assert_eq!(claims(&given, ClaimTarget::SystemAccessToken), Ok(json!({ "https://ns/x": null })));
    }

    #[test]
    fn r_2_9_too_many_bytes_fail() {
        let of = |length: usize| claims(&json!({ "a": "x".repeat(length) }), ClaimTarget::AccessToken);
        assert!(of(MAX_CLAIMS_BYTES - 3).is_ok());
        assert_eq!(of(MAX_CLAIMS_BYTES - 2), Err(ClaimsError));
        // What is left out does not count.
        assert!(claims(&json!({ "sub": "x".repeat(MAX_CLAIMS_BYTES) }), ClaimTarget::IdToken).is_ok());
    }

    #[test]
    fn r_2_8_the_scope_is_a_list_or_a_text() {
        for (scope, expected) in [
            (json!(["array", "of", "strings"]), Some(vec!["array", "of", "strings"])),
            (json!("a  b"), Some(vec!["a", "b"])),
            (json!(["a b", 1, null]), Some(vec!["a", "b"])),
            (json!(null), None),
            (json!(7), None),
            (json!([]), Some(vec![])),
        ] {
            let found = granted_scope(&json!({ "scope": scope }));
            assert_eq!(found, expected.map(|all| all.into_iter().map(str::to_owned).collect()), "{scope}");
        }
        assert_eq!(granted_scope(&json!({})), None);
    }
}
