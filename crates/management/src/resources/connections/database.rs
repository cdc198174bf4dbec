//! `options` of a database connection (`management-api.md` §4.4, §4.5): a closed list, with the defaults that a new one has.

use serde_json::{Map, Value, json};

use crate::schema::formats::URL;
use crate::schema::{
    Schema, boolean, formatted, integer, list, object, one_of, open_object, optional, required, text, text_of,
};

/// The options.
pub(super) fn schema() -> Schema {
    let enabled = || object(vec![optional("enabled", boolean())]);
    let passwords = object(vec![
        optional("enabled", boolean()),
        optional("api_behavior", one_of(&["required", "optional"])),
        optional("signup_behavior", one_of(&["allow", "block"])),
    ]);
    let methods = object(vec![
        optional("password", passwords),
        optional("passkey", enabled()),
        optional("email_otp", enabled()),
        optional("phone_otp", enabled()),
    ]);
    let passkeys = object(vec![
        optional("challenge_ui", one_of(&["both", "autofill", "button"])),
        optional("progressive_enrollment_enabled", boolean()),
        optional("local_enrollment_enabled", boolean()),
    ]);
    let history = object(vec![required("enable", boolean()), optional("size", integer(0, 24))]);
    let dictionary =
        object(vec![required("enable", boolean()), optional("dictionary", list(text_of(0, 50)).sized(0, 200))]);
    let username = object(vec![optional("min", integer(1, 128)), optional("max", integer(1, 128))]);
    let scripts = [
        "login",
        "get_user",
        "create",
        "verify",
        "change_password",
        "delete",
        "change_email",
        "change_username",
        "change_phone_number",
    ];
    let precedence = list(one_of(&["email", "phone_number", "username"])).sized(3, 3).unique();
    object(vec![
        optional("strategy_version", integer(0, 100)),
        optional("mfa", object(vec![optional("active", boolean()), optional("return_enroll_settings", boolean())])),
        optional("brute_force_protection", boolean()),
        optional("passwordPolicy", one_of(&["none", "low", "fair", "good", "excellent"]).or_null()),
        optional("password_complexity_options", object(vec![optional("min_length", integer(1, 128))]).or_null()),
        optional("password_history", history.or_null()),
        optional("password_no_personal_info", object(vec![required("enable", boolean())]).or_null()),
        optional("password_dictionary", dictionary.or_null()),
        optional("password_options", open_object().or_null()),
        optional("authentication_methods", methods),
        optional("passkey_options", passkeys),
        optional("requires_username", boolean()),
        optional("validation", object(vec![optional("username", username.or_null())]).or_null()),
        optional("attributes", open_object().or_null()),
        optional("precedence", precedence),
        optional("disable_signup", boolean()),
        optional("disable_self_service_change_password", boolean()),
        optional("enabledDatabaseCustomization", boolean()),
        optional("import_mode", boolean()),
        optional("enable_script_context", boolean()),
        optional("customScripts", object(scripts.map(|name| optional(name, text())).to_vec())),
        optional("custom_password_hash", object(vec![optional("action_id", text_of(1, 100))]).or_null()),
        optional("realm_fallback", boolean()),
        // §4.4.
        optional("set_user_root_attributes", one_of(&["on_each_login", "on_first_login", "never_on_login"])),
        optional("non_persistent_attrs", list(text_of(0, 255)).sized(0, 96)),
        optional("upstream_params", open_object().or_null()),
        optional("icon_url", formatted(URL)),
        optional("federated_connections_access_tokens", open_object().or_null()),
        optional("api_enable_users", boolean()),
        optional("basic_profile", boolean()),
    ])
}

/// Puts the defaults of §4.5 in the place of what was not sent.
pub(super) fn complete(options: &mut Map<String, Value>) {
    for (name, default) in [
        ("strategy_version", json!(2)),
        ("mfa", json!({ "active": true, "return_enroll_settings": true })),
        ("brute_force_protection", json!(true)),
        (
            "authentication_methods",
            json!({
                "password": { "enabled": true, "api_behavior": "required", "signup_behavior": "allow" },
                "passkey": { "enabled": false },
            }),
        ),
        (
            "passkey_options",
            json!({
                "challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true,
            }),
        ),
    ] {
        options.entry(name).or_insert(default);
    }
    if !options.contains_key("password_options") {
        options.entry("passwordPolicy").or_insert(json!("good"));
    }
}

/// §1.10: what excludes each other.
pub(super) fn conflict(options: &Map<String, Value>) -> Option<&'static str> {
    let has = |name: &str| options.contains_key(name);
    let older = [
        "passwordPolicy",
        "password_complexity_options",
        "password_history",
        "password_no_personal_info",
        "password_dictionary",
    ];
    if has("attributes") && has("validation") {
        Some("Cannot set both options.attributes and options.validation")
    } else if has("attributes") && has("requires_username") {
        Some("Cannot set both options.attributes and options.requires_username")
    } else if has("password_options") && older.iter().any(|name| has(name)) {
        Some("Cannot set both options.password_options and the options that it replaces")
    } else {
        None
    }
}
