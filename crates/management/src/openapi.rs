//! The OpenAPI 3.1 document of the API, made from the table of operations.

use serde_json::{Map, Value, json};

use crate::json::set;
use crate::operation::{BASE, Operation, Resource};
use crate::query::Parameter;
use crate::resources;
use crate::schema::{Components, integer, object, open_object, optional, required, text};

/// The document. Generated into `openapi/management-v2.json`.
#[must_use]
pub fn document() -> Value {
    let mut components = Components::default();
    let error = error(&mut components);
    let resources = resources::all();
    let mut paths = Map::new();
    for resource in &resources {
        for operation in &resource.operations {
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            let method = operation.method.as_str().to_ascii_lowercase();
            set(path, &method, described(resource, operation, &mut components, &error));
        }
    }
    let tags: Vec<Value> = resources.iter().map(|own| json!({ "name": own.name, "description": own.title })).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Keywright Management API", "version": "2", "license": { "name": "Apache-2.0" } },
        "servers": [{ "url": format!("https://{{domain}}{BASE}"), "variables": { "domain": { "default": "localhost:8443" } } }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": components.0,
        },
    })
}

fn error(components: &mut Components) -> Value {
    let members = vec![
        required("statusCode", integer(400, 599)),
        required("error", text().about("The reason phrase of the status.")),
        required("message", text()),
        optional("errorCode", text()),
        optional("attributes", open_object()),
    ];
    object(members).named("Error").to_json(components)
}

fn described(resource: &Resource, operation: &Operation, components: &mut Components, error: &Value) -> Value {
    let path = operation
        .path_parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let path: Vec<Value> = path.collect();
    let query = operation.query.iter().map(|parameter| query_parameter(parameter, components));
    let parameters: Vec<Value> = path.into_iter().chain(query).collect();
    let refusal = |what: &str| json!({ "description": what, "content": { "application/json": { "schema": error } } });
    let mut success = json!({ "description": operation.success.canonical_reason().unwrap_or_default() });
    if let Some(answer) = &operation.answer {
        set(&mut success, "content", json!({ "application/json": { "schema": answer.to_json(components) } }));
    }
    let mut described = json!({
        "tags": [resource.name],
        "summary": operation.summary,
        "operationId": operation_id(operation),
        "security": security(operation),
        "x-scopes": operation.scopes,
        "responses": {
            operation.success.as_str(): success,
            "400": refusal("The request is not valid."),
            "401": refusal("There is no token, or it is not good."),
            "403": refusal("The token lacks a scope, or the operation is not allowed."),
            "404": refusal("There is no such thing."),
            "429": refusal("The rate limit is reached."),
        },
    });
    for (name, scopes) in [
        ("x-further-scopes", operation.further_scopes),
        ("x-own-scopes", operation.own_scopes),
        ("x-member-scopes", operation.member_scopes),
    ] {
        if !scopes.is_empty() {
            set(&mut described, name, json!(scopes));
        }
    }
    if !parameters.is_empty() {
        set(&mut described, "parameters", json!(parameters));
    }
    if let Some(body) = &operation.body {
        let mut schema = body.to_json(components);
        let content = match operation.file {
            Some(part) => {
                if let Some(properties) = schema.get_mut("properties") {
                    set(properties, part, json!({ "type": "string", "format": "binary" }));
                }
                json!({ "multipart/form-data": { "schema": schema } })
            }
            None => json!({
                "application/json": { "schema": schema },
                "application/x-www-form-urlencoded": { "schema": schema },
            }),
        };
        set(&mut described, "requestBody", json!({ "required": operation.body_required, "content": content }));
        if let Some(responses) = described.get_mut("responses") {
            set(responses, "409", refusal("There is another one like it."));
        }
    }
    described
}

/// Any of the scopes is enough: each is an alternative, with those that are needed besides.
fn security(operation: &Operation) -> Value {
    let alternatives = operation.scopes.iter().chain(operation.own_scopes);
    let all: Vec<Value> = alternatives.map(|scope| json!({ "bearer": [scope] })).collect();
    json!(all)
}

fn query_parameter(parameter: &Parameter, components: &mut Components) -> Value {
    let mut described = json!({
        "name": parameter.name, "in": "query", "schema": parameter.schema.to_json(components),
    });
    if parameter.comma_separated {
        set(&mut described, "style", json!("form"));
        set(&mut described, "explode", json!(false));
    }
    if parameter.required {
        set(&mut described, "required", json!(true));
    }
    described
}

/// `get_clients_id`.
fn operation_id(operation: &Operation) -> String {
    let path: Vec<&str> = operation.path.split(['/', '{', '}']).filter(|part| !part.is_empty()).collect();
    format!("{}_{}", operation.method.as_str().to_ascii_lowercase(), path.join("_").replace('-', "_"))
}
