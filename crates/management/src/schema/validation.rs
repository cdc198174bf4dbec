//! Checks a value against its description, with the sentences of §1.8: those of a JSON schema validator, and where the
//! value is.

use std::collections::HashSet;

use serde_json::Value;

use super::{Kind, Others, Schema, TextRules};

/// So many problems are named at most; the rest shows when these are gone.
const MOST: usize = 10;
/// Characters of a value that a message repeats.
const REPEATED: usize = 200;
/// The end of the numbers that JSON documents carry exactly (RFC 8259 §6), and so of those that fit an integer here.
const EXACT: f64 = 9_007_199_254_740_991.0;

/// What is wrong with a value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Members and items that lead to it, `a.b[0]`; empty for the value itself.
    pub(crate) path: String,
    /// The sentence.
    pub(crate) reason: String,
    /// What the description says of the place; may be empty.
    pub(crate) description: &'static str,
}

/// How the sentences of this file begin, and what the validator whose sentences they are calls each rule
/// (`management-api.md` §6.4). "Missing required property" and its kind are decided by whoever names the property.
const RULES: [(&str, &str); 14] = [
    ("Expected type", "INVALID_TYPE"),
    ("Missing required property", "OBJECT_REQUIRED"),
    ("No enum match", "ENUM_MISMATCH"),
    ("String is too short", "MIN_LENGTH"),
    ("String is too long", "MAX_LENGTH"),
    ("String does not match pattern", "PATTERN"),
    ("String contains a NUL character", "PATTERN"),
    ("Object didn't pass validation for format", "FORMAT"),
    ("Array is too short", "ARRAY_LENGTH_SHORT"),
    ("Array is too long", "ARRAY_LENGTH_LONG"),
    ("Data does not match any schemas from 'anyOf'", "ANY_OF_MISSING"),
    ("Additional properties not allowed", "NOT_PASSED"),
    ("Too few properties", "NOT_PASSED"),
    ("Too many properties", "NOT_PASSED"),
];

impl Problem {
    /// The name of the rule that is broken, as imports of users tell it.
    pub(crate) fn rule(&self) -> &'static str {
        if self.reason.starts_with("Value ") {
            return if self.reason.contains("less than minimum") { "MINIMUM" } else { "MAXIMUM" };
        }
        RULES.iter().find(|(sentence, _)| self.reason.starts_with(sentence)).map_or("NOT_PASSED", |(_, rule)| rule)
    }
}

impl Schema {
    /// What is wrong with `value`; nothing when it fits. Whole numbers that were written with a fraction of zero become
    /// integers.
    pub(crate) fn problems(&self, value: &mut Value) -> Vec<Problem> {
        let mut found = Vec::new();
        self.check(value, "", &mut found);
        found.truncate(MOST);
        found
    }

