//! `options` of a database connection (`management-api.md` §4.4, §4.5): a closed list, with the defaults that a new one has.

use serde_json::{Map, Value, json};

use crate::schema::formats::URL;
use crate::schema::{
    Schema, boolean, formatted, integer, list, map_of, object, one_of, open_object, optional, required, text, text_of,
};

/// Attributes of profiles that passwords must not hold.
const PROFILE: [&str; 12] = [
    "name",
    "username",
    "nickname",
    "email",
    "phone_number",
    "user_metadata.name",
    "user_metadata.first",
    "user_metadata.last",
    "given_name",
    "family_name",
    "first",
    "last",
];

/// Members that hold secrets: they lie sealed beside the document.
pub(super) const SEALED: [&str; 2] = ["customScripts", "configuration"];

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
        optional("password_options", password_options().or_null()),
        optional("authentication_methods", methods),
        optional("passkey_options", passkeys),
        optional("requires_username", boolean()),
        optional("validation", object(vec![optional("username", username.or_null())]).or_null()),
        optional("attributes", attributes().or_null()),
        optional("precedence", precedence),
        optional("disable_signup", boolean()),
        optional("disable_self_service_change_password", boolean()),
        optional("enabledDatabaseCustomization", boolean()),
        optional("import_mode", boolean()),
        optional("enable_script_context", boolean()),
        optional("customScripts", object(scripts.map(|name| optional(name, text().or_null())).to_vec()).or_null()),
        // §4.5: "write clear text, read back as encrypted strings".
        optional("configuration", map_of(text_of(0, 8192).secret().or_null(), 255).sized(0, 100).or_null()),
        optional("custom_password_hash", object(vec![optional("action_id", text_of(1, 100))]).or_null()),
        optional("realm_fallback", boolean()),
        // §4.4.
        optional("set_user_root_attributes", one_of(&["on_each_login", "on_first_login", "never_on_login"])),
        optional("non_persistent_attrs", list(text_of(0, 255)).sized(0, 96)),
        optional("upstream_params", super::common_options::upstream_params()),
        optional("icon_url", formatted(URL)),
        optional("federated_connections_access_tokens", open_object().or_null()),
        optional("scope", list(text_of(1, 255)).or_null()),
        optional("api_enable_users", boolean()),
        optional("basic_profile", boolean()),
    ])
}

/// "newer replacement, exclusive with the five above".
fn password_options() -> Schema {
    let choice = || one_of(&["allow", "block"]);
    let kinds = list(one_of(&["uppercase", "lowercase", "number", "special"])).sized(0, 4).unique();
    let complexity = object(vec![
        optional("min_length", integer(1, 72)),
        optional("character_types", kinds),
        optional("character_type_rule", one_of(&["all", "three_of_four"])),
        optional("identical_characters", choice()),
        optional("sequential_characters", choice()),
        optional("max_length_exceeded", one_of(&["truncate", "error"])),
    ]);
    let dictionary = object(vec![
        optional("active", boolean()),
        optional("custom", list(text_of(0, 50)).sized(0, 200)),
        optional("default", one_of(&["en_10k", "en_100k"])),
    ]);
    let history = object(vec![optional("active", boolean()), optional("size", integer(1, 24))]);
    let profile = object(vec![
        optional("active", boolean()),
        optional("blocked_fields", list(one_of(&PROFILE)).sized(0, 12).unique()),
    ]);
    object(vec![
        optional("complexity", complexity),
        optional("dictionary", dictionary),
        optional("history", history),
        optional("profile_data", profile),
    ])
}

/// What identifies users: "exclusive with requires_username and validation".
fn attributes() -> Schema {
    let status = || optional("status", one_of(&["required", "optional", "inactive"]));
    let verification = || optional("verification", object(vec![optional("active", boolean())]));
    let identifier = || {
        let methods = one_of(&["password", "email_otp", "phone_otp"]);
        optional("identifier", object(vec![optional("active", boolean()), optional("default_method", methods)]))
    };
    let email = object(vec![
        identifier(),
        optional("unique", boolean()),
        optional("profile_required", boolean()),
        optional("verification_method", one_of(&["link", "otp", "code"])),
        optional("signup", object(vec![status(), verification()])),
    ]);
    let phone = object(vec![
        identifier(),
        optional("profile_required", boolean()),
        optional("signup", object(vec![status(), verification()])),
    ]);
    let kinds = object(vec![optional("email", boolean()), optional("phone_number", boolean())]);
    let validation = object(vec![
        optional("min_length", integer(1, 128)),
        optional("max_length", integer(1, 128)),
        optional("allowed_types", kinds),
    ]);
    let username = object(vec![
        identifier(),
        optional("profile_required", boolean()),
        optional("signup", object(vec![status()])),
        optional("validation", validation),
    ]);
    object(vec![
        optional("email", email.or_null()),
        optional("phone_number", phone.or_null()),
        optional("username", username.or_null()),
    ])
}

/// Puts the defaults of §4.5 in the place of what was not sent.
pub(super) fn complete(options: &mut Map<String, Value>) {
    for (name, default) in [
        ("strategy_version", json!(2)),
        ("mfa", json!({ "active": true, "return_enroll_settings": true })),
        ("brute_force_protection", json!(true)),
        // auth0-deploy-cli holds it against what it writes, which says it always.
        ("disable_self_service_change_password", json!(false)),
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
    } else if options.get("attributes").is_some_and(|attributes| !is_identified(attributes)) {
        Some("attributes must contain one active identifier")
    } else if options.get("attributes").and_then(|own| own.pointer("/email/unique")) == Some(&json!(false)) {
        Some("cannot add non-unique email attribute")
    } else {
        None
    }
}

fn is_identified(attributes: &Value) -> bool {
    let active = |name: &str| attributes.pointer(&format!("/{name}/identifier/active")) == Some(&json!(true));
    ["email", "phone_number", "username"].into_iter().any(active)
}
