//! Every member of every document is accepted, kept and answered, and what is stored can be read by the rest of the program:
//! description and type never disagree. Made from the OpenAPI document.

use serde_json::{Value, json};

use crate::caller::Api;

/// Values that a description allows: its ends, its choices, each member of an object.
fn samples(schema: &Value, document: &Value) -> Vec<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return samples(document.pointer(&reference[1..]).unwrap(), document);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().flat_map(|schema| samples(schema, document)).collect();
    }
    let number = |name: &str| schema[name].as_i64();
    let kind = schema["type"].as_array().map_or(&schema["type"], |types| &types[0]);
    match kind.as_str() {
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer" | "number") => vec![json!(number("minimum").unwrap()), json!(number("maximum").unwrap())],
        Some("string") if schema["enum"].is_array() => {
            schema["enum"].as_array().unwrap().iter().filter(|value| !value.is_null()).cloned().collect()
        }
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => vec![json!("2031-01-02T03:04:05.678Z")],
            Some("email") => vec![json!("ann@example.com")],
            Some(_) => vec![json!("https://a.example/b")],
            None => {
                let (least, most) = (number("minLength").unwrap_or(0), number("maxLength").unwrap_or(50));
                let text = |length: i64| json!("a1".repeat(900)[..usize::try_from(length.min(1500)).unwrap()]);
                vec![text(least.max(1)), text(most)]
            }
        },
        Some("array") => {
            let items = samples(&schema["items"], document);
            let least = usize::try_from(number("minItems").unwrap_or(1).max(1)).unwrap();
            let mut lists: Vec<Value> = items.iter().map(|item| json!([item])).filter(|_| least == 1).collect();
            let most = usize::try_from(number("maxItems").unwrap_or(20)).unwrap();
            if most > 1 {
                let mut distinct = items;
                distinct.dedup();
                distinct.truncate(most);
                lists.push(json!(distinct));
            }
            lists
        }
        Some("object") => {
            let empty = serde_json::Map::new();
            let members = schema["properties"].as_object().unwrap_or(&empty);
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
            let base: Value = members
                .iter()
                .filter(|(name, _)| required.contains(&name.as_str()))
                .map(|(name, schema)| (name.clone(), samples(schema, document)[0].clone()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let mut objects = vec![base.clone()];
            for (name, schema) in members {
                objects.extend(samples(schema, document).into_iter().map(|value| {
                    let mut object = base.clone();
                    object[name] = value;
                    object
                }));
            }
            if schema["additionalProperties"].is_object() {
                let value = samples(&schema["additionalProperties"], document)[0].clone();
                objects.push(json!({ "key": value }));
            } else if schema["additionalProperties"] == json!(true) {
                let mut free = base;
                free["any"] = json!({ "thing": [1, "two", null] });
                objects.push(free);
            }
            if number("minProperties").unwrap_or(0) > 0 {
                objects.retain(|object| object.as_object().is_some_and(|members| !members.is_empty()));
            }
            objects
        }
        _ => vec![json!("anything")],
    }
}

/// Whether everything that was sent is in what is answered; what was left out has got a default.
fn holds(answered: &Value, sent: &Value) -> bool {
    match (answered, sent) {
        (Value::Object(answered), Value::Object(sent)) => {
            sent.iter().all(|(name, value)| value.is_null() || answered.get(name).is_some_and(|own| holds(own, value)))
        }
        (answered, sent) => answered == sent,
    }
}

fn schema<'a>(document: &'a Value, path: &str, method: &str) -> &'a Value {
    let body = &document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
    document.pointer(&body["$ref"].as_str().unwrap()[1..]).unwrap()
}

/// Members that need others beside them.
fn completed(path: &str, member: &str, value: &Value, body: &mut Value) -> bool {
    let third_party = |body: &mut Value| body["is_first_party"] = json!(true);
    match (path, member) {
        ("/clients", "refresh_token") => {
            let refresh = &mut body["refresh_token"];
            refresh["expiration_type"] = json!("expiring");
            if value.get("token_lifetime").and_then(Value::as_i64).is_some_and(|life| life < 2) {
                refresh["infinite_token_lifetime"] = json!(true);
            }
            if value.get("idle_token_lifetime").and_then(Value::as_i64).is_some_and(|life| life > 1) {
                refresh["infinite_token_lifetime"] = json!(true);
            }
        }
        ("/clients", "organization_require_behavior") => body["organization_usage"] = json!("require"),
        ("/clients", "organization_usage") => third_party(body),
        // A key is needed, not a text of the right length: the tests of credentials have one.
        ("/clients", "client_authentication_methods" | "signed_request_object") => return false,
        ("/connections", "strategy") => {
            body["options"] = match value.as_str() {
                Some("oidc") => json!({ "client_id": "x" }),
                Some("email") => json!({ "name": "email", "email": { "subject": "Code" } }),
                _ => json!({}),
            };
        }
        // Each scope once.
        ("/resource-servers", "scopes") => body["scopes"].as_array_mut().unwrap().truncate(1),
        ("/resource-servers", "token_lifetime_for_web") => body["token_lifetime"] = json!(2_592_000),
        _ => {}
    }
    true
}

