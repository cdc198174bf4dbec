//! What no description of single members can say of an application (`management-api.md` §2.2, §2.3, §2.5): defaults, and
//! members that need each other.

use keywright_types::Client;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::json::set;

/// Members of an application that POST did not send, as Auth0 fills them in.
pub(super) fn with_defaults(document: &mut Map<String, Value>) {
    let grant_types = default_grant_types(document);
    let refresh_token = default_refresh_token(document);
    for (name, value) in [
        ("global", json!(false)),
        ("is_first_party", json!(true)),
        ("oidc_conformant", json!(false)),
        ("sso_disabled", json!(false)),
        ("cross_origin_authentication", json!(false)),
        ("custom_login_page_on", json!(true)),
        ("is_token_endpoint_ip_header_trusted", json!(false)),
        ("grant_types", grant_types),
    ] {
        document.entry(name).or_insert(value);
    }
    let mut jwt = json!({ "secret_encoded": false });
    if document.contains_key("client_authentication_methods") {
        // §2.8: "A client with private_key_jwt answers" this, "without lifetime".
        set(&mut jwt, "alg", json!("RS256"));
    } else {
        set(&mut jwt, "lifetime_in_seconds", json!(36_000));
    }
    fill(document, "jwt_configuration", &jwt);
    fill(document, "refresh_token", &refresh_token);
}

/// Puts the default in the place of every member that is missing in an object.
fn fill(document: &mut Map<String, Value>, name: &str, default: &Value) {
    let own = document.entry(name).or_insert_with(|| json!({}));
    if let (Some(own), Some(default)) = (own.as_object_mut(), default.as_object()) {
        for (name, value) in default {
            own.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// §2.3, without the implicit grant. CL-07: "password grants and implicit are off for new clients".
fn default_grant_types(document: &Map<String, Value>) -> Value {
    let is = |name: &str, value: &str| document.get(name).and_then(Value::as_str) == Some(value);
    let public = is("token_endpoint_auth_method", "none");
    let third_party = document.get("is_first_party") == Some(&json!(false));
    if is("app_type", "resource_server") {
        json!([])
    } else if is("app_type", "express_configuration") {
        json!(["authorization_code", "client_credentials"])
    } else if public {
        json!(["authorization_code", "refresh_token"])
    } else if third_party {
        json!(["authorization_code"])
    } else {
        json!(["authorization_code", "refresh_token", "client_credentials"])
    }
}

/// §2.5, "Defaults observed".
fn default_refresh_token(document: &Map<String, Value>) -> Value {
    let sent = document.get("refresh_token");
    let is = |name: &str, value: &str| document.get(name).and_then(Value::as_str) == Some(value);
    let third_party = document.get("is_first_party") == Some(&json!(false));
    let expiring = sent.and_then(|sent| sent.get("expiration_type")) == Some(&json!("expiring"));
    let (token, idle) = if is("token_endpoint_auth_method", "client_secret_post") && sent.is_none() {
        (31_557_600, 2_592_000)
    } else {
        (2_592_000, 1_296_000)
    };
    let rotating_spa = third_party && is("app_type", "spa") && sent.is_none();
    let (rotation, expiration) = if rotating_spa { ("rotating", "expiring") } else { ("non-rotating", "non-expiring") };
    // "expiring sets both infinite_* to false unless sent".
    let infinite = !(expiring || rotating_spa);
    json!({
        "rotation_type": rotation, "expiration_type": expiration, "leeway": 0,
        "token_lifetime": token, "idle_token_lifetime": idle,
        "infinite_token_lifetime": infinite, "infinite_idle_token_lifetime": infinite,
    })
}

/// A change to expiring refresh tokens gives them ends, as §2.5 says, unless it says otherwise.
pub(super) fn end_refresh_tokens(document: &mut Map<String, Value>, sent: &Map<String, Value>) {
    let Some(sent) = sent.get("refresh_token").and_then(Value::as_object) else { return };
    let Some(own) = document.get_mut("refresh_token").and_then(Value::as_object_mut) else { return };
    if sent.get("expiration_type") == Some(&json!("expiring")) {
        for name in ["infinite_token_lifetime", "infinite_idle_token_lifetime"] {
            if !sent.contains_key(name) {
                own.insert(name.to_owned(), json!(false));
            }
        }
    }
    for (name, default) in [
        ("rotation_type", json!("non-rotating")),
        ("expiration_type", json!("non-expiring")),
        ("leeway", json!(0)),
        ("token_lifetime", json!(2_592_000)),
        ("idle_token_lifetime", json!(1_296_000)),
    ] {
        own.entry(name).or_insert(default);
    }
}

/// Members that need each other. The document is the whole application, as it will be stored.
pub(super) fn check(document: &Map<String, Value>) -> Result<Client, ApiError> {
    let client: Client = serde_json::from_value(Value::Object(document.clone())).map_err(|error| {
        // Every description of a member is at least as narrow as the type that reads it; a test feeds all of them.
        ApiError::invalid_body("The client cannot be read").cause(error)
    })?;
    let refresh = &client.refresh_token;
    if refresh.rotates() && refresh.expiration_type == keywright_types::ExpirationType::NonExpiring {
        return Err(ApiError::invalid_body(
            "refresh_token.expiration_type must be expiring for rotating refresh tokens",
        ));
    }
    let (absolute, idle) = (refresh.absolute_seconds(), refresh.idle_seconds());
    if let (Some(absolute), Some(idle)) = (absolute, idle)
        // As long as it: the end by age comes first, as in applications that were made with the tenant.
        && idle > absolute
    {
        return Err(ApiError::invalid_body(
            "refresh_token.idle_token_lifetime must not be greater than refresh_token.token_lifetime",
        ));
    }
    let has = |name: &str| document.contains_key(name);
    if has("client_authentication_methods") && has("token_endpoint_auth_method") {
        return Err(ApiError::invalid_body(
            "token_endpoint_auth_method and client_authentication_methods cannot both be set",
        ));
    }
    let usage = document.get("organization_usage").and_then(Value::as_str).unwrap_or("deny");
    if has("organization_require_behavior")
        && usage == "deny"
        && document.get("organization_require_behavior") != Some(&json!("no_prompt"))
    {
        return Err(ApiError::invalid_body("organization_require_behavior needs organization_usage allow or require"));
    }
    if !client.is_first_party && usage != "deny" {
        return Err(ApiError::forbidden(
            "Organizations are only available to first party clients on user-based flows.",
        ));
    }
    if client.jwt_configuration.alg.as_deref() == Some("HS256") && client.is_public() {
        return Err(ApiError::invalid_body(
            "jwt_configuration.alg cannot be HS256 when token_endpoint_auth_method is none",
        ));
    }
    Ok(client)
}
