//! JSON objects in which no member comes twice.
//!
//! Two parsers that read different ones of two equal names see different tokens, and that has been used for attacks.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// An object whose own members are unique; what lies deeper is not looked at.
pub(crate) struct UniqueMembers(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with unique member names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member name comes twice"));
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_with_unique_names_are_read() {
        let read = |text: &str| serde_json::from_str::<UniqueMembers>(text).map(|object| object.0);
        assert_eq!(Value::from(read(r#"{"a":1,"b":{"a":2}}"#).unwrap()), serde_json::json!({"a": 1, "b": {"a": 2}}));
        assert!(read("{}").unwrap().is_empty());
        for refused in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "[]", "1", "null", "", "{} {}", r#"{"a":1"#] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