    fn check(&self, value: &mut Value, path: &str, found: &mut Vec<Problem>) {
        let mut problem = |reason: String| {
            found.push(Problem { path: path.to_owned(), reason, description: self.description });
        };
        if value.is_null() && self.nullable {
            return;
        }
        match &self.kind {
            Kind::Anything => check_characters(value, &mut problem),
            Kind::Boolean if value.is_boolean() => {}
            Kind::Boolean => problem(wrong_type("boolean", value)),
            Kind::Integer { minimum, maximum } => match whole(value) {
                None => problem(wrong_type("integer", value)),
                Some(number) if number < *minimum => problem(format!("Value {number} is less than minimum {minimum}")),
                Some(number) if number > *maximum => {
                    problem(format!("Value {number} is greater than maximum {maximum}"));
                }
                Some(number) => *value = Value::from(number),
            },
            Kind::Number { minimum, maximum } => match value.as_f64() {
                None => problem(wrong_type("number", value)),
                Some(number) if number < *minimum => problem(format!("Value {number} is less than minimum {minimum}")),
                Some(number) if number > *maximum => {
                    problem(format!("Value {number} is greater than maximum {maximum}"));
                }
                Some(_) => {}
            },
            Kind::Text(rules) => match value.as_str() {
                None => problem(wrong_type("string", value)),
                Some(text) => rules.check(text, self.secret, &mut problem),
            },
            Kind::List { items, least, most, unique } => {
                let Value::Array(values) = value else { return problem(wrong_type("array", value)) };
                let length = values.len();
                if length < *least {
                    problem(format!("Array is too short ({length}), minimum {least}"));
                } else if length > *most {
                    return problem(format!("Array is too long ({length}), maximum {most}"));
                }
                if let Some((first, second)) = unique.then(|| repeated(values)).flatten() {
                    problem(format!("Array items are not unique (indexes {first} and {second})"));
                }
                for (index, item) in values.iter_mut().enumerate() {
                    if found.len() > MOST {
                        break;
                    }
                    items.check(item, &format!("{path}[{index}]"), found);
                }
            }
            Kind::Object { .. } => self.check_object(value, path, found),
            Kind::AnyOf(schemas) => {
                let fits = schemas.iter().any(|schema| {
                    let mut copy = value.clone();
                    let fits = schema.problems(&mut copy).is_empty();
                    if fits {
                        *value = copy;
                    }
                    fits
                });
                if !fits {
                    problem("Data does not match any schemas from 'anyOf'".to_owned());
                }
            }
        }
    }

    fn check_object(&self, value: &mut Value, path: &str, found: &mut Vec<Problem>) {
        let Kind::Object { members, others, least, most } = &self.kind else { return };
        let mut problem = |reason: String| {
            found.push(Problem { path: path.to_owned(), reason, description: self.description });
        };
        let Value::Object(object) = value else { return problem(wrong_type("object", value)) };
        let size = object.len();
        if size < *least {
            problem(format!("Too few properties defined ({size}), minimum {least}"));
        } else if size > *most {
            return problem(format!("Too many properties defined ({size}), maximum {most}"));
        }
        for member in members.iter().filter(|member| member.required && !object.contains_key(member.name)) {
            problem(format!("Missing required property: {}", member.name));
        }
        let known = |name: &str| members.iter().find(|member| member.name == name);
        if matches!(others, Others::Refused) {
            let unknown: Vec<String> =
                object.keys().filter(|name| known(name).is_none()).map(|name| shown(name)).collect();
            if !unknown.is_empty() {
                problem(format!("Additional properties not allowed: {}", shown(&unknown.join(","))));
            }
        }
        for (name, value) in object {
            if found.len() > MOST {
                break;
            }
            let place = if path.is_empty() { shown(name) } else { format!("{path}.{}", shown(name)) };
            match (known(name), others) {
                (Some(member), _) => member.schema.check(value, &place, found),
                (None, Others::Refused) => {}
                (None, Others::Accepted) => {
                    let mut note =
                        |reason: String| found.push(Problem { path: place.clone(), reason, description: "" });
                    check_name(name, usize::MAX, &mut note);
                    check_characters(value, &mut note);
                }
                (None, Others::Described { schema, longest_name }) => {
                    let mut note =
                        |reason: String| found.push(Problem { path: place.clone(), reason, description: "" });
                    check_name(name, *longest_name, &mut note);
                    schema.check(value, &place, found);
                }
            }
        }
    }
}

impl TextRules {
    fn check(&self, text: &str, secret: bool, problem: &mut impl FnMut(String)) {
        let length = text.chars().count();
        let repeated = || if secret { "*****".to_owned() } else { shown(text) };
        if text.contains('\0') {
            return problem("String contains a NUL character".to_owned());
        }
        if !self.values.is_empty() && !self.values.contains(&text) {
            problem(format!("No enum match for: {}", repeated()));
        }
        if length < self.shortest {
            problem(format!("String is too short ({length} chars), minimum {}", self.shortest));
        } else if length > self.longest {
            return problem(format!("String is too long ({length} chars), maximum {}", self.longest));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            problem(format!("String does not match pattern {pattern}: {}", repeated()));
        }
        if let Some(format) = self.format.filter(|format| !(format.accepts)(text)) {
            problem(format!("Object didn't pass validation for format {}: {}", format.name, repeated()));
        }
    }
}

