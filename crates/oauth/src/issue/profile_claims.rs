//! Claims about a user by scope (§3.6), the same in ID tokens and at `/userinfo`.

use keywright_types::{Profile, ScopeSet, User};
use serde_json::{Map, Value};

use crate::profile;

/// Claims that the scope `profile` gives from the root attributes of a user; `updated_at` is added to them.
const PROFILE: [&str; 7] =
    ["name", "family_name", "given_name", "middle_name", "nickname", "picture", "preferred_username"];
/// The rest of OpenID Connect Core §5.4, for profile `standard`.
const MORE_OF_PROFILE: [&str; 6] = ["profile", "website", "gender", "birthdate", "zoneinfo", "locale"];

/// The claims that the scopes open. §3.6: "Only claims with a value appear."
pub(crate) fn profile_claims(profile: Profile, user: &User, scope: &ScopeSet) -> Map<String, Value> {
    let mut claims = Map::new();
    if scope.contains("profile") {
        let more = if profile::gives_all_profile_claims(profile) { &MORE_OF_PROFILE[..] } else { &[] };
        for name in PROFILE.iter().chain(more) {
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

/// The claims with these names, of all that scopes could open (OpenID Connect Core §5.5). Whatever else somebody asks for is
/// not given: the request may name anything, and users have agreed to the standard claims only.
pub(crate) fn named_claims(profile: Profile, user: &User, names: &[String]) -> Map<String, Value> {
    let mut claims = profile_claims(profile, user, &ScopeSet::parse("profile email phone address"));
    claims.retain(|name, _| names.iter().any(|own| own == name));
    claims
}

fn copy(user: &User, attribute: &str, claim: &str, claims: &mut Map<String, Value>) {
    if let Some(value) = user.profile.get(attribute).filter(|value| has_type_of(claim, value)) {
        claims.insert(claim.to_owned(), value.clone());
    }
}

/// OpenID Connect Core §5.1: the types of the claims. Attributes can be set to anything; a claim of another type breaks the
/// application that reads it.
fn has_type_of(claim: &str, value: &Value) -> bool {
    match (claim, value) {
        ("phone_number_verified", value) => value.is_boolean(),
        // §5.1.1; a plain text is what social providers give.
        ("address", Value::Object(members)) => !members.is_empty() && members.values().all(Value::is_string),
        (_, Value::String(text)) => !text.trim().is_empty(),
        _ => false,
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

    #[test]
    fn profile_standard_gives_every_claim_of_the_scope_profile() {
        let mut user = user();
        for (name, value) in [
            ("website", json!("https://jane.example")),
            ("birthdate", json!("0000-03-22")),
            ("zoneinfo", json!(1)),
            ("locale", json!(" ")),
            ("gender", json!({})),
            ("address", json!({ "locality": "Ulm" })),
        ] {
            user.profile.insert(name.to_owned(), value);
        }
        let scope = ScopeSet::parse("profile address");
        let standard = profile_claims(Profile::Standard, &user, &scope);
        let expected = json!({
            "name": "Jane", "website": "https://jane.example", "birthdate": "0000-03-22", "updated_at": 0,
            "address": { "locality": "Ulm" }
        });
        assert_eq!(Value::Object(standard), expected, "and nothing of another type");
        let auth0 = profile_claims(Profile::Auth0, &user, &scope);
        assert_eq!(auth0.keys().collect::<Vec<_>>(), ["address", "name", "updated_at"]);
    }

    #[test]
    fn claims_by_name_are_those_that_scopes_could_open() {
        let names = ["name", "email_verified", "secret", "sub", "app_metadata"].map(str::to_owned);
        let claims = named_claims(Profile::Standard, &user(), &names);
        assert_eq!(Value::Object(claims), json!({ "name": "Jane", "email_verified": false }));
    }
}
