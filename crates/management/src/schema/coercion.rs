//! Texts of queries and forms as the values that a description expects: `true`, `42`, several of one name.

use serde_json::{Map, Value};

use super::{Kind, Schema};

/// What came under one name of a query or form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// One value.
    One(String),
    /// The same name several times, or with `[]`.
    Several(Vec<String>),
    /// `name[member]=…`, as HTML forms of old write objects.
    Members(Vec<(String, Text)>),
}

impl Schema {
    /// The value that the text stands for. One that does not fit stays a text, so that the validation names it.
    pub(crate) fn read(&self, text: Text) -> Value {
        match (&self.kind, text) {
            (Kind::Boolean, Text::One(text)) => match text.as_str() {
                // §1.1: "Accept only these two."
                "true" => Value::from(true),
                "false" => Value::from(false),
                _ => Value::from(text),
            },
            (Kind::Integer { .. }, Text::One(text)) => text.parse::<i64>().map_or(Value::from(text), Value::from),
            (Kind::Number { .. }, Text::One(text)) => {
                let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
                number.map_or(Value::from(text), Value::from)
            }
            (Kind::List { items, .. }, Text::One(text)) => Value::from(vec![items.read(Text::One(text))]),
            (Kind::List { items, .. }, Text::Several(texts)) => {
                texts.into_iter().map(|text| items.read(Text::One(text))).collect()
            }
            (Kind::Object { members, .. }, Text::Members(texts)) => {
                let read = texts.into_iter().map(|(name, text)| {
                    let member = members.iter().find(|member| member.name == name);
                    let value = member.map_or_else(|| plain(text.clone()), |member| member.schema.read(text.clone()));
                    (name, value)
                });
                Value::Object(read.collect::<Map<_, _>>())
            }
            (_, text) => plain(text),
        }
    }
}

fn plain(text: Text) -> Value {
    match text {
        Text::One(text) => Value::from(text),
        Text::Several(texts) => Value::from(texts),
        Text::Members(members) => Value::Object(members.into_iter().map(|(name, text)| (name, plain(text))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{boolean, integer, list, object, optional, text};

    #[test]
    fn a_text_is_read_as_what_is_expected_and_otherwise_left_for_the_validation() {
        let one = |text: &str| Text::One(text.to_owned());
        assert_eq!(boolean().read(one("true")), json!(true));
        assert_eq!(boolean().read(one("True")), json!("True"));
        assert_eq!(integer(0, 9).read(one("12")), json!(12));
        assert_eq!(integer(0, 9).read(one("1e1")), json!("1e1"));
        assert_eq!(text().read(one("12")), json!("12"));
        assert_eq!(list(text()).read(one("a")), json!(["a"]));
        assert_eq!(text().read(Text::Several(vec!["a".into(), "b".into()])), json!(["a", "b"]));
        let schema = object(vec![optional("a", integer(0, 9))]);
        let members = Text::Members(vec![("a".into(), one("1")), ("b".into(), one("1"))]);
        assert_eq!(schema.read(members), json!({ "a": 1, "b": "1" }));
    }
}