/// No database has a text with a NUL character, and no text of people does.
fn check_characters(value: &Value, problem: &mut impl FnMut(String)) {
    match value {
        Value::String(text) if text.contains('\0') => problem("String contains a NUL character".to_owned()),
        Value::Array(values) => {
            for value in values {
                check_characters(value, problem);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                check_name(name, usize::MAX, problem);
                check_characters(value, problem);
            }
        }
        _ => {}
    }
}

fn check_name(name: &str, longest: usize, problem: &mut impl FnMut(String)) {
    let length = name.chars().count();
    if name.contains('\0') {
        problem("String contains a NUL character".to_owned());
    } else if length > longest {
        problem(format!("String is too long ({length} chars), maximum {longest}"));
    }
}

fn wrong_type(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if whole(found).is_some() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("Expected type {expected} but found type {found}")
}

/// A whole number, however it is written: JSON knows no integers.
fn whole(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is in range")]
    let from_fraction = |number: f64| (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(from_fraction))
}

/// The first two equal items.
fn repeated(values: &[Value]) -> Option<(usize, usize)> {
    let mut seen = HashSet::new();
    let second = values.iter().position(|value| !seen.insert(value.to_string()))?;
    let first = values.iter().position(|value| Some(value) == values.get(second))?;
    Some((first, second))
}

