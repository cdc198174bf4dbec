//! Providers, messages and further settings of factors (`management-api.md` §14.2): one document each.

use http::Method;
use serde_json::{Value, json};

use super::factors::KIND;
use crate::documents::Part;
use crate::fields::{Field, field};
use crate::schema::formats::URL_OR_EMPTY;
use crate::schema::{Schema, boolean, formatted, list, one_of, text_of};

const READ: &[&str] = &["read:guardian_factors"];
const WRITE: &[&str] = &["update:guardian_factors"];
const PUT: &[Method] = &[Method::PUT];
const BOTH: &[Method] = &[Method::PUT, Method::PATCH];

/// A document below `/guardian/factors`.
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
        writes: PUT,
        shows_secrets: true,
        read: READ,
        write: WRITE,
    }
}

const TEMPLATES: (&str, &str) = ("Get messages of phone factors", "Update messages of phone factors");
const TWILIO: (&str, &str) = ("Get Twilio settings", "Update Twilio settings");
const SELECTED: (&str, &str) = ("Get the provider of phone messages", "Update the provider of phone messages");
const SNS: (&str, &str) = ("Get Amazon SNS settings", "Update Amazon SNS settings");
const APNS: (&str, &str) = ("Get Apple push settings", "Update Apple push settings");
const FCM: (&str, &str) = ("Get legacy Google push settings", "Update legacy Google push settings");
const FCM_V1: (&str, &str) = ("Get Google push settings", "Update Google push settings");
const DUO: (&str, &str) = ("Get Duo settings", "Update Duo settings");
const ROAMING: (&str, &str) = ("Get settings of security keys", "Update settings of security keys");
const PLATFORM: (&str, &str) = ("Get settings of device biometrics", "Update settings of device biometrics");

/// The older paths of `sms` and the newer ones of `phone` lead to the same documents.
pub(super) static PARTS: [Part; 16] = [
    part("/guardian/factors/sms/templates", TEMPLATES, "GuardianTemplates", "phone templates", templates, empty),
    part("/guardian/factors/phone/templates", TEMPLATES, "GuardianTemplates", "phone templates", templates, empty),
    part("/guardian/factors/sms/providers/twilio", TWILIO, "GuardianTwilio", "twilio", twilio, empty),
    part("/guardian/factors/phone/providers/twilio", TWILIO, "GuardianTwilio", "twilio", twilio, empty),
    part("/guardian/factors/sms/selected-provider", SELECTED, "GuardianProvider", "phone provider", phone, no_phone),
    part("/guardian/factors/phone/selected-provider", SELECTED, "GuardianProvider", "phone provider", phone, no_phone),
    part(
        "/guardian/factors/phone/message-types",
        ("Get kinds of phone messages", "Update kinds of phone messages"),
        "GuardianMessageTypes",
        "message types",
        message_types,
        no_message_types,
    ),
    Part {
        writes: BOTH,
        ..part("/guardian/factors/push-notification/providers/sns", SNS, "GuardianSns", "sns", sns, empty)
    },
    Part {
        writes: BOTH,
        shows_secrets: false,
        ..part("/guardian/factors/push-notification/providers/apns", APNS, "GuardianApns", "apns", apns, empty)
    },
    Part {
        writes: BOTH,
        shows_secrets: false,
        ..part("/guardian/factors/push-notification/providers/fcm", FCM, "GuardianFcm", "fcm", fcm, empty)
    },
    Part {
        writes: BOTH,
        shows_secrets: false,
        ..part("/guardian/factors/push-notification/providers/fcmv1", FCM_V1, "GuardianFcmV1", "fcmv1", fcm_v1, empty)
    },
    part(
        "/guardian/factors/push-notification/selected-provider",
        ("Get the provider of push messages", "Update the provider of push messages"),
        "GuardianPushProvider",
        "push provider",
        push,
        no_push,
    ),
    Part { writes: BOTH, ..part("/guardian/factors/duo/settings", DUO, "GuardianDuo", "duo", duo, empty) },
    part("/guardian/factors/webauthn-roaming/settings", ROAMING, "GuardianWebAuthn", "roaming", webauthn, no_webauthn),
    part(
        "/guardian/factors/webauthn-platform/settings",
        PLATFORM,
        "GuardianWebAuthn",
        "platform",
        webauthn,
        no_webauthn,
    ),
    Part {
        writes: &[Method::PATCH],
        read: &["read:prompts"],
        write: &["update:prompts"],
        ..part(
            "/prompts/mfa-push",
            ("Get the application of push messages", "Update the application of push messages"),
            "GuardianPushApplication",
            "push application",
            push_application,
            empty,
        )
    },
];

fn empty() -> Value {
    json!({})
}

fn word() -> Schema {
    text_of(0, 1000).or_null()
}

fn key() -> Schema {
    text_of(0, 16_384).secret().or_null()
}

fn templates() -> Vec<Field> {
    ["enrollment_message", "verification_message"].map(|name| field(name, text_of(0, 1000))).to_vec()
}

fn twilio() -> Vec<Field> {
    vec![
        field("from", word()),
        field("messaging_service_sid", word()),
        field("sid", word()),
        field("auth_token", key()),
    ]
}

fn phone() -> Vec<Field> {
    vec![field("provider", one_of(&["auth0", "twilio", "phone-message-hook"]))]
}

fn no_phone() -> Value {
    json!({ "provider": "auth0" })
}

fn message_types() -> Vec<Field> {
    vec![field("message_types", list(one_of(&["sms", "voice"])).sized(0, 2).unique())]
}

fn no_message_types() -> Value {
    json!({ "message_types": ["sms"] })
}

fn sns() -> Vec<Field> {
    vec![
        field("aws_access_key_id", word()),
        field("aws_secret_access_key", key()),
        field("aws_region", word()),
        field("sns_apns_platform_application_arn", word()),
        field("sns_gcm_platform_application_arn", word()),
    ]
}

fn apns() -> Vec<Field> {
    vec![field("sandbox", boolean()), field("bundle_id", word()), field("p12", key())]
}

fn fcm() -> Vec<Field> {
    vec![field("server_key", key())]
}

fn fcm_v1() -> Vec<Field> {
    vec![field("server_credentials", key())]
}

fn push() -> Vec<Field> {
    vec![field("provider", one_of(&["guardian", "sns", "direct"]))]
}

fn no_push() -> Value {
    json!({ "provider": "guardian" })
}

fn duo() -> Vec<Field> {
    vec![field("ikey", word()), field("skey", key()), field("host", word())]
}

fn webauthn() -> Vec<Field> {
    vec![
        field("userVerification", one_of(&["discouraged", "preferred", "required"])),
        field("overrideRelyingParty", boolean()),
        field("relyingPartyIdentifier", word()),
    ]
}

fn no_webauthn() -> Value {
    json!({ "userVerification": "discouraged", "overrideRelyingParty": false })
}

fn push_application() -> Vec<Field> {
    vec![
        field("app_name", word()),
        field("apple_app_link", formatted(URL_OR_EMPTY).or_null()),
        field("google_app_link", formatted(URL_OR_EMPTY).or_null()),
    ]
}
