//! Whether what a file says is what is there.

use serde_json::{Map, Value};

use super::kind::Kind;

/// The entries that are the same one, by the first key that the entry has.
pub(super) fn same<'e>(
    kind: &Kind,
    existing: &'e [Map<String, Value>],
    entry: &Map<String, Value>,
) -> Vec<&'e Map<String, Value>> {
    // Without keys there is one at most.
    if kind.keys.is_empty() {
        return existing.first().into_iter().collect();
    }
    for key in kind.keys {
        let value = |entry: &Map<String, Value>, name: &str| match name {
            // Of the kind that files of versions before mean.
            "subject_type" => Some(entry.get(name).cloned().unwrap_or_else(|| Value::from("client"))),
            "supported_triggers" => entry.get(name)?.get(0)?.get("id").cloned(),
            name => entry.get(name).cloned(),
        };
        if key.iter().any(|name| value(entry, name).is_none()) {
            continue;
        }
        let found: Vec<_> =
            existing.iter().filter(|own| key.iter().all(|name| value(own, name) == value(entry, name))).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether two values are the same configuration: what is `null` is not there, an order of names means nothing.
pub(super) fn equal(one: Option<&Value>, other: Option<&Value>) -> bool {
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    match (one, other) {
        (one, other) if absent(one) || absent(other) => absent(one) && absent(other),
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            one.keys().chain(other.keys()).all(|name| equal(one.get(name), other.get(name)))
        }
        (Some(Value::Number(one)), Some(Value::Number(other))) => one == other || one.as_f64() == other.as_f64(),
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            one.len() == other.len() && {
                let in_order = one.iter().zip(other).all(|(one, other)| equal(Some(one), Some(other)));
                let texts = one.iter().chain(other).all(Value::is_string);
                in_order
                    || (texts && one.iter().all(|own| other.contains(own)) && other.iter().all(|own| one.contains(own)))
            }
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_is_the_same_configuration() {
        let same = |one: Value, other: Value| equal(Some(&one), Some(&other));
        assert!(same(json!({ "a": null, "b": 1 }), json!({ "b": 1.0 })));
        assert!(same(json!(["a", "b"]), json!(["b", "a"])));
        assert!(!same(json!(["a", "a"]), json!(["b", "a"])));
        assert!(!same(json!([1, 2]), json!([2, 1])));
        assert!(!same(json!({ "a": {} }), json!({ "a": { "b": 1 } })));
        assert!(equal(None, Some(&Value::Null)) && !equal(None, Some(&json!(false))));
    }
}
