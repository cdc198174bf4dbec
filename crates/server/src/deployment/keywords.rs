//! Markers in files, replaced from the environment before a file is read (§18): `##NAME##` by the value as it is, `@@NAME@@`,
//! with quotes around it or without, by the value as JSON.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// Names and values.
pub(super) type Keywords = BTreeMap<String, String>;

/// The environment of this process; what is not UTF-8 has no place in a file.
pub(super) fn environment() -> Keywords {
    let text = |value: std::ffi::OsString| value.into_string().ok();
    std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// A marker: `##NAME##` or `@@NAME@@`, the latter with its quotes.
#[expect(clippy::expect_used, reason = "a constant of ours; the tests compile it")]
static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    let name = "[A-Za-z_][A-Za-z0-9_]*";
    let pattern = format!("##(?<text>{name})##|'@@(?<single>{name})@@'|\"@@(?<double>{name})@@\"|@@(?<bare>{name})@@");
    Regex::new(&pattern).expect("a regular expression")
});

/// The text with the values of the markers that have one.
pub(super) fn replaced(text: &str, keywords: &Keywords) -> String {
    let value = |found: &regex::Captures<'_>| {
        let whole = found.get(0).map_or("", |own| own.as_str());
        if let Some(name) = found.name("text") {
            return keywords.get(name.as_str()).map_or(whole, String::as_str).to_owned();
        }
        let name = ["single", "double", "bare"].into_iter().find_map(|group| found.name(group));
        match name.and_then(|name| keywords.get(name.as_str())) {
            // A list or object is written as JSON; every other value is a text.
            Some(value) => match serde_json::from_str::<Value>(value) {
                Ok(json @ (Value::Array(_) | Value::Object(_))) => json.to_string(),
                _ => Value::from(value.as_str()).to_string(),
            },
            None => whole.to_owned(),
        }
    };
    MARKER.replace_all(text, value).into_owned()
}

/// Whether a text still has a marker: a value that the environment does not have.
pub(super) fn is_unresolved(text: &str) -> bool {
    MARKER.is_match(text)
}

/// Takes the values that still have a marker out of an entry, and puts what is there in their place. Says where that was, and which.
pub(super) fn settle(entry: &mut Map<String, Value>, found: Option<&Map<String, Value>>) -> Vec<String> {
    let mut unresolved = Vec::new();
    settle_members(entry, found, "", &mut unresolved);
    unresolved
}

fn settle_members(
    members: &mut Map<String, Value>,
    found: Option<&Map<String, Value>>,
    path: &str,
    unresolved: &mut Vec<String>,
) {
    let names: Vec<String> = members.keys().cloned().collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let there = found.and_then(|found| found.get(&name));
        let Some(value) = members.get_mut(&name) else { continue };
        match value {
            Value::String(text) if is_unresolved(text) => {
                unresolved.push(format!("{path} ({text})"));
                match there {
                    Some(there) => *value = there.clone(),
                    None => drop(members.remove(&name)),
                }
            }
            Value::Object(inner) => settle_members(inner, there.and_then(Value::as_object), &path, unresolved),
            Value::Array(values) => settle_list(values, &path, unresolved),
            _ => {}
        }
    }
}

/// In a list there is no saying which is which.
fn settle_list(values: &mut Vec<Value>, path: &str, unresolved: &mut Vec<String>) {
    values.retain_mut(|value| match value {
        Value::String(text) if is_unresolved(text) => {
            unresolved.push(format!("{path} ({text})"));
            false
        }
        Value::Object(inner) => {
            settle_members(inner, None, path, unresolved);
            true
        }
        Value::Array(inner) => {
            settle_list(inner, path, unresolved);
            true
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markers_are_replaced_by_the_environment() {
        let keywords = Keywords::from([
            ("HOST".to_owned(), "shop.example".to_owned()),
            ("LIST".to_owned(), r#"["a", "b"]"#.to_owned()),
            ("TEXT".to_owned(), "say \"x\" $1".to_owned()),
        ]);
        for (text, expected) in [
            ("https://##HOST##/cb", "https://shop.example/cb"),
            ("callbacks: @@LIST@@", r#"callbacks: ["a","b"]"#),
            (r#"{"callbacks": "@@LIST@@"}"#, r#"{"callbacks": ["a","b"]}"#),
            ("a: '@@LIST@@'", r#"a: ["a","b"]"#),
            ("a: @@TEXT@@", r#"a: "say \"x\" $1""#),
            ("##OTHER## @@OTHER@@ ## HOST ##", "##OTHER## @@OTHER@@ ## HOST ##"),
        ] {
            assert_eq!(replaced(text, &keywords), expected);
        }
        assert!(is_unresolved("x ##OTHER##") && is_unresolved("@@A@@") && !is_unresolved("# heading ## more"));
    }
    #[test]
    fn values_that_the_environment_lacks_stay_as_they_are() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let wanted = json!({ "a": "##X##", "b": { "c": "@@Y@@", "d": 1 }, "e": ["x", "##Z##"] });
        let mut entry = object(wanted.clone());
        assert_eq!(settle(&mut entry, None), ["a (##X##)", "b.c (@@Y@@)", "e (##Z##)"]);
        assert_eq!(Value::Object(entry), json!({ "b": { "d": 1 }, "e": ["x"] }));
        let found = object(json!({ "b": { "c": "there", "d": 2 } }));
        let mut entry = object(wanted);
        settle(&mut entry, Some(&found));
        assert_eq!(Value::Object(entry), json!({ "b": { "c": "there", "d": 1 }, "e": ["x"] }));
    }
}