/// The name that makes an object different from all others.
fn unique(path: &str, body: &mut Value, name: &str) {
    match path {
        "/resource-servers" => body["identifier"] = json!(format!("urn:{name}")),
        "/connections" => body["name"] = json!(name.replace('_', "-")),
        _ => {}
    }
}

/// Tries every member, or of `parts` of them the one with this number: so that they run beside each other.
async fn create_and_read(path: &str, base: &Value, by: &str, (part, parts): (usize, usize), without: &[&str]) {
    let api = Api::new().await;
    let document = keywright_management::openapi();
    let create = schema(&document, path, "post");
    let mut tried = 0;
    for (member, description) in create["properties"].as_object().unwrap().iter().skip(part).step_by(parts) {
        if without.contains(&member.as_str()) {
            continue;
        }
        for (number, value) in samples(description, &document).into_iter().enumerate() {
            let mut body = base.clone();
            unique(path, &mut body, &format!("{member}-{number}"));
            body[member] = value.clone();
            if !completed(path, member, &value, &mut body) {
                continue;
            }
            let made = api.post(path, body.clone()).await;
            assert_eq!(made.status, 201, "{body}: {made:#?}");
            let made = made.json();
            assert!(holds(&made[member], &body[member]), "{member}: sent {}, answered {}", body[member], made[member]);
            let id = made[by].as_str().unwrap().to_owned();
            let read = api.get(&format!("{path}/{id}")).await.json();
            assert_eq!(read[member], made[member], "{member}");
            // The rest of the program reads it too: it is what tokens are made from.
            if path == "/clients" {
                let record = api.app.app.client(&api.app.tenant.id, &id).await.unwrap().unwrap();
                assert_eq!(record.client.client_id, id);
            } else if path == "/connections" {
                let all = api.app.app.connections(&api.app.tenant.id).await.unwrap();
                assert!(all.iter().any(|connection| connection.id == id));
            } else {
                let identifier = read["identifier"].as_str().unwrap();
                assert!(api.app.app.api(&api.app.tenant.id, identifier).await.unwrap().is_some());
            }
            // What has to be unique is free again.
            if path == "/connections" {
                assert!(api.delete(&format!("{path}/{id}")).await.status.is_success());
            }
            // The same by PATCH, on an object without it. One value of each member is enough: the schema is the same.
            let update = schema(&document, &format!("{path}/{{id}}"), "patch");
            if number == 0 && update["properties"].get(member).is_some() {
                let mut base = base.clone();
                unique(path, &mut base, &format!("{member}-{number}-patched"));
                let id = api.create(path, base).await[by].as_str().unwrap().to_owned();
                let mut change = body.clone();
                change.as_object_mut().unwrap().retain(|name, _| update["properties"].get(name).is_some());
                let changed = api.patch(&format!("{path}/{id}"), change.clone()).await;
                assert_eq!(changed.status, 200, "{change}: {changed:#?}");
                assert!(holds(&changed.json()[member], &change[member]), "{member}: {change} {changed:#?}");
                if path == "/connections" {
                    assert!(api.delete(&format!("{path}/{id}")).await.status.is_success());
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 15, "only {tried}");
}

async fn members_of_an_application(part: usize) {
    // Aliases are unique: they have a test of their own.
    create_and_read("/clients", &json!({ "name": "Every" }), "client_id", (part, 4), &["client_aliases"]).await;
}

#[tokio::test]
async fn every_first_member_of_an_application_is_kept() {
    members_of_an_application(0).await;
}

#[tokio::test]
async fn every_second_member_of_an_application_is_kept() {
    members_of_an_application(1).await;
}

#[tokio::test]
async fn every_third_member_of_an_application_is_kept() {
    members_of_an_application(2).await;
}

#[tokio::test]
async fn every_fourth_member_of_an_application_is_kept() {
    members_of_an_application(3).await;
}

#[tokio::test]
async fn every_member_of_an_api_is_kept() {
    create_and_read("/resource-servers", &json!({ "identifier": "urn:every" }), "id", (0, 1), &[]).await;
}

#[tokio::test]
async fn every_member_of_a_connection_is_kept() {
    // The options of a database are a description of their own: they have tests of their own.
    create_and_read("/connections", &json!({ "name": "every", "strategy": "auth0" }), "id", (0, 1), &["options"]).await;
}
