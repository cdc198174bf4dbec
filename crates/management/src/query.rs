//! Parameters of the query: a closed list for each operation (`management-api.md` §1.1, §1.8).

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::schema::{Problem, Schema, Text};

/// A parameter that an operation knows.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    /// One value with commas in it, for a list.
    pub(crate) comma_separated: bool,
    pub(crate) required: bool,
}

/// A parameter; lists come as several of one name.
pub(crate) fn parameter(name: &'static str, schema: Schema) -> Parameter {
    Parameter { name, schema, comma_separated: false, required: false }
}

impl Parameter {
    /// The list comes as one value with commas.
    pub(crate) fn comma_separated(self) -> Self {
        Self { comma_separated: true, ..self }
    }

    /// Has to be there.
    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// Parameters of the query that were sent, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Map<String, Value>);

impl Query {
    /// Reads the query of a request. Unknown parameters are refused.
    pub(crate) fn read(query: Option<&str>, known: &[Parameter]) -> Result<Self, ApiError> {
        let mut sent: Vec<(String, Vec<String>)> = Vec::new();
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        for (name, value) in pairs {
            let name = name.strip_suffix("[]").unwrap_or(&name).to_owned();
            match sent.iter_mut().find(|(own, _)| *own == name) {
                Some((_, values)) => values.push(value.into_owned()),
                None => sent.push((name, vec![value.into_owned()])),
            }
        }
        let (mut values, mut problems) = (Map::new(), Vec::new());
        let mut problem = |path: &str, reason: String, description| {
            problems.push(Problem { path: path.to_owned(), reason, description });
        };
        let unknown: Vec<&str> = sent
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !known.iter().any(|parameter| parameter.name == *name))
            .collect();
        if !unknown.is_empty() {
            let names: String = unknown.join(",").chars().filter(|c| !c.is_control()).take(200).collect();
            problem("", format!("Additional properties not allowed: {names}"), "");
        }
        for parameter in known {
            let found = sent.iter_mut().find(|(name, _)| name == parameter.name);
            let Some((name, texts)) = found else {
                if parameter.required {
                    problem("", format!("Missing required property: {}", parameter.name), "");
                }
                continue;
            };
            let text = match (texts.len(), parameter.comma_separated) {
                (1, true) => {
                    let all = texts.concat();
                    Text::Several(
                        all.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect(),
                    )
                }
                (1, false) => Text::One(texts.concat()),
                _ => Text::Several(std::mem::take(texts)),
            };
            let mut value = parameter.schema.read(text);
            for Problem { path, reason, description } in parameter.schema.problems(&mut value) {
                problem(&format!("{name}{path}"), reason, description);
            }
            values.insert(name.clone(), value);
        }
        if problems.is_empty() {
            Ok(Self(values))
        } else {
            Err(ApiError::invalid("Query", "invalid_query_string", &problems))
        }
    }

    /// Whether the parameter was sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A switch.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// Texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }
}
