//! What Rules and Actions change about the tokens of a login (R §2.8, §2.9). Kept with the code or the device until the tokens are
//! made; custom claims in it have passed the policy for names and sizes already.

use keywright_rules::{ClaimsError, custom_claims};
use keywright_types::{ClaimTarget, ScopeSet, is_current_user_scope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Changes; none is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenChanges {
    /// Custom claims of ID token and `/userinfo`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub id_token: Map<String, Value>,
    /// Custom claims of the access token.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub access_token: Map<String, Value>,
    /// Scopes in the place of the granted ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<Vec<String>>,
    /// Scopes that were added (`true`) and removed after that, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<(String, bool)>,
}

/// Claims that scripts may set only where a scope opens them (R §2.9: "without `email` in the granted scope an explicit `email`
/// claim is removed again").
const OF_SCOPES: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "picture",
            "preferred_username",
            "profile",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Names that tokens of this server use for themselves.
const OWN: [&str; 2] = ["userinfo_claims", "https://keywright.dev/test"];

impl TokenChanges {
    /// The changes, with claims as scripts gave them.
    ///
    /// # Errors
    /// When the claims of one token are too large: "exceeding fails the transaction".
    pub(crate) fn checked(self, is_system_api: bool) -> Result<Self, ClaimsError> {
        let target = if is_system_api { ClaimTarget::SystemAccessToken } else { ClaimTarget::AccessToken };
        Ok(Self {
            id_token: accepted(&self.id_token, ClaimTarget::IdToken)?,
            access_token: accepted(&self.access_token, target)?,
            ..self
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The scope of the access token, of what was granted. Of the instance's own APIs users get only what is about themselves,
    /// whatever a script says: the rest administers the tenant.
    #[must_use]
    pub fn scope(&self, granted: &ScopeSet, is_system_api: bool) -> ScopeSet {
        let mut scope = match &self.replaced {
            Some(all) => all.iter().map(String::as_str).collect(),
            None => granted.clone(),
        };
        for (name, added) in &self.scopes {
            for word in name.split_ascii_whitespace() {
                if *added {
                    scope.insert(word);
                } else {
                    scope = scope.filtered(|own| own != word);
                }
            }
        }
        scope.filtered(|own| !is_system_api || granted.contains(own) || is_current_user_scope(own))
    }

    /// Custom claims of `claims` that the granted scopes open, and those that belong to no scope.
    pub fn opened<'a>(
        claims: &'a Map<String, Value>,
        granted: &'a ScopeSet,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> {
        claims.iter().filter(|(name, _)| {
            let of = OF_SCOPES.iter().find(|(_, names)| names.contains(&name.as_str()));
            of.is_none_or(|(scope, _)| granted.contains(scope))
        })
    }

    /// Standard claims that a Rule changed on `user` itself: "standard profile fields changed on `user` feed the standard
    /// claims" (R §2.12).
    pub(crate) fn add_changed_profile(&mut self, before: &Value, after: &Value) {
        for name in OF_SCOPES.iter().flat_map(|(_, names)| names.iter()) {
            let changed = after.get(name).filter(|value| before.get(name) != Some(*value) && !value.is_null());
            if let Some(value) = changed
                && !self.id_token.contains_key(*name)
            {
                self.id_token.insert((*name).to_owned(), value.clone());
            }
        }
    }
}

fn accepted(given: &Map<String, Value>, target: ClaimTarget) -> Result<Map<String, Value>, ClaimsError> {
    let mut claims = custom_claims(given, target)?;
    claims.retain(|name, _| !OWN.contains(&name.as_str()));
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope(changes: &TokenChanges, granted: &str, system: bool) -> String {
        changes.scope(&ScopeSet::parse(granted), system).to_string()
    }

    #[test]
    fn r_2_8_scopes_are_replaced_by_rules_and_changed_by_actions() {
        let none = TokenChanges::default();
        assert_eq!(scope(&none, "openid a", false), "openid a");
        let replaced = TokenChanges { replaced: Some(vec!["array".into(), "of".into()]), ..TokenChanges::default() };
        assert_eq!(scope(&replaced, "openid a", false), "array of");
        let both = TokenChanges { scopes: vec![("x".into(), true), ("of".into(), false)], ..replaced };
        assert_eq!(scope(&both, "openid a", false), "array x");
    }

    #[test]
    fn no_script_lets_a_user_administer_the_tenant() {
        let names = ["read:users", "update:current_user_metadata"].map(str::to_owned).to_vec();
        let changes = TokenChanges { replaced: Some(names), ..TokenChanges::default() };
        assert_eq!(scope(&changes, "openid", true), "update:current_user_metadata");
        assert_eq!(scope(&changes, "openid", false), "read:users update:current_user_metadata");
    }

    #[test]
    fn r_2_9_claims_of_a_scope_need_it() {
        let given =
            json!({ "email": "x@y.example", "name": "N", "https://ns/c": 1, "userinfo_claims": ["a"], "sub": "x" });
        let changes =
            TokenChanges { id_token: given.as_object().unwrap().clone(), ..TokenChanges::default() }.checked(false);
        let claims = changes.unwrap().id_token;
        let names = |scope: &str| {
            let granted = ScopeSet::parse(scope);
            TokenChanges::opened(&claims, &granted).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("openid"), ["https://ns/c"]);
        assert_eq!(names("openid email"), ["email", "https://ns/c"]);
        assert_eq!(names("profile"), ["https://ns/c", "name"]);
    }

    #[test]
    fn r_2_12_changed_profile_fields_are_claims() {
        let mut changes = TokenChanges::default();
        changes.id_token.insert("picture".to_owned(), json!("mine"));
        let before = json!({ "name": "A", "picture": "p", "nickname": "n" });
        let after = json!({ "name": "B", "picture": "q", "nickname": "n", "user_id": "x" });
        changes.add_changed_profile(&before, &after);
        assert_eq!(Value::Object(changes.id_token), json!({ "name": "B", "picture": "mine" }));
    }
}
