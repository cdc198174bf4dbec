//! Claims about a user by scope (§3.6), the same in ID tokens and at `/userinfo`.

use keywright_types::{Profile, ScopeSet, User};
use serde_json::{Map, Value};

use crate::profile;

/// Claims that `profile` gives from the root attributes of a user; `updated_at` is added to them.
const PROFILE: [&str; 7] =
    ["name", "family_name", "given_name", "middle_name", "nickname", "picture", "preferred_username"];

/// The claims that the scopes open. §3.6: "Only claims with a value appear."
pub(crate) fn profile_claims(profile: Profile, user: &User, scope: &ScopeSet) -> Map<String, Value> {
    let mut claims = Map::new();
    if scope.contains("profile") {
        for name in PROFILE {
            copy(user, name, name, &mut claims);
        }
        if let Some(username) = &user.username {
            claims.insert("preferred_username".to_owned(), username.as_str().into());
        }
        claims.insert("updated_at".to_owned(), profile::updated_at(profile, user.updated_at));
    }
    if scope.contains("email")
        && let Some(email) = &user.email
    {
        claims.insert("email".to_owned(), email.as_str().into());
        claims.insert("email_verified".to_owned(), user.email_verified.into());
    }
    if scope.contains("phone") {
        copy(user, "phone_number", "phone_number", &mut claims);
        // The Management API calls it `phone_verified` (§7.8), OpenID Connect `phone_number_verified`.
        copy(user, "phone_verified", "phone_number_verified", &mut claims);
    }
    if scope.contains("address") {
        copy(user, "address", "address", &mut claims);
    }
    claims
}

fn copy(user: &User, attribute: &str, claim: &str, claims: &mut Map<String, Value>) {
    let value = user.profile.get(attribute).filter(|value| !value.is_null() && value.as_str() != Some(""));
    if let Some(value) = value {
        claims.insert(claim.to_owned(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user() -> User {
        let Value::Object(profile) = json!({
            "name": "Jane", "nickname": "", "picture": null, "phone_number": "+49", "phone_verified": true, "secret": 1
        }) else {
            unreachable!()
        };
        User {
            user_id: "auth0|1".to_owned(),
            connection: "db".to_owned(),
            email: Some("jane@example.com".to_owned()),
            email_verified: false,
            username: None,
            blocked: false,
            profile,
            user_metadata: Map::new(),
            app_metadata: Map::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn check(scope: &str, expected: &Value) {
        assert_eq!(
            Value::Object(profile_claims(Profile::Auth0, &user(), &ScopeSet::parse(scope))),
            *expected,
            "{scope}"
        );
    }

    #[test]
    fn each_scope_opens_its_claims_and_no_others() {
        check("openid", &json!({}));
        check("openid appointments", &json!({}));
        check("profile", &json!({ "name": "Jane", "updated_at": "1970-01-01T00:00:00.000Z" }));
        check("email", &json!({ "email": "jane@example.com", "email_verified": false }));
        check("phone", &json!({ "phone_number": "+49", "phone_number_verified": true }));
        check("address", &json!({}));
    }
}
