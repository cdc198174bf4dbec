//! The reference of the API, a page for each resource, made from the table of operations: `docs/reference/management-api/`.

use serde_json::Value;

use crate::operation::{BASE, Operation, Resource};
use crate::query::Parameter;
use crate::resources;
use crate::schema::{Components, Schema};

/// Name of the file and text of every page.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let resources = resources::all();
    let mut pages: Vec<(String, String)> =
        resources.iter().map(|resource| (format!("{}.md", resource.name), page(resource))).collect();
    pages.push(("README.md".to_owned(), contents(&resources)));
    pages
}

fn contents(resources: &[Resource]) -> String {
    let mut text = "# Operations of the Management API\n\nGenerated from the program. What all of them share is in \
                    [Management API](../management-api.md); the same as a document for tools is \
                    [openapi/management-v2.json](../../../openapi/management-v2.json).\n"
        .to_owned();
    for resource in resources {
        text = format!(
            "{text}\n## [{}]({}.md)\n\n| operation | scopes (any of) | |\n| --- | --- | --- |\n",
            resource.title, resource.name
        );
        for operation in &resource.operations {
            text = format!(
                "{text}| `{} {BASE}{}` | {} | {} |\n",
                operation.method,
                operation.path,
                scopes(operation),
                operation.summary
            );
        }
    }
    text
}

fn page(resource: &Resource) -> String {
    let mut text = format!("# {}\n\nGenerated from the program.\n\n{}\n", resource.title, resource.about.trim());
    for operation in &resource.operations {
        text = format!("{text}\n## {}\n\n`{} {BASE}{}`\n\n", operation.summary, operation.method, operation.path);
        text = format!("{text}Scopes, any of: {}.", scopes(operation));
        if !operation.further_scopes.is_empty() {
            text = format!("{text} And any of: {}.", codes(operation.further_scopes));
        }
        if !operation.own_scopes.is_empty() {
            text = format!("{text} A user's own token needs {}.", codes(operation.own_scopes));
        }
        text = format!("{text} Success: {}.\n", operation.success.as_u16());
        if !operation.query.is_empty() {
            text = format!("{text}\n| query | value | |\n| --- | --- | --- |\n");
            for Parameter { name, schema, .. } in &operation.query {
                text = format!("{text}| `{name}` | {} | {} |\n", kind(schema), cell(schema.description()));
            }
        }
        if let Some(part) = operation.file {
            text =
                format!("{text}\nThe body is `multipart/form-data`: the file is the part `{part}`, the others are\n");
        }
        if let Some(body) = &operation.body {
            text = format!("{text}\n{}", body_table(body, operation.body_required));
        }
    }
    text
}

fn body_table(body: &Schema, needed: bool) -> String {
    let (whose, members) = match body.items() {
        Some(items) => ("Members of each item of the body", items.members()),
        None => ("body", body.members()),
    };
    if members.is_empty() {
        return format!("The body{}: {}.\n", if needed { "" } else { ", which may be left out" }, kind(body));
    }
    let mut text = format!("| {whose} | value | |\n| --- | --- | --- |\n");
    for member in members {
        let mut notes = vec![cell(member.schema.description())];
        if member.required {
            notes.insert(0, "Required.".to_owned());
        }
        if !member.schema.scopes().is_empty() {
            notes.push(format!("Needs {}.", codes(member.schema.scopes())));
        }
        notes.retain(|note| !note.is_empty());
        text = format!("{text}| `{}` | {} | {} |\n", member.name, kind(&member.schema), notes.join(" "));
    }
    text
}

fn scopes(operation: &Operation) -> String {
    codes(operation.scopes)
}

fn codes(scopes: &[&str]) -> String {
    scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ")
}

/// What a value may be, in a few words.
fn kind(schema: &Schema) -> String {
    let json = schema.to_json(&mut Components::default());
    if let Some(name) = json.get("$ref").and_then(Value::as_str) {
        return format!("`{}`", name.rsplit('/').next().unwrap_or_default());
    }
    cell(&words(&json))
}

fn words(json: &Value) -> String {
    let number = |name: &str| json.get(name).and_then(Value::as_f64);
    let (types, null) = match json.get("type") {
        Some(Value::Array(types)) => (types.first().and_then(Value::as_str).unwrap_or_default(), " or `null`"),
        Some(Value::String(one)) => (one.as_str(), ""),
        _ if json.get("anyOf").is_some() => {
            let all = json.get("anyOf").and_then(Value::as_array).cloned().unwrap_or_default();
            return all.iter().map(words).collect::<Vec<_>>().join(" or ");
        }
        _ => return "any value".to_owned(),
    };
    let words = match types {
        "string" => match (json.get("enum").and_then(Value::as_array), json.get("format").and_then(Value::as_str)) {
            (Some(values), _) => {
                values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
            }
            (None, Some(format)) => format!("text, `{format}`"),
            (None, None) => match (number("minLength"), number("maxLength")) {
                (None, None) => "text".to_owned(),
                (least, most) => format!("text, {} characters", between(least, most)),
            },
        },
        "integer" | "number" => {
            let kind = if types == "integer" { "whole number" } else { "number" };
            format!("{kind}, {}", between(number("minimum"), number("maximum")))
        }
        "array" => {
            let items = json.get("items").map(words).unwrap_or_default();
            format!("list: {items}")
        }
        "object" => match json.get("properties").and_then(Value::as_object) {
            Some(members) => {
                let names: Vec<String> = members.keys().map(|name| format!("`{name}`")).collect();
                format!("object: {}", names.join(", "))
            }
            None => "object".to_owned(),
        },
        other => other.to_owned(),
    };
    format!("{words}{null}")
}

fn between(least: Option<f64>, most: Option<f64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, Some(most)) => format!("up to {most}"),
        (None, None) => String::new(),
    }
}

/// Text inside of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
