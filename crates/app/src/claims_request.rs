//! The request parameter `claims` (OpenID Connect Core §5.5): claims asked for by name, in the ID token or at `/userinfo`.
//!
//! Only the names are kept. `essential` changes nothing ("the OP MUST NOT generate an error when Claims are not returned,
//! whether they are Essential or Voluntary", §5.5.1), and a wanted value of a claim about the user is given or not, as the
//! user's profile has it. `sub` with a value names the user who has to be there, which is how `id_token_hint` works too.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What was asked for, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// Names for the ID token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// Names for `/userinfo`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// The only user for whom the request may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
}

impl ClaimsRequest {
    /// Reads the parameter's JSON; `None` when it is no object of objects, or one claim is asked for in a way that §5.5.1
    /// does not know. Members that nobody knows are ignored.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let document: Map<String, Value> = serde_json::from_str(json).ok()?;
        let (id_token, sub) = place(document.get("id_token"))?;
        let (userinfo, other) = place(document.get("userinfo"))?;
        // One user cannot have two subjects.
        let sub = match (sub, other) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        Some(Self { id_token, userinfo, sub })
    }
}

/// The names in one member, and the value that `sub` has to have.
fn place(member: Option<&Value>) -> Option<(Vec<String>, Option<String>)> {
    let claims = match member {
        None | Some(Value::Null) => return Some((Vec::new(), None)),
        Some(Value::Object(claims)) => claims,
        Some(_) => return None,
    };
    // §5.5.1: "null […] JSON Object".
    if claims.values().any(|how| !how.is_null() && !how.is_object()) {
        return None;
    }
    let sub = claims.get("sub").and_then(|how| how.get("value")).and_then(Value::as_str).map(str::to_owned);
    Some((claims.keys().cloned().collect(), sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_by_place() {
        let parsed = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"picture":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["a"]},"sub":{"value":"auth0|1"}},"other":1}"#,
        );
        let expected = ClaimsRequest {
            id_token: ["acr", "auth_time", "sub"].map(str::to_owned).to_vec(),
            userinfo: ["given_name", "picture"].map(str::to_owned).to_vec(),
            sub: Some("auth0|1".to_owned()),
        };
        let sorted = parsed.map(|mut own| {
            own.id_token.sort();
            own.userinfo.sort();
            own
        });
        assert_eq!(sorted, Some(expected));
        assert_eq!(ClaimsRequest::parse("{}"), Some(ClaimsRequest::default()));
        assert_eq!(ClaimsRequest::parse(r#"{"userinfo":null}"#), Some(ClaimsRequest::default()));
    }

    #[test]
    fn what_is_no_claims_request_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "1",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":true}}"#,
            r#"{"id_token":"name"}"#,
            r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(text), None, "{text}");
        }
    }
}
