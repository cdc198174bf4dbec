//! `/attack-protection`: what is done against guessed passwords (`management-api.md` §14.1). Each part is a document of its own,
//! and a member of the tenant's settings.

mod stored;

use keywright_app::AppError;
use keywright_store::{Tx, tenants};
use keywright_types::{AttackProtection, TenantId};
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::documents;
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, field, merge, update_schema};
use crate::json::set;
use crate::operation::{Operation, Outcome, Resource};
use crate::schema::{Schema, boolean, integer, list, object, one_of, optional, required, text_of};

const ABOUT: &str = "\
Protection of logins and sign-ups: see [Attack protection](../attack-protection.md). Brute-force protection and suspicious IP
throttling have their effect at the next login. Of breached-password detection `enabled`, `shields` and the stage
`pre-user-registration` have one; `admin_notification`, `method` and `pre-change-password` are stored. A change of `stage` leaves
the stages that it does not name.

Bot detection, CAPTCHA and the protection of the phone provider are **stored without an effect**: no page shows a challenge. The
secrets of CAPTCHA providers are sealed and not answered; a change without them leaves them.";

const READ: &[&str] = &["read:attack_protection"];
const UPDATE: &[&str] = &["update:attack_protection"];

/// A part: its name in the settings, and its members.
type Part = (&'static str, fn() -> Vec<Field>);

const BRUTE_FORCE: Part = ("brute_force_protection", brute_force);
const SUSPICIOUS_IP: Part = ("suspicious_ip_throttling", suspicious_ip);
const BREACHED: Part = ("breached_password_detection", breached);

pub(super) fn resource() -> Resource {
    let answers = |part: Part, name| answer_schema(&part.1()).named(name);
    let body = |part: Part| update_schema(&part.1()).sized(1, usize::MAX);
    Resource {
        name: "attack-protection",
        title: "Attack protection",
        about: ABOUT,
        operations: [
            vec![
                Operation::get("/attack-protection/brute-force-protection", "Get brute-force protection")
                    .scopes(READ)
                    .answers(answers(BRUTE_FORCE, "BruteForceProtection"))
                    .handled_by(|call| get(call, BRUTE_FORCE)),
                Operation::patch("/attack-protection/brute-force-protection", "Update brute-force protection")
                    .scopes(UPDATE)
                    .body(body(BRUTE_FORCE))
                    .answers(answers(BRUTE_FORCE, "BruteForceProtection"))
                    .handled_by(|call| update(call, BRUTE_FORCE)),
                Operation::get("/attack-protection/suspicious-ip-throttling", "Get suspicious IP throttling")
                    .scopes(READ)
                    .answers(answers(SUSPICIOUS_IP, "SuspiciousIpThrottling"))
                    .handled_by(|call| get(call, SUSPICIOUS_IP)),
                Operation::patch("/attack-protection/suspicious-ip-throttling", "Update suspicious IP throttling")
                    .scopes(UPDATE)
                    .body(body(SUSPICIOUS_IP))
                    .answers(answers(SUSPICIOUS_IP, "SuspiciousIpThrottling"))
                    .handled_by(|call| update(call, SUSPICIOUS_IP)),
                Operation::get("/attack-protection/breached-password-detection", "Get breached-password detection")
                    .scopes(READ)
                    .answers(answers(BREACHED, "BreachedPasswordDetection"))
                    .handled_by(|call| get(call, BREACHED)),
                Operation::patch(
                    "/attack-protection/breached-password-detection",
                    "Update breached-password detection",
                )
                .scopes(UPDATE)
                .body(body(BREACHED))
                .answers(answers(BREACHED, "BreachedPasswordDetection"))
                .handled_by(|call| update(call, BREACHED)),
            ],
            stored::PARTS.iter().flat_map(documents::operations).collect(),
        ]
        .concat(),
    }
}

/// `/risk-assessments` and `/supplemental-signals`, which are kept like the parts without an effect.
pub(super) fn signals() -> Resource {
    Resource {
        name: "risk-assessments",
        title: "Risk assessments and signals",
        about: "\
Assessments of logins and signals from networks in front of the server. **Stored without an effect:** no login is assessed, and no
header of another network is read.",
        operations: stored::SIGNALS.iter().flat_map(documents::operations).collect(),
    }
}

fn shields(names: &[&'static str]) -> Schema {
    list(one_of(names)).unique()
}

/// Addresses and ranges.
fn allowlist() -> Field {
    let address = text_of(2, 64).pattern("^[0-9a-fA-F:.]+(/[0-9]{1,3})?$");
    field("allowlist", list(address).sized(0, 100).unique().about("Addresses and CIDR ranges that are never counted."))
}

fn brute_force() -> Vec<Field> {
    vec![
        field("enabled", boolean()),
        field("shields", shields(&["block", "user_notification"])),
        field("mode", one_of(&["count_per_identifier_and_ip", "count_per_identifier"])),
        allowlist(),
        field("max_attempts", integer(1, 100).about("Failures in a row until the block.")),
    ]
}

fn suspicious_ip() -> Vec<Field> {
    let most = i64::from(i32::MAX);
    let throttle = || {
        object(vec![
            required("max_attempts", integer(1, most)),
            required("rate", integer(1, most).about("Milliseconds until an attempt comes back.")),
        ])
    };
    let stages = ["pre-login", "pre-user-registration", "pre-custom-token-exchange"];
    vec![
        field("enabled", boolean()),
        field("shields", shields(&["admin_notification", "block"])),
        allowlist(),
        field("stage", object(stages.map(|name| optional(name, throttle())).to_vec())).merged(),
    ]
}

fn breached() -> Vec<Field> {
    let all = &["block", "user_notification", "admin_notification"];
    let stage = || object(vec![optional("shields", shields(all))]);
    let stages = ["pre-user-registration", "pre-change-password"];
    vec![
        field("enabled", boolean()),
        field("shields", shields(all)),
        field("admin_notification_frequency", shields(&["immediately", "daily", "weekly", "monthly"])),
        field("method", one_of(&["standard", "enhanced"])),
        field("stage", object(stages.map(|name| optional(name, stage())).to_vec())).merged(),
    ]
}

async fn get(call: Call, part: Part) -> Outcome {
    let settings = call.read(stored).await?;
    Ok(Reply::json(Value::Object(shown(&protection(&settings)?, part)?)))
}

async fn update(call: Call, part: Part) -> Outcome {
    let body = call.members();
    let document = call
        .configure(move |tx, tenant| {
            let mut settings = stored(tx, tenant)?;
            let mut all = json!(protection(&settings)?);
            let mut document = shown(&protection(&settings)?, part)?;
            merge(&part.1(), &mut document, body);
            set(&mut all, part.0, document.clone());
            let read: AttackProtection = serde_json::from_value(all)
                .map_err(|error| ApiError::invalid_body("The settings cannot be read").cause(error))?;
            settings.insert("attack_protection".to_owned(), json!(read));
            tenants::update_settings(tx, tenant, &Value::Object(settings).to_string())?;
            Ok(document)
        })
        .await?;
    Ok(Reply::json(Value::Object(document)))
}

fn stored(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Map<String, Value>, ApiError> {
    let row = tenants::find(tx, tenant)?.ok_or_else(|| AppError::internal("the tenant is gone"))?;
    Ok(serde_json::from_str(&row.settings).map_err(AppError::internal)?)
}

/// All parts, those that were never set with their defaults.
fn protection(settings: &Map<String, Value>) -> Result<AttackProtection, ApiError> {
    match settings.get("attack_protection") {
        Some(own) => Ok(serde_json::from_value(own.clone()).map_err(AppError::internal)?),
        None => Ok(AttackProtection::default()),
    }
}

/// One part as it is answered, with the members that are stored without an effect.
fn shown(all: &AttackProtection, part: Part) -> Result<Map<String, Value>, ApiError> {
    let all = serde_json::to_value(all).map_err(AppError::internal)?;
    let mut document = all.get(part.0).and_then(Value::as_object).cloned().unwrap_or_default();
    if part.0 == BREACHED.0 {
        document.entry("admin_notification_frequency").or_insert(json!([]));
        document.entry("method").or_insert(json!("standard"));
        if let Some(stage) = document.get_mut("stage").and_then(Value::as_object_mut) {
            stage.entry("pre-change-password").or_insert(json!({ "shields": [] }));
        }
    }
    Ok(document)
}
