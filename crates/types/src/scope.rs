//! Scope values: a space-delimited, order-preserving set (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of scope tokens that remembers the order in which they were asked for.
///
/// RFC 6749 §3.3: "If the value contains multiple space-delimited strings, their order does not matter, and each
/// string adds an additional access range to the requested scope." The order is kept because Auth0 echoes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    /// Splits at white space; duplicates are dropped, the first one keeps its place.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether `scope` is in the set. Scopes compare case-sensitively.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    /// Whether every scope of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.contains(scope))
    }

    /// Adds `scope` at the end unless it is there.
    pub fn insert(&mut self, scope: &str) {
        if !self.contains(scope) {
            self.0.push(scope.to_owned());
        }
    }

    /// The scopes of this set, in its order, for which `keep` answers true.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The scopes in the order they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether no scope is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    fn from_iter<T: IntoIterator<Item = &'a str>>(scopes: T) -> Self {
        let mut set = Self::default();
        for scope in scopes {
            set.insert(scope);
        }
        set
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::ScopeSet;

    #[test]
    fn keeps_order_and_drops_duplicates() {
        assert_eq!(ScopeSet::parse(" openid  email openid\tprofile ").to_string(), "openid email profile");
    }

    #[test]
    fn covers_is_independent_of_order() {
        let granted = ScopeSet::parse("a b c");
        assert!(granted.covers(&ScopeSet::parse("c a")));
        assert!(!granted.covers(&ScopeSet::parse("a d")));
        assert!(granted.covers(&ScopeSet::default()));
        assert!(!granted.contains("A"), "scopes are case-sensitive");
    }

    #[test]
    fn is_one_string_on_the_wire() {
        let set: ScopeSet = serde_json::from_str("\"b a\"").unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), "\"b a\"");
    }
}
