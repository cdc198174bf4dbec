//! A description as OpenAPI 3.1 has it, which is JSON Schema 2020-12.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Kind, LONGEST_LIST, LONGEST_TEXT, Others, Schema, formats};

/// Named descriptions, each once.
#[derive(Default)]
pub(crate) struct Components(pub(crate) BTreeMap<&'static str, Value>);

impl Schema {
    /// The description as JSON; those with a name become references into `components`.
    pub(crate) fn to_json(&self, components: &mut Components) -> Value {
        if self.name.is_empty() {
            return self.inline(components);
        }
        if !components.0.contains_key(self.name) {
            // A placeholder first: a description may hold itself.
            components.0.insert(self.name, Value::Null);
            let inline = self.inline(components);
            components.0.insert(self.name, inline);
        }
        json!({ "$ref": format!("#/components/schemas/{}", self.name) })
    }

    fn inline(&self, components: &mut Components) -> Value {
        let mut json = Map::new();
        let kind = self.kind.describe(&mut json, components);
        if !kind.is_empty() {
            let kind = if self.nullable { json!([kind, "null"]) } else { json!(kind) };
            json.insert("type".to_owned(), kind);
        }
        if self.nullable {
            if let Some(Value::Array(values)) = json.get_mut("enum") {
                values.push(Value::Null);
            }
            if let Some(Value::Array(schemas)) = json.get_mut("anyOf") {
                schemas.push(json!({ "type": "null" }));
            }
        }
        if !self.description.is_empty() {
            json.insert("description".to_owned(), json!(self.description));
        }
        if self.secret {
            json.insert("x-secret".to_owned(), json!(true));
        }
        if !self.scopes.is_empty() {
            json.insert("x-scopes".to_owned(), json!(self.scopes));
        }
        Value::Object(json)
    }
}

impl Kind {
    /// Adds the keywords; returns the name of the type.
    fn describe(&self, json: &mut Map<String, Value>, components: &mut Components) -> &'static str {
        let mut add = |name: &str, value: Value| drop(json.insert(name.to_owned(), value));
        match self {
            Self::Anything => "",
            Self::Boolean => "boolean",
            Self::Integer { minimum, maximum } => {
                add("minimum", json!(minimum));
                add("maximum", json!(maximum));
                "integer"
            }
            Self::Number { minimum, maximum } => {
                add("minimum", json!(minimum));
                add("maximum", json!(maximum));
                "number"
            }
            Self::Text(rules) => {
                if rules.shortest > 0 {
                    add("minLength", json!(rules.shortest));
                }
                if ![LONGEST_TEXT, formats::LONGEST].contains(&rules.longest) {
                    add("maxLength", json!(rules.longest));
                }
                if let Some(pattern) = &rules.pattern {
                    add("pattern", json!(pattern.as_str()));
                }
                if let Some(format) = &rules.format {
                    add("format", json!(format.name));
                }
                if !rules.values.is_empty() {
                    add("enum", json!(rules.values));
                }
                "string"
            }
            Self::List { items, least, most, unique } => {
                add("items", items.to_json(components));
                if *least > 0 {
                    add("minItems", json!(least));
                }
                if *most != LONGEST_LIST {
                    add("maxItems", json!(most));
                }
                if *unique {
                    add("uniqueItems", json!(true));
                }
                "array"
            }
            Self::Object { members, others, least, most } => {
                if !members.is_empty() {
                    let properties: Map<String, Value> = members
                        .iter()
                        .map(|member| (member.name.to_owned(), member.schema.to_json(components)))
                        .collect();
                    add("properties", Value::Object(properties));
                }
                let required: Vec<&str> =
                    members.iter().filter(|member| member.required).map(|member| member.name).collect();
                if !required.is_empty() {
                    add("required", json!(required));
                }
                match others {
                    Others::Refused => add("additionalProperties", json!(false)),
                    Others::Accepted => add("additionalProperties", json!(true)),
                    Others::Described { schema, longest_name } => {
                        add("additionalProperties", schema.to_json(components));
                        if *longest_name != usize::MAX {
                            add("propertyNames", json!({ "maxLength": longest_name }));
                        }
                    }
                }
                if *least > 0 {
                    add("minProperties", json!(least));
                }
                if *most != usize::MAX {
                    add("maxProperties", json!(most));
                }
                "object"
            }
            Self::AnyOf(schemas) => {
                add("anyOf", schemas.iter().map(|schema| schema.to_json(components)).collect());
                ""
            }
        }
    }
}