/// The beginning of what was sent, without characters that would make something else of the message.
fn shown(text: &str) -> String {
    text.chars().take(REPEATED).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{
        any_of, anything, boolean, formats, formatted, integer, list, map_of, object, one_of, open_object, optional,
        required, text, text_of,
    };

    fn reasons(schema: &Schema, value: Value) -> Vec<String> {
        let mut value = value;
        schema.problems(&mut value).into_iter().map(|problem| format!("{}: {}", problem.path, problem.reason)).collect()
    }

    /// The sentences of §1.8, one by one.
    #[test]
    fn every_rule_has_its_sentence() {
        let members = vec![
            required("name", text_of(1, 3)),
            optional("pattern", text().pattern("^[^<>]+$")),
            optional("kind", one_of(&["a", "b"])),
            optional("count", integer(1, 100)),
            optional("switch", boolean()),
            optional("url", formatted(formats::URL)),
            optional("items", list(text_of(0, 9)).sized(1, 2).unique()),
            optional("deep", object(vec![required("inner", boolean())])),
            optional("tags", map_of(text_of(0, 4), 3).sized(1, 2)),
            optional("either", any_of(vec![boolean(), integer(0, 9)])),
            optional("free", open_object()),
        ];
        let schema = object(members);
        let with = |member: &str, value: Value| {
            let mut sent = json!({ "name": "abc" });
            sent[member] = value;
            sent
        };
        for (sent, expected) in [
            (json!({}), ": Missing required property: name"),
            (json!([]), ": Expected type object but found type array"),
            (with("other", json!(1)), ": Additional properties not allowed: other"),
            (with("name", json!(5)), "name: Expected type string but found type integer"),
            (with("name", json!(5.5)), "name: Expected type string but found type number"),
            (with("name", Value::Null), "name: Expected type string but found type null"),
            (with("name", json!("")), "name: String is too short (0 chars), minimum 1"),
            (with("name", json!("abcd")), "name: String is too long (4 chars), maximum 3"),
            (with("name", json!("a\0")), "name: String contains a NUL character"),
            (with("pattern", json!("a<b")), "pattern: String does not match pattern ^[^<>]+$: a<b"),
            (with("kind", json!("c")), "kind: No enum match for: c"),
            (with("count", json!(0)), "count: Value 0 is less than minimum 1"),
            (with("count", json!(500)), "count: Value 500 is greater than maximum 100"),
            (with("count", json!(1.5)), "count: Expected type integer but found type number"),
            (with("switch", json!("true")), "switch: Expected type boolean but found type string"),
            (with("url", json!("nothing")), "url: Object didn't pass validation for format absolute-uri: nothing"),
            (with("items", json!([])), "items: Array is too short (0), minimum 1"),
            (with("items", json!(["a", "b", "c"])), "items: Array is too long (3), maximum 2"),
            (with("items", json!(["a", "a"])), "items: Array items are not unique (indexes 0 and 1)"),
            (with("items", json!(["a", 1])), "items[1]: Expected type string but found type integer"),
            (with("deep", json!({})), "deep: Missing required property: inner"),
            (with("deep", json!({ "inner": 1 })), "deep.inner: Expected type boolean but found type integer"),
            (with("tags", json!({})), "tags: Too few properties defined (0), minimum 1"),
            (with("tags", json!({ "a": "", "b": "", "c": "" })), "tags: Too many properties defined (3), maximum 2"),
            (with("tags", json!({ "long": "" })), "tags.long: String is too long (4 chars), maximum 3"),
            (with("tags", json!({ "a": 1 })), "tags.a: Expected type string but found type integer"),
            (with("either", json!("x")), "either: Data does not match any schemas from 'anyOf'"),
            (with("free", json!({ "a": [{ "b": "\0" }] })), "free.a: String contains a NUL character"),
        ] {
            assert_eq!(reasons(&schema, sent.clone()), [expected], "{sent}");
        }
        assert_eq!(reasons(&schema, with("count", json!(7.0))), [] as [String; 0]);
        assert_eq!(reasons(&schema, with("either", json!(7))), [] as [String; 0]);
    }

    #[test]
    fn several_problems_are_all_named_up_to_a_limit() {
        let schema = object(vec![required("a", boolean()), required("b", boolean())]);
        assert_eq!(reasons(&schema, json!({ "a": 1, "b": 2, "c": 3 })).len(), 3);
        let many = list(boolean());
        let sent = Value::from(vec![1; 900]);
        assert_eq!(reasons(&many, sent).len(), MOST);
    }

    #[test]
    fn secrets_are_repeated_in_no_message() {
        let schema = object(vec![optional("secret", text().pattern("^x").secret())]);
        assert_eq!(reasons(&schema, json!({ "secret": "hush" })), ["secret: String does not match pattern ^x: *****"]);
        assert_eq!(schema.masked(&json!({ "secret": "hush" })), json!({ "secret": "*****" }));
    }

    #[test]
    fn numbers_without_a_fraction_are_integers() {
        let mut value = json!({ "n": 5.0, "list": [1e2] });
        let schema = object(vec![optional("n", integer(0, 9)), optional("list", list(integer(0, 900)))]);
        assert_eq!(schema.problems(&mut value), []);
        assert_eq!(value.to_string(), r#"{"list":[100],"n":5}"#);
        assert_eq!(reasons(&anything(), json!([1e300])), [] as [String; 0]);
        assert_eq!(reasons(&integer(0, 9), json!(1e300)), [": Expected type integer but found type number"]);
    }

    #[test]
    fn null_means_unset_only_where_it_is_allowed() {
        let schema = object(vec![
            optional("a", text().or_null()),
            optional("free", open_object()),
            optional("deep", object(vec![optional("b", boolean().or_null())])),
        ]);
        let mut value = json!({ "a": null, "free": { "x": null }, "deep": { "b": null } });
        assert_eq!(schema.problems(&mut value), []);
        schema.without_unset(&mut value);
        assert_eq!(value, json!({ "free": { "x": null }, "deep": {} }));
    }
}
