//! Parts of attack protection that are stored without an effect (`management-api.md` §14.1): one document each.

use http::Method;
use serde_json::{Value, json};

use super::{READ, UPDATE, allowlist};
use crate::documents::Part;
use crate::fields::{Field, field};
use crate::schema::{Member, Schema, boolean, integer, object, one_of, optional, text_of};

const KIND: &str = "attack-protection";

const fn part(
    path: &'static str,
    summaries: (&'static str, &'static str),
    schema: &'static str,
    name: &'static str,
    members: fn() -> Vec<Field>,
    default: fn() -> Value,
) -> Part {
    Part {
        path,
        get: summaries.0,
        update: summaries.1,
        schema,
        stored: (KIND, name),
        members,
        default,
        writes: &[Method::PATCH],
        shows_secrets: false,
        read: READ,
        write: UPDATE,
    }
}

/// Below `/attack-protection`.
pub(super) static PARTS: [Part; 3] = [
    part(
        "/attack-protection/bot-detection",
        ("Get bot detection", "Update bot detection"),
        "BotDetection",
        "bot-detection",
        bot_detection,
        no_bot_detection,
    ),
    part(
        "/attack-protection/captcha",
        ("Get CAPTCHA settings", "Update CAPTCHA settings"),
        "Captcha",
        "captcha",
        captcha,
        no_captcha,
    ),
    part(
        "/attack-protection/phone-provider-protection",
        ("Get protection of the phone provider", "Update protection of the phone provider"),
        "PhoneProviderProtection",
        "phone-provider-protection",
        phone_provider,
        no_phone_provider,
    ),
];

/// Of the resources beside it.
pub(super) static SIGNALS: [Part; 3] = [
    part(
        "/risk-assessments/settings",
        ("Get risk assessment settings", "Update risk assessment settings"),
        "RiskAssessments",
        "risk-assessments",
        risk_assessments,
        no_risk_assessments,
    ),
    part(
        "/risk-assessments/settings/new-device",
        ("Get settings of new devices", "Update settings of new devices"),
        "NewDeviceAssessment",
        "new-device",
        new_device,
        no_new_device,
    ),
    part(
        "/supplemental-signals",
        ("Get supplemental signals", "Update supplemental signals"),
        "SupplementalSignals",
        "supplemental-signals",
        supplemental_signals,
        no_supplemental_signals,
    ),
];

fn bot_detection() -> Vec<Field> {
    let policy = || one_of(&["never", "when_risky", "always"]);
    vec![
        field("challenge_password_policy", policy()),
        field("challenge_passwordless_policy", policy()),
        field("challenge_password_reset_policy", policy()),
        allowlist(),
        field("bot_detection_level", one_of(&["low", "medium", "high"])),
        field("monitoring_mode_enabled", boolean()),
    ]
}

fn no_bot_detection() -> Value {
    json!({
        "challenge_password_policy": "never", "challenge_passwordless_policy": "never",
        "challenge_password_reset_policy": "never", "allowlist": [], "bot_detection_level": "medium",
        "monitoring_mode_enabled": false,
    })
}

/// A provider's settings: PATCH changes those that are sent, so that an export, which has no secrets, leaves them.
fn provider(name: &'static str, members: Vec<Member>) -> Field {
    field(name, object(members)).merged()
}

fn site() -> Member {
    optional("site_key", text_of(0, 1000))
}

fn secret(name: &'static str) -> Member {
    optional(name, secret_text())
}

fn secret_text() -> Schema {
    text_of(0, 1000).secret()
}

fn captcha() -> Vec<Field> {
    let providers = [
        "recaptcha_v2",
        "recaptcha_enterprise",
        "hcaptcha",
        "friendly_captcha",
        "arkose",
        "auth_challenge",
        "simple_captcha",
    ];
    let word = |name: &'static str| optional(name, text_of(0, 1000));
    let fail_open = || optional("fail_open", boolean());
    vec![
        field("active_provider_id", one_of(&providers).or_null()),
        provider("simple_captcha", Vec::new()),
        provider("auth_challenge", vec![fail_open()]),
        provider("recaptcha_v2", vec![site(), secret("secret")]),
        provider("recaptcha_enterprise", vec![site(), word("project_id"), secret("api_key")]),
        provider("hcaptcha", vec![site(), secret("secret")]),
        provider("friendly_captcha", vec![site(), secret("secret")]),
        provider(
            "arkose",
            vec![site(), secret("secret"), word("client_subdomain"), word("verify_subdomain"), fail_open()],
        ),
    ]
}

fn no_captcha() -> Value {
    json!({
        "active_provider_id": "auth_challenge", "simple_captcha": {}, "auth_challenge": { "fail_open": false },
        "recaptcha_v2": { "site_key": "" }, "recaptcha_enterprise": { "site_key": "", "project_id": "" },
        "hcaptcha": { "site_key": "" }, "friendly_captcha": { "site_key": "" },
        "arkose": {
            "site_key": "", "client_subdomain": "client-api", "verify_subdomain": "verify-api", "fail_open": false,
        },
    })
}

fn phone_provider() -> Vec<Field> {
    vec![field("type", one_of(&["none", "exponential"]))]
}

fn no_phone_provider() -> Value {
    json!({ "type": "none" })
}

fn risk_assessments() -> Vec<Field> {
    vec![field("enabled", boolean())]
}

fn no_risk_assessments() -> Value {
    json!({ "enabled": false })
}

fn new_device() -> Vec<Field> {
    vec![field("remember_for", integer(1, 365).about("Days that a device is known."))]
}

fn no_new_device() -> Value {
    json!({ "remember_for": 30 })
}

fn supplemental_signals() -> Vec<Field> {
    vec![field("akamai_enabled", boolean())]
}

fn no_supplemental_signals() -> Value {
    json!({ "akamai_enabled": false })
}
